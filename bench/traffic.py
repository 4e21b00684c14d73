"""Frames of a zone of phones, as the sensor meets them: calls, signalling, the rest, and floods.

Synthetic: nobody's traffic is recorded. The same seed gives the same frames.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date
from ipaddress import IPv4Address
from typing import Final

from ringfence.design import build
from ringfence.design.model import Design, Host, HostKind
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.probe import frames
from ringfence.probe.frames import ACK, PSH, SYN, End
from ringfence.render.sensor import orders
from ringfence.sensor.orders import Orders, Zone, read
from ringfence.site.model import Phone, Site

PHONES: Final = 100
CALLS: Final = 50
ZONE: Final = "phones"
_SPEECH: Final = 182  # a G.711 packet of 20 ms as SRTP: header, 160 bytes, tag
_SIGNALLING: Final = 600
_A_DAY: Final = date(2026, 6, 1)


class Office:
    """A site with a hundred phones in fifty calls, and its sensor's orders."""

    def __init__(self) -> None:
        self.design = _design()
        (sensor,) = self.design.of_kind(HostKind.SENSOR)
        self.orders: Orders = read(orders(self.design, sensor))
        self.zone: Zone = next(zone for zone in self.orders.zones if zone.name == ZONE)
        self._gateway = self.zone.gateway_mac.hex(":")
        self._phones = self.design.of_kind(HostKind.PHONE)
        self._server = self.design.of_kind(HostKind.SIP)[0]
        self._services = self.design.of_kind(HostKind.SERVICES)[0]

    def calls(self, _: random.Random) -> list[bytes]:
        """One packet each way of every phone, all of them in calls."""
        found = []
        for number, phone in enumerate(self._phones[: 2 * CALLS]):
            here, relay = self._end(phone, 16384 + 2 * number), self._beyond(self._server)
            there = End(relay.mac, relay.address, 30000 + 4 * number)
            speech = bytes([0x80, 0]) + bytes(_SPEECH - 2)
            found += [frames.udp(here, there, speech), frames.udp(there, here, speech)]
        return found

    def signalling(self, chance: random.Random) -> list[bytes]:
        """A request and its answer, in TLS."""
        phone = chance.choice(self._phones)
        here = self._end(phone, 40000 + chance.randrange(4))
        there = End(self._gateway, self._server.address, 5061)
        record = b"\x17\x03\x03" + _SIGNALLING.to_bytes(2, "big") + bytes(_SIGNALLING)
        return [
            frames.tcp(here, there, ACK | PSH, record),
            frames.tcp(there, here, ACK | PSH, record),
            frames.tcp(here, there, ACK),
        ]

    def rest(self, chance: random.Random) -> list[bytes]:
        """Names, time and ARP."""
        phone = chance.choice(self._phones)
        asks = self._end(phone, 32768 + chance.randrange(20000))
        names = End(self._gateway, self._services.address, 53)
        clock = End(self._gateway, self._services.address, 123)
        gateway = End(self._gateway, IPv4Address(self.zone.gateway))
        return [
            frames.udp(asks, names, bytes(40)),
            frames.udp(names, asks, bytes(80)),
            frames.udp(asks, clock, bytes(48)),
            frames.udp(clock, asks, bytes(48)),
            frames.arp(asks, End("00:00:00:00:00:00", gateway.address)),
            frames.arp(gateway, asks, 2, asks.mac),
        ]

    def scanning(self, chance: random.Random) -> list[bytes]:
        """A phone that tries a port that it should not."""
        scanner = self._end(self._phones[0], 50000)
        target = End(self._gateway, self._server.address, chance.randrange(1, 5000))
        return [frames.tcp(scanner, target, SYN)]

    def invented(self, chance: random.Random) -> list[bytes]:
        """A frame in which device, address and port are invented."""
        mac = (bytes([0x0A]) + chance.randbytes(5)).hex(":")
        source = End(mac, IPv4Address(chance.randrange(1 << 32)), chance.randrange(1, 1 << 16))
        target = End(self._gateway, self._server.address, chance.choice((53, 5060, 5061, 30000)))
        if chance.random() < 1 / 2:
            return [frames.tcp(source, target, SYN)]
        return [frames.udp(source, target, b"INVITE sip:x SIP/2.0\r\n\r\n")]

    def _end(self, phone: Host, port: int) -> End:
        leg = phone.interfaces[0]
        return End(leg.mac, leg.address, port)

    def _beyond(self, host: Host) -> End:
        return End(self._gateway, host.address)


Source = Callable[[random.Random], list[bytes]]


def mixed(office: Office, number: int, seed: int) -> list[bytes]:
    """Nine frames of ten are speech; the rest is signalling, names and the like, and a scan."""
    return list(_mixed(office, number, random.Random(seed)))  # noqa: S311 - not secret


def flood(office: Office, number: int, seed: int) -> Iterator[bytes]:
    """Frames that are all invented."""
    chance = random.Random(seed)  # noqa: S311 - not secret
    for _ in range(number):
        yield from office.invented(chance)


def _mixed(office: Office, number: int, chance: random.Random) -> Iterator[bytes]:
    made = 0
    speech = office.calls(chance)
    while made < number:
        found = [*speech, *office.scanning(chance)]
        while len(found) < len(speech) * 10 // 9:
            source = office.signalling if chance.random() < 1 / 2 else office.rest
            found += source(chance)
        made += len(found)
        yield from found


def _design() -> Design:
    site = Site(
        organisation="Bench",
        domain="bench.example",
        country="GB",
        level=Level.MEDIUM,
        phones=tuple(
            Phone(extension=str(1000 + n), name=f"Phone {n}", mac=f"02:00:5e:00:10:{n:02x}")
            for n in range(PHONES)
        ),
    )
    return build(site, resolve(site, _A_DAY))
