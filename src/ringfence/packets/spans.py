"""Sets of numbers as the fewest ranges, both ends included: addresses and ports alike."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

Spans = tuple[tuple[int, int], ...]
"""Ranges in order, none touching the next."""

EVERY_ADDRESS: Spans = ((0, 2**32 - 1),)


def spans(ranges: Iterable[tuple[int, int]]) -> Spans:
    """The same numbers as the fewest ranges."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def of_addresses(addresses: Iterable[IPv4Address]) -> Spans:
    """Addresses as ranges."""
    return spans((int(address), int(address)) for address in addresses)


def of_network(network: IPv4Network) -> tuple[int, int]:
    """A network as one range."""
    return int(network.network_address), int(network.broadcast_address)


def overlap(one: Spans, other: Spans) -> bool:
    """Whether some number is in both."""
    return any(a <= d and c <= b for a, b in one for c, d in other)


def shown(found: Spans) -> str:
    """Address ranges as people write them."""
    return ", ".join(
        str(IPv4Address(first)) if first == last else f"{IPv4Address(first)}-{IPv4Address(last)}"
        for first, last in found
    )
