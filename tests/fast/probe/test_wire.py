"""The detector, shown traffic whose nature is known."""

import random
from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address

import dpkt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.probe.audio import decode_g711, signal
from ringfence.probe.capture import Frame
from ringfence.probe.wire import examine

PHONE, RELAY = IPv4Address("10.24.0.10"), IPv4Address("10.16.0.10")
SPOKEN = signal("2001", 2.0)
INVITE = b"INVITE sip:2002@branch.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.24.0.10\r\n\r\n"


def a_law(seconds: float) -> bytes:
    values = decode_g711(bytes(range(256)), 8).astype(np.int32)
    order = np.argsort(values)
    middles = (values[order][1:] + values[order][:-1]) / 2
    return bytes(order[np.searchsorted(middles, SPOKEN[: int(seconds * 8000)])].astype(np.uint8))


SPEECH = [a_law(2.0)[at : at + 160] for at in range(0, 16000, 160)]


def framed(payload: dpkt.Packet, protocol: int) -> Frame:
    packet = dpkt.ip.IP(src=PHONE.packed, dst=RELAY.packed, p=protocol, data=payload)
    packet.len = len(packet)
    return Frame(0.0, bytes(dpkt.ethernet.Ethernet(data=packet, type=0x0800)))


def udp(payload: bytes, ports: tuple[int, int] = (12000, 30000)) -> Frame:
    datagram = dpkt.udp.UDP(sport=ports[0], dport=ports[1], data=payload)
    datagram.ulen = len(datagram)
    return framed(datagram, dpkt.ip.IP_PROTO_UDP)


def tcp(sequence: int, payload: bytes) -> Frame:
    segment = dpkt.tcp.TCP(sport=40000, dport=5061, seq=sequence % 2**32, data=payload)
    return framed(segment, dpkt.ip.IP_PROTO_TCP)


def rtp(bodies: Iterable[bytes], first: int = 1000, kind: int = 8) -> list[Frame]:
    return [
        udp(
            bytes([0x80, kind])
            + ((first + place) % 2**16).to_bytes(2)
            + (160 * place).to_bytes(4)
            + b"ssrc"
            + body,
        )
        for place, body in enumerate(bodies)
    ]


def enciphered(tag: int) -> list[bytes]:
    draw = random.Random(7)  # noqa: S311 - noise that stays the same, not a key
    return [draw.randbytes(len(body) + tag) for body in SPEECH]


def plain(frames: Iterable[Frame]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for seen in examine(frames, [SPOKEN]).plaintext:
        found[seen.kind] += seen.packets
    return found


def test_plain_speech_is_found() -> None:
    assert plain(rtp(SPEECH)) == {"RTP": len(SPEECH)}


@pytest.mark.parametrize("tag", [4, 10, 16])
def test_encrypted_speech_is_not_taken_for_plain(tag: int) -> None:
    assert plain(rtp(enciphered(tag))) == {}


@pytest.mark.parametrize("tag", [4, 10, 16])
def test_speech_that_is_only_authenticated_is_found(tag: int) -> None:
    assert plain(rtp(body + bytes(tag) for body in SPEECH)) == {"RTP": len(SPEECH)}


def test_plain_speech_that_nobody_knows_is_found_by_its_length() -> None:
    assert plain(rtp(enciphered(0))) == {"RTP": len(SPEECH)}


def test_a_single_plain_packet_is_found() -> None:
    assert plain(rtp(SPEECH[:1])) == {"RTP": 1}


def test_a_plain_key_press_is_found_and_an_encrypted_one_is_not() -> None:
    assert plain(rtp([b"\x01\x0a\x00\xa0"] * 7, kind=101)) == {"RTP": 7}
    assert plain(rtp([b"\x01\x0a\x00\xa0" + bytes(10)] * 7, kind=101)) == {}


def test_plain_speech_among_encrypted_is_counted_by_packet() -> None:
    assert plain(rtp([*enciphered(10), *SPEECH[:3]])) == {"RTP": 3}


@given(lost=st.sets(st.integers(1, 98), max_size=20), first=st.integers(0, 2**16 - 1))
@settings(max_examples=30, deadline=None)
def test_lost_packets_are_counted_across_the_wrap(lost: set[int], first: int) -> None:
    frames = rtp(enciphered(10), first)
    arrived = [frame for place, frame in enumerate(frames) if place not in lost]

    (stream,) = examine(arrived).streams
    assert (stream.packets, stream.lost) == (len(frames) - len(lost), len(lost))


def test_packets_out_of_order_or_twice_are_not_lost() -> None:
    frames = rtp(enciphered(10))
    frames[3], frames[4] = frames[4], frames[3]

    (stream,) = examine([*frames, frames[-1]]).streams
    assert stream.lost == 0


def test_sip_in_a_datagram_is_found() -> None:
    assert plain([udp(INVITE, (5060, 5060)), udp(b"SIP/2.0 200 OK\r\n\r\n")]) == {"SIP": 2}


@given(cut=st.integers(1, len(INVITE) - 1), base=st.integers(0, 2**32 - 1), late=st.booleans())
@settings(max_examples=60, deadline=None)
def test_sip_is_found_across_segments(cut: int, base: int, late: bool) -> None:
    before = b"\x00" * 50
    parts = [tcp(base, before), tcp(base + 50, INVITE[:cut]), tcp(base + 50 + cut, INVITE[cut:])]
    if late:
        parts[1], parts[2] = parts[2], parts[1]

    assert plain([*parts, parts[1]])["SIP"] >= 1


def test_tls_is_not_taken_for_sip() -> None:
    draw = random.Random(3)  # noqa: S311 - see above
    records = [b"\x17\x03\x03\x02\x00" + draw.randbytes(512) for _ in range(50)]
    frames = [tcp(517 * place, record) for place, record in enumerate(records)]

    assert plain(frames) == {}
    assert examine(frames).counts == {"TLS": 50}


def test_plain_reports_are_found_and_a_path_opener_is_not() -> None:
    receiver = b"\x80\xc9\x00\x01ssrc"
    name = b"\x81\xca\x00\x03ssrc\x01\x042001\x00\x00"
    opener = b"\x80\xcc\x00\x03ssrcPINGPONG"

    assert plain([udp(receiver + name)]) == {"RTCP": 1}
    assert plain([udp(receiver + name + bytes(14))]) == {}
    assert plain([udp(opener)]) == {}


@given(data=st.binary(max_size=200))
def test_nothing_on_the_wire_stops_the_search(data: bytes) -> None:
    frames = [Frame(0.0, data), udp(data), tcp(1, data), framed(data, 1), *rtp([data] * 6)]

    assert sum(examine(frames, [SPOKEN]).counts.values()) == len(frames)
