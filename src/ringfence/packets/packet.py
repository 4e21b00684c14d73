"""What a packet filter sees of a packet, as the fields of a space, and a packet as people read it.

Addresses are IPv4. An IPv6 packet is one of the other ``family``, which rules that name an
address never match; a rule that names none matches it like any other. ``opening`` is what the
flags of a first TCP packet look like (SYN and none of FIN, RST and ACK); ``state`` is what
connection tracking says.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from ipaddress import IPv4Address
from typing import Final

from ringfence.packets.boxes import Box, Field, Point, Space
from ringfence.packets.nftables import STATES, Rule
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.spans import EVERY_ADDRESS, Spans, minus, of_numbers

PROTOCOLS: Final = {"udp": 17, "tcp": 6, "icmp": 1, "icmpv6": 58}
ELSEWHERE: Final = "another interface"
"""Stands for every interface that nothing names."""

HERE: Final = "this host"
ANYWHERE: Final = "anywhere"

_NAMES: Final = {number: name for name, number in PROTOCOLS.items()}
_WITH_PORTS: Final = {PROTOCOLS["tcp"], PROTOCOLS["udp"]}
_LIKELY_PORTS: Final = (22, 1024, 5060)
_UNKNOWN_ADDRESS: Final = int(IPv4Address("198.51.100.1"))
"""An address of nobody's (RFC 5737), for samples that may have any."""

IPV4: Final = of_numbers([0])
OPENING: Final = of_numbers([1])


@cache
def states(names: frozenset[str]) -> Spans:
    """States by their names."""
    return of_numbers(map(STATES.index, names))


REPLYING: Final = states(frozenset({"established", "related"}))
"""The states of what belongs to something that was accepted before."""

STARTING: Final = states(frozenset({"new", "untracked", "invalid"}))
"""The other states."""


@cache
def protocols(*names: str) -> Spans:
    """Protocols by their names."""
    return of_numbers(PROTOCOLS[name] for name in names)


@dataclass(frozen=True)
class Packet:
    """One packet as a filter sees it."""

    arriving: str
    leaving: str
    source: IPv4Address
    target: IPv4Address
    protocol: int
    source_port: int
    port: int
    state: str
    opening: bool
    ipv6: bool

    @property
    def protocol_name(self) -> str:
        """The protocol's name, or its number."""
        return _NAMES.get(self.protocol, f"protocol {self.protocol}")

    def at(self, hook: str | None) -> "Packet":
        """The packet as it is seen at a hook, where not every interface plays a part."""
        match hook:
            case "prerouting":
                return replace(self, leaving=ANYWHERE)
            case "input":
                return replace(self, leaving=HERE)
            case "output":
                return replace(self, arriving=HERE)
            case _:
                return self

    def __str__(self) -> str:
        """The packet as a person says it; an IPv6 packet's addresses do not matter."""
        flags = ""
        if self.protocol == PROTOCOLS["tcp"]:
            flags = " SYN" if self.opening else " without SYN"
        return (
            f"{self.arriving} -> {self.leaving}: {self.protocol_name}{flags}"
            f"{self._end('from', self.arriving, self.source, self.source_port)}"
            f"{self._end('to', self.leaving, self.target, self.port)} ({self.state})"
        )

    def _end(self, word: str, interface: str, address: IPv4Address, port: int) -> str:
        """One end of the packet; an address of this host's own goes without saying."""
        parts = [] if interface == HERE else ["IPv6" if self.ipv6 else str(address)]
        parts += [f"port {port}"] if self.protocol in _WITH_PORTS else []
        return " ".join(["", word, *parts]) if parts else ""


@dataclass(frozen=True)
class View:
    """The packets that a filter with these interfaces can see.

    ``addresses`` are those that samples should have if they may.
    """

    interfaces: tuple[str, ...]
    addresses: tuple[int, ...] = ()

    @classmethod
    def naming(cls, interfaces: Iterable[str], addresses: Iterable[int] = ()) -> "View":
        """The view that tells apart interfaces of these names, and the rest."""
        return cls(tuple(sorted(set(interfaces))), tuple(dict.fromkeys(addresses)))

    @cached_property
    def space(self) -> Space:
        """The fields, those that tell most rules apart in front."""
        count = len(self.interfaces)
        named = tuple(range(count))
        sources = (*self.addresses, _UNKNOWN_ADDRESS)
        targets = (*reversed(self.addresses), _UNKNOWN_ADDRESS)
        return Space(
            (
                Field("arriving", count + 1, named),
                Field("leaving", count + 1, named),
                Field("port", 2**16, _LIKELY_PORTS),
                Field("state", len(STATES), (STATES.index("new"),)),
                Field("protocol", 2**8, tuple(PROTOCOLS.values())),
                Field("target", 2**32, targets),
                Field("source", 2**32, sources),
                Field("opening", 2),
                Field("family", 2, (0,)),
                Field("source_port", 2**16, (1024,)),
            ),
            keys=2,
        )

    @cached_property
    def everything(self) -> PacketSet:
        """Every packet."""
        return PacketSet.everything(self.space)

    def interface(self, name: str | None) -> Spans | None:
        """An interface, or any.

        Raises:
            ValueError: this view does not tell it apart.

        """
        return None if name is None else self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Spans]:
        return {name: of_numbers([number]) for number, name in enumerate(self.interfaces)}

    def among(self, names: Iterable[str]) -> Spans:
        """Any of some interfaces; those that this view does not tell apart are none."""
        wanted = set(names)
        return of_numbers(n for n, name in enumerate(self.interfaces) if name in wanted)

    def not_among(self, names: Iterable[str]) -> Spans:
        """Any other interface."""
        return minus(((0, len(self.interfaces)),), self.among(names))

    def matched(self, rule: Rule) -> Box | None:
        """The packets that a rule matches, as nft(8) says: parts imply a family and a protocol."""
        sources = rule.sources
        if sources is not None and rule.not_from:
            sources = minus(EVERY_ADDRESS, sources)
        protocol = rule.protocol
        if rule.first_packet:
            if protocol == "udp":
                return None
            protocol = "tcp"
        return self.space.box(
            arriving=self.interface(rule.arriving),
            leaving=self.interface(rule.leaving),
            state=states(rule.states) if rule.states else None,
            port=None if rule.ports is None else (rule.ports,),
            protocol=None if protocol is None else protocols(protocol),
            target=rule.targets,
            source=sources,
            opening=OPENING if rule.first_packet else None,
            family=None if sources is None and rule.targets is None else IPV4,
        )

    def pair(self, arriving: str, leaving: str) -> Box | None:
        """The packets from one interface to another."""
        return self.space.box(arriving=self.interface(arriving), leaving=self.interface(leaving))

    def packet(self, point: Point) -> Packet:
        """A point of the space as a packet."""
        arriving, leaving, port, state, protocol, target, source, opening, family, source_port = (
            point
        )
        names = (*self.interfaces, ELSEWHERE)
        return Packet(
            arriving=names[arriving],
            leaving=names[leaving],
            source=IPv4Address(source),
            target=IPv4Address(target),
            protocol=protocol,
            source_port=source_port,
            port=port,
            state=STATES[state],
            opening=bool(opening),
            ipv6=bool(family),
        )
