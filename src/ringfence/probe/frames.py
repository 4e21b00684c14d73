"""Packets made by hand and sent from a host's own device, past the host's own packet filter.

Ethernet II, IPv4 (RFC 791), UDP (RFC 768), TCP (RFC 9293). The checksums are right, or a firewall
would drop the packets for a reason that nobody asked about.
"""

import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Self

from ringfence.machine.inside import Machine

_ALL: Final = 3  # ETH_P_ALL
_IPV4: Final = 0x0800
_LARGEST: Final = 2048
_SYN: Final = 0x02
_FROM_PORT: Final = 40000


@dataclass(frozen=True)
class Packet:
    """The first packet of something new: to whom, by which protocol, to which port."""

    source: IPv4Address
    target: IPv4Address
    protocol: str
    port: int

    def __str__(self) -> str:
        """The packet as a person says it."""
        return f"{self.source} -> {self.target} {self.protocol} {self.port}"

    def frame(self, gateway: bytes, own: bytes, token: bytes) -> bytes:
        """An Ethernet frame with it, carrying a token to know it again by."""
        if self.protocol == "tcp":
            number, segment = socket.IPPROTO_TCP, self._segment(token)
        else:
            number, segment = socket.IPPROTO_UDP, self._datagram(token)
        head = (
            b"\x45\0"
            + (20 + len(segment)).to_bytes(2, "big")
            + b"\0\0\x40\0\x40"
            + bytes([number])
            + b"\0\0"
            + self.source.packed
            + self.target.packed
        )
        head = head[:10] + checksum(head) + head[12:]
        return gateway + own + _IPV4.to_bytes(2, "big") + head + segment

    def _segment(self, token: bytes) -> bytes:
        bare = _ports(self.port) + bytes(8) + bytes([0x50, _SYN]) + b"\x20\0" + bytes(4) + token
        return bare[:16] + checksum(self._pseudo(socket.IPPROTO_TCP, bare)) + bare[18:]

    def _datagram(self, token: bytes) -> bytes:
        bare = _ports(self.port) + (8 + len(token)).to_bytes(2, "big") + bytes(2) + token
        return bare[:6] + checksum(self._pseudo(socket.IPPROTO_UDP, bare)) + bare[8:]

    def _pseudo(self, number: int, segment: bytes) -> bytes:
        length = len(segment).to_bytes(2, "big")
        return self.source.packed + self.target.packed + bytes([0, number]) + length + segment


class Taps:
    """A socket at each of some hosts' devices: frames are sent from it, and heard if for it."""

    def __init__(self, devices: Iterable[tuple[Machine, str]]) -> None:
        """Open them, a device a machine; leave by ``with``."""
        self._stack = ExitStack()
        self._sockets = {
            machine.name: self._stack.enter_context(_raw(machine, device))
            for machine, device in devices
        }

    def __enter__(self) -> Self:
        """Listen."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close them."""
        self._stack.close()

    def send(self, machine: str, frame: bytes) -> None:
        """Send a frame from a machine's device."""
        self._sockets[machine].send(frame)

    def heard(self) -> bytes:
        """Every frame that has come, since the last time, and was meant for where it came."""
        frames = []
        for each in self._sockets.values():
            while True:
                try:
                    frame, (_, _, kind, *_) = each.recvfrom(_LARGEST)
                except BlockingIOError:
                    break
                if kind == socket.PACKET_HOST:  # a switch floods what it has not learned yet
                    frames.append(frame)
        return b"".join(frames)


def checksum(data: bytes) -> bytes:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def _ports(port: int) -> bytes:
    return _FROM_PORT.to_bytes(2, "big") + port.to_bytes(2, "big")


def _raw(machine: Machine, device: str) -> socket.socket:
    with machine.netns():
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    opened.bind((device, 0))
    opened.setblocking(False)
    return opened
