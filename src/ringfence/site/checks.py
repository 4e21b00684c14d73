"""Rules about a site that no single value shows: names told apart, addresses that fit."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Final

from ringfence.site import placing
from ringfence.site.findings import Finding, Place
from ringfence.site.model import (
    LOG_SERVER,
    OUTSIDE_SUBNET,
    RESERVED_NAMES,
    Role,
    Site,
    neighbour_names,
    phone_host_name,
    phone_zone_name,
    zone_names,
)
from ringfence.site.neighbour_checks import check_neighbours
from ringfence.site.problems import did_you_mean

EMERGENCY_NUMBERS: Final = frozenset({"000", "08", "110", "112", "118", "119", "911", "999"})
"""Numbers that every mobile telephone takes for emergency calls (3GPP TS 22.101, 10.1.1)."""

_UNFIT_RANGES: Final = {
    "this network's own range": IPv4Network("0.0.0.0/8"),
    "the loopback range": IPv4Network("127.0.0.0/8"),
    "the link-local range": IPv4Network("169.254.0.0/16"),
    "the multicast range": IPv4Network("224.0.0.0/4"),
    "a reserved range": IPv4Network("240.0.0.0/4"),
}
_WIDEST, _NARROWEST = 8, 28
_BESIDE_PHONES = 16
"""Addresses of the phones' subnet that are not phones', but network equipment's."""
_ROOM_TO_GROW = 20
_LEAST_PHONES_SUBNET = 256


def check(site: Site) -> Iterator[Finding]:
    """Find everything about a site that its parts do not show one by one."""
    yield from _told_apart(site)
    yield from _roles(site)
    yield from _names(site)
    yield from _locations(site)
    yield from _switches(site)
    yield from _emergency(site)
    yield from _subnets(site)
    yield from _room_for_phones(site)
    yield from _fixed_addresses(site)
    yield from check_neighbours(site)
    yield from _deviations(site)


def _told_apart(site: Site) -> Iterator[Finding]:
    yield from _repeated(
        (("phones", index, "extension"), phone.extension) for index, phone in enumerate(site.phones)
    )
    yield from _repeated(_macs(site))
    yield from _repeated(
        (("servers", index, "name"), server.name) for index, server in enumerate(site.servers)
    )
    yield from _repeated(
        (("addressing", "fixed", name), str(address))
        for name, address in site.addressing.fixed.items()
    )


def _macs(site: Site) -> Iterator[tuple[Place, str]]:
    for index, phone in enumerate(site.phones):
        yield ("phones", index, "mac"), phone.mac
        if phone.computer is not None:
            yield ("phones", index, "computer"), phone.computer
    for index, server in enumerate(site.servers):
        if server.mac is not None:
            yield ("servers", index, "mac"), server.mac
    for index, switch in enumerate(site.switches):
        for port, mac in switch.computers.items():
            yield ("switches", index, "computers", str(port)), mac


def _repeated(values: Iterator[tuple[Place, str]]) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    for place, value in values:
        first = seen.setdefault(value, place)
        if first != place:
            yield Finding(place, f"{value!r} is used already", first)


def _roles(site: Site) -> Iterator[Finding]:
    seen: dict[Role, Place] = {}
    for index, server in enumerate(site.servers):
        place = ("servers", index, "role")
        first = seen.setdefault(server.role, place)
        if first != place:
            message = f"several servers of role '{server.role}' are not supported yet"
            yield Finding(place, message, first)
    for role in Role:
        if role not in seen and role != Role.LOG:
            yield Finding(("servers",), f"a server of role '{role}' is missing")


def _names(site: Site) -> Iterator[Finding]:
    for index, server in enumerate(site.servers):
        place = ("servers", index, "name")
        if server.name in RESERVED_NAMES:
            yield Finding(place, f"{server.name!r} is the name of another host of every site")
        elif server.name == LOG_SERVER and server.role != Role.LOG:
            message = f"{server.name!r} is the log server's name; give it that role or another name"
            yield Finding(place, message)
        elif server.name[1:].isdigit() and server.name == phone_host_name(server.name[1:]):
            yield Finding(place, f"{server.name!r} would be the host name of a phone")


def _locations(site: Site) -> Iterator[Finding]:
    known = [each.name for each in site.locations]
    yield from _repeated((("locations", index, "name"), name) for index, name in enumerate(known))
    for index, phone in enumerate(site.phones):
        if phone.at is not None and phone.at not in known:
            hint = did_you_mean(phone.at, known) if known else "the site states no locations"
            yield Finding(("phones", index, "at"), f"no location {phone.at!r}; {hint}")


def _switches(site: Site) -> Iterator[Finding]:
    known = [each.name for each in site.locations]
    others = {server.name for server in site.servers} | set(RESERVED_NAMES)
    phones = {phone_host_name(phone.extension) for phone in site.phones} if site.switches else set()
    yield from _repeated(
        (("switches", index, "name"), each.name) for index, each in enumerate(site.switches)
    )
    for index, each in enumerate(site.switches):
        if each.name in others or each.name in phones:
            yield Finding(("switches", index, "name"), f"{each.name!r} is the name of another host")
        if each.location is not None and each.location not in known:
            hint = did_you_mean(each.location, known) if known else "the site states no locations"
            message = f"no location {each.location!r}; {hint}"
            yield Finding(("switches", index, "location"), message)
        if not each.device_ports:
            message = f"{each.uplinks} uplinks leave none of {each.ports} ports for devices"
            yield Finding(("switches", index, "uplinks"), message)
    yield from placing.place(site).findings


def _emergency(site: Site) -> Iterator[Finding]:
    for index, phone in enumerate(site.phones):
        if phone.extension in EMERGENCY_NUMBERS:
            message = f"{phone.extension!r} is an emergency number; give the phone another one"
            yield Finding(("phones", index, "extension"), message)


def _subnets(site: Site) -> Iterator[Finding]:
    for name in site.addressing.zones:
        if name not in zone_names(site):
            hint = did_you_mean(name, zone_names(site))
            yield Finding(("addressing", "zones", name), f"no such zone; {hint}")
    zones = _stated_zones(site)
    stated: list[tuple[Place, IPv4Network]] = [
        (("addressing", "supernet"), site.addressing.supernet),
        *((("addressing", "zones", name), net) for name, net in zones.items()),
    ]
    for place, net in stated:
        if not _WIDEST <= net.prefixlen <= _NARROWEST:
            message = f"{net} must be between a /{_WIDEST} and a /{_NARROWEST}"
            yield Finding(place, message)
        yield from (
            Finding(place, f"{net} lies in {title}, {unfit}")
            for title, unfit in _UNFIT_RANGES.items()
            if net.overlaps(unfit)
        )
    for (first, one), (place, other) in combinations(stated[1:], 2):
        if one.overlaps(other):
            yield Finding(place, f"{other} overlaps {one} of the zone {first[-1]!r}", first)
    if "outside" not in zones:
        yield from (
            Finding(place, f"{net} overlaps {OUTSIDE_SUBNET}, where the zone 'outside' lies")
            for place, net in stated[1:]
            if net.overlaps(OUTSIDE_SUBNET)
        )


def _stated_zones(site: Site) -> dict[str, IPv4Network]:
    zones = site.addressing.zones
    return {name: zones[name] for name in zone_names(site) if name in zones}


def _room_for_phones(site: Site) -> Iterator[Finding]:
    """A stated subnet must hold the phones; a supernet, their subnet and as much for the rest."""
    phones = Counter(phone_zone_name(site, phone.at) for phone in site.phones)
    for zone, count in phones.items():
        stated = site.addressing.zones.get(zone)
        if stated is not None and stated.num_addresses < (needed := count + _BESIDE_PHONES):
            message = f"{stated} is too small for the site's phones; {_at_least(needed)}"
            yield Finding(("addressing", "zones", zone), message)
    if phones.keys() <= site.addressing.zones.keys():
        return
    supernet = site.addressing.supernet
    derived = max(_LEAST_PHONES_SUBNET, 1 << (len(site.phones) + _ROOM_TO_GROW).bit_length())
    if supernet.num_addresses < (wanted := 2 * derived):
        message = f"{supernet} is too small for the phones and the other zones; {_at_least(wanted)}"
        yield Finding(("addressing", "supernet"), message)


def _at_least(addresses: int) -> str:
    return f"it takes at least a /{32 - (addresses - 1).bit_length()}"


def _fixed_addresses(site: Site) -> Iterator[Finding]:
    zones = {
        phone_host_name(phone.extension): phone_zone_name(site, phone.at)
        for phone in site.phones
        if not phone.is_software
    }
    phones = sorted(phone_host_name(phone.extension) for phone in site.phones)
    servers = [*(server.name for server in site.servers), *neighbour_names(site)]
    servers += [switch.name for switch in site.switches]
    known = {*phones, *servers, LOG_SERVER}
    nets = (site.addressing.supernet, *_stated_zones(site).values())
    for name, address in site.addressing.fixed.items():
        place = ("addressing", "fixed", name)
        if name not in known:
            at = bisect(phones, name)
            # Neighbours only: comparing with every phone would take a large site minutes.
            hint = did_you_mean(name, [*servers, *phones[max(at - 2, 0) : at + 2]])
            yield Finding(place, f"the site has no such host; {hint}")
        elif (net := site.addressing.zones.get(zones.get(name, ""))) and address not in net:
            yield Finding(place, f"{address} lies outside {net}, the phones' subnet")
        elif not any(address in net for net in nets):
            yield Finding(place, f"{address} lies outside the site's subnets")


def _deviations(site: Site) -> Iterator[Finding]:
    yield from _repeated(
        (("deviations", index, "mitigation"), each.mitigation)
        for index, each in enumerate(site.deviations)
    )
    for index, each in enumerate(site.deviations):
        if each.same_person:
            message = f"{each.approved_by!r} has asked for it too: another person must approve"
            yield Finding(("deviations", index, "approved_by"), message)
        if each.expires <= each.date:
            message = f"{each.expires} is not after the approval of {each.date}"
            yield Finding(("deviations", index, "expires"), message)
