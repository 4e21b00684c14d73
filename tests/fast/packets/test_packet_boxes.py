"""The algebra of packet sets agrees with plain sets of packets in a space small enough to list."""

from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.packets.boxes import Box, Field, Heap, Point, Space, meets, shared, volume, without
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.spans import Spans, holds, meet, minus, of_numbers, overlap, size

SIZES = (4, 5, 6)
SPACES = [
    Space(tuple(Field(name, size) for name, size in zip("abc", SIZES, strict=True)), keys)
    for keys in (0, 1, 2, 3)
]
EVERY = frozenset(product(*map(range, SIZES)))

NUMBERS = st.frozensets(st.integers(0, 30))
BOX = st.tuples(*(st.frozensets(st.integers(0, size - 1), min_size=1) for size in SIZES)).map(
    lambda fields: tuple(map(of_numbers, fields))
)
BOXES = st.lists(BOX, max_size=6)
SPACE = st.sampled_from(SPACES)


def numbers(spans: Spans) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


def points(box: Box) -> set[Point]:
    return set(product(*map(numbers, box)))


def packets(found: PacketSet) -> set[Point]:
    """What is in a set; its boxes must share nothing."""
    every = [point for box in found.boxes for point in points(box)]
    assert len(every) == len(set(every))
    return set(every)


def all_points(boxes: list[Box]) -> set[Point]:
    return set(chain.from_iterable(map(points, boxes)))


@given(NUMBERS, NUMBERS)
def test_spans_meet_and_part_like_sets(one: frozenset[int], other: frozenset[int]) -> None:
    a, b = of_numbers(one), of_numbers(other)

    assert numbers(meet(a, b)) == one & other
    assert numbers(minus(a, b)) == one - other
    assert meet(a, b) == of_numbers(one & other)
    assert minus(a, b) == of_numbers(one - other)
    assert overlap(a, b) == bool(one & other)
    assert size(a) == len(one)
    assert all(holds(a, number) == (number in one) for number in range(32))


@given(BOX, BOX)
def test_two_boxes_share_what_is_in_both(one: Box, other: Box) -> None:
    common = shared(one, other)

    assert meets(one, other) == (common is not None)
    assert (points(common) if common else set()) == points(one) & points(other)
    assert volume(one) == len(points(one))


@given(BOX, BOXES, SPACE)
def test_a_box_without_others_falls_into_parts_that_share_nothing(
    box: Box, others: list[Box], space: Space
) -> None:
    heap = Heap(space.keys, others)

    parts = list(heap.outside(box))

    assert packets(PacketSet(space, tuple(parts))) == points(box) - all_points(others)
    assert parts == list(without(box, heap.near(box)))


@given(BOX, BOXES, SPACE)
def test_a_heap_finds_all_that_is_near_and_nothing_else(
    box: Box, others: list[Box], space: Space
) -> None:
    near = Heap(space.keys, others).near(box)

    assert sorted(near) == sorted(each for each in others if points(each) & points(box))


@given(BOXES, BOXES, SPACE)
def test_sets_of_packets_are_sets(some: list[Box], more: list[Box], space: Space) -> None:
    one, other = PacketSet.of(space, some), PacketSet.of(space, more)
    a, b = all_points(some), all_points(more)

    assert packets(one) == a
    assert packets(one.intersect(other)) == a & b
    assert packets(one.subtract(other)) == a - b
    assert packets(one.union(other)) == a | b
    assert packets(one.complement()) == EVERY - a
    assert one.within(other) == (a <= b)
    assert one.is_empty() == (not a)
    assert one.volume == len(a)
    assert {point for point in EVERY if one.contains(point)} == a


@given(BOXES, BOXES, SPACE)
def test_sets_are_equal_however_they_are_divided(
    some: list[Box], more: list[Box], space: Space
) -> None:
    one, other = PacketSet.of(space, some), PacketSet.of(space, more)
    again = PacketSet.of(space, [*reversed(some), *some[:2]])

    assert (one == other) == (all_points(some) == all_points(more))
    assert one == again
    assert hash(one) == hash(again)
    assert one.union(other) == other.union(one)
    assert one.complement().complement() == one


@given(BOXES, BOXES, SPACE)
def test_a_sample_is_a_packet_of_the_set_where_there_is_one(
    some: list[Box], more: list[Box], space: Space
) -> None:
    one, other = PacketSet.of(space, some), PacketSet.of(space, more)

    sample, beyond = one.sample(), one.sample(other)

    assert (sample is None) == (not all_points(some))
    assert sample is None or sample in all_points(some)
    assert (beyond is None) == (all_points(some) <= all_points(more))
    assert beyond is None or beyond in all_points(some) - all_points(more)


def test_a_sample_is_what_people_expect_where_it_may() -> None:
    space = Space((Field("port", 100, preferred=(80, 22)), Field("state", 3)))
    low, any_port = space.box(port=((0, 50),)), space.box()
    assert low
    assert any_port

    assert space.sample(any_port) == (80, 0)
    assert space.sample(low) == (22, 0)
    odd = space.box(port=((7, 9),))
    assert odd
    assert space.sample(odd) == (7, 0)
    assert space.likeliest([odd, low]) == low
    assert space.likeliest([]) is None


def test_a_box_without_numbers_in_a_field_is_none() -> None:
    assert SPACES[0].box(a=()) is None
    assert SPACES[0].box(a=None) == SPACES[0].everything


@pytest.mark.parametrize("numbers", [{"d": ((0, 0),)}, {"a": ((0, 4),)}, {"a": ((-1, 2),)}])
def test_what_a_packet_cannot_have_is_an_error(numbers: dict[str, Spans]) -> None:
    with pytest.raises(ValueError, match=r"no field|cannot be"):
        SPACES[0].box(**numbers)


def test_sets_of_different_spaces_do_not_mix() -> None:
    other = Space((Field("a", 2),))

    with pytest.raises(ValueError, match="different spaces"):
        PacketSet.everything(SPACES[0]).intersect(PacketSet.everything(other))
    assert PacketSet.everything(SPACES[0]) != PacketSet.everything(other)
    assert PacketSet.everything(SPACES[0]) != 7
