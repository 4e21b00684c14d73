"""TCP connections until they have proved themselves, and TLS handshakes at the signalling port.

A connection is under watch from its first packet until data came back that only a client gets who
was let in. See RFC 793; RFC 8446, 5.1 and 6: an alert that ends a handshake of TLS 1.3 is
encrypted, so a refusal is known by what does not follow: anything longer.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator

from .alerts import MANY, Alert
from .frames import ACK, FIN, RST, SYN, Packet, ip_text
from .rules import Kind, Limit
from .tables import Rate

_UNDER_WATCH = 16384
_GIVEN_UP = 120.0
"""Seconds after which a connection that never said anything is no longer counted."""
_AN_ANSWER = 100
"""Bytes after the handshake that are more than an alert, or the server's last of a handshake."""
_FLIGHTS = 2
"""How many times the client speaks in a handshake."""
_ALERT, _HANDSHAKE, _CLIENT_HELLO, _FATAL = 21, 22, 1, 2
_ALERT_RECORD = 7
_CHANGE_CIPHER, _CHANGE_RECORD = 20, 6


class _Connection:
    """One connection under watch."""

    __slots__ = (
        *("source", "target", "signalling", "opened", "answered", "hello"),
        *("client_spoke_last", "flights", "received", "refused", "stale"),
    )

    def __init__(self, packet: Packet, now: float, *, signalling: bool) -> None:
        self.source = packet.src
        self.target = packet.dst
        self.signalling = signalling
        self.opened = now
        self.answered = self.hello = self.client_spoke_last = self.refused = self.stale = False
        self.flights = self.received = 0


class Connections:
    """Watches the connections that clients of a zone begin."""

    def __init__(self, signalling: int, limits: dict[Kind, Limit]) -> None:
        self._port = signalling
        self._fresh: OrderedDict[bytes, _Connection] = OrderedDict()
        self._stale: OrderedDict[bytes, _Connection] = OrderedDict()
        self._stale_of: Counter[bytes] = Counter()
        self._stale_at: Counter[bytes] = Counter()
        self._drip = limits[Kind.SLOW_DRIP]
        self._opened = _Both(Kind.CONNECTION_FLOOD, limits)
        self._greeted = _Both(Kind.TLS_FLOOD, limits)
        refused = limits[Kind.TLS_REFUSED]
        self._refused: Rate[bytes] = Rate(refused.count, refused.seconds)

    def watches(self, key: bytes) -> bool:
        """Whether a connection, by its client's addresses and ports, is under watch."""
        return key in self._fresh or key in self._stale

    def opens(self, packet: Packet, key: bytes, now: float) -> Iterator[Alert]:
        """Look at the first packet of a connection; one that is sent again begins nothing."""
        before = self._fresh.get(key) or self._stale.get(key)
        if before is not None and not before.answered:
            return
        self._drop(key)
        if len(self._fresh) + len(self._stale) >= _UNDER_WATCH:
            self._drop(next(iter(self._fresh or self._stale)))
        signalling = packet.dport == self._port
        self._fresh[key] = _Connection(packet, now, signalling=signalling)
        yield from self._opened.add(packet, now)

    def from_client(self, packet: Packet, key: bytes, now: float) -> Iterator[Alert]:
        """Look at a client's further packet."""
        one = self._fresh.get(key) or self._stale.get(key)
        if one is None:
            return
        one.answered = one.answered or bool(packet.flags & ACK)
        if packet.start < packet.end:
            if not one.client_spoke_last:
                one.client_spoke_last = True
                one.flights += 1
            if one.signalling and one.flights <= _FLIGHTS and _is_hello(packet):
                one.flights = 1  # the server may have asked for another greeting
                if not one.hello:
                    one.hello = True
                    yield from self._greeted.add(packet, now)
        if packet.flags & (FIN | RST):
            yield from self._ends(key, one, now)

    def from_server(self, packet: Packet, key: bytes, now: float) -> Iterator[Alert]:
        """Look at a server's packet."""
        one = self._fresh.get(key) or self._stale.get(key)
        if one is None:
            return
        if packet.start < packet.end:
            one.refused = one.refused or _is_fatal(packet)
            if one.flights >= _FLIGHTS or not one.signalling:
                one.received += packet.end - packet.start
            one.client_spoke_last = False
        if one.received >= (_AN_ANSWER if one.signalling else 1) and not one.refused:
            self._refused.forget(one.source)
            self._drop(key)
        elif packet.flags & (FIN | RST):
            yield from self._ends(key, one, now)

    def tick(self, now: float) -> Iterator[Alert]:
        """See which connections have been silent for too long."""
        for key in _older(self._fresh, now - self._drip.seconds):
            one = self._stale[key] = self._fresh.pop(key)
            one.stale = True
            yield from self._count_stale(one)
        for key in _older(self._stale, now - _GIVEN_UP):
            self._drop(key)

    def _count_stale(self, one: _Connection) -> Iterator[Alert]:
        who, target = ip_text(one.source), ip_text(one.target)
        self._stale_of[one.source] += 1
        self._stale_at[one.target] += 1
        count, crowd = self._stale_of[one.source], self._stale_at[one.target]
        if count % self._drip.count == 0:
            yield Alert(Kind.SLOW_DRIP, who, target, count)
        if crowd % self._drip.crowd == 0:
            yield Alert(Kind.SLOW_DRIP, MANY, target, crowd)

    def _ends(self, key: bytes, one: _Connection, now: float) -> Iterator[Alert]:
        self._drop(key)
        if one.hello and (count := self._refused.add(one.source, now)):
            yield Alert(Kind.TLS_REFUSED, ip_text(one.source), ip_text(one.target), count)

    def _drop(self, key: bytes) -> None:
        one = self._fresh.pop(key, None) or self._stale.pop(key, None)
        if one is not None and one.stale:
            for counter, name in ((self._stale_of, one.source), (self._stale_at, one.target)):
                counter[name] -= 1
                if not counter[name]:
                    del counter[name]


class _Both:
    """Counts by source, and by target whoever the source is."""

    def __init__(self, kind: Kind, limits: dict[Kind, Limit]) -> None:
        limit = limits[kind]
        self._kind = kind
        self._by_source: Rate[bytes] = Rate(limit.count, limit.seconds)
        self._by_target: Rate[bytes] = Rate(limit.crowd, limit.seconds)

    def add(self, packet: Packet, now: float) -> Iterator[Alert]:
        if count := self._by_source.add(packet.src, now):
            yield Alert(self._kind, ip_text(packet.src), ip_text(packet.dst), count)
        if count := self._by_target.add(packet.dst, now):
            yield Alert(self._kind, MANY, ip_text(packet.dst), count)


def is_first(packet: Packet) -> bool:
    """Whether a TCP packet begins a connection."""
    return packet.flags & (SYN | ACK | RST | FIN) == SYN


def _is_hello(packet: Packet) -> bool:
    data, start, end = packet.data, packet.start, packet.end
    if start < end and data[start] == _CHANGE_CIPHER:
        start += _CHANGE_RECORD  # stands before a second greeting, for old boxes on the way
    return end > start + 5 and data[start] == _HANDSHAKE and data[start + 5] == _CLIENT_HELLO


def _is_fatal(packet: Packet) -> bool:
    """A fatal alert that can be read: the record has two bytes (RFC 5246, 7.2)."""
    record = packet.data[packet.start : packet.end]
    return (
        len(record) == _ALERT_RECORD
        and record[0] == _ALERT
        and record[3:5] == b"\x00\x02"
        and record[5] == _FATAL
    )


def _older(watched: OrderedDict[bytes, _Connection], than: float) -> list[bytes]:
    """Those of the oldest that were opened before a moment; they are in the order of opening."""
    found = []
    for key, one in watched.items():
        if one.opened > than:
            break
        found.append(key)
    return found
