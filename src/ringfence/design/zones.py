"""Which zones a site has: what stands apart follows from the mitigations in force.

The guide's figures 1, 2, 3 and 10. VLAN numbers stay the same whatever else a site has.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ringfence.design.converged import stands_in_dmz
from ringfence.design.model import ZoneKind, ZoneName
from ringfence.policy import Requirements
from ringfence.site.model import Phone, Site, phone_zone_name

_VLANS: Final = {
    ZoneKind.PHONES: 10,
    ZoneKind.SERVERS: 20,
    ZoneKind.ADMIN: 30,
    ZoneKind.DATA: 40,
    ZoneKind.OUTSIDE: 50,
    ZoneKind.GATEWAYS: 60,
    ZoneKind.SOFTPHONES: 70,
    ZoneKind.DMZ: 80,
}
_MORE_PHONES: Final = 100
"""The VLAN of the second location's phones; further ones follow."""

_TITLES: Final = {
    ZoneKind.PHONES: "IPT phones",
    ZoneKind.SERVERS: "IPT servers",
    ZoneKind.ADMIN: "Administration",
    ZoneKind.DATA: "Data",
    ZoneKind.OUTSIDE: "Outside",
    ZoneKind.GATEWAYS: "IPT gateways",
    ZoneKind.SOFTPHONES: "Softphones",
    ZoneKind.DMZ: "Converged services",
}


class SoftphoneError(ValueError):
    """The site has softphones and may not; the message is for its author."""


@dataclass(frozen=True)
class Plot:
    """A zone before it has a subnet, and how many phones stand in it."""

    name: ZoneName
    kind: ZoneKind
    title: str
    vlan: int
    phones: int = 0
    location: str | None = None


def plots(site: Site, requirements: Requirements) -> tuple[Plot, ...]:
    """The zones of a site, in order.

    Raises:
        SoftphoneError: a phone is a program on a computer where SFT-1 is in force.

    """
    return tuple(_plots(site, requirements))


def zone_of_phone(site: Site, requirements: Requirements, phone: Phone) -> ZoneName:
    """The zone that a phone stands in: computers with softphones have one of their own."""
    if phone.is_software and "SFT-2" in requirements:
        return ZoneKind.SOFTPHONES
    return phone_zone_name(site, phone.at)


def _plots(site: Site, requirements: Requirements) -> Iterator[Plot]:
    _refuse_softphones(site, requirements)
    phones = Counter(zone_of_phone(site, requirements, phone) for phone in site.phones)
    for place, (name, title) in enumerate(_phone_zones(site)):
        vlan = _MORE_PHONES + place - 1 if place else _VLANS[ZoneKind.PHONES]
        # An empty zone has room for a phone: the first that comes must not move the others.
        yield Plot(name, ZoneKind.PHONES, title, vlan, phones[name] or 1, _location(site, place))
    for kind in _others(site, requirements):
        yield Plot(kind, kind, _TITLES[kind], _VLANS[kind])
    if phones[ZoneKind.SOFTPHONES]:
        kind = ZoneKind.SOFTPHONES
        yield Plot(kind, kind, _TITLES[kind], _VLANS[kind], phones[kind])


def _others(site: Site, requirements: Requirements) -> Iterator[ZoneKind]:
    yield from (ZoneKind.SERVERS, ZoneKind.ADMIN, ZoneKind.DATA, ZoneKind.OUTSIDE)
    if "SEP-2" in requirements:
        yield ZoneKind.GATEWAYS
    if site.converged is not None and stands_in_dmz(requirements):
        yield ZoneKind.DMZ


def _phone_zones(site: Site) -> Iterator[tuple[ZoneName, str]]:
    title = _TITLES[ZoneKind.PHONES]
    if not site.locations:
        yield ZoneKind.PHONES, title
    for each in site.locations:
        yield phone_zone_name(site, each.name), f"{title}, {each.title or each.name}"


def _location(site: Site, place: int) -> str | None:
    return site.locations[place].name if site.locations else None


def _refuse_softphones(site: Site, requirements: Requirements) -> None:
    if "SFT-1" not in requirements:
        return
    for index, phone in enumerate(site.phones):
        if phone.is_software:
            raise SoftphoneError(
                f"phones[{index}].model: {phone.model!r} is a softphone, and SFT-1 is in force; "
                "take it out, or have SFT-1 lowered and SFT-2 raised by approved deviations"
            )
