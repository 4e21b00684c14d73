"""What the descriptions of flows have in common."""

from typing import Final

from ringfence.design.model import Host, HostKind, PortRange, Serves, ZoneKind, ZoneName

FILTERED: Final[Serves] = ("SEP-6",)
"""What every flow serves: whatever is not a flow does not pass."""


def named(flow: str, zone: ZoneName) -> str:
    """A flow's name; those of further zones of phones end in the zone's."""
    return flow if zone == ZoneKind.PHONES else f"{flow}-{zone.removeprefix('phones-')}"


def names_of(hosts: tuple[Host, ...], *kinds: HostKind) -> tuple[str, ...]:
    """The names of the hosts of some kinds."""
    return tuple(host.name for host in hosts if host.kind in kinds)


def port(number: int) -> PortRange:
    """A single port."""
    return PortRange(first=number, last=number)
