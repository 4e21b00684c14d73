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


def of_numbers(numbers: Iterable[int]) -> Spans:
    """Single numbers as ranges."""
    return spans((number, number) for number in numbers)


def of_addresses(addresses: Iterable[IPv4Address]) -> Spans:
    """Addresses as ranges."""
    return of_numbers(map(int, addresses))


def of_network(network: IPv4Network) -> tuple[int, int]:
    """A network as one range."""
    return int(network.network_address), int(network.broadcast_address)


def overlap(one: Spans, other: Spans) -> bool:
    """Whether some number is in both."""
    if len(one) == len(other) == 1:
        return one[0][0] <= other[0][1] and other[0][0] <= one[0][1]
    if not one or not other or one[0][0] > other[-1][1] or other[0][0] > one[-1][1]:
        return False
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i][1] < other[j][0]:
            i += 1
        elif other[j][1] < one[i][0]:
            j += 1
        else:
            return True
    return False


def meet(one: Spans, other: Spans) -> Spans:
    """The numbers that are in both."""
    if len(one) == len(other) == 1:
        first, last = max(one[0][0], other[0][0]), min(one[0][1], other[0][1])
        return ((first, last),) if first <= last else ()
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, last = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first <= last:
            found.append((first, last))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def minus(one: Spans, other: Spans) -> Spans:
    """The numbers of the first that are not in the other."""
    found: list[tuple[int, int]] = []
    j = 0
    for first, last in one:
        while j < len(other) and other[j][1] < first:
            j += 1
        start, k = first, j
        while k < len(other) and other[k][0] <= last:
            if start < other[k][0]:
                found.append((start, other[k][0] - 1))
            start = other[k][1] + 1
            k += 1
        if start <= last:
            found.append((start, last))
    return tuple(found)


def size(found: Spans) -> int:
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in found)


def holds(found: Spans, number: int) -> bool:
    """Whether a number is among them."""
    return any(first <= number <= last for first, last in found)
