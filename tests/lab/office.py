"""A running lab of an office unlike the example, and attackers' seats in it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from ringfence.deploy import lab as labs
from ringfence.deploy.keeping import Keeping
from ringfence.design import build
from ringfence.design.model import HostKind, Identity, IdentityProfile
from ringfence.identity.authority import Authority, Period, utc_now
from ringfence.machine.lab import Lab
from ringfence.policy import resolve
from ringfence.probe.sip import Account, Agent, Connection, Credentials
from ringfence.site import load_site
from ringfence.site.model import phone_host_name

SITE = Path(__file__).parent / "site"
NAME = "testoffice"
A_DAY = timedelta(days=1)


class Office:
    """The running office: its machines, its logs, and credentials good and bad."""

    def __init__(self, directory: Path) -> None:
        """Bring the office up; ``directory`` is for credentials."""
        self.site = load_site(SITE)
        self.design = build(self.site, resolve(self.site, utc_now().date()))
        labs.up(NAME, self.design, print)
        self.lab = Lab.open(NAME)
        self.vault = Keeping(NAME).vault()
        self.server = self.design.of_kind(HostKind.SIP)[0]
        self._directory = directory
        self._open: list[Connection] = []

    def password(self, extension: str) -> str:
        """The digest password of an extension."""
        return self.vault.secret(f"digest/{extension}")

    def credentials(
        self,
        extension: str,
        authority: Authority | None = None,
        period: Period | None = None,
    ) -> Credentials:
        """A phone's credentials, freshly issued, by the site's own authority unless told."""
        identity = Identity(
            name=phone_host_name(extension),
            profile=IdentityProfile.PHONE,
            uri=f"sip:{extension}@{self.site.domain}",
        )
        made = (authority or self.vault.authority).issue(
            identity, period or Period.starting(utc_now(), A_DAY)
        )
        return self.stored(extension, made.certificate_pem, made.key_pem())

    def own_credentials(self, extension: str) -> Credentials:
        """The credentials that the phone itself has: what a thief of the phone would hold."""
        held = self.lab.machine(phone_host_name(extension)).read("/etc/softphone/phone.pem")
        return self.stored(f"{extension}-own", held, held)

    def stored(self, name: str, certificate: bytes, key: bytes) -> Credentials:
        """Put credentials into files, as TLS clients want them."""
        own, private, anchor = (self._directory / f"{name}.{end}" for end in ("pem", "key", "ca"))
        own.write_bytes(certificate)
        private.write_bytes(key)
        anchor.write_bytes(self.vault.trust_anchor)
        return Credentials(own, private, anchor, self.server.fqdn)

    def nobody(self) -> Credentials:
        """No certificate at all, but trust in the server."""
        known = self.credentials("301")
        return Credentials(trust_anchor=known.trust_anchor, server_name=known.server_name)

    def connect(self, credentials: Credentials, seat: str = "p305") -> Connection:
        """A TLS connection to the SIP server from some machine of the lab."""
        address = (str(self.server.address), self.design.signalling.port)
        with self.lab.machine(seat).netns():
            connection = Connection.open(address, credentials, timeout=3.0)
        self._open.append(connection)
        return connection

    def hang_up(self) -> None:
        """End every connection that a test has opened."""
        while self._open:
            self._open.pop().close()

    def agent(
        self,
        extension: str,
        credentials: Credentials | None = None,
        password: str | None = None,
        seat: str = "p305",
    ) -> Agent:
        """A phone in the hands of a test, by default with everything right."""
        connection = self.connect(credentials or self.credentials(extension), seat)
        secret = password or self.password(extension)
        return Agent(connection, Account(extension, self.site.domain, secret))

    @contextmanager
    def logged(self, machine: str, unit: str, *parts: str) -> Iterator[None]:
        """Demand that a line with all these parts appears in a service's log meanwhile."""
        before = len(self._lines(machine, unit))
        yield
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            fresh = self._lines(machine, unit)[before:]
            if any(all(part in line for part in parts) for line in fresh):
                return
            time.sleep(0.1)
        raise AssertionError(f"no line with {parts} in:\n" + "\n".join(fresh))

    def await_that(self, holds: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something holds; it is an error if it never does."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not come to be within {seconds} s")
            time.sleep(0.1)

    @contextmanager
    def refused(self, *parts: str) -> Iterator[None]:
        """Demand that the SIP server logs a refusal with these parts meanwhile."""
        with self.logged_by_server("REFUSED", *parts):
            yield

    @contextmanager
    def logged_by_server(self, *parts: str) -> Iterator[None]:
        """Demand that the SIP server logs a line with these parts meanwhile."""
        with self.logged(self.server.name, "kamailio", *parts):
            yield

    def _lines(self, machine: str, unit: str) -> list[str]:
        if unit == "firewall":
            path = "/var/log/ulog/firewall.log"
            return self.lab.machine(machine).read(path).decode(errors="replace").splitlines()
        return list(self.lab.machine(machine).log_tail(unit, 100_000))
