"""Frames made by hand, byte by byte: what an attacker's program would send.

See IEEE 802.3, RFC 791, RFC 793, RFC 768, RFC 792, RFC 826, RFC 2131.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

EVERYBODY: Final = "ff:ff:ff:ff:ff:ff"
NOBODY: Final = IPv4Address(0)
ALL_ADDRESSES: Final = IPv4Address("255.255.255.255")
SYN, ACK, FIN, RST, PSH = 0x02, 0x10, 0x01, 0x04, 0x08
_IPV4, _ARP = 0x0800, 0x0806
_ICMP, _TCP, _UDP = 1, 6, 17
_SHORTEST = 60
_MAGIC = b"\x63\x82\x53\x63"


@dataclass(frozen=True)
class End:
    """One end of an exchange: a device, its address, and a port where there is one."""

    mac: str
    address: IPv4Address
    port: int = 0


def ethernet(source: str, target: str, kind: int, payload: bytes) -> bytes:
    """A frame, padded to the shortest that there is."""
    head = _mac(target) + _mac(source) + kind.to_bytes(2, "big")
    return (head + payload).ljust(_SHORTEST, b"\0")


def udp(source: End, target: End, payload: bytes) -> bytes:
    """A datagram; its checksum says that there is none."""
    head = struct.pack("!HHHH", source.port, target.port, 8 + len(payload), 0)
    return _ip(source, target, _UDP, head + payload)


def tcp(source: End, target: End, flags: int, payload: bytes = b"", sequence: int = 1) -> bytes:
    """A segment with the numbers that it happens to have."""
    acknowledged = 1 if flags & ACK else 0
    head = struct.pack(
        "!HHIIBBHHH",
        source.port,
        target.port,
        *(sequence, acknowledged),
        0x50,
        *(flags, 64000, 0, 0),
    )
    pseudo = source.address.packed + target.address.packed
    pseudo += struct.pack("!BBH", 0, _TCP, len(head) + len(payload))
    total = _sum(pseudo + head + payload)
    return _ip(source, target, _TCP, head[:16] + total.to_bytes(2, "big") + head[18:] + payload)


def icmp(source: End, target: End, kind: int, payload: bytes = b"\0\1\0\1") -> bytes:
    """An ICMP message, such as an echo request (8)."""
    total = _sum(bytes([kind, 0, 0, 0]) + payload)
    return _ip(source, target, _ICMP, bytes([kind, 0]) + total.to_bytes(2, "big") + payload)


def arp(sender: End, wanted: End, operation: int = 1, to: str = EVERYBODY) -> bytes:
    """An ARP request (1) or answer (2); an announcement asks for its own address."""
    body = struct.pack("!HHBBH", 1, _IPV4, 6, 4, operation)
    body += _mac(sender.mac) + sender.address.packed + _mac(wanted.mac) + wanted.address.packed
    return ethernet(sender.mac, to, _ARP, body)


def boot(operation: int, client: str, kind: int, given: IPv4Address = NOBODY) -> bytes:
    """The body of a DHCP message: of a client (1) or a server (2), with its message type."""
    head = struct.pack("!BBBBIHH", operation, 1, 6, 0, 0x52461EAF, 0, 0x8000)
    body = head + bytes(4) + given.packed + bytes(8) + _mac(client) + bytes(10) + bytes(192)
    return body + _MAGIC + bytes([53, 1, kind, 255])


def _ip(source: End, target: End, protocol: int, payload: bytes) -> bytes:
    length = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0x4000, 64, protocol, 0)
    head += source.address.packed + target.address.packed
    head = head[:10] + _sum(head).to_bytes(2, "big") + head[12:]
    return ethernet(source.mac, target.mac, _IPV4, head + payload)


def _sum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
