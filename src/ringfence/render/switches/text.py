"""What the writers of all platforms share: pages with notes, and what cannot be said."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict

from ringfence.design.access import AccessSwitch, PortUse, SwitchPort
from ringfence.design.model import Serves
from ringfence.guide import MitigationId

Asked = Callable[..., Serves]
"""Which of some mitigations are in force, as ``Design.asked_by`` tells."""

KNOWN_DEVICES: Final = ("SEP-4", "EAV-2")
ADDRESSES: Final = ("EAV-2", "ACC-3", "DHC-7")
ALERTS: Final = ("EAV-3",)
AUTHENTICATION: Final = ("SEP-5", "DHC-2", "DHC-6")
SEPARATION: Final = ("SEP-1", "SEP-2", "PSW-4")
COMPUTER: Final = ("ETH-1", "ETH-2")
CLOSED: Final = ("PWB-1", "SNM-3")
HARDENING: Final = ("SEP-4",)
TIME: Final = ("SEP-11",)


class CannotExpress(BaseModel):
    """Something that a platform cannot be told, and the mitigation that it belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mitigation: MitigationId
    why: str


class Fitted(BaseModel):
    """What of a switch its platform can say, and what it cannot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    switch: AccessSwitch
    gaps: tuple[CannotExpress, ...] = ()


class Page:
    """Lines of a configuration; each group follows a remark that says what asks for it."""

    def __init__(self, asked: Asked, mark: str) -> None:
        self._asked = asked
        self._mark = mark
        self._lines: list[str] = []

    def head(self, lines: Iterable[str]) -> None:
        """Remarks at the top of the page."""
        self._lines += [f"{self._mark} {line}".rstrip() for line in lines]

    def cannot(self, gaps: Iterable[CannotExpress]) -> None:
        """What the platform cannot be told: remarks that programs read too."""
        self._lines += [f"{self._mark} cannot {gap.mitigation}: {gap.why}" for gap in gaps]

    def note(self, words: str, mitigations: Iterable[MitigationId], indent: str = "") -> None:
        """A remark about the lines that follow, with the mitigations that ask for them."""
        ids = " ".join(self._asked(*mitigations))
        self._lines.append(f"{indent}{self._mark} {words}{': ' if ids else ''}{ids}")

    def add(self, *lines: str) -> None:
        """Lines as they are."""
        self._lines += lines

    def text(self) -> str:
        """The whole page."""
        return "\n".join((*self._lines, ""))


def gaps_of(
    mitigations: Iterable[MitigationId], asked: Asked, why: str
) -> tuple[CannotExpress, ...]:
    """One gap for each of the mitigations that is in force."""
    return tuple(CannotExpress(mitigation=id_, why=why) for id_ in asked(*mitigations))


def unguarded(switch: AccessSwitch) -> tuple[MitigationId, ...]:
    """What is not met where addresses are not checked; known devices alone are a way of EAV-2."""
    by_device = all(port.known_macs for port in switch.live_ports)
    return tuple(id_ for id_ in ADDRESSES if id_ != "EAV-2" or not by_device)


def fitted(switch: AccessSwitch) -> AccessSwitch:
    """What every platform leaves out: addresses that DHCP teaches, and servers that nobody asks."""
    authenticated = any(port.authenticated for port in switch.ports)
    return switch.model_copy(
        update={
            "radius": switch.radius if authenticated else None,
            "reauthentication": switch.reauthentication if authenticated else None,
            "address_server": None,
            "ports": tuple(
                port.model_copy(update={"reserved": ()}) if port.reserved else port
                for port in switch.ports
            ),
        }
    )


def vlans_of(port: SwitchPort) -> tuple[MitigationId, ...]:
    """What asks for the VLANs of a port."""
    return (*SEPARATION, *COMPUTER) if port.use == PortUse.PHONE else SEPARATION


def devices_of(port: SwitchPort) -> tuple[MitigationId, ...]:
    """What asks for the devices of a port to be known."""
    return (*KNOWN_DEVICES, *ALERTS) if port.alerts else KNOWN_DEVICES


def about(switch: AccessSwitch, system: str, before: Iterable[str]) -> tuple[str, ...]:
    """The head of every page: what it is, and what must be so before it is put in."""
    return (
        f"{switch.name}: configuration of an access switch, {system}.",
        "Written for a switch without other configuration. Remarks name the mitigations that ask.",
        f"Before: {'; '.join(before)}.",
    )


def secret(switch: AccessSwitch) -> str:
    """The mark of the secret that a switch shares with its RADIUS server."""
    return f"{{secret:radius/{switch.name}}}"


def dotted(mac: str) -> str:
    """A MAC address as three groups of four digits."""
    digits = mac.replace(":", "")
    return ".".join((digits[:4], digits[4:8], digits[8:]))


def sequenced(lines: Iterable[str], indent: str) -> Iterator[str]:
    """The lines of an access list, numbered in tens."""
    return (f"{indent}{10 * place} {line}" for place, line in enumerate(lines, start=1))


def numbers(values: Iterable[int]) -> str:
    """Numbers as a list with commas, in order."""
    return ",".join(map(str, sorted(set(values))))
