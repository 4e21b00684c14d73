"""The sensor's orders: what the design names in each zone, and the limits, read from one file.

The file is JSON. A key that is missing, unknown or of the wrong kind is an error: a sensor that
watches by half an order is worse than one that does not start.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from .frames import EVERYBODY, NOBODY, TCP, UDP, Packet, number
from .rules import Kind, Limit

_PROTOCOLS = {"tcp": TCP, "udp": UDP}
_BOOTP = (67, 68)
_HIGHEST_PORT = 65535


class OrdersError(ValueError):
    """The orders cannot be read; the message says where they are at fault."""


Spans = tuple[tuple[int, int], ...]
"""Ranges of addresses, as numbers, both ends included."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic that the design names. ``media`` marks speech towards the media relay."""

    name: str
    from_zone: str
    to_zone: str
    protocol: int
    sources: Spans
    targets: Spans
    first: int
    last: int
    media: bool

    def fits(self, packet: Packet) -> bool:
        """Whether a packet is the flow's, from the one who starts it to the other."""
        return (
            self.protocol == packet.protocol
            and self.first <= packet.dport <= self.last
            and (_within(packet.src, self.sources) or self._without_address(packet.src))
            and (_within(packet.dst, self.targets) or self._to_everybody(packet.dst))
        )

    def answers(self, packet: Packet) -> bool:
        """Whether a packet is the flow's, in answer."""
        return (
            self.protocol == packet.protocol
            and self.first <= packet.sport <= self.last
            and _within(packet.dst, self.sources)
            and _within(packet.src, self.targets)
        )

    def _without_address(self, address: bytes) -> bool:
        return address == NOBODY and self.first in _BOOTP

    def _to_everybody(self, address: bytes) -> bool:
        return address == EVERYBODY and self.first in _BOOTP


@dataclass(frozen=True, slots=True)
class Zone:
    """What the design says of a zone, and the mirror port at which its frames arrive.

    ``designed`` zones are the telephone network's: everything in them is named, so what is not is
    an intruder's. In others only what is aimed at ``guarded`` subnets counts. ``address_servers``
    are the pairs of MAC and IP address that may answer DHCP; None if the design does not know.
    """

    name: str
    device: str
    network: int
    mask: int
    gateway: bytes
    gateway_mac: bytes
    designed: bool
    guarded: tuple[tuple[int, int], ...]
    bindings: dict[bytes, bytes]
    address_servers: frozenset[tuple[bytes, bytes]] | None
    flows: tuple[Flow, ...]
    macs: frozenset[bytes] = field(default=frozenset())

    def holds(self, address: bytes) -> bool:
        """Whether an address is of the zone's subnet."""
        return number(address) & self.mask == self.network

    def knows(self, source: str) -> bool:
        """Whether an IP or MAC address, as an alert has it, is that of a host of the zone."""
        if ":" in source:
            return bytes.fromhex(source.replace(":", "")) in self.macs
        parts = source.split(".")
        return len(parts) == 4 and bytes(map(int, parts)) in self.bindings  # noqa: PLR2004 - IPv4

    def guards(self, address: bytes) -> bool:
        """Whether traffic to an address is the sensor's business."""
        if self.designed or address == self.gateway:
            return True
        value = number(address)
        return any(value & mask == network for network, mask in self.guarded)


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that the sensor is told."""

    zones: tuple[Zone, ...]
    ethertypes: frozenset[bytes]
    signalling: int
    limits: dict[Kind, Limit]


def read(text: str) -> Orders:
    """Read orders; raises OrdersError."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise OrdersError(f"no JSON: {error}") from None
    said = _Said("the orders", found)
    said.get("mitigations", list)
    flows = tuple(flow(each) for each in said.get("flows", list))
    orders = Orders(
        zones=tuple(_zone(_Said("a zone", each), flows) for each in said.get("zones", list)),
        ethertypes=frozenset(said.each("ethertypes", bytes.fromhex)),
        signalling=said.get("signalling", int),
        limits=_limits(_Said("limits", said.get("limits", dict))),
    )
    said.done()
    if len({zone.device for zone in orders.zones}) != len(orders.zones):
        raise OrdersError("two zones have one device")
    return orders


def _zone(said: "_Said", flows: tuple[Flow, ...]) -> Zone:
    name = said.get("name", str)
    network = said.made("subnet", IPv4Network)
    bindings = {
        said.make(_ip, address): said.make(_mac, mac)
        for address, mac in said.get("bindings", dict).items()
    }
    gateway, gateway_mac = said.made("gateway", _ip), said.made("gateway_mac", _mac)
    servers = said.get("address_servers", list, type(None))
    zone = Zone(
        name=name,
        device=said.get("device", str),
        network=int(network.network_address),
        mask=int(network.netmask),
        gateway=gateway,
        gateway_mac=gateway_mac,
        designed=said.get("designed", bool),
        guarded=tuple(
            (int(net.network_address), int(net.netmask))
            for net in said.each("guarded", IPv4Network)
        ),
        bindings=bindings | {gateway: gateway_mac},
        address_servers=None
        if servers is None
        else frozenset((said.make(_mac, mac), said.make(_ip, ip)) for mac, ip in servers),
        flows=tuple(each for each in flows if name in (each.from_zone, each.to_zone)),
        macs=frozenset((*bindings.values(), gateway_mac)),
    )
    said.done()
    return zone


def flow(value: object) -> Flow:
    """Read one flow; raises OrdersError."""
    said = _Said("a flow", value)
    protocol = said.get("protocol", str)
    if protocol not in _PROTOCOLS:
        raise OrdersError(f"no protocol: {protocol!r}")
    first, last = said.get("first", int), said.get("last", int)
    if not 0 < first <= last <= _HIGHEST_PORT:
        raise OrdersError(f"no ports: {first} to {last}")
    found = Flow(
        name=said.get("name", str),
        from_zone=said.get("from", str),
        to_zone=said.get("to", str),
        protocol=_PROTOCOLS[protocol],
        sources=tuple(said.each("sources", _span)),
        targets=tuple(said.each("targets", _span)),
        first=first,
        last=last,
        media=said.get("media", bool),
    )
    said.done()
    return found


def _limits(said: "_Said") -> dict[Kind, Limit]:
    found = {}
    for kind in Kind:
        each = _Said(f"limits.{kind}", said.get(kind, dict))
        limit = Limit(each.get("count", int), each.get("seconds", int), each.get("crowd", int))
        each.done()
        if limit.count < 1 or limit.seconds < 1 or limit.crowd < 0:
            raise OrdersError(f"limits.{kind}: not a limit: {limit}")
        found[kind] = limit
    said.done()
    return found


class _Said:
    """A JSON object from which every key must be taken once."""

    def __init__(self, where: str, value: object) -> None:
        if not isinstance(value, dict):
            raise OrdersError(f"{where}: not an object")
        self._where = where
        self._left = dict(value)

    def get(self, key: str, *kinds: type) -> Any:
        if key not in self._left:
            raise OrdersError(f"{self._where}: {key} is missing")
        value = self._left.pop(key)
        if type(value) not in kinds:
            raise OrdersError(f"{self._where}: {key} is {value!r}")
        return value

    def made(self, key: str, maker: Callable[[str], Any]) -> Any:
        return self.make(maker, self.get(key, str))

    def each(self, key: str, maker: Callable[[str], Any]) -> list[Any]:
        return [self.make(maker, value) for value in self.get(key, list)]

    def make(self, maker: Callable[[str], Any], value: object) -> Any:
        try:
            return maker(value)  # type: ignore[arg-type]
        except (ValueError, TypeError, AttributeError) as error:
            raise OrdersError(f"{self._where}: {value!r}: {error}") from None

    def done(self) -> None:
        if self._left:
            raise OrdersError(f"{self._where}: not known: {', '.join(map(str, self._left))}")


def _ip(text: str) -> bytes:
    return IPv4Address(text).packed


def _mac(text: str) -> bytes:
    address = bytes.fromhex(text.replace(":", ""))
    if len(address) != 6:  # noqa: PLR2004 - as long as a MAC address is
        raise ValueError("not a MAC address")
    return address


def _span(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    start = int(IPv4Address(first))
    return start, int(IPv4Address(last)) if dash else start


def _within(address: bytes, spans: Spans) -> bool:
    value = number(address)
    return any(first <= value <= last for first, last in spans)
