"""A small running office from which mail and the directory cross to the data network."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from ringfence.deploy import lab as labs
from ringfence.design import build
from ringfence.design.model import HostKind
from ringfence.identity.authority import utc_now
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.policy import resolve
from ringfence.probe.fact import Fact
from ringfence.probe.questions import by_id
from ringfence.probe.running import System, papers
from ringfence.probe.running.answers import ANSWERS
from ringfence.probe.running.relay_clients import Mailer
from ringfence.probe.take import take
from ringfence.render.catalogue import trees
from ringfence.render.mail_stand_in import KEPT
from ringfence.site import load_site

SITE = Path(__file__).parent / "converged_site"


class Kontor:
    """The running office, with some mitigations taken out if so told."""

    def __init__(self, name: str, *taken_out: str) -> None:
        """Bring it up."""
        self.name = name
        self.site = load_site(SITE)
        full = resolve(self.site, utc_now().date())
        left = {id_: why for id_, why in full.in_force.items() if id_ not in taken_out}
        self.requirements = replace(full, in_force=MappingProxyType(left))
        self.design = build(self.site, self.requirements)
        labs.up(name, self.design, print)
        self.lab = Lab.open(name)
        self.system = System.of(self.lab, self.design, trees(self.design))
        (self.relay,) = self.design.of_kind(HostKind.RELAY)

    def down(self) -> None:
        """Take it away."""
        labs.down(self.name, print)

    @property
    def relay_machine(self) -> Machine:
        """The relay's machine."""
        return self.lab.machine(self.relay.name)

    def asked(self, question: str) -> Fact:
        """What comes of asking one question."""
        answer = partial(ANSWERS[question], self.system)
        return take(by_id()[question], answer, "0" * 64, utc_now()).fact

    def mailer(self, *, anonymous: bool = False) -> Mailer:
        """Somebody at the SIP server's place who brings mail: that server itself, or nobody."""
        route = self.design.converged.mail if self.design.converged else None
        assert route is not None
        identity = None if anonymous else papers.server(self.system.sip_server)
        return Mailer(self.system, route, papers.client(self.system, identity))

    def arrived(self, token: str) -> bool:
        """Whether a message with a token is at the data network's mail server."""
        return bool(self.lab.machine("mail1").run(["grep", "-rlsF", token, KEPT]).stdout)

    def waiting(self) -> list[str]:
        """The messages that the relay keeps."""
        listing = self.relay_machine.run(["ls", "/var/lib/mail-relay/waiting"], check=True)
        return listing.stdout.split()

    @contextmanager
    def logged(self, unit: str, *parts: str) -> Iterator[None]:
        """Demand that the relay logs a line with all these parts meanwhile."""
        before = len(self.relay_machine.log_tail(unit, 100_000))
        yield

        def seen() -> bool:
            fresh = self.relay_machine.log_tail(unit, 100_000)[before:]
            return any(all(part in line for part in parts) for line in fresh)

        await_that(seen)

    @contextmanager
    def relay_with(self, service: str, old: str, new: str) -> Iterator[None]:
        """A service of the relay with other settings, for the time of a block."""
        path = f"/etc/ringfence/{service}/settings.ini"
        machine = self.relay_machine
        before = machine.read(path)
        mode, owner, group = machine.run(["stat", "-c", "%a %U %G", path]).stdout.split()
        assert old in before.decode()
        changed = before.decode().replace(old, new).encode()
        machine.write(path, changed, int(mode, 8), owner, group)
        machine.restart(service)
        try:
            yield
        finally:
            machine.write(path, before, int(mode, 8), owner, group)
            machine.restart(service)


def await_that(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something holds; it is an error if it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come to be within {seconds} s")
        time.sleep(0.1)
