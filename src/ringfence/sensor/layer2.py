"""What frames alone betray: unknown devices in numbers, false claims by ARP, false DHCP.

See RFC 826, RFC 5227 (announcements and probes), RFC 2131.
"""

from collections.abc import Iterator

from .alerts import MANY, Alert
from .frames import BROADCAST, NOBODY, UDP, Packet, ip_text, mac_text
from .orders import Zone
from .rules import Kind, Limit
from .tables import Bounded, Distinct, Rate

_DEVICES = 8192
"""How many devices that the design does not know are remembered, a zone."""
_UNDESIGNED = 4
"""How many times more new devices may appear where the design knows none: PCs come at nine."""


class Devices:
    """Watches for floods of MAC addresses."""

    def __init__(self, zone: Zone, limits: dict[Kind, Limit]) -> None:
        limit = limits[Kind.MAC_FLOOD]
        count = limit.count if zone.designed else limit.count * _UNDESIGNED
        self._zone = zone
        self._met: Bounded[bytes, None] = Bounded(_DEVICES)
        self._new: Distinct[None, bytes] = Distinct(count, limit.seconds)

    def see(self, packet: Packet, now: float) -> Iterator[Alert]:
        """Note the sender of a frame."""
        mac = packet.smac
        if mac in self._zone.macs or mac in self._met:
            return
        self._met.keep(mac, None)
        if count := self._new.add(None, mac, now):
            yield Alert(Kind.MAC_FLOOD, MANY, self._zone.name, count)


_ETHERNET_IPV4 = bytes.fromhex("000108000604")
_REQUEST, _ANSWER = b"\x00\x01", b"\x00\x02"
_WHOLE = 42


class Claims:
    """Watches who claims which address by ARP."""

    def __init__(self, zone: Zone, limits: dict[Kind, Limit]) -> None:
        flood, sweep = limits[Kind.ARP_FLOOD], limits[Kind.ADDRESS_SCAN]
        false, double = limits[Kind.ARP_BINDING], limits[Kind.DUPLICATE_ADDRESS]
        self._zone = zone
        self._false: Rate[bytes] = Rate(false.count, false.seconds)
        self._claimers: Distinct[bytes, bytes] = Distinct(double.count, double.seconds, _DEVICES)
        self._unasked: Rate[bytes] = Rate(flood.count, flood.seconds)
        self._wanted: Distinct[bytes, bytes] = Distinct(sweep.count, sweep.seconds)

    def see(self, packet: Packet, now: float) -> Iterator[Alert]:
        """Look at an ARP frame."""
        data = packet.data
        operation = data[20:22]
        if len(data) < _WHOLE or data[14:20] != _ETHERNET_IPV4:
            yield Alert(Kind.UNNAMED_TRAFFIC, mac_text(packet.smac), "arp/malformed", 1)
            return
        claimer, address, wanted = data[22:28], data[28:32], data[38:42]
        if operation == _REQUEST and address != wanted:
            yield from self._sought(packet, wanted, now)
        if address == NOBODY:
            return  # a probe, which claims nothing (RFC 5227, 2.1.1)
        yield from self._claims(packet, claimer, address, now)
        unasked = operation == _ANSWER and packet.dmac == BROADCAST
        if (unasked or address == wanted) and (count := self._unasked.add(packet.smac, now)):
            yield Alert(Kind.ARP_FLOOD, mac_text(packet.smac), ip_text(address), count)

    def _claims(
        self, packet: Packet, claimer: bytes, address: bytes, now: float
    ) -> Iterator[Alert]:
        owner = self._zone.bindings.get(address)
        disguised = packet.smac != claimer or owner is None
        if owner not in {None, claimer} or (disguised and self._zone.designed):
            liar = claimer if packet.smac == owner else packet.smac
            if count := self._false.add(liar, now):
                yield Alert(Kind.ARP_BINDING, mac_text(liar), ip_text(address), count)
        if count := self._claimers.add(address, claimer, now):
            yield Alert(Kind.DUPLICATE_ADDRESS, mac_text(claimer), ip_text(address), count)

    def _sought(self, packet: Packet, wanted: bytes, now: float) -> Iterator[Alert]:
        """Hosts of a designed zone need few neighbours; the firewall needs all."""
        if self._zone.designed and packet.smac != self._zone.gateway_mac:
            count = self._wanted.add(packet.smac, wanted, now)
            if count:
                yield Alert(Kind.ADDRESS_SCAN, mac_text(packet.smac), "arp", count)


_SERVER, _CLIENT = 67, 68
_BOOT_REQUEST, _BOOT_REPLY = 1, 2
_MAGIC = b"\x63\x82\x53\x63"
_SHORTEST = 240


class AddressServing:
    """Watches who serves addresses, and who asks for how many."""

    def __init__(self, zone: Zone, limits: dict[Kind, Limit]) -> None:
        limit, false = limits[Kind.DHCP_STARVATION], limits[Kind.DHCP_SERVER]
        self._zone = zone
        self._false: Rate[bytes] = Rate(false.count, false.seconds)
        self._first: tuple[bytes, bytes] | None = None
        self._asking: Distinct[None, bytes] = Distinct(limit.count, limit.seconds)
        self._senders: set[bytes] = set()

    def see(self, packet: Packet, now: float) -> Iterator[Alert]:
        """Look at a datagram, if it is one of DHCP."""
        if packet.protocol != UDP or packet.dport not in {_SERVER, _CLIENT}:
            return
        boot = packet.payload
        if len(boot) < _SHORTEST or boot[236:240] != _MAGIC:
            return
        if boot[0] == _BOOT_REPLY:
            if not self._may_serve(packet) and (count := self._false.add(packet.smac, now)):
                source, target = mac_text(packet.smac), ip_text(packet.src)
                yield Alert(Kind.DHCP_SERVER, source, target, count)
        elif boot[0] == _BOOT_REQUEST and boot[28:34] not in self._zone.macs:
            yield from self._asks(packet, boot[28:34], now)

    def _may_serve(self, packet: Packet) -> bool:
        servers = self._zone.address_servers
        here = (packet.smac, packet.src)
        if servers is None:
            self._first = self._first or here
            return here == self._first
        return here in servers

    def _asks(self, packet: Packet, client: bytes, now: float) -> Iterator[Alert]:
        if packet.smac == self._zone.gateway_mac:
            return  # relayed; it was seen where the client is
        if len(self._senders) < 2:  # noqa: PLR2004 - one has a name, more are many
            self._senders.add(packet.smac)
        if count := self._asking.add(None, client, now):
            source = mac_text(packet.smac) if len(self._senders) == 1 else MANY
            self._senders.clear()
            yield Alert(Kind.DHCP_STARVATION, source, self._zone.name, count)
