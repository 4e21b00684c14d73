"""What becomes of packets that a rule set does not accept: whether each is dropped with a log."""

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.packets.boxes import Box
from ringfence.packets.extra import named
from ringfence.packets.nftables import Action, Rule
from ringfence.packets.packet import Packet
from ringfence.packets.reach import Reach
from ringfence.packets.survey import Survey


@dataclass(frozen=True)
class Silent:
    """A packet that a rule drops and nothing logs. Invalid packets may be dropped so."""

    packet: Packet
    chain: str
    rule: Rule

    def __str__(self) -> str:
        """The packet and the rule."""
        return f"{self.packet} is dropped without a log by {named(self.chain, self.rule)}"


@dataclass(frozen=True)
class OpenPolicy:
    """A chain whose policy is to accept, and a packet that only a rule in it keeps from passing."""

    chain: str
    packet: Packet | None
    rule: Rule | None

    def __str__(self) -> str:
        """The chain and, if there is one, the packet and the rule."""
        policy = f"the policy of {self.chain} is to accept"
        if self.packet is None or self.rule is None:
            return f"{policy}, and no rule drops anything"
        return f"{policy}: only line {self.rule.line} keeps {self.packet} from passing"


def silent_drops(found: Survey, *hooks: str) -> Iterator[Silent]:
    """A packet for each way to a rule by which it is dropped without a log."""
    for each in found.at(*hooks):
        for share in each.shares:
            if share.silent is not None:
                yield Silent(_sample(each, share.silent), share.chain, share.rule)


def open_policies(found: Survey, *hooks: str) -> Iterator[OpenPolicy]:
    """The chains at the hooks that accept what no rule decides."""
    for each in found.at(*hooks):
        if each.chain.policy == Action.ACCEPT:
            drops = [share for share in each.shares if share.rule.action == Action.DROP]
            some = next((share for share in reversed(drops) if share.some), None)
            packet = None if some is None or some.some is None else _sample(each, some.some)
            yield OpenPolicy(each.chain.name, packet, some.rule if some else None)


def _sample(each: Reach, box: Box) -> Packet:
    return each.view.packet(each.view.space.sample(box)).at(each.chain.hook)
