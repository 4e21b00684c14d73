"""Small rule sets made at random, their text, and what they do to one packet: by nft(8), naively.

Nothing here uses the reader or the sets that it is to test. Numbers are few, so that the packets of
``UNIVERSE`` stand for all: no rule tells two packets apart that it does not tell apart here.
"""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from typing import Final

from hypothesis import strategies as st

from ringfence.packets.packet import ELSEWHERE, Packet

HEAD: Final = "table inet ringfence\ndelete table inet ringfence\ntable inet ringfence {\n"
FIRST: Final = "tcp flags & (fin|syn|rst|ack) == syn"
STATES: Final = ("new", "untracked", "invalid", "established", "related")
PROTOCOLS: Final = {"tcp": 6, "udp": 17}
NETWORK: Final = IPv4Network("10.0.0.0/8")
INSIDE: Final = IPv4Address("10.0.0.7")
OUTSIDE: Final = IPv4Address("192.0.2.1")

UNIVERSE: Final = tuple(
    Packet(arriving, leaving, source, INSIDE, protocol, 1024, port, state, opening, ipv6)
    for arriving, leaving, source, protocol, port, state, opening, ipv6 in product(
        ("a", "b", ELSEWHERE),
        ("b", ELSEWHERE),
        (INSIDE, OUTSIDE),
        (6, 17, 1),
        (5, 50),
        STATES,
        (True, False),
        (True, False),
    )
)


@dataclass(frozen=True)
class Line:
    """A rule as it is written: what it matches, and what it does at the end."""

    arriving: str | None = None
    leaving: str | None = None
    source: str | None = None
    protocol: str | None = None
    ports: tuple[int, int] = (0, 65535)
    first: bool = False
    states: tuple[str, ...] = ()
    limited: bool = False
    action: str = ""

    def __str__(self) -> str:
        """Its text, as nft(8) reads it."""
        named = (("iifname", self.arriving), ("oifname", self.leaving))
        parts = [f'{word} "{name}"' for word, name in named if name]
        parts += [f"ip saddr {self.source}"] if self.source else []
        if self.protocol:
            parts.append(f"{self.protocol} dport {self.ports[0]}-{self.ports[1]}")
        parts += [FIRST] if self.first else []
        parts += [f"ct state {','.join(self.states)}"] if self.states else []
        parts += ["limit rate 9/second burst 9 packets"] if self.limited else []
        return " ".join([*parts, self.action or "counter"])

    def matches(self, packet: Packet) -> bool:
        """Whether a packet is as the text says."""
        if self.first and not (packet.protocol == PROTOCOLS["tcp"] and packet.opening):
            return False
        if self.source:
            negated = self.source.startswith("!= ")
            if packet.ipv6 or (packet.source in NETWORK) == negated:
                return False
        if self.protocol:
            if packet.protocol != PROTOCOLS[self.protocol]:
                return False
            if not self.ports[0] <= packet.port <= self.ports[1]:
                return False
        return (
            self.arriving in {None, packet.arriving}
            and self.leaving in {None, packet.leaving}
            and (not self.states or packet.state in self.states)
        )


@dataclass(frozen=True)
class Rules:
    """A chain at the forward hook, one before it, and two that these may jump to."""

    chains: dict[str, tuple[Line, ...]]
    policies: dict[str, str]
    pairs: dict[tuple[str, str], str]

    def __str__(self) -> str:
        """The rule file."""
        entries = "".join(f'"{a}" . "{b}" : jump {to},\n' for (a, b), to in self.pairs.items())
        body = f"map pairs {{\ntype ifname . ifname : verdict\nelements = {{\n{entries}}}\n}}\n"
        for name, lines in self.chains.items():
            hook = ""
            if name in self.policies:
                hook = f"type filter hook {name} priority filter\npolicy {self.policies[name]}\n"
            body += "\n".join([f"chain {name} {{", hook, *map(str, lines), "}", ""])
        return f"{HEAD}{body}}}\n"

    def ends(self, packet: Packet, *hooks: str) -> set[str]:
        """How a packet may end, for every way in which limits may stand."""
        found = {"accept"}
        for hook in hooks:
            ended = self._ends(hook, 0, packet)
            if "" in ended:
                ended = ended - {""} | {self.policies[hook]}
            found = found if "accept" not in found else found - {"accept"} | ended
        return found

    def _ends(self, chain: str, at: int, packet: Packet) -> set[str]:
        """How it may leave a chain from a line on; nothing decided is an empty word."""
        lines = self.chains[chain]
        if at == len(lines):
            return {""}
        line = lines[at]
        after = self._ends(chain, at + 1, packet)
        if not line.matches(packet):
            return after
        match line.action.split():
            case ["accept" | "drop"]:
                ended = {line.action}
            case ["jump", inner]:
                ended = self._ends(inner, 0, packet)
            case ["iifname", *_]:
                target = self.pairs.get((packet.arriving, packet.leaving))
                ended = self._ends(target, 0, packet) if target else {""}
            case _:
                ended = {""}
        if line.limited:
            ended = ended | {""}
        return ended - {""} | after if "" in ended else ended


LOOK_UP: Final = "iifname . oifname vmap @pairs"
_NARROW: Final = st.builds(
    Line,
    source=st.sampled_from([None, f"{NETWORK}", f"!= {NETWORK}"]),
    protocol=st.sampled_from([None, "tcp", "udp"]),
    ports=st.sampled_from([(1, 9), (5, 60), (40, 60), (0, 65535)]),
    first=st.booleans(),
    states=st.lists(st.sampled_from(STATES), max_size=2, unique=True).map(tuple),
    limited=st.sampled_from([False, False, True]),
)


def _sound(line: Line) -> Line:
    """The rule without what nft(8) refuses: a first packet of UDP."""
    return replace(line, first=False) if line.protocol == "udp" else line


def lines_with(*actions: str, leaving: bool = True) -> st.SearchStrategy[tuple[Line, ...]]:
    """A few rules that end in some of these ways."""
    one = st.tuples(
        _NARROW,
        st.sampled_from([None, None, "a", "b"]),
        st.sampled_from([None, None, "b"] if leaving else [None]),
        st.sampled_from(actions),
    ).map(lambda p: _sound(replace(p[0], arriving=p[1], leaving=p[2], action=p[3])))
    return st.lists(one, max_size=5).map(tuple)


_ENDS: Final = ("accept", "accept", "drop", "")
_POLICY: Final = st.sampled_from(["accept", "drop"])

RULE_SETS: Final = st.builds(
    lambda before, forward, one, two, policies, pairs: Rules(
        {"prerouting": before, "forward": forward, "one": one, "two": two},
        dict(zip(("prerouting", "forward"), policies, strict=True)),
        pairs,
    ),
    lines_with(*_ENDS, leaving=False),
    lines_with(*_ENDS, "jump one", "jump two", LOOK_UP),
    lines_with(*_ENDS, "jump two"),
    lines_with(*_ENDS),
    st.tuples(_POLICY, _POLICY),
    st.dictionaries(
        st.sampled_from([("a", "b"), ("b", "b")]), st.sampled_from(["one", "two"]), max_size=2
    ),
)
