"""The proof that a rule set lets exactly what is allowed pass, with a packet for all that is amiss.

Two things are proved. Of what starts something new, the chains at the hook accept nothing that is
not allowed; they must see to that by themselves, whatever comes before them. And every packet of
what is allowed is accepted, first packets, later ones and replies, by all the chains on its way.
Established and related packets belong to something that was accepted before: connection tracking
sees to that, so these may pass.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ringfence.packets.allowed import Allowed
from ringfence.packets.boxes import Box, Point
from ringfence.packets.extra import Extra, ProofError, named, not_allowed
from ringfence.packets.nftables import Rule, RuleSet
from ringfence.packets.packet import REPLYING, Packet
from ringfence.packets.reach import Share
from ringfence.packets.spans import EVERY_ADDRESS
from ringfence.packets.survey import BEFORE, Survey, survey
from ringfence.packets.trace import Limits, trace

_BACK: Final = {"input": "output", "forward": "forward", "output": "input"}
"""The hook that replies come to."""


@dataclass(frozen=True)
class Missing:
    """A packet of something allowed that does not surely pass, and the rule that drops it."""

    packet: Packet
    flow: str
    part: str
    chain: str
    rule: Rule

    def __str__(self) -> str:
        """The flow, the packet and the rule."""
        ended = named(self.chain, self.rule)
        return f"{self.flow}: of its {self.part}, {self.packet} ends at {ended}"


@dataclass(frozen=True)
class Shadowed:
    """A rule that no packet comes to, and the rule that took one of its packets, if it has any."""

    chain: str
    rule: Rule
    by: Rule | None

    def __str__(self) -> str:
        """The rule and the one before it."""
        why = f"line {self.by.line} takes its packets" if self.by else "it matches none"
        return f"{named(self.chain, self.rule)} adds nothing: {why}"


@dataclass(frozen=True)
class Proof:
    """What came of it. Rules that do nothing do no harm, but nobody meant them to be there."""

    extra: tuple[Extra, ...]
    missing: tuple[Missing, ...]
    shadowed: tuple[Shadowed, ...]
    unreachable: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether exactly what is allowed passes."""
        return not (self.extra or self.missing)

    def contrary(self) -> Iterator[str]:
        """What keeps it from being exact, in words."""
        yield from (f"not allowed: {each}" for each in self.extra)
        yield from (str(each) for each in self.missing)

    def idle(self) -> Iterator[str]:
        """What is there for nothing, in words."""
        yield from (str(each) for each in self.shadowed)
        yield from (f"nothing leads to chain {name}" for name in self.unreachable)


def prove(rules: RuleSet, wanted: Iterable[Allowed], hook: str = "forward") -> Proof:
    """Hold what passes a hook against what is allowed, and look for rules that do nothing.

    ``hook`` is ``forward``, ``input`` or ``output``; rules that do nothing are looked for at all.

    Raises:
        RulesError: the rules cannot be followed.
        ProofError: a witness does not stand the test.

    """
    wanted = tuple(wanted)
    interfaces = (end for each in wanted for end in (each.arriving, each.leaving) if end)
    named_ends = (end for each in wanted for end in (each.sources, each.targets))
    ends = (end[0][0] for end in named_ends if end and end != EVERY_ADDRESS)
    found = survey(rules, interfaces, ends)
    allowed = (found.view.space.box(state=REPLYING), *(each.starts(found.view) for each in wanted))
    return Proof(
        extra=tuple(not_allowed(found, hook, (box for box in allowed if box is not None))),
        missing=tuple(_missing(found, hook, wanted)),
        shadowed=tuple(_shadowed(found)),
        unreachable=found.unreachable,
    )


def _missing(found: Survey, hook: str, wanted: Iterable[Allowed]) -> Iterator[Missing]:
    back = _BACK[hook]
    there = found.surely(*BEFORE[hook], hook)
    home = there if back == hook else found.surely(*BEFORE[back], back)
    for each in wanted:
        for part, at, accepted, box in (
            ("first packets", hook, there, each.first(found.view)),
            ("later packets", hook, there, each.later(found.view)),
            ("replies", back, home, each.replies(found.view)),
        ):
            lost = None if box is None else next(accepted.heap.outside(box), None)
            if lost is not None:
                yield _lost(found, each.name, part, at, found.view.space.sample(lost))


def _lost(found: Survey, flow: str, part: str, hook: str, point: Point) -> Missing:
    packet = found.view.packet(point)
    ended = trace(found.rules, packet, *BEFORE[hook], hook, limits=Limits.SHUT)
    if ended is None or ended.accepted:
        raise ProofError(f"{packet} was not to pass, and it does")
    return Missing(packet.at(hook), flow, part, ended.chain, ended.rule)


def _shadowed(found: Survey) -> Iterator[Shadowed]:
    ways: dict[int, list[tuple[str, Share]]] = {}
    for each in found.reaches:
        for share in each.shares:
            if share.rule.line != each.chain.line:
                ways.setdefault(share.rule.line, []).append((each.chain.hook or "", share))
    for shares in ways.values():
        if all(share.some is None for _, share in shares):
            hook, share = next((way for way in shares if way[1].seen), shares[0])
            yield Shadowed(share.chain, share.rule, _taker(found, hook, share.seen))


def _taker(found: Survey, hook: str, seen: Box | None) -> Rule | None:
    if seen is None:
        return None
    packet = found.view.packet(found.view.space.sample(seen))
    ended = trace(found.rules, packet, hook, limits=Limits.NO_MATCH)
    return ended.rule if ended else None
