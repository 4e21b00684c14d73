"""Frames as they come in at a mirror port, through memory that the kernel fills.

One wait brings up to a whole block of frames, and bursts find room, which a socket's own buffer
would not give without more privilege. See packet(7) and the kernel's packet_mmap documentation
(TPACKET_V3). Nothing is ever sent.
"""

import mmap
import socket
import struct
from collections.abc import Iterator
from typing import Self

_SOL_PACKET = 263
_ADD_MEMBERSHIP, _RX_RING, _STATISTICS, _VERSION = 1, 5, 6, 10
_PROMISCUOUS = 1
_V3 = 2
_EVERY_PROTOCOL = 3
_BLOCK_SIZE = 1 << 17
_BLOCKS = 16
_FRAME_SIZE = 2048
_RETIRE_AFTER = 20
"""Milliseconds after which the kernel hands over a block that is not full."""
_TO_USER = 1
_OUTGOING = 4

# Of a block: its status, how many frames, where the first is (struct tpacket_hdr_v1).
_BLOCK = struct.Struct("=8xIII")
# Of a frame: where the next is, its length as kept, its status, where it begins, and the tag that
# was taken off it (struct tpacket3_hdr).
_FRAME = struct.Struct("=I8xI4xIH6xIH")
_TAGGED = 1 << 4
_LINK_ADDRESS = 48
"""Where a frame's sockaddr_ll lies behind its header; the type of packet is its eleventh byte."""
_TYPE = _LINK_ADDRESS + 10


class Ring:
    """The frames that arrive at one device."""

    def __init__(self, device: str) -> None:
        """Begin to listen; raises OSError if there is no such device, or CAP_NET_RAW is missing."""
        self.device = device
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self._memory = self._arrange(device)
        except OSError:
            self._socket.close()
            raise
        self._at = 0

    def _arrange(self, device: str) -> mmap.mmap:
        listening = self._socket
        listening.setsockopt(_SOL_PACKET, _VERSION, _V3)
        frames = _BLOCK_SIZE // _FRAME_SIZE * _BLOCKS
        wanted = (_BLOCK_SIZE, _BLOCKS, _FRAME_SIZE, frames, _RETIRE_AFTER, 0, 0)
        listening.setsockopt(_SOL_PACKET, _RX_RING, struct.pack("=7I", *wanted))
        memory = mmap.mmap(listening.fileno(), _BLOCK_SIZE * _BLOCKS)
        index = socket.if_nametoindex(device)
        membership = struct.pack("=iHH8s", index, _PROMISCUOUS, 0, b"")
        listening.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
        listening.bind((device, _EVERY_PROTOCOL))
        return memory

    def fileno(self) -> int:
        """What to wait for."""
        return self._socket.fileno()

    def frames(self) -> Iterator[bytes]:
        """Every frame that has come since the last time."""
        memory = self._memory
        for _ in range(_BLOCKS):
            start = self._at * _BLOCK_SIZE
            status, number, offset = _BLOCK.unpack_from(memory, start)
            if not status & _TO_USER:
                return
            at = start + offset
            for _ in range(number):
                following, length, told, head, tag, kind = _FRAME.unpack_from(memory, at)
                if memory[at + _TYPE] != _OUTGOING:
                    frame = memory[at + head : at + head + length]
                    yield _tagged(frame, kind, tag) if told & _TAGGED else frame
                at += following
            struct.pack_into("=I", memory, start + 8, 0)
            self._at = (self._at + 1) % _BLOCKS

    def lost(self) -> int:
        """How many frames the kernel had no room for, since this was asked last."""
        told = self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 12)
        return int(struct.unpack("=III", told)[1])

    def close(self) -> None:
        """End it."""
        self._memory.close()
        self._socket.close()

    def __enter__(self) -> Self:
        """The ring itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()


def _tagged(frame: bytes, kind: int, tag: int) -> bytes:
    """A frame as it was on the wire: the kernel keeps an 802.1Q tag apart."""
    return frame[:12] + kind.to_bytes(2, "big") + tag.to_bytes(2, "big") + frame[12:]
