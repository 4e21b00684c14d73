"""Rules about the machines beside the telephone system that no single value shows."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from ringfence.site.findings import Finding, Place
from ringfence.site.model import RESERVED_NAMES, Site, phone_host_name
from ringfence.site.names import as_address
from ringfence.site.neighbours import DATA_DEVICE


def check_neighbours(site: Site) -> Iterator[Finding]:
    """Find what is wrong between the neighbours and the rest of a site."""
    yield from _converged(site)
    yield from _hosts(site)
    yield from _readers(site)


def _converged(site: Site) -> Iterator[Finding]:
    if site.converged is not None and not str(site.converged):
        yield Finding(("converged",), "names no service; state mail or directory, or leave it out")


def _hosts(site: Site) -> Iterator[Finding]:
    """Names that nobody else has, and addresses that lie in the zone they must be in."""
    taken: dict[str, Place] = {
        server.name: ("servers", index, "name") for index, server in enumerate(site.servers)
    }
    for place, name, given, zone in _declared(site):
        address = as_address(given)
        if name in RESERVED_NAMES:
            yield Finding(place, f"{name!r} is the name of another host of every site")
        elif name in taken:
            yield Finding(place, f"{name!r} is used already", taken[name])
        elif _is_phones(name):
            yield Finding(place, f"{name!r} would be the host name of a phone")
        elif address is not None:
            yield from _address(site, place, name, address, zone)
        taken.setdefault(name, place)


def _declared(site: Site) -> Iterator[tuple[Place, str, str, str]]:
    """Where each is declared, its host name, what was given, and its zone."""
    if site.converged and site.converged.mail:
        mail = site.converged.mail
        yield ("converged", "mail", "to"), mail.host, mail.to, "data"
    if site.definitions:
        definitions = site.definitions
        yield ("definitions", "mirror"), definitions.host, definitions.mirror, "admin"


def _address(
    site: Site, place: Place, name: str, address: IPv4Address, zone: str
) -> Iterator[Finding]:
    net = site.addressing.zones.get(zone)
    if net is None:
        message = f"state addressing.zones.{zone}, the subnet in which {address} lies"
        yield Finding(place, message)
    elif address not in net:
        yield Finding(place, f"{address} lies outside {net}, the subnet of the zone {zone!r}")
    if name in site.addressing.fixed:
        yield Finding(("addressing", "fixed", name), "its address is stated already", place)


def _readers(site: Site) -> Iterator[Finding]:
    if site.converged is None:
        return
    others = {*RESERVED_NAMES, *(server.name for server in site.servers)} - {DATA_DEVICE}
    seen: dict[str, Place] = {}
    for index, name in enumerate(site.converged.readers):
        place: Place = ("converged", "readers", index)
        if name in others or _is_phones(name):
            yield Finding(place, f"{name!r} is the name of a host that is no data device")
        elif (first := seen.setdefault(name, place)) != place:
            yield Finding(place, f"{name!r} is used already", first)


def _is_phones(name: str) -> bool:
    return name[1:].isdigit() and name == phone_host_name(name[1:])
