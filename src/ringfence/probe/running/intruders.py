"""Attacks that do no harm, tried from seats that an intruder could have.

What is sent is either dropped by the first that it meets, or concerns nobody: addresses that no
host has, clients that do not exist, connections that end at once.
"""

import contextlib
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from ringfence.design.model import Host, HostKind, Interface, ZoneName
from ringfence.machine.inside import Machine
from ringfence.probe import frames
from ringfence.probe.frames import ALL_ADDRESSES, EVERYBODY, NOBODY, SYN, End
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError
from ringfence.sensor.alerts import MANY
from ringfence.sensor.rules import RULES, Kind

_LIMITS: Final = {rule.kind: rule.limit for rule in RULES}
_NULL: Final = "00:00:00:00:00:00"
_EXPERIMENTAL: Final = 0x88B5
_TAGGED: Final = 0x8100
_ECHO, _OFFER, _DISCOVER = 8, 2, 1
_PORTS: Final = 30
_RANDOM_MACS: Final = 200
_PATIENCE: Final = 2.0
_PACE: Final = 0.002
"""Seconds between frames of a burst, so that nobody's queue runs over."""


@dataclass(frozen=True)
class Attack:
    """One attack: what it is, from whose seat, and which alert must follow."""

    name: str
    kind: Kind
    zone: ZoneName
    seat: str
    source: str
    act: Callable[[], None]


def attacks(system: System) -> Iterator[Attack]:
    """Every attack, in order.

    Raises:
        UnseenError: there is no phone from whose seat one could attack.

    """
    phones = system.free_phones
    if not phones:
        raise UnseenError("there is no phone from whose seat one could attack")
    server = system.sip_server.address
    for host in (
        *system.design.of_kind(HostKind.PC),
        *system.design.of_kind(HostKind.OUTSIDER),
        phones[-1],
    ):
        yield from _of_sip(_Seat(system, host), server)
    pc = _Seat(system, system.design.of_kind(HostKind.PC)[0])
    yield from _of_scanning(pc, server)
    phone = _Seat(system, phones[-1])
    yield from _of_phone(phone, server, system)
    yield from _of_neighbour(phone)


class _Seat:
    """A host's place in the network, from which frames of any kind can be sent."""

    def __init__(self, system: System, host: Host) -> None:
        self._machine: Machine = system.machine(host)
        self.leg: Interface = host.interfaces[0]
        self.name = host.name
        self.zone = system.design.zone(self.leg.zone)
        gateway = next(
            leg
            for wall in system.design.of_kind(HostKind.FIREWALL)
            for leg in wall.interfaces
            if leg.zone == self.zone.name
        )
        self.gateway = End(gateway.mac, gateway.address)
        self._used = {leg.address for host in system.design.hosts for leg in host.interfaces}

    def end(self, port: int = 0) -> End:
        """The host itself."""
        return End(self.leg.mac, self.leg.address, port)

    def beyond(self, address: IPv4Address, port: int = 0) -> End:
        """A host of another zone, reached through the firewall."""
        return End(self.gateway.mac, address, port)

    def free(self, beside: IPv4Address, number: int) -> list[IPv4Address]:
        """Addresses near another that no host of the design has."""
        near = (IPv4Address(int(beside) + step) for step in range(100, 200))
        return [address for address in near if address not in self._used][:number]

    def send(self, burst: Iterable[bytes]) -> None:
        """Send frames as they are."""
        with self._machine.netns():
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        with opened:
            opened.bind((self.leg.name, 0))
            for frame in burst:
                opened.send(frame)
                time.sleep(_PACE)

    def greet(self, address: IPv4Address, port: int) -> None:
        """Begin TLS without a certificate, and wait to be turned away."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with self._machine.netns():
            opened = socket.create_connection((str(address), port), _PATIENCE)
        with opened, contextlib.suppress(OSError), context.wrap_socket(opened) as wrapped:
            wrapped.recv(1)


def _of_sip(seat: _Seat, server: IPv4Address) -> Iterator[Attack]:
    request = (
        f"OPTIONS sip:100@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {seat.leg.address}:5060\r\n"
        f"From: <sip:100@{server}>;tag=1\r\nTo: <sip:100@{server}>\r\nCall-ID: probe\r\n"
        "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    frame = frames.udp(seat.end(5060), seat.beyond(server, 5060), request)
    count = _LIMITS[Kind.SIP_SCAN].count
    yield _by_address(seat, "a search for SIP servers", Kind.SIP_SCAN, [frame] * count)


def _of_scanning(seat: _Seat, server: IPv4Address) -> Iterator[Attack]:
    ports = [
        frames.tcp(seat.end(40000), seat.beyond(server, port), SYN) for port in range(1, _PORTS + 1)
    ]
    yield _by_address(seat, f"a scan of {_PORTS} ports", Kind.PORT_SCAN, ports)
    hosts = seat.free(server, _LIMITS[Kind.ADDRESS_SCAN].count)
    knocks = [frames.tcp(seat.end(40001), seat.beyond(each, 22), SYN) for each in hosts]
    yield _by_address(seat, "a scan of addresses", Kind.ADDRESS_SCAN, knocks)


def _of_phone(seat: _Seat, server: IPv4Address, system: System) -> Iterator[Attack]:
    """What a taken-over phone could try against servers."""
    hosts = seat.free(server, _LIMITS[Kind.ICMP_SWEEP].count)
    pings = [frames.icmp(seat.end(), seat.beyond(each), _ECHO) for each in hosts]
    yield _by_address(seat, "pings of many addresses", Kind.ICMP_SWEEP, pings)
    shell = frames.tcp(seat.end(40002), seat.beyond(server, 22), SYN)
    yield _by_address(seat, "a packet to port 22", Kind.UNNAMED_TRAFFIC, [shell])
    port = system.design.signalling.port

    def greetings() -> None:
        for _ in range(_LIMITS[Kind.TLS_REFUSED].count):
            seat.greet(server, port)

    yield Attack(
        *("TLS handshakes without a certificate", Kind.TLS_REFUSED, seat.zone.name),
        *(seat.name, str(seat.leg.address), greetings),
    )
    speech = frames.udp(
        seat.end(16390), seat.beyond(server, system.design.media.ports.last), bytes(172)
    )
    count = _LIMITS[Kind.MEDIA_WITHOUT_CALL].count
    yield _by_address(seat, "speech without a call", Kind.MEDIA_WITHOUT_CALL, [speech] * count)
    first = [
        frames.tcp(seat.end(41000 + step), seat.beyond(server, port), SYN)
        for step in range(_LIMITS[Kind.CONNECTION_FLOOD].count)
    ]
    yield _by_address(seat, "a flood of connections", Kind.CONNECTION_FLOOD, first)


def _of_neighbour(seat: _Seat) -> Iterator[Attack]:
    """What a taken-over phone could try in its own zone."""
    (foreign,) = seat.free(seat.zone.subnet.network_address, 1)
    false = frames.arp(End(seat.leg.mac, foreign), End(_NULL, foreign))
    yield _by_device(seat, "an announcement of a foreign address", Kind.ARP_BINDING, [false])
    own = frames.arp(seat.end(), End(_NULL, seat.leg.address))
    count = _LIMITS[Kind.ARP_FLOOD].count
    yield _by_device(seat, "announcements without end", Kind.ARP_FLOOD, [own] * count)
    forged = frames.udp(
        End(seat.leg.mac, foreign, 9), End(seat.gateway.mac, seat.gateway.address, 9), b"probe"
    )
    yield _by_device(seat, "a packet under a foreign address", Kind.FOREIGN_SOURCE, [forged])
    tag = bytes([0, 20]) + _EXPERIMENTAL.to_bytes(2, "big")
    hop = frames.ethernet(seat.leg.mac, seat.gateway.mac, _TAGGED, tag)
    yield _by_device(seat, "a frame with the tag of another VLAN", Kind.UNNAMED_TRAFFIC, [hop])
    body = frames.boot(2, _invented_mac(), _OFFER, foreign)
    offer = frames.udp(seat.end(67), End(EVERYBODY, ALL_ADDRESSES, 68), body)
    yield _by_device(seat, "a DHCP offer", Kind.DHCP_SERVER, [offer])
    asking = [
        frames.udp(
            End(seat.leg.mac, NOBODY, 68),
            End(EVERYBODY, ALL_ADDRESSES, 67),
            frames.boot(1, _invented_mac(), _DISCOVER),
        )
        for _ in range(_LIMITS[Kind.DHCP_STARVATION].count)
    ]
    yield _by_device(seat, "address requests of many clients", Kind.DHCP_STARVATION, asking)
    flood = [
        frames.ethernet(_invented_mac(), _invented_mac(), _EXPERIMENTAL, b"probe")
        for _ in range(_RANDOM_MACS)
    ]
    yield Attack(
        *(f"{_RANDOM_MACS} random MAC addresses", Kind.MAC_FLOOD, seat.zone.name),
        *(seat.name, MANY, lambda: seat.send(flood)),
    )


def _by_address(seat: _Seat, name: str, kind: Kind, burst: list[bytes]) -> Attack:
    source = str(seat.leg.address)
    return Attack(name, kind, seat.zone.name, seat.name, source, lambda: seat.send(burst))


def _by_device(seat: _Seat, name: str, kind: Kind, burst: list[bytes]) -> Attack:
    return Attack(name, kind, seat.zone.name, seat.name, seat.leg.mac, lambda: seat.send(burst))


def _invented_mac() -> str:
    """A locally administered address that nobody has."""
    return (bytes([0x0A]) + secrets.token_bytes(5)).hex(":")
