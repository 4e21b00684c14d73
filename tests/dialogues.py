"""Dialogues for the sensor, written frame by frame against a design's own orders."""

from collections.abc import Iterable
from ipaddress import IPv4Address

from ringfence.design.model import Design, Host, HostKind
from ringfence.guide import Level
from ringfence.probe import frames
from ringfence.probe.frames import ACK, FIN, PSH, SYN, End
from ringfence.render.sensor import orders
from ringfence.sensor.alerts import Alert
from ringfence.sensor.detector import Detector
from ringfence.sensor.orders import Orders, Zone, read
from ringfence.sensor.rules import Kind
from samples import make_design

HELLO = bytes.fromhex("160301004501000041")
SERVER_FLIGHT = bytes.fromhex("160303007a020000760303") + bytes(1400)
CLIENT_FLIGHT = bytes.fromhex("140303000101170303004f") + bytes(74)
ENCRYPTED_ALERT = bytes.fromhex("1703030013") + bytes(19)
FATAL_ALERT = bytes.fromhex("15030300020228")
ANSWER = bytes.fromhex("1703030200") + bytes(512)


class Watch:
    """A detector of one zone, and a clock that tests move."""

    def __init__(self, zone: str, design: Design | None = None) -> None:
        self.design = design or make_design(phones=5, level=Level.MEDIUM)
        (self.sensor,) = self.design.of_kind(HostKind.SENSOR)
        self.orders: Orders = read(orders(self.design, self.sensor))
        self.zone: Zone = next(each for each in self.orders.zones if each.name == zone)
        self.detector = Detector(self.zone, self.orders)
        self.now = 1000.0

    def see(self, *given: bytes) -> list[Alert]:
        """Let frames come in, one after the other."""
        return [alert for frame in given for alert in self.detector.see(frame, self.now)]

    def wait(self, seconds: float) -> list[Alert]:
        """Let time pass, second by second."""
        alerts: list[Alert] = []
        for _ in range(int(seconds)):
            self.now += 1
            alerts += self.detector.tick(self.now)
        self.now += seconds % 1
        return alerts

    def host(self, name: str, port: int = 0) -> End:
        """A host of the design, as the zone sees it: by its own device or the firewall's."""
        host = next(each for each in self.design.hosts if each.name == name)
        return self.end(host, port)

    def end(self, host: Host, port: int = 0) -> End:
        leg = host.interfaces[0]
        mac = leg.mac if leg.zone == self.zone.name else self.zone.gateway_mac.hex(":")
        return End(mac, leg.address, port)

    @property
    def gateway(self) -> End:
        """The firewall's leg in the zone."""
        return End(self.zone.gateway_mac.hex(":"), IPv4Address(self.zone.gateway))

    @property
    def phone(self) -> str:
        """The name of a phone."""
        return self.design.of_kind(HostKind.PHONE)[0].name

    @property
    def other_phone(self) -> str:
        """The name of another."""
        return self.design.of_kind(HostKind.PHONE)[1].name


def kinds(alerts: Iterable[Alert]) -> set[Kind]:
    return {alert.kind for alert in alerts}


def of_kind(alerts: Iterable[Alert], kind: Kind) -> list[Alert]:
    return [alert for alert in alerts if alert.kind == kind]


def connection(client: End, server: End, *said: tuple[bool, bytes]) -> list[bytes]:
    """A TCP connection in which one side after the other says something, until both hang up.

    Each saying is whether the client says it, and what.
    """
    found = [
        frames.tcp(client, server, SYN),
        frames.tcp(server, client, SYN | ACK),
        frames.tcp(client, server, ACK),
    ]
    for by_client, data in said:
        source, target = (client, server) if by_client else (server, client)
        found.append(frames.tcp(source, target, ACK | PSH, data))
        found.append(frames.tcp(target, source, ACK))
    return found


def hung_up(client: End, server: End) -> list[bytes]:
    return [
        frames.tcp(server, client, FIN | ACK),
        frames.tcp(client, server, FIN | ACK),
        frames.tcp(server, client, ACK),
    ]


def admitted(client: End, server: End) -> list[bytes]:
    """A handshake with a certificate, and the first request answered; it stays open."""
    return connection(
        client,
        server,
        (True, HELLO),
        (False, SERVER_FLIGHT),
        (True, CLIENT_FLIGHT),
        (True, ANSWER),
        (False, ANSWER),
    )


def turned_away(client: End, server: End, alert: bytes = ENCRYPTED_ALERT) -> list[bytes]:
    """A handshake that the server ends with an alert."""
    return [
        *connection(
            client,
            server,
            (True, HELLO),
            (False, SERVER_FLIGHT),
            (True, CLIENT_FLIGHT),
            (False, alert),
        ),
        *hung_up(client, server),
    ]
