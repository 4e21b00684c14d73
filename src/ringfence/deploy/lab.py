"""The lab on this machine: a design's hosts as small machines, and their services running."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ringfence.deploy.differences import as_in_lab
from ringfence.deploy.keeping import HOME, Keeping, digest
from ringfence.deploy.materialise import Keyring, gather, installed
from ringfence.deploy.ready import Check, checks
from ringfence.design.model import Design, Host, HostKind
from ringfence.machine import lab as machines
from ringfence.machine import preflight
from ringfence.machine.destroy import destroy
from ringfence.machine.lab import Lab
from ringfence.machine.record import SWITCH, LabError
from ringfence.machine.service import State
from ringfence.machine.spec import LabSpec, MachineSpec, Port
from ringfence.render import clamav, lab_switch
from ringfence.render.catalogue import all_trees, trees
from ringfence.render.files import Tree

Progress = Callable[[str], None]

MOST_PHONES = 60
_READY_WITHIN = 60.0
_SERVER_DISK = 128  # MiB that a server may write, in memory
_PHONE_DISK = 32


@dataclass(frozen=True)
class Unready:
    """A service that did not answer its readiness check, with the last lines it printed."""

    host: str
    service: str
    last_lines: tuple[str, ...]

    def __str__(self) -> str:
        """Say it to a person."""
        lines = "\n".join(f"    {line}" for line in self.last_lines) or "    (it printed nothing)"
        return f"{self.host}: {self.service} is not ready; it last said:\n{lines}"


class NotReadyError(LabError):
    """Some services did not become ready; the lab is left up, to be looked at."""

    def __init__(self, unready: tuple[Unready, ...]) -> None:
        """Take what did not become ready."""
        super().__init__("\n".join(str(each) for each in unready))
        self.unready = unready


def lab_name(site: Path) -> str:
    """The name of a site's lab, unless another is given: that of the site's directory."""
    directory = site if site.is_dir() else site.parent
    name = re.sub(r"[^a-z0-9]", "", directory.resolve().name.lower()).lstrip("0123456789")
    return name[:16] or "site"


def up(name: str, design: Design, progress: Progress) -> bool:
    """Bring a design's lab up; it ends when every service answers its readiness check.

    A lab that is up already and was made from the same design is only asked whether it is ready.
    Returns whether anything had to be made.

    Raises:
        LabError: this machine cannot do it, another command works on the lab, or
            NotReadyError: some service did not become ready.

    """
    _demand_fit_machine()
    rendered = tuple(trees(design))
    wanted = digest((*all_trees(design), lab_switch.tree(design)))
    keeping = Keeping(name)
    if name in machines.names() and keeping.remembered() == wanted and _is_whole(name):
        progress("the lab is up already; asking its services")
        _await_ready(Lab.open(name), design, progress)
        return False
    _demand_fitting_size(design)
    down(name, progress)
    try:
        keeping.prepare()
        progress("issuing certificates and secrets")
        vault = keeping.vault()
        vault.found(design.organisation)
        keyring = gather(design, rendered, vault)
        lab = machines.create(lab_spec(name, design, rendered, keyring), progress)
    except BaseException:
        keeping.remove()
        raise
    keeping.remember(wanted)
    _await_ready(lab, design, progress)
    return True


def down(name: str, progress: Progress) -> None:
    """Take a lab away, with everything that is kept of it; harmless if there is none."""
    destroy(name, progress)
    Keeping(name).remove()


def stale(name: str, design: Design) -> bool:
    """Whether a lab was made from another design than this."""
    return Keeping(name).remembered() != digest((*all_trees(design), lab_switch.tree(design)))


def lab_spec(name: str, design: Design, rendered: tuple[Tree, ...], keyring: Keyring) -> LabSpec:
    """The small machines of a design."""
    return LabSpec(
        name=name,
        bridges=tuple(zone.name for zone in design.zones),
        machines=tuple(
            _machine(host, tree, keyring) for host, tree in zip(design.hosts, rendered, strict=True)
        ),
        switch=MachineSpec(
            name=SWITCH,
            hostname=SWITCH,
            files=as_in_lab(installed(lab_switch.tree(design), keyring)),
        ),
        # Definitions on this machine are not the lab's, and would take each of its machines a GB.
        hidden=(str(HOME), str(Keeping(name).passphrase), clamav.DATABASE),
    )


def _machine(host: Host, tree: Tree, keyring: Keyring) -> MachineSpec:
    return MachineSpec(
        name=host.name,
        hostname=host.name,
        ports=(
            *(Port(name=leg.name, bridge=leg.zone, mac=leg.mac) for leg in host.interfaces),
            *(Port(name=each.name, bridge=None, mac=each.mac) for each in host.mirrors),
        ),
        files=as_in_lab(installed(tree, keyring)),
        disk=_PHONE_DISK if host.kind == HostKind.PHONE else _SERVER_DISK,
    )


def _is_whole(name: str) -> bool:
    try:
        lab = Lab.open(name)
        return all(machine.pid for machine in (lab.switch, *lab.machines))
    except LabError:
        return False


def _demand_fit_machine() -> None:
    problems = preflight.problems()
    if problems:
        raise LabError("\n".join(("this machine cannot run a lab:", *problems)))


def _demand_fitting_size(design: Design) -> None:
    phones = len(design.of_kind(HostKind.PHONE))
    if phones > MOST_PHONES:
        raise LabError(
            f"a lab holds at most {MOST_PHONES} phones and this site has {phones}; "
            "`check` and `plan` work at any size",
        )


def _await_ready(lab: Lab, design: Design, progress: Progress) -> None:
    """Ask every service until all have said yes, or time is up."""
    pending = checks(lab, design, Keeping(lab.name).vault().shut_out())
    total = len(pending)
    deadline = time.monotonic() + _READY_WITHIN
    while pending and time.monotonic() < deadline:
        still = [check for check in pending if not _answers(check)]
        if len(still) < len(pending):
            progress(f"{total - len(still)} of {total} services are ready")
        elif failed := [check for check in still if _has_failed(lab, check)]:
            pending = failed  # the others may only be waiting for these
            break
        else:
            time.sleep(0.2)
        pending = still
    if pending:
        raise NotReadyError(tuple(_unready(lab, check) for check in pending))


def _answers(check: Check) -> bool:
    try:
        return check.ask()
    except (OSError, LabError, TimeoutError):
        return False


def _has_failed(lab: Lab, check: Check) -> bool:
    """Whether init has given the service up, so that there is nothing to wait for."""
    return lab.machine(check.host).service(check.service).state == State.FAILED


def _unready(lab: Lab, check: Check) -> Unready:
    try:
        lines = lab.machine(check.host).log_tail(check.service, 8)
    except (OSError, LabError) as error:
        lines = (str(error),)
    return Unready(check.host, check.service, lines)
