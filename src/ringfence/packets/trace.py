"""One packet on its way through a rule set, rule by rule, without any sets.

It shares no code with ``reach`` beyond the reading of rules: a witness that a proof names is sent
this way before anybody is told of it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ringfence.packets.nftables import Action, Chain, Rule, RuleSet
from ringfence.packets.packet import PROTOCOLS, Packet
from ringfence.packets.spans import holds

_FINAL: Final = {Action.ACCEPT, Action.DROP}


class Limits(StrEnum):
    """When rules with a limit match: if that lets a packet pass, if it does not, or never."""

    OPEN = "open"
    SHUT = "shut"
    NO_MATCH = "no match"

    def match(self, action: Action) -> bool:
        """Whether a rule with a limit matches a packet that then ends so."""
        return self != Limits.NO_MATCH and (self == Limits.OPEN) == (action == Action.ACCEPT)


@dataclass(frozen=True)
class Decision:
    """The rule, or the policy in the shape of one, that decides a packet, and its chain."""

    chain: str
    rule: Rule

    @property
    def accepted(self) -> bool:
        """Whether it lets the packet pass."""
        return self.rule.action == Action.ACCEPT


def trace(rules: RuleSet, packet: Packet, *hooks: str, limits: Limits) -> Decision | None:
    """What decides a packet on its way through the hooks: the first drop, or the last accept.

    Nothing decides where no chain is.
    """
    last = None
    for hook in hooks:
        for chain in rules.hooked(hook):
            last = _through(rules, chain, packet, limits)
            if last is None:
                last = Decision(
                    chain.name, Rule(chain.line, f"policy {chain.policy}", chain.policy)
                )
            if not last.accepted:
                return last
    return last


def _through(rules: RuleSet, chain: Chain, packet: Packet, limits: Limits) -> Decision | None:
    for rule in chain.rules:
        if not matches(rule, packet):
            continue
        found = Decision(chain.name, rule) if rule.action in _FINAL else None
        name = rule.target
        if rule.action == Action.LOOK_UP:
            name = rules.maps[rule.target or ""].get((packet.arriving, packet.leaving))
        if name is not None:
            found = _through(rules, rules.chains[name], packet, limits)
        if found is not None and (not rule.limited or limits.match(found.rule.action)):
            return found
    return None


def matches(rule: Rule, packet: Packet) -> bool:
    """Whether a rule matches a packet; its limit is left out of account."""
    named = rule.sources is not None or rule.targets is not None
    return (
        not (named and packet.ipv6)
        and rule.arriving in {None, packet.arriving}
        and rule.leaving in {None, packet.leaving}
        and (rule.sources is None or holds(rule.sources, int(packet.source)) != rule.not_from)
        and (rule.targets is None or holds(rule.targets, int(packet.target)))
        and (rule.protocol is None or PROTOCOLS[rule.protocol] == packet.protocol)
        and (rule.ports is None or holds((rule.ports,), packet.port))
        and (not rule.states or packet.state in rule.states)
        and (not rule.first_packet or (packet.opening and packet.protocol == PROTOCOLS["tcp"]))
    )
