"""Packets made by hand and sent past a host's own stack, to see what lets them through.

A frame sent through a packet socket meets no filter of the host that sends it (packet(7)), and a
packet socket at the receiving device sees it before that host's filter does. What is seen is
therefore what lies between them. Formats: RFC 791, 792, 768, 9293.
"""

import secrets
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

import dpkt

from ringfence.machine.inside import Machine

_ALL: Final = 3  # ETH_P_ALL
_MAGIC: Final = b"rfsweep"
SYN, FIN, ACK, RST = 0x02, 0x01, 0x10, 0x04


@dataclass(frozen=True)
class Seat:
    """A host's device: where frames are sent from, or looked for."""

    machine: Machine
    device: str
    mac: str
    address: IPv4Address

    def open(self) -> socket.socket:
        """A packet socket at the device; the caller closes it."""
        with self.machine.netns():
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        opened.bind((self.device, 0))
        opened.setblocking(False)
        return opened


@dataclass(frozen=True)
class Shape:
    """What kind of packet: its protocol and port, and what is odd about it.

    ``flags`` are TCP's; a ``later_fragment`` comes without the first one; ``spoofed`` is a source
    address that is not the sender's.
    """

    protocol: str
    port: int = 0
    flags: int = SYN
    later_fragment: bool = False
    spoofed: IPv4Address | None = None

    def __str__(self) -> str:
        """The shape as a person says it."""
        words = [self.protocol if not self.port else f"{self.protocol} {self.port}"]
        if self.protocol == "tcp" and self.flags != SYN:
            words.append(f"with flags {self.flags:#04x}")
        if self.later_fragment:
            words.append("as a later fragment")
        if self.spoofed:
            words.append(f"from {self.spoofed}")
        return " ".join(words)


def frame(source: Seat, gateway_mac: str, target: IPv4Address, shape: Shape, number: int) -> bytes:
    """A frame to the gateway with a packet of that shape, which bears a number."""
    packet = dpkt.ip.IP(
        src=(shape.spoofed or source.address).packed,
        dst=target.packed,
        ttl=16,
        id=secrets.randbelow(1 << 16),
        data=_payload(shape, number),
        p=_PROTOCOLS[shape.protocol],
    )
    if shape.later_fragment:
        packet.offset = 1  # times eight bytes
    packet.len = len(packet)
    return _mac(gateway_mac) + _mac(source.mac) + b"\x08\x00" + bytes(packet)


def number_in(data: bytes) -> int | None:
    """The number that a frame of ours bears, wherever in it the packet begins."""
    place = data.find(_MAGIC)
    if place < 0:
        return None
    found: int = struct.unpack_from(">I", data, place + len(_MAGIC))[0]
    return found


_PROTOCOLS: Final = {
    "tcp": dpkt.ip.IP_PROTO_TCP,
    "udp": dpkt.ip.IP_PROTO_UDP,
    "icmp": dpkt.ip.IP_PROTO_ICMP,
    "sctp": dpkt.ip.IP_PROTO_SCTP,
    "gre": dpkt.ip.IP_PROTO_GRE,
    "esp": dpkt.ip.IP_PROTO_ESP,
}


def _payload(shape: Shape, number: int) -> object:
    marked = _MAGIC + struct.pack(">I", number)
    from_port = 40000 + number % 20000
    match shape.protocol:
        case "tcp":
            return dpkt.tcp.TCP(
                sport=from_port,
                dport=shape.port,
                flags=shape.flags,
                seq=secrets.randbits(32),
                win=1024,
                data=marked,
            )
        case "udp":
            datagram = dpkt.udp.UDP(sport=from_port, dport=shape.port, data=marked)
            datagram.ulen = len(datagram)
            return datagram
        case "icmp":
            return dpkt.icmp.ICMP(
                type=8, data=dpkt.icmp.ICMP.Echo(id=number & 0xFFFF, seq=1, data=marked)
            )
        case _:
            return marked.ljust(32, b"\0")


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
