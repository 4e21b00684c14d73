"""How services are confined and which phones are programs, read back from units and files."""

from collections.abc import Iterator
from typing import Final

from ringfence.design.model import ZoneKind
from ringfence.machine import units
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.addresses import phone_addresses
from ringfence.probe.rendered.reading import Rendered

_MAY_BE_ROOT: Final = {"nftables", "priorities"}
"""Loading rules into the kernel takes root; these hold one capability and end at once."""

_NOT_FOR_OTHERS: Final = 0o027


def confined_services(rendered: Rendered) -> Seen:
    """Every server's service has a user of its own and no privilege beyond its unit's."""
    contrary: list[str] = []
    exhibits: list[tuple[str, bytes]] = []
    for each in (*rendered.servers, *rendered.firewalls):
        for name, text in each.units.items():
            exhibits.append((f"{each.host.name}:{name}.service", text.encode()))
            contrary += [
                f"{each.host.name}: {name} {what}" for what in _loose(units.parse(name, text))
            ]
    return Seen.against(
        contrary,
        len(exhibits),
        yes=f"{len(exhibits)} services run as users of their own, without new privileges, each "
        "with the capabilities it names",
        no="a service has more than it needs",
        exhibits=tuple(exhibits),
    )


def _loose(unit: units.Unit) -> Iterator[str]:
    if unit.user == "root" and unit.name not in _MAY_BE_ROOT:
        yield "runs as root"
    if not unit.no_new_privileges:
        yield "may gain privileges"
    if unit.bounding is None:
        yield "has no limit to its capabilities"
    if unit.umask & _NOT_FOR_OTHERS != _NOT_FOR_OTHERS:
        yield "makes files that others can read"


def no_softphones(rendered: Rendered) -> Seen:
    """No phone is a program on a computer."""
    contrary = [phone.name for phone in rendered.phones if phone.is_program]
    return Seen.against(
        contrary,
        len(rendered.phones),
        yes=f"{len(rendered.phones)} phones are declared as devices of their own",
        no="phones are declared as programs on a computer",
    )


def softphones_apart(rendered: Rendered) -> Seen:
    """Computers with softphones are not in the zone of other phones, servers or data devices."""
    programs = frozenset(phone.name for phone in rendered.phones if phone.is_program)
    taken = [zone for zone in rendered.design.zones if zone.kind != ZoneKind.SOFTPHONES]
    contrary = [
        f"{name} stands in the zone {zone.name}"
        for name, address in phone_addresses(rendered, programs)
        for zone in taken
        if address in zone.subnet
    ]
    return Seen.against(
        contrary,
        len(programs),
        yes="computers with softphones have a zone of their own",
        no="computers with softphones stand among others",
    )
