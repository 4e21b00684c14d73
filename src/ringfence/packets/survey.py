"""A rule set as a whole: every chain at a hook followed once, and what hooks accept together."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final

from ringfence.packets.nftables import RuleSet
from ringfence.packets.packet import View
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.reach import Reach, reach

BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "prerouting": (),
    "input": ("prerouting",),
    "forward": ("prerouting",),
    "output": (),
}
"""What a packet passes before it comes to a hook."""


@dataclass(frozen=True)
class Survey:
    """What each chain at a hook does. Where several are at one, a packet passes all of them."""

    rules: RuleSet
    view: View
    reaches: tuple[Reach, ...]

    def at(self, *hooks: str) -> tuple[Reach, ...]:
        """The chains at some hooks, in their order."""
        return tuple(each for hook in hooks for each in self.reaches if each.chain.hook == hook)

    def may(self, *hooks: str) -> PacketSet:
        """What all chains at the hooks may accept: everything, where there is none."""
        return common(self.view, (each.may for each in self.at(*hooks)))

    def surely(self, *hooks: str) -> PacketSet:
        """What all chains at the hooks accept, however limits stand."""
        return common(self.view, (each.surely for each in self.at(*hooks)))

    @property
    def unreachable(self) -> tuple[str, ...]:
        """The chains that no packet comes to."""
        visited = {name for each in self.reaches for name in each.visited}
        return tuple(name for name in self.rules.chains if name not in visited)


def survey(rules: RuleSet, interfaces: Iterable[str] = (), addresses: Iterable[int] = ()) -> Survey:
    """Follow every chain at a hook, telling apart the interfaces of the rules and some more.

    Packets that are shown have one of the addresses if they may.

    Raises:
        RulesError: the rules cannot be followed.

    """
    in_rules = (
        name
        for chain in rules.chains.values()
        for rule in chain.rules
        for name in (rule.arriving, rule.leaving)
        if name is not None
    )
    in_maps = (name for entries in rules.maps.values() for pair in entries for name in pair)
    view = View.naming((*in_rules, *in_maps, *interfaces), addresses)
    chains = (chain for chain in rules.chains.values() if chain.hook is not None)
    return Survey(rules, view, tuple(reach(rules, chain, view) for chain in chains))


def common(view: View, sets: Iterable[PacketSet]) -> PacketSet:
    """The packets that are in every set: all packets, where there is no set."""
    return reduce(PacketSet.intersect, sets, view.everything)
