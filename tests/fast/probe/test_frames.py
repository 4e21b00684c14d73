"""Packets made by hand are what a reader of packets takes them for."""

from ipaddress import IPv4Address

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.probe.frames import Packet, checksum

ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address)


def test_the_checksum_is_that_of_the_example_in_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == bytes.fromhex("220d")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@given(ADDRESSES, ADDRESSES, st.integers(1, 65535), st.binary(max_size=40))
def test_a_frame_is_whole_and_its_checksums_are_right(
    protocol: str, source: IPv4Address, target: IPv4Address, port: int, token: bytes
) -> None:
    frame = Packet(source, target, protocol, port).frame(b"\x02" * 6, b"\x04" * 6, token)

    read = dpkt.ethernet.Ethernet(frame)
    assert (read.dst, read.src) == (b"\x02" * 6, b"\x04" * 6)
    packet = read.data
    assert (packet.src, packet.dst) == (source.packed, target.packed)
    assert packet.len == len(bytes(packet)) == len(frame) - 14
    assert packet.data.dport == port
    assert packet.data.data == token
    segment = bytes(packet.data)
    pseudo = source.packed + target.packed + bytes([0, packet.p]) + len(segment).to_bytes(2, "big")
    assert checksum(pseudo + segment) == b"\0\0"
    assert checksum(bytes(packet)[:20]) == b"\0\0"
    if protocol == "tcp":
        assert packet.data.flags == dpkt.tcp.TH_SYN
