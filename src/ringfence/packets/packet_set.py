"""Sets of packets, as boxes none of which share a packet.

So emptiness, size and a concrete example cost nothing to find, and nothing has to be brought into
a normal form. This is the "difference of cubes" of header-space analysis (Kazemian and others,
NSDI 2012), with ranges for each field in place of bits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ringfence.packets.boxes import Box, Heap, Point, Space, shared, volume


@dataclass(frozen=True, eq=False)
class PacketSet:
    """A set of packets: boxes of one space, none of which share a packet.

    Use ``of`` for boxes that may.
    """

    space: Space
    boxes: tuple[Box, ...] = ()

    @classmethod
    def of(cls, space: Space, boxes: Iterable[Box]) -> "PacketSet":
        """The packets that are in any of the boxes."""
        heap, found = Heap(space.keys), []
        for box in boxes:
            for part in list(heap.outside(box)):
                heap.add(part)
                found.append(part)
        return cls(space, tuple(found))

    @classmethod
    def everything(cls, space: Space) -> "PacketSet":
        """Every packet."""
        return cls(space, (space.everything,))

    @cached_property
    def heap(self) -> Heap:
        """The boxes, to be looked up."""
        return Heap(self.space.keys, self.boxes)

    def intersect(self, other: "PacketSet") -> "PacketSet":
        """The packets that are in both."""
        self._demand_same(other)
        if len(self.boxes) > len(other.boxes):
            return other.intersect(self)
        pairs = ((box, each) for box in self.boxes for each in other.heap.near(box))
        common = (shared(box, each) for box, each in pairs)
        return PacketSet(self.space, tuple(each for each in common if each is not None))

    def subtract(self, other: "PacketSet") -> "PacketSet":
        """The packets of this set that are not in the other."""
        return PacketSet(self.space, tuple(self._outside(other)))

    def union(self, other: "PacketSet") -> "PacketSet":
        """The packets that are in either."""
        return PacketSet(self.space, (*self.boxes, *other.subtract(self).boxes))

    def complement(self) -> "PacketSet":
        """The packets that are not in this set."""
        return PacketSet.everything(self.space).subtract(self)

    def is_empty(self) -> bool:
        """Whether there is no packet."""
        return not self.boxes

    def within(self, other: "PacketSet") -> bool:
        """Whether every packet of this set is in the other."""
        return next(self._outside(other), None) is None

    def sample(self, other: "PacketSet | None" = None) -> Point | None:
        """A packet of this set that is not in the other, if there is one."""
        box = next(self._outside(other), None) if other else next(iter(self.boxes), None)
        return None if box is None else self.space.sample(box)

    def contains(self, packet: Point) -> bool:
        """Whether a packet is in this set."""
        point: Box = tuple(((number, number),) for number in packet)
        return bool(self.heap.near(point))

    @cached_property
    def volume(self) -> int:
        """How many packets there are."""
        return sum(map(volume, self.boxes))

    def __eq__(self, other: object) -> bool:
        """Whether both have the same packets, however these are divided into boxes."""
        if not isinstance(other, PacketSet) or self.space != other.space:
            return NotImplemented
        return self.volume == other.volume and self.within(other)

    def __hash__(self) -> int:
        """Equal sets have equal hashes."""
        return hash((self.space, self.volume))

    def _outside(self, other: "PacketSet") -> Iterator[Box]:
        self._demand_same(other)
        for box in self.boxes:
            yield from other.heap.outside(box)

    def _demand_same(self, other: "PacketSet") -> None:
        if self.space is not other.space and self.space != other.space:
            raise ValueError("these sets are of different spaces")
