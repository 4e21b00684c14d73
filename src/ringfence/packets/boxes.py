"""Boxes of packets: for each field of a packet, the numbers that it may have.

A rule of a packet filter matches such a box, and what two boxes share is one again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from math import prod

from ringfence.packets.spans import Spans, holds, meet, minus, overlap, size

Box = tuple[Spans, ...]
"""Every combination of the numbers of its fields; no field is without one."""

_Key = tuple[int | None, ...]
_FEW = 50

Point = tuple[int, ...]
"""One packet: a number a field."""


@dataclass(frozen=True)
class Field:
    """A field with numbers from 0 on; a sample has one of the ``preferred`` if it may."""

    name: str
    size: int
    preferred: tuple[int, ...] = ()

    @property
    def every(self) -> Spans:
        """Each number that it can have."""
        return ((0, self.size - 1),)


@dataclass(frozen=True)
class Space:
    """The fields of a packet. Sets look their boxes up by the first ``keys`` fields.

    Most rules of a filter hold between two zones only, so with these in front a rule meets the
    rules of its own pair and no others.
    """

    fields: tuple[Field, ...]
    keys: int = 0

    @cached_property
    def everything(self) -> Box:
        """The box of every packet."""
        return tuple(field.every for field in self.fields)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {field.name: number for number, field in enumerate(self.fields)}

    def box(self, **given: Spans | None) -> Box | None:
        """The box with these numbers in the named fields; nothing if a field has none.

        Raises:
            ValueError: a field has a number that it cannot have, or there is no such field.

        """
        found = list(self.everything)
        for name, numbers in given.items():
            if numbers is None:
                continue
            if name not in self._position:
                raise ValueError(f"packets have no field {name!r}")
            position = self._position[name]
            if numbers and not 0 <= numbers[0][0] <= numbers[-1][1] < self.fields[position].size:
                raise ValueError(f"{name} cannot be {numbers}")
            found[position] = numbers
        return tuple(found) if all(found) else None

    def sample(self, box: Box) -> Point:
        """A packet of a box: what people expect to read, where the box has it."""
        return tuple(
            _liked(field, numbers) or numbers[0][0]
            for field, numbers in zip(self.fields, box, strict=True)
        )

    def likeliest(self, boxes: Iterable[Box]) -> Box | None:
        """The one of the first few boxes with most of what people expect, if there is a box."""
        return max(islice(boxes, _FEW), key=self._likely, default=None)

    def _likely(self, box: Box) -> int:
        pairs = zip(self.fields, box, strict=True)
        return sum(_liked(field, numbers) is not None for field, numbers in pairs)


def _liked(field: Field, numbers: Spans) -> int | None:
    return next((each for each in field.preferred if holds(numbers, each)), None)


def meets(one: Box, other: Box) -> bool:
    """Whether two boxes share a packet. This is the innermost loop of all."""
    for a, b in zip(one, other):  # noqa: B905 - both are of one space
        if a is b:
            continue
        if a[0][0] > b[-1][1] or b[0][0] > a[-1][1]:
            return False
        if (len(a) > 1 or len(b) > 1) and not overlap(a, b):
            return False
    return True


def covers(outer: Box, inner: Box) -> bool:
    """Whether every packet of the inner box is in the outer one."""
    for a, b in zip(outer, inner):  # noqa: B905 - see meets
        if a is b or (len(a) == 1 and a[0][0] <= b[0][0] and b[-1][1] <= a[0][1]):
            continue
        if len(a) == 1 or minus(b, a):
            return False
    return True


def shared(one: Box, other: Box) -> Box | None:
    """The packets that are in both, if any."""
    found = []
    for a, b in zip(one, other):  # noqa: B905 - see meets
        numbers = a if a is b else meet(a, b)
        if not numbers:
            return None
        found.append(numbers)
    return tuple(found)


def without(box: Box, cutters: list[Box]) -> Iterator[Box]:
    """The parts of a box that are in none of the cutters, as boxes that share nothing.

    Each cutter meets the box, as those do that a heap finds near it. The first part comes before
    the others are looked for: who only asks whether there is one pays for no more.
    """
    ordered = sorted(cutters, key=volume, reverse=True) if len(cutters) > 1 else cutters
    waiting = [(box, 0)]
    while waiting:
        part, number = waiting.pop()
        while number < len(ordered) and not meets(part, ordered[number]):
            number += 1
        if number == len(ordered):
            yield part
        else:
            parts = [(each, number + 1) for each in _cut(part, ordered[number])]
            waiting += reversed(parts)


def _cut(box: Box, cutter: Box) -> Iterator[Box]:
    rest = list(box)
    for number, (a, b) in enumerate(zip(box, cutter)):  # noqa: B905 - see meets
        if a is b:
            continue
        if outside := minus(a, b):
            rest[number] = outside
            yield tuple(rest)
            rest[number] = meet(a, b)


def volume(box: Box) -> int:
    """How many packets a box has."""
    return prod(map(size, box))


class Heap:
    """Boxes to which more are added, and that find those near to another; they may overlap."""

    def __init__(self, keys: int, boxes: Iterable[Box] = ()) -> None:
        self._keys = keys
        self._by_key: dict[_Key, list[Box]] = {}
        for box in boxes:
            self.add(box)

    def add(self, box: Box) -> None:
        """Put a box to the others."""
        self._by_key.setdefault(_key(box[: self._keys]), []).append(box)

    def near(self, box: Box) -> list[Box]:
        """The boxes that share a packet with this one."""
        return [other for each in self._lists(box) for other in each if meets(box, other)]

    def outside(self, box: Box) -> Iterator[Box]:
        """The parts of a box that are in none of these; often one of them has it all."""
        near = []
        for each in self._lists(box):
            for other in each:
                if meets(box, other):
                    if covers(other, box):
                        return iter(())
                    near.append(other)
        return without(box, near)

    def _lists(self, box: Box) -> Iterable[list[Box]]:
        """The boxes by their keys, the widest first: all that may share a packet with this one."""
        key = _key(box[: self._keys])
        if None in key:
            return self._by_key.values()
        wider = product(*((None, number) for number in key))
        return (self._by_key[each] for each in wider if each in self._by_key)


def _key(numbers: Box) -> _Key:
    """For each field its only number, or nothing if it has several."""
    return tuple(
        each[0][0] if each[0][0] == each[0][1] and len(each) == 1 else None for each in numbers
    )
