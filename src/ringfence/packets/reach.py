"""What a rule set does, as sets of packets: what each hook accepts, and each rule's share in it.

A chain is followed rule by rule, through jumps and look-ups. The first rule that decides a packet
decides it, so a rule's share is what it matches without what was decided before. A rule with a
limit may match or not: if it accepts, its packets may pass; if it drops, they may pass it. What
``may`` be accepted and what ``surely`` is are therefore two sets.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ringfence.packets.boxes import Box, Heap, meets, shared, without
from ringfence.packets.nftables import Action, Chain, Rule, RulesError, RuleSet
from ringfence.packets.packet import View, states
from ringfence.packets.packet_set import PacketSet

_DEPTH: Final = 16
"""How deep chains may call each other; nft(8) allows no more."""

_UNTRACKED: Final = {("prerouting", "raw"), ("output", "raw")}
"""Where connection tracking has not looked at a packet yet."""

_WITHOUT_LEAVING: Final = {"prerouting", "input"}
_WITHOUT_ARRIVING: Final = {"output"}


@dataclass(frozen=True)
class Share:
    """What one rule does on one way to it.

    ``seen`` is what it matches this way, if anything, and ``some`` a part of that which no rule
    before it decided, if there is one. ``accepted`` is all that it accepts of that, and
    ``surely`` what no limit can keep from it; ``silent`` is a part of what it drops without a
    log, invalid packets aside. ``limited``: it, or a jump to it, has a limit.
    """

    chain: str
    rule: Rule
    limited: bool = False
    seen: Box | None = None
    some: Box | None = None
    accepted: tuple[Box, ...] = ()
    surely: tuple[Box, ...] = ()
    silent: Box | None = None


@dataclass(frozen=True)
class Reach:
    """What a chain at a hook does with packets that come to it. The policy is its last share."""

    view: View
    chain: Chain
    shares: tuple[Share, ...]
    visited: frozenset[str]

    @cached_property
    def may(self) -> PacketSet:
        """What may be accepted; a rule with a limit can share packets with a later one."""
        boxes = [box for share in self.shares for box in share.accepted]
        if any(share.limited and share.accepted for share in self.shares):
            return PacketSet.of(self.view.space, boxes)
        return PacketSet(self.view.space, tuple(boxes))

    @cached_property
    def surely(self) -> PacketSet:
        """What is accepted however the limits stand."""
        boxes = tuple(box for share in self.shares for box in share.surely)
        return PacketSet(self.view.space, boxes)


def reach(rules: RuleSet, chain: Chain, view: View) -> Reach:
    """Follow one chain at a hook.

    Raises:
        RulesError: chains jump in a circle, or a rule asks what is not known at the hook.

    """
    return _Walk(rules, chain, view).through()


@dataclass
class _Walk:
    rules: RuleSet
    base: Chain
    view: View
    shares: list[Share] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.decided = [self._heap()]
        """What rules decided; behind each jump with a limit, what they decided after it."""
        self.doubtful = self._heap()
        """What may be dropped before its turn comes."""
        self.logged = self._heap()
        self.matched: dict[int, Box | None] = {}
        self.invalid = self.view.space.box(state=states(frozenset({"invalid"})))
        self.hook = self.base.hook or ""

    def through(self) -> Reach:
        everything = self.view.space.everything
        self._chain(self.base, everything, depth=0)
        policy = Rule(self.base.line, f"policy {self.base.policy}", self.base.policy)
        self._decide(self.base.name, policy, everything)
        return Reach(self.view, self.base, tuple(self.shares), frozenset(self.visited))

    def _chain(self, chain: Chain, seen: Box, depth: int) -> None:
        if depth > _DEPTH:
            raise RulesError(f"chain {chain.name}: jumps go in a circle")
        self.visited.add(chain.name)
        for rule in chain.rules:
            matched = self._match(rule)
            box = None if matched is None else shared(seen, matched)
            if box is None:
                self.shares.append(Share(chain.name, rule))
            elif rule.action in {Action.JUMP, Action.LOOK_UP}:
                self._follow(chain.name, rule, box, depth)
            else:
                self._decide(chain.name, rule, box)

    def _follow(self, chain: str, rule: Rule, box: Box, depth: int) -> None:
        some = self._first(box)
        self.shares.append(Share(chain, rule, self._limited(rule), box, some))
        if some is None:
            return
        if rule.limited:
            self.decided.append(self._heap())
        for name, inside in self._ways(rule, box):
            if self._first(inside) is not None:
                self._chain(self.rules.chains[name], inside, depth + 1)
        if rule.limited:
            self.decided.pop()

    def _ways(self, rule: Rule, box: Box) -> Iterator[tuple[str, Box]]:
        if rule.target is None:
            return
        if rule.action == Action.JUMP:
            yield rule.target, box
            return
        self._demand_interfaces(rule, arriving=True, leaving=True)
        for ends, name in self.rules.maps[rule.target].items():
            pair = self.view.pair(*ends)
            inside = None if pair is None else shared(box, pair)
            if inside is not None:
                yield name, inside

    def _decide(self, chain: str, rule: Rule, box: Box) -> None:
        limited = self._limited(rule)
        accepted: tuple[Box, ...] = ()
        surely: tuple[Box, ...] = ()
        silent = None
        if rule.action == Action.ACCEPT:
            accepted = tuple(self._undecided(box))
            some = next(iter(accepted), None)
            if not limited:
                surely = tuple(part for each in accepted for part in self.doubtful.outside(each))
        else:
            some = self._first(box)
        if rule.log is not None:
            self.logged.add(box)
        if rule.action == Action.DROP:
            silent = self._silent(box)
            if limited:
                for part in self._undecided(box):
                    self.doubtful.add(part)
        if rule.action != Action.GO_ON and not rule.limited:
            self.decided[-1].add(box)
        self.shares.append(Share(chain, rule, limited, box, some, accepted, surely, silent))

    def _heap(self) -> Heap:
        return Heap(self.view.space.keys)

    def _limited(self, rule: Rule) -> bool:
        return rule.limited or len(self.decided) > 1

    def _decided_near(self, box: Box) -> list[Box]:
        return [other for heap in self.decided for other in heap.near(box)]

    def _first(self, box: Box) -> Box | None:
        """A part of a box that no rule decided yet."""
        return next(self._undecided(box), None)

    def _undecided(self, box: Box) -> Iterator[Box]:
        if len(self.decided) == 1:
            return self.decided[0].outside(box)
        return without(box, self._decided_near(box))

    def _silent(self, box: Box) -> Box | None:
        passed_over = [*self._decided_near(box), *self.logged.near(box)]
        if self.invalid is not None and meets(box, self.invalid):
            passed_over.append(self.invalid)
        return next(without(box, passed_over), None)

    def _match(self, rule: Rule) -> Box | None:
        if rule.line not in self.matched:
            if rule.states and (self.hook, self.base.priority) in _UNTRACKED:
                raise RulesError(f"line {rule.line}: states are not known at {self.hook} yet")
            self._demand_interfaces(
                rule, arriving=rule.arriving is not None, leaving=rule.leaving is not None
            )
            self.matched[rule.line] = self.view.matched(rule)
        return self.matched[rule.line]

    def _demand_interfaces(self, rule: Rule, *, arriving: bool, leaving: bool) -> None:
        if (arriving and self.hook in _WITHOUT_ARRIVING) or (
            leaving and self.hook in _WITHOUT_LEAVING
        ):
            raise RulesError(f"line {rule.line}: {self.hook} does not know that interface")
