"""Whatever comes in, the sensor stays up and within its memory."""

import random
from collections.abc import Iterable
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogues import Watch, connection
from ringfence.probe import frames
from ringfence.probe.frames import SYN, End
from ringfence.sensor.alerts import Alert, Reporter
from ringfence.sensor.detector import Detector
from ringfence.sensor.frames import Packet
from ringfence.sensor.runner import Post
from ringfence.sensor.tables import Bounded, Distinct, Rate

WATCH = Watch("phones")
MOST = 400_000
"""Entries that the tables of one zone may hold together, what is in an entry counted too."""


def real_frames() -> list[bytes]:
    phone, server = WATCH.host(WATCH.phone, 4000), WATCH.host("sip1", 5061)
    return [
        frames.udp(phone, server, b"OPTIONS sip:x SIP/2.0\r\n\r\n"),
        frames.icmp(phone, server, 8),
        frames.arp(phone, server),
        frames.udp(End(phone.mac, phone.address, 68), server, frames.boot(1, phone.mac, 1)),
        *connection(phone, server, (True, b"\x16\x03\x01\x00\x10\x01"), (False, b"\x15\x03")),
    ]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=20))
def test_no_frame_brings_the_detector_down(given_: list[bytes]) -> None:
    detector = Detector(WATCH.zone, WATCH.orders)

    for number, frame in enumerate(given_):
        detector.see(frame, float(number))
    detector.tick(100.0)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damaged_frame_does_either(data: st.DataObject) -> None:
    detector = Detector(WATCH.zone, WATCH.orders)

    for frame in real_frames():
        cut = frame[: data.draw(st.integers(0, len(frame)))]
        place = data.draw(st.integers(0, max(0, len(cut) - 1)))
        value = data.draw(st.integers(0, 255))
        detector.see(cut[:place] + bytes([value]) + cut[place + 1 :], 1.0)


@given(st.binary(max_size=100))
def test_what_is_read_of_a_frame_lies_within_it(frame: bytes) -> None:
    packet = Packet(frame)

    if packet.protocol >= 0:
        assert 0 < packet.start <= packet.end <= len(frame)
        assert len(packet.payload) == packet.end - packet.start


def invented(seed: int, number: int) -> Iterable[bytes]:
    """A flood in which everything is invented: devices, addresses, ports, kinds."""
    chance = random.Random(seed)  # noqa: S311 - a flood is no secret
    phones = [WATCH.host(host.name) for host in WATCH.design.hosts if host.name.startswith("p1000")]
    server = WATCH.host("sip1")
    for _ in range(number):
        mac = f"0a:{chance.randrange(256):02x}:{chance.randrange(1 << 32):08x}"
        mac = ":".join((mac[:2], mac[3:5], *(mac[6:][i : i + 2] for i in range(0, 8, 2))))
        source = End(mac, IPv4Address(chance.randrange(1 << 32)), chance.randrange(1, 1 << 16))
        known = chance.choice(phones)
        there = End(server.mac, server.address, chance.randrange(30000, 40000))
        match chance.randrange(6):
            case 0:
                yield frames.tcp(source, End(there.mac, there.address, source.port), SYN)
            case 1:
                yield frames.udp(source, there, b"INVITE sip:x SIP/2.0\r\n\r\n")
            case 2:
                yield frames.arp(source, there)
            case 3:
                yield frames.icmp(source, End(there.mac, source.address), 8)
            case 4:
                port = End(known.mac, known.address, source.port)
                yield frames.udp(port, there, bytes(40))
            case _:
                port = End(known.mac, known.address, source.port)
                yield frames.tcp(port, End(server.mac, server.address, 5061), SYN)


def entries(thing: object, seen: set[int]) -> int:
    """How many entries all tables below an object have."""
    if id(thing) in seen or isinstance(thing, (str, bytes, int, float, type(None))):
        return 0
    seen.add(id(thing))
    if isinstance(thing, dict):
        return len(thing) + sum(entries(each, seen) for each in thing.values())
    if isinstance(thing, (set, frozenset, list, tuple)):
        return len(thing) + sum(entries(each, seen) for each in thing)
    inner = getattr(thing, "__dict__", None)
    if inner is None:
        names = getattr(type(thing), "__slots__", ())
        inner = {name: getattr(thing, name, None) for name in names}
    return sum(entries(each, seen) for each in inner.values())


def test_a_flood_of_invented_sources_does_not_fill_the_memory() -> None:
    detector, reporter = Detector(WATCH.zone, WATCH.orders), Reporter("phones", WATCH.zone.knows)
    for part in range(3):
        for number, frame in enumerate(invented(part, 15_000)):
            for alert in detector.see(frame, part + number / 15_000):
                reporter.offer(alert, part + number / 15_000)
        detector.tick(float(part))

    given_ = {id(WATCH.zone), id(WATCH.orders)}
    assert entries(detector, given_) < MOST
    assert entries(reporter, set()) < 1000


def test_a_bounded_table_forgets_the_oldest() -> None:
    table: Bounded[int, str] = Bounded(2)
    for key in (1, 2, 1, 3):
        table.keep(key, "x")

    assert list(table) == [1, 3]


@pytest.mark.parametrize("kind", [Rate, Distinct])
def test_a_clock_that_goes_back_begins_a_window_anew(kind: type) -> None:
    counter = kind(3, 10)

    def add(thing: int, now: float) -> int:
        return int(counter.add("x", thing, now) if kind is Distinct else counter.add("x", now))

    assert [add(1, 100.0), add(2, 100.0), add(3, 50.0), add(4, 50.0), add(5, 50.0)] == [
        *(0, 0, 0, 0, 3)
    ]


def test_a_fault_of_ours_is_counted_and_told_and_the_watch_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Post(WATCH.zone, WATCH.orders)
    see = Detector.see

    def faulty(self: Detector, frame: bytes, now: float) -> tuple[Alert, ...]:
        if frame == b"bad":
            raise ValueError("a fault")
        return see(self, frame, now)

    monkeypatch.setattr(Detector, "see", faulty)
    stranger = frames.ethernet("02:00:00:00:00:01", frames.EVERYBODY, 0x88B5, b"")
    post = Post(WATCH.zone, WATCH.orders)

    lines = post.see([b"bad", stranger], 1.0)

    assert len(lines) == 1
    assert post.account(60, 7) == [
        "WATCHED zone=phones seconds=60 frames=2 lost=7 alerts=1",
        "FAULT zone=phones count=1 last=ValueError: a fault",
    ]
    assert post.account(60, 0) == ["WATCHED zone=phones seconds=60 frames=0 lost=0 alerts=0"]
