"""Packets that a rule set accepts although it should not, each with the rule that accepts it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.packets.boxes import Box, Heap, Point, shared
from ringfence.packets.nftables import Action, Rule
from ringfence.packets.packet import Packet
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.reach import Share
from ringfence.packets.survey import BEFORE, Survey, common
from ringfence.packets.trace import Limits, trace


class ProofError(Exception):
    """A witness does not do what the proof says of it: a fault of ours, and no finding."""


@dataclass(frozen=True)
class Extra:
    """A packet that may pass although nothing allows it, and the rule that accepts it.

    ``limited``: no more often than a limit lets it. ``stopped`` is a rule that drops it before
    it comes to the hook.
    """

    packet: Packet
    chain: str
    rule: Rule
    limited: bool
    stopped: Rule | None

    def __str__(self) -> str:
        """The packet, the rule, and how much of it is true in practice."""
        often = ", as often as its limit lets it" if self.limited else ""
        before = f", were it not for line {self.stopped.line} before" if self.stopped else ""
        return f"{self.packet} passes by {named(self.chain, self.rule)}{often}{before}"


def named(chain: str, rule: Rule) -> str:
    """A rule as people find it again."""
    return f"line {rule.line} of {chain}: {rule.text}" if rule.line else f"{chain}: {rule.text}"


def not_allowed(found: Survey, hook: str, allowed: Iterable[Box]) -> Iterator[Extra]:
    """A packet for each rule by which others than the allowed ones may pass a hook.

    Raises:
        ProofError: a packet does not pass when it is sent alone.

    """
    yield from _Search(found, hook, Heap(found.view.space.keys, allowed)).through()


def forbidden(found: Survey, hook: str, boxes: Iterable[Box | None]) -> Iterator[Extra]:
    """A packet for each rule by which forbidden ones may pass a hook.

    Raises:
        ProofError: a packet does not pass when it is sent alone.

    """
    named_ones = PacketSet.of(found.view.space, (box for box in boxes if box is not None))
    yield from not_allowed(found, hook, named_ones.complement().boxes)


@dataclass(frozen=True)
class _Search:
    found: Survey
    hook: str
    allowed: Heap

    def through(self) -> Iterator[Extra]:
        view = self.found.view
        chains = self.found.at(self.hook)
        if not chains:
            rule = Rule(0, "there is no chain", Action.ACCEPT)
            open_door = Share(self.hook, rule, accepted=view.everything.boxes)
            yield from self._by(open_door, view.everything)
        for each in chains:
            others = common(view, (other.may for other in chains if other is not each))
            for share in each.shares:
                yield from self._by(share, others)

    def _by(self, share: Share, others: PacketSet) -> Iterator[Extra]:
        """A packet that a rule accepts, no other chain at the hook drops, and nothing allows."""
        if next(self._beyond(_inside(share.accepted, others)), None) is None:
            return
        packet = self.found.view.packet(self._likeliest(share, others))
        ended = trace(self.found.rules, packet, self.hook, limits=Limits.OPEN)
        if ended is not None and not ended.accepted:
            raise ProofError(f"{packet} was to pass; {named(ended.chain, ended.rule)}")
        before = trace(self.found.rules, packet, *BEFORE[self.hook], limits=Limits.OPEN)
        stopped = before.rule if before is not None and not before.accepted else None
        yield Extra(packet.at(self.hook), share.chain, share.rule, share.limited, stopped)

    def _beyond(self, boxes: Iterable[Box]) -> Iterator[Box]:
        for box in boxes:
            yield from self.allowed.outside(box)

    def _likeliest(self, share: Share, others: PacketSet) -> Point:
        """One of them, that passes what comes before the hook if some do."""
        space = self.found.view.space
        accepted = tuple(_inside(share.accepted, others))
        passing = self._beyond(_inside(accepted, self.found.may(*BEFORE[self.hook])))
        box = space.likeliest(passing) or space.likeliest(self._beyond(accepted))
        return space.sample(box or space.everything)


def _inside(boxes: Iterable[Box], others: PacketSet) -> Iterator[Box]:
    """The parts of boxes that are in a set."""
    for box in boxes:
        for other in others.heap.near(box):
            part = shared(box, other)
            if part is not None:
                yield part
