"""z3, which knows nothing of boxes, agrees with what sets of packets say of a rule set."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import pytest
import z3
from hypothesis import given, settings

from ringfence.design.model import HostKind
from ringfence.guide import Level
from ringfence.packets.nftables import STATES, Action, Rule, RuleSet, parse
from ringfence.packets.packet import View
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.spans import Spans
from ringfence.packets.survey import survey
from ringfence.render.catalogue import tree
from rule_sets import RULE_SETS, Rules
from samples import make_design

WIDTHS = {
    "arriving": 8,
    "leaving": 8,
    "state": 3,
    "port": 16,
    "protocol": 8,
    "target": 32,
    "source": 32,
    "opening": 1,
    "family": 1,
    "source_port": 16,
}
HOOKS = ("prerouting", "forward")
NUMBERS = {"tcp": 6, "udp": 17}


@dataclass(frozen=True)
class Formulas:
    """A rule set as formulas over the bits of one packet; limits are bits of their own."""

    rules: RuleSet
    view: View
    by_rate: tuple[z3.BoolRef, ...]

    @cached_property
    def bits(self) -> dict[str, z3.BitVecRef]:
        return {name: z3.BitVec(name, width) for name, width in WIDTHS.items()}

    @cached_property
    def sound(self) -> z3.BoolRef:
        """The numbers that a packet can have."""
        last = z3.BitVecVal(len(self.view.interfaces), 8)
        ends = (z3.ULE(self.bits[end], last) for end in ("arriving", "leaving"))
        return z3.And(*ends, z3.ULT(self.bits["state"], len(STATES)))

    def accepted(self, *hooks: str) -> z3.BoolRef:
        chains = (chain for hook in hooks for chain in self.rules.hooked(hook))
        return z3.And(*(self._chain(c.name, z3.BoolVal(c.policy == Action.ACCEPT)) for c in chains))

    def _chain(self, name: str, after: z3.BoolRef) -> z3.BoolRef:
        """Whether a packet is accepted that comes to a chain, or afterwards."""
        for rule in reversed(self.rules.chains[name].rules):
            after = z3.If(self._matches(rule), self._does(rule, after), after)
        return after

    def _does(self, rule: Rule, after: z3.BoolRef) -> z3.BoolRef:
        match rule.action:
            case Action.ACCEPT | Action.DROP:
                return z3.BoolVal(rule.action == Action.ACCEPT)
            case Action.JUMP:
                return self._chain(rule.target or "", after)
            case Action.LOOK_UP:
                found = after
                for (source, target), name in self.rules.maps[rule.target or ""].items():
                    pair = z3.And(self._at("arriving", source), self._at("leaving", target))
                    found = z3.If(pair, self._chain(name, after), found)
                return found
            case _:
                return after

    def _matches(self, rule: Rule) -> z3.BoolRef:
        return z3.And(*self._conditions(rule))

    def _conditions(self, rule: Rule) -> Iterator[z3.BoolRef]:
        if rule.arriving:
            yield self._at("arriving", rule.arriving)
        if rule.leaving:
            yield self._at("leaving", rule.leaving)
        if rule.sources is not None:
            inside = self.among("source", rule.sources)
            yield z3.And(self.bits["family"] == 0, z3.Not(inside) if rule.not_from else inside)
        if rule.targets is not None:
            yield z3.And(self.bits["family"] == 0, self.among("target", rule.targets))
        if rule.protocol:
            yield self.bits["protocol"] == NUMBERS[rule.protocol]
        if rule.ports:
            yield self.among("port", (rule.ports,))
        if rule.first_packet:
            yield z3.And(self.bits["protocol"] == NUMBERS["tcp"], self.bits["opening"] == 1)
        if rule.states:
            yield z3.Or(*(self.bits["state"] == STATES.index(name) for name in rule.states))
        if rule.limited and rule.action != Action.GO_ON:
            yield self.by_rate[rule.line]

    def _at(self, end: str, name: str) -> z3.BoolRef:
        return self.bits[end] == self.view.interfaces.index(name)

    def among(self, name: str, spans: Spans) -> z3.BoolRef:
        bits = self.bits[name]
        return z3.Or(*(z3.And(z3.UGE(bits, a), z3.ULE(bits, b)) for a, b in spans))

    def inside(self, found: PacketSet) -> z3.BoolRef:
        """The set as a formula."""
        names = [field.name for field in found.space.fields]
        every = found.space.everything
        return z3.Or(
            *(
                z3.And(
                    *(
                        self.among(name, spans)
                        for name, spans, all_of_it in zip(names, box, every, strict=True)
                        if spans != all_of_it
                    )
                )
                for box in found.boxes
            )
        )


def same(formulas: Formulas, one: z3.BoolRef, other: z3.BoolRef) -> bool:
    solver = z3.Solver()
    solver.add(formulas.sound, one != other)
    return bool(solver.check() == z3.unsat)


def agree(text: str, *hooks: str) -> None:
    rules = parse(text)
    limited = [
        rule.line
        for chain in rules.chains.values()
        for rule in chain.rules
        if rule.limited and rule.action != Action.GO_ON
    ]
    by_rate = tuple(z3.Bool(f"line{number}") for number in range(len(text.splitlines()) + 1))
    found = survey(rules)
    formulas = Formulas(rules, found.view, by_rate)
    accepted = formulas.accepted(*hooks)
    ways = [
        z3.substitute(
            accepted,
            *((by_rate[line], z3.BoolVal(held)) for line, held in zip(limited, way, strict=True)),
        )
        for way in product((True, False), repeat=len(limited))
    ]

    assert same(formulas, z3.Or(*ways), formulas.inside(found.may(*hooks)))
    assert same(formulas, z3.And(*ways), formulas.inside(found.surely(*hooks)))


@pytest.mark.parametrize("level", Level)
def test_z3_agrees_on_every_rendered_rule_file(level: Level) -> None:
    design = make_design(level=level)
    read = 0
    for host in design.hosts:
        for file in tree(design, host).files:
            if file.path == "/etc/nftables.conf":
                agree(file.text, *HOOKS)
                agree(file.text, "prerouting", "input")
                agree(file.text, "output")
                read += 1

    assert read == 1 + sum(
        len(design.of_kind(kind)) for kind in (HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN)
    )


@given(RULE_SETS)
@settings(max_examples=40, deadline=None)
def test_z3_agrees_on_small_rule_sets(made: Rules) -> None:
    agree(str(made), *HOOKS)


def test_z3_would_find_a_set_that_is_wrong() -> None:
    design = make_design()
    wall = design.of_kind(HostKind.FIREWALL)[0]
    text = next(f.text for f in tree(design, wall).files if f.path == "/etc/nftables.conf")
    other = survey(parse(text.replace("tcp dport 5061", "tcp dport 5060-5061")))
    formulas = Formulas(parse(text), other.view, (z3.BoolVal(False),) * 200)

    found = formulas.inside(other.may("forward"))

    assert not same(formulas, formulas.accepted("forward"), found)
