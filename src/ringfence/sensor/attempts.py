"""What the design does not name: strange packets, scans, sweeps, and SIP in the clear."""

from collections.abc import Iterator

from .alerts import Alert
from .frames import ICMP, NAMES, NOBODY, TCP, UDP, Packet, ip_text, mac_text
from .rules import SCANNERS, SIP_REQUESTS, Kind, Limit
from .tables import Distinct, Rate

ECHO_REQUEST = 8
_SIP_PORT = 5060
_SCANNERS = tuple(name.encode() for name in SCANNERS)
_REQUESTS = tuple(word.encode() for word in SIP_REQUESTS)
_FLOODING = (b"INVITE ", b"REGISTER ")
_LOOKED_AT = 1024
"""Bytes of a message in which a scanner's name is looked for."""


class Attempts:
    """Watches packets that no flow of the design accounts for."""

    def __init__(self, limits: dict[Kind, Limit]) -> None:
        ports, hosts = limits[Kind.PORT_SCAN], limits[Kind.ADDRESS_SCAN]
        slow, sweep = limits[Kind.SLOW_SCAN], limits[Kind.ICMP_SWEEP]
        strange = limits[Kind.UNNAMED_TRAFFIC]
        self._strange: Rate[bytes] = Rate(strange.count, strange.seconds)
        self._ports: Distinct[bytes, tuple[int, int]] = Distinct(ports.count, ports.seconds)
        self._hosts: Distinct[tuple[bytes, int, int], bytes] = Distinct(hosts.count, hosts.seconds)
        self._slow: Distinct[bytes, tuple[bytes, int, int]] = Distinct(slow.count, slow.seconds)
        self._pinged: Distinct[bytes, bytes] = Distinct(sweep.count, sweep.seconds)

    def strange(self, packet: Packet, what: str, now: float) -> Iterator[Alert]:
        """Take note of a frame that nothing names; ``what`` it is, or where it goes."""
        known = packet.src != NOBODY
        if count := self._strange.add(packet.src if known else packet.smac, now):
            who = ip_text(packet.src) if known else mac_text(packet.smac)
            yield Alert(Kind.UNNAMED_TRAFFIC, who, what, count)

    def see(self, packet: Packet, now: float) -> Iterator[Alert]:
        """Look at a packet that nothing names."""
        source, target = packet.src, packet.dst
        who, protocol, port = ip_text(source), packet.protocol, packet.dport
        yield from self.strange(packet, described(packet), now)
        if protocol == ICMP:
            if packet.flags != ECHO_REQUEST:
                return
            if count := self._pinged.add(source, target, now):
                self._slow.forget(source)
                yield Alert(Kind.ICMP_SWEEP, who, ip_text(target), count)
        elif protocol in {TCP, UDP}:
            if count := self._ports.add(source + target, (protocol, port), now):
                self._slow.forget(source)
                yield Alert(Kind.PORT_SCAN, who, ip_text(target), count)
            if count := self._hosts.add((source, protocol, port), target, now):
                self._slow.forget(source)
                yield Alert(Kind.ADDRESS_SCAN, who, described(packet), count)
        if count := self._slow.add(source, (target, protocol, port), now):
            yield Alert(Kind.SLOW_SCAN, who, ip_text(target), count)


class ClearSip:
    """Watches for SIP that can be read, of which a designed system has none."""

    def __init__(self, limits: dict[Kind, Limit]) -> None:
        scan, flood = limits[Kind.SIP_SCAN], limits[Kind.SIP_FLOOD]
        self._scans: Rate[bytes] = Rate(scan.count, scan.seconds)
        self._floods: Rate[bytes] = Rate(flood.count, flood.seconds)

    def see(self, packet: Packet, now: float) -> Iterator[Alert]:
        """Look at the data of a packet; at TCP's first, for only there requests begin surely."""
        start = packet.start
        data = packet.data
        request = data.startswith(_REQUESTS, start)
        # A server that is not there never gets the request: asking for its port is all one sees.
        knock = packet.dport == _SIP_PORT and packet.protocol == TCP and start == packet.end
        if not request and not knock:
            return
        who, target = ip_text(packet.src), described(packet)
        count = self._scans.add(packet.src, now)
        if request and not count and _names_scanner(packet):
            self._scans.forget(packet.src)
            count = 1
        if count:
            yield Alert(Kind.SIP_SCAN, who, target, count)
        if data.startswith(_FLOODING, start) and (count := self._floods.add(packet.src, now)):
            yield Alert(Kind.SIP_FLOOD, who, target, count)


def described(packet: Packet) -> str:
    """The target of a packet: address, port and protocol."""
    address = ip_text(packet.dst)
    name = NAMES.get(packet.protocol, f"protocol-{packet.protocol}")
    if packet.protocol in {TCP, UDP} and packet.dport:
        return f"{address}:{packet.dport}/{name}"
    return f"{address}/{name}"


def _names_scanner(packet: Packet) -> bool:
    said = packet.payload[:_LOOKED_AT].lower()
    return any(name in said for name in _SCANNERS)
