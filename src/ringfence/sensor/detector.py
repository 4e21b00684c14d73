"""The detector of one zone: frames and the time go in, alerts come out, and it does nothing else.

Most frames belong to something that has proved itself: an answered call, a connection whose
client was let in, an exchange that the design names. These are known by their addresses alone and
passed over, until they have to prove themselves again.
"""

from collections.abc import Iterator

from .alerts import Alert
from .attempts import Attempts, ClearSip
from .connections import Connections, is_first
from .frames import (
    ARP,
    FIN,
    ICMP,
    IPV4,
    IPV6,
    NOBODY,
    RST,
    SYN,
    TCP,
    UDP,
    Packet,
    ip_text,
    mac_text,
)
from .layer2 import AddressServing, Claims, Devices
from .media import Media
from .orders import Flow, Orders, Zone
from .rules import Kind
from .tables import Bounded, Rate

_PROVED = 32768
"""How many exchanges may count as proved at one time."""
_PROVED_FOR = 30.0
"""Seconds after which everything has to prove itself again."""
_PLAIN = 0x45
"""IPv4 without options: ports are where ``see`` takes them for."""
_NOTABLE = FIN | SYN | RST
_ANSWERING = {0, 3, 11, 12}
"""ICMP that only answers: echo, unreachable, exceeded, parameter problem (RFC 792)."""
_KERNELS_OWN = {131, 132, 133, 135, 143}
"""ICMPv6 that every host sends of itself: groups, a look for routers and doubles (RFC 4861)."""
_ICMP6_AT = {58: 54, 0: 62}
"""Where the type stands, by the next header: at once, or behind hop-by-hop options."""


class Detector:
    """Looks for intruders in one zone. Its memory is bounded, whatever comes."""

    def __init__(self, zone: Zone, orders: Orders) -> None:
        limits = orders.limits
        self._zone = zone
        self._ethertypes = orders.ethertypes
        self._media_flows = tuple(flow for flow in zone.flows if flow.media)
        self._devices = Devices(zone, limits)
        self._claims = Claims(zone, limits)
        self._serving = AddressServing(zone, limits)
        self._attempts = Attempts(limits)
        self._clear_sip = ClearSip(limits)
        self._connections = Connections(orders.signalling, limits)
        self._media = Media(limits)
        foreign = limits[Kind.FOREIGN_SOURCE]
        self._foreign: Rate[bytes] = Rate(foreign.count, foreign.seconds)
        self._tried: Bounded[bytes, None] = Bounded()
        self._proved: set[bytes] = set()
        self._proved_since = 0.0

    def see(self, frame: bytes, now: float) -> tuple[Alert, ...]:
        """Look at a frame that came at a time, in seconds of any clock that does not go back."""
        # Sender, kind, fragment, lifetime, protocol, addresses and ports: all of a plain header.
        if frame[6:15] + frame[20:24] + frame[26:38] in self._proved and (
            frame[23] == UDP or (len(frame) > 47 and not frame[47] & _NOTABLE)  # noqa: PLR2004
        ):
            return ()
        return tuple(self._look(Packet(frame), now))

    def tick(self, now: float) -> tuple[Alert, ...]:
        """Let time pass; to be called about once a second."""
        if not 0 <= now - self._proved_since <= _PROVED_FOR:
            self._proved.clear()
            self._proved_since = now
        return tuple(self._connections.tick(now))

    def _look(self, packet: Packet, now: float) -> Iterator[Alert]:
        yield from self._devices.see(packet, now)
        kind = packet.ethertype
        if kind == IPV4:
            yield from self._look_at_ip(packet, now)
        elif kind == ARP:
            yield from self._claims.see(packet, now)
        elif self._zone.designed and kind not in self._ethertypes and not _is_housekeeping(packet):
            yield from self._attempts.strange(packet, f"ethertype-{kind.hex() or 'none'}", now)

    def _look_at_ip(self, packet: Packet, now: float) -> Iterator[Alert]:
        if packet.protocol < 0:
            if self._zone.designed:
                yield from self._attempts.strange(packet, "ip/malformed", now)
            return
        yield from self._serving.see(packet, now)
        if packet.smac == self._zone.gateway_mac and not self._zone.holds(packet.src):
            yield from self._came_in(packet, now)  # it was judged in the zone that it is from
            return
        yield from self._impersonation(packet, now)
        if packet.fragment and packet.protocol != ICMP:
            if self._zone.guards(packet.dst):
                yield from self._attempts.strange(packet, f"{ip_text(packet.dst)}/fragment", now)
        elif packet.protocol == TCP:
            yield from self._tcp(packet, now)
        elif packet.protocol == UDP:
            yield from self._udp(packet, now)
        elif packet.protocol != ICMP or packet.flags not in _ANSWERING:
            yield from self._not_named(packet, now)

    def _came_in(self, packet: Packet, now: float) -> Iterator[Alert]:
        """What the firewall hands into the zone: answers to it, and what others begin."""
        if packet.protocol == TCP:
            key = _key(packet.dst, packet.dport, packet.src, packet.sport)
            yield from self._connections.from_server(packet, key, now)
            if not self._connections.watches(key):
                self._prove(packet)
        elif packet.protocol == UDP and not packet.fragment:
            if any(flow.answers(packet) for flow in self._media_flows):
                self._media.came_back(packet, now)
            self._prove(packet)

    def _impersonation(self, packet: Packet, now: float) -> Iterator[Alert]:
        """A device speaks under its own address: not another's, and not one of another zone."""
        zone, source = self._zone, packet.src
        if source == NOBODY:
            return
        if zone.holds(source):
            owner = zone.bindings.get(source)
            false = owner != packet.smac if owner else packet.smac in zone.macs
        elif zone.designed:
            false = True
        else:
            false = zone.guards(source)
        if false and (count := self._foreign.add(packet.smac, now)):
            yield Alert(Kind.FOREIGN_SOURCE, mac_text(packet.smac), ip_text(source), count)

    def _tcp(self, packet: Packet, now: float) -> Iterator[Alert]:
        there = _key(packet.src, packet.sport, packet.dst, packet.dport)
        back = _key(packet.dst, packet.dport, packet.src, packet.sport)
        if self._connections.watches(back):
            yield from self._connections.from_server(packet, back, now)
            return
        if self._named(packet):
            if is_first(packet):
                yield from self._connections.opens(packet, there, now)
            elif self._connections.watches(there):
                yield from self._clear_sip.see(packet, now)
                yield from self._connections.from_client(packet, there, now)
            else:
                self._prove(packet)
        elif not is_first(packet) and self._is_answer(packet):
            self._prove(packet)
        elif not packet.flags & RST and back not in self._tried:
            self._tried.keep(there, None)
            yield from self._not_named(packet, now)

    def _udp(self, packet: Packet, now: float) -> Iterator[Alert]:
        flow = self._named(packet)
        if flow is not None and flow.media:
            if self._media.sent(packet, now):
                self._prove(packet)
            else:
                yield from self._media.unanswered(packet, now)
        elif flow is not None or self._is_answer(packet):
            self._prove(packet)
        elif _key(packet.dst, packet.dport, packet.src, packet.sport) not in self._tried:
            self._tried.keep(_key(packet.src, packet.sport, packet.dst, packet.dport), None)
            yield from self._not_named(packet, now)

    def _named(self, packet: Packet) -> Flow | None:
        for flow in self._zone.flows:
            if flow.from_zone == self._zone.name and flow.fits(packet):
                return flow
        return None

    def _is_answer(self, packet: Packet) -> bool:
        return any(flow.answers(packet) for flow in self._zone.flows)

    def _not_named(self, packet: Packet, now: float) -> Iterator[Alert]:
        if self._zone.guards(packet.dst):
            yield from self._clear_sip.see(packet, now)
            yield from self._attempts.see(packet, now)

    def _prove(self, packet: Packet) -> None:
        """Pass over what is like this packet, for a while."""
        frame = packet.data
        if frame[14] != _PLAIN or {packet.sport, packet.dport} & _NEVER_PROVED:
            return
        if len(self._proved) >= _PROVED:
            self._proved.clear()
        self._proved.add(frame[6:15] + frame[20:24] + frame[26:38])


_NEVER_PROVED = {67, 68}
"""Every datagram of DHCP is looked at."""


def _key(client: bytes, port: int, server: bytes, server_port: int) -> bytes:
    return client + server + (port << 16 | server_port).to_bytes(4, "big")


def _is_housekeeping(packet: Packet) -> bool:
    """IPv6 that a kernel sends although nobody uses it. A router's word is not among it."""
    data = packet.data
    if packet.ethertype != IPV6 or len(data) < 55:  # noqa: PLR2004 - a header and a type
        return False
    at = _ICMP6_AT.get(data[20], len(data))
    return at < len(data) and data[at] in _KERNELS_OWN
