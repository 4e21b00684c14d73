"""Ethernet frames read as far as the sensor needs: addresses, ports, flags, where data begins.

Nothing here trusts a length in a frame; whatever is too short or contradicts itself is malformed.
See IEEE 802.3, RFC 791, RFC 793, RFC 768, RFC 826.
"""

ARP = b"\x08\x06"
IPV4 = b"\x08\x00"
IPV6 = b"\x86\xdd"
ICMP, TCP, UDP = 1, 6, 17
NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp"}
"""The protocols that alerts call by name."""

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

NOBODY = bytes(4)
EVERYBODY = b"\xff" * 4
BROADCAST = b"\xff" * 6

_HEAD = 14
_IP = 20
_MORE_OR_OFFSET = 0x3FFF
_OFFSET = 0x1FFF
_DATA_OFFSET = 4


class Packet:
    """One frame. Addresses are bytes; ``start`` and ``end`` bound the data of TCP, UDP or ICMP.

    ``protocol`` is -1 without an IPv4 header that holds together. A later fragment has no ports.
    """

    __slots__ = (
        *("data", "smac", "dmac", "ethertype", "src", "dst", "protocol"),
        *("sport", "dport", "flags", "start", "end", "fragment"),
    )

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.dmac = data[:6]
        self.smac = data[6:12]
        self.ethertype = data[12:14]
        self.src = self.dst = NOBODY
        self.protocol = -1
        self.sport = self.dport = self.flags = 0
        self.start = self.end = _HEAD
        self.fragment = False
        if self.ethertype == IPV4:
            self._read_ip(data)

    @property
    def payload(self) -> bytes:
        """The data behind the last header that was read."""
        return self.data[self.start : self.end]

    def _read_ip(self, data: bytes) -> None:
        if len(data) < _HEAD + _IP or data[14] >> 4 != 4:  # noqa: PLR2004 - the version
            return
        head = (data[14] & 15) * 4
        end = _HEAD + (data[16] << 8 | data[17])
        # A segment that the kernel puts together itself may say 0, and short frames are padded.
        self.end = min(end, len(data)) if end > _HEAD else len(data)
        self.start = _HEAD + head
        if head < _IP or self.start > self.end:
            return
        self.src, self.dst = data[26:30], data[30:34]
        piece = data[20] << 8 | data[21]
        self.fragment = bool(piece & _MORE_OR_OFFSET)
        if piece & _OFFSET:
            self.protocol = data[23]
            return
        self._read_ports(data, data[23])

    def _read_ports(self, data: bytes, protocol: int) -> None:
        start = self.start
        if protocol == UDP:
            self.start = start + 8
        elif protocol == TCP:
            if self.end < start + 20:
                return
            self.flags = data[start + 13]
            self.start = start + (data[start + 12] >> _DATA_OFFSET) * 4
        elif protocol == ICMP:
            self.start = start + 8
        else:
            self.protocol = protocol
            return
        if self.start > self.end or (protocol == TCP and self.start < start + 20):
            return
        self.protocol = protocol
        if protocol == ICMP:
            self.flags = data[start]  # its type
        else:
            self.sport = data[start] << 8 | data[start + 1]
            self.dport = data[start + 2] << 8 | data[start + 3]


def ip_text(address: bytes) -> str:
    """An IPv4 address as people write it."""
    return ".".join(map(str, address))


def mac_text(address: bytes) -> str:
    """A MAC address as people write it."""
    return address.hex(":")


def number(address: bytes) -> int:
    """An address as a number."""
    return int.from_bytes(address, "big")
