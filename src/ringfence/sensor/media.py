"""Speech towards the media relay that nobody answers: there is no call at that port.

Calls are set up inside TLS, where the sensor cannot look. But in a call both sides send, speech
or at least reports (RFC 3550, 6.2), so what gets no answer at all is no call. A port and the next
belong together: speech and its reports.
"""

from collections.abc import Iterator

from .alerts import Alert
from .frames import Packet, ip_text
from .rules import Kind, Limit
from .tables import Bounded, Distinct, Rate

_CALLS = 16384
_KEPT = 120.0
"""Seconds without a packet after which a call is over."""


class Media:
    """Watches datagrams between phones and the relay."""

    def __init__(self, limits: dict[Kind, Limit]) -> None:
        limit = limits[Kind.MEDIA_WITHOUT_CALL]
        self._sent: Bounded[bytes, float] = Bounded(_CALLS)
        self._came_back: Bounded[bytes, float] = Bounded(_CALLS)
        self._packets: Rate[bytes] = Rate(limit.count, limit.seconds)
        self._ports: Distinct[bytes, bytes] = Distinct(limit.crowd, limit.seconds)

    def sent(self, packet: Packet, now: float) -> bool:
        """Note a datagram to the relay; tell whether the relay has spoken in that call too."""
        call = _pair(packet.src, packet.sport, packet.dst, packet.dport)
        self._sent.keep(call, now)
        return self._is_fresh(self._came_back.get(call), now)

    def came_back(self, packet: Packet, now: float) -> None:
        """Note a datagram from the relay."""
        call = _pair(packet.dst, packet.dport, packet.src, packet.sport)
        self._came_back.keep(call, now)
        if self._is_fresh(self._sent.get(call), now):
            self._packets.forget(packet.dst)
            self._ports.forget(packet.dst)

    def unanswered(self, packet: Packet, now: float) -> Iterator[Alert]:
        """Count a datagram to the relay that nothing has answered."""
        who, target = ip_text(packet.src), ip_text(packet.dst)
        call = _pair(packet.src, packet.sport, packet.dst, packet.dport)
        count = self._packets.add(packet.src, now) or self._ports.add(packet.src, call, now)
        if count:
            yield Alert(Kind.MEDIA_WITHOUT_CALL, who, target, count)

    @staticmethod
    def _is_fresh(when: float | None, now: float) -> bool:
        return when is not None and 0 <= now - when <= _KEPT


def _pair(phone: bytes, port: int, relay: bytes, relay_port: int) -> bytes:
    return phone + relay + (port >> 1 << 16 | relay_port >> 1).to_bytes(4, "big")
