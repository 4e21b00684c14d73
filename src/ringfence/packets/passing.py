"""What a chain lets pass: every rule that accepts, and between which interfaces."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ringfence.packets.nftables import Action, Chain, Rule, RulesError, RuleSet

_DEPTH = 8


@dataclass(frozen=True)
class Passing:
    """A rule that accepts new packets, with the interfaces by which they come and go."""

    arriving: str | None
    leaving: str | None
    rule: Rule

    @property
    def replies(self) -> bool:
        """Whether it only accepts what belongs to something that was accepted before."""
        return bool(self.rule.states) and self.rule.states <= {"established", "related"}


def passing(rules: RuleSet, chain: Chain) -> Iterator[Passing]:
    """Every rule under a chain that accepts, in order; a chain that never ends is an error.

    Raises:
        RulesError: chains jump in a circle.

    """
    yield from _under(rules, chain, Passing(None, None, Rule(0)), 0)
    if chain.policy == Action.ACCEPT and not ends_in_drop(chain):
        yield Passing(None, None, Rule(0, Action.ACCEPT, comment="the policy"))


def ends_in_drop(chain: Chain) -> bool:
    """Whether a packet that no rule accepts is dropped before the chain ends."""
    return any(rule.matches_all and rule.action == Action.DROP for rule in chain.rules)


def logs_drops(chain: Chain) -> bool:
    """Whether the rule before the final drop logs."""
    *_, log, last = (Rule(0), Rule(0), *chain.rules)
    return last.matches_all and last.action == Action.DROP and log.log is not None


def _under(rules: RuleSet, chain: Chain, so_far: Passing, depth: int) -> Iterator[Passing]:
    if depth > _DEPTH:
        raise RulesError(f"chain {chain.name}: jumps go in a circle")
    for rule in chain.rules:
        here = replace(
            so_far,
            arriving=rule.arriving or so_far.arriving,
            leaving=rule.leaving or so_far.leaving,
            rule=rule,
        )
        match rule.action:
            case Action.ACCEPT:
                yield here
            case Action.JUMP if rule.target is not None:
                yield from _under(rules, rules.chains[rule.target], here, depth + 1)
            case Action.LOOK_UP if rule.target is not None:
                for (source, target), name in rules.maps[rule.target].items():
                    pair = replace(here, arriving=source, leaving=target)
                    yield from _under(rules, rules.chains[name], pair, depth + 1)
            case _:
                pass
        if rule.matches_all and rule.action in {Action.ACCEPT, Action.DROP}:
            return
