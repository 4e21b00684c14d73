"""Subnets for zones and addresses for hosts: derived, unless the site file states them.

The small zones lie at the start of the site's supernet and the phones at its middle, so that
adding phones widens their subnet without moving anybody's address. New phones go at the end of
the list: a phone's address follows from its place in it.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from ringfence.design.model import ZoneKind, ZoneName
from ringfence.site.model import OUTSIDE_SUBNET, Site

FIRST_HOST = 10
"""The first address of a subnet that hosts get; those below are kept for network equipment."""

_SMALL_PREFIX = 24


class AddressError(ValueError):
    """The addresses that a site asks for cannot be had; the message is for its author."""


def subnets(site: Site, wanted: Mapping[ZoneName, int]) -> dict[ZoneName, IPv4Network]:
    """Give every zone a subnet; ``wanted`` has the zones and how many phones each holds.

    Raises:
        AddressError: a subnet is too small, or they do not fit into the supernet.

    """
    stated = {name: net for name, net in site.addressing.zones.items() if name in wanted}
    taken = dict({ZoneKind.OUTSIDE.value: OUTSIDE_SUBNET} | stated)
    supernet = site.addressing.supernet
    for zone, phones in sorted(wanted.items(), key=lambda each: not each[1]):
        if zone in taken:
            continue
        if phones:
            prefix, start = _phones_prefix(phones), _middle(supernet)
        else:
            prefix, start = max(_SMALL_PREFIX, supernet.prefixlen + 3), supernet.network_address
        free = (net for net in _from(supernet, prefix, start) if not _clashes(net, taken))
        net = next(free, None)
        if net is None:
            raise AddressError(
                f"addressing.supernet: {supernet} has no room for the {zone} zone "
                f"(a /{prefix}); state a wider supernet",
            )
        taken[zone] = net
    for zone, phones in wanted.items():
        needed = phones + FIRST_HOST + 2
        if phones and taken[zone].num_addresses < needed:
            raise AddressError(
                f"addressing.zones.{zone}: {taken[zone]} is too small for "
                f"{phones} phones; it must hold {needed} addresses",
            )
    return {zone: taken[zone] for zone in wanted}


def addresses(
    net: IPv4Network,
    names: tuple[str, ...],
    fixed: dict[str, IPv4Address],
) -> dict[str, IPv4Address]:
    """Give every named host of a zone an address: the stated one, or the next free one.

    Raises:
        AddressError: a stated address lies outside the zone or is given twice.

    """
    stated = {name: fixed[name] for name in names if name in fixed}
    for name, address in stated.items():
        if address not in net or address in {gateway(net), net.broadcast_address, net[0]}:
            raise AddressError(
                f"addressing.fixed.{name}: {address} is not an address for hosts of {net}",
            )
    if len(set(stated.values())) < len(stated):
        raise AddressError("addressing.fixed: the same address is given twice")
    used = set(stated.values())
    base = int(net.network_address)
    free = (
        address
        for offset in range(FIRST_HOST, net.num_addresses - 1)
        if (address := IPv4Address(base + offset)) not in used
    )
    try:
        return {name: stated[name] if name in stated else next(free) for name in names}
    except StopIteration:
        raise AddressError(f"{net} has too few addresses for {len(names)} hosts") from None


def gateway(net: IPv4Network) -> IPv4Address:
    """The firewall's address in a zone: the first of its subnet."""
    return net[1]


def _phones_prefix(phones: int) -> int:
    return min(_SMALL_PREFIX, 32 - (phones + 2 * FIRST_HOST).bit_length())


def _middle(supernet: IPv4Network) -> IPv4Address:
    return supernet[supernet.num_addresses // 2]


def _from(supernet: IPv4Network, prefix: int, start: IPv4Address) -> Iterator[IPv4Network]:
    """The subnets of that size from an address on to the end of the supernet."""
    step = 1 << (32 - prefix)
    first = -(-int(start) // step) * step
    for base in range(first, int(supernet.broadcast_address) + 2 - step, step):
        yield IPv4Network((base, prefix))


def _clashes(net: IPv4Network, taken: dict[ZoneName, IPv4Network]) -> bool:
    return any(net.overlaps(other) for other in taken.values())
