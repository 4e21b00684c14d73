"""What recorded frames say: SIP or speech in the clear, lost packets, TLS handshakes.

SRTP and RTP have the same header in the clear (RFC 3711, section 3.1), so a packet's header does
not tell them apart. Speech is called plain if either holds: its payload has the exact length of
bare G.711 frames, where SRTP would add an authentication tag of 4, 10 or 16 bytes; or it decodes
to a sound that is known to have been spoken, whatever its length.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

import dpkt

from ringfence.probe.audio import Samples, decode_g711, match
from ringfence.probe.capture import Frame

SIP, RTP, RTCP = "SIP", "RTP", "RTCP"
"""What can be in the clear: signalling, speech, and the reports that go with speech."""

_METHODS = (
    b"INVITE|ACK|BYE|CANCEL|REGISTER|OPTIONS|PRACK|SUBSCRIBE|NOTIFY|PUBLISH|INFO|REFER|MESSAGE"
    b"|UPDATE"
)
_SIP = re.compile(
    rb"\b(?:"
    + _METHODS
    + rb") [^\s]{1,300} SIP/2\.0\r\n|\bSIP/2\.0 [1-6][0-9]{2} [^\r\n]{0,200}\r\n",
)

_VERSION = 2
"""The first two bits of RTP and RTCP."""

_RTCP = range(192, 224)
"""The second byte of RTCP; RTP's cannot be in this range (RFC 5761, section 4)."""

_APPLICATION = 204
_REPORTS = {200, 201, 202, 203, 205, 206, 207}
"""RTCP packets that tell of senders, receivers and names (RFC 3550, RFC 4585, RFC 3611)."""

_RTP_HEADER = 12
_FRAME = 80
"""Bytes of G.711 in 10 ms: a packet holds a whole number of them."""

_G711 = (0, 8)
_DYNAMIC = 96
_EVENT = 4
"""Bytes of a bare key press (RFC 4733)."""

_STREAM = 5
"""Packets with one SSRC, in one direction, that make it a stream and not a coincidence."""

_SPOKEN = 0.5
"""A payload that matches a spoken sound better than this holds that sound in the clear."""

_STUN_COOKIE = b"\x21\x12\xa4\x42"
_TLS_RECORDS = {20, 21, 22, 23}
_NO_RTP_PORTS = {53, 67, 68, 123}


@dataclass(frozen=True)
class Datagram:
    """A UDP datagram or TCP segment; ``sequence`` is the segment's number."""

    source: tuple[IPv4Address, int]
    target: tuple[IPv4Address, int]
    payload: bytes
    sequence: int | None = None


@dataclass(frozen=True)
class Stream:
    """Packets of one RTP or SRTP source, in one direction.

    ``lost`` are the numbers missing between the first and the last packet; ``plain`` the packets
    whose speech is in the clear.
    """

    source: tuple[IPv4Address, int]
    target: tuple[IPv4Address, int]
    ssrc: int
    payload_type: int
    packets: int
    lost: int
    plain: int


@dataclass(frozen=True)
class Sighting:
    """Packets in the clear: what they are, whence and whither, and how many."""

    kind: str
    source: str
    target: str
    packets: int


@dataclass(frozen=True)
class Traffic:
    """What one recording holds. ``counts`` says how many packets of each kind were looked at."""

    counts: dict[str, int]
    streams: tuple[Stream, ...]
    plaintext: tuple[Sighting, ...]


def examine(frames: Iterable[Frame], spoken: Sequence[Samples] = ()) -> Traffic:
    """Look through a recording; ``spoken`` are the sounds that the callers played."""
    datagrams, counts = _parse(frames)
    segments = [one for one in datagrams if one.sequence is not None]
    speech = [one for one in datagrams if one.sequence is None]
    streams = tuple(_streams(speech, spoken))
    sightings = [*_plain_sip(speech, segments), *_plain_rtp(speech, streams), *_plain_rtcp(speech)]
    return Traffic(dict(counts), streams, tuple(sightings))


def _parse(frames: Iterable[Frame]) -> tuple[list[Datagram], Counter[str]]:
    datagrams = []
    counts: Counter[str] = Counter()
    for frame in frames:
        one = _datagram(frame.data)
        counts[_kind(one)] += 1
        if one is not None:
            datagrams.append(one)
    return datagrams, counts


def _datagram(data: bytes) -> Datagram | None:
    try:
        packet = dpkt.ethernet.Ethernet(data).data
    except dpkt.Error:
        return None
    if not isinstance(packet, dpkt.ip.IP):
        return None
    source, target = IPv4Address(packet.src), IPv4Address(packet.dst)
    match packet.data:
        case dpkt.udp.UDP(sport=sport, dport=dport, data=payload):
            return Datagram((source, sport), (target, dport), bytes(payload))
        case dpkt.tcp.TCP(sport=sport, dport=dport, data=payload, seq=seq):
            return Datagram(
                (source, sport),
                (target, dport),
                bytes(payload),
                sequence=seq,
            )
        case _:
            # A fragment, or another protocol: its bytes are searched as they stand.
            return Datagram((source, 0), (target, 0), bytes(packet.data))


def _kind(one: Datagram | None) -> str:
    if one is None:
        return "not IP"
    if one.sequence is not None:
        if not one.payload:
            return "TCP without data"
        return "TLS" if one.payload[0] in _TLS_RECORDS and one.payload[1:2] == b"\x03" else "TCP"
    ports = {one.source[1], one.target[1]}
    named = {53: "DNS", 67: "DHCP", 68: "DHCP", 123: "NTP"}
    for port in ports & named.keys():
        return named[port]
    if _looks_like_rtp(one):
        return "RTP or SRTP"
    if _looks_like_rtcp(one):
        return "RTCP or SRTCP"
    return "STUN" if one.payload[4:8] == _STUN_COOKIE else "other"


# --- SIP in the clear


def _plain_sip(speech: Sequence[Datagram], segments: Sequence[Datagram]) -> Iterator[Sighting]:
    found: Counter[tuple[str, str]] = Counter()
    for one in speech:
        if _SIP.search(one.payload):
            found[_ends(one)] += 1
    flows: defaultdict[tuple[object, object], list[Datagram]] = defaultdict(list)
    for one in segments:
        if one.payload:
            flows[one.source, one.target].append(one)
    for flow in flows.values():
        if touched := _segments_with_sip(flow):
            found[_ends(flow[0])] += touched
    for (source, target), packets in found.items():
        yield Sighting(SIP, source, target, packets)


def _segments_with_sip(flow: Sequence[Datagram]) -> int:
    """How many segments of one direction of a connection hold part of a SIP start line."""
    base = flow[0].sequence or 0
    placed = sorted((_signed((one.sequence or 0) - base), one.payload) for one in flow)
    touched = 0
    for run, starts in _runs(placed):
        hits = [found.span() for found in _SIP.finditer(run)]
        touched += sum(
            any(begin < stop and end > start for begin, end in hits) for start, stop in starts
        )
    return touched


def _signed(difference: int) -> int:
    return (difference + 2**31) % 2**32 - 2**31


def _runs(placed: Sequence[tuple[int, bytes]]) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
    """Stretches of a byte stream without gaps, and where in each its segments lie."""
    run, first, spans = bytearray(), 0, list[tuple[int, int]]()
    for at, payload in placed:
        if spans and at > first + len(run):
            yield bytes(run), spans
            run, spans = bytearray(), []
        if not spans:
            first = at
        start = at - first
        spans.append((start, start + len(payload)))
        run[start : start + len(payload)] = payload
    if spans:
        yield bytes(run), spans


# --- speech


def _looks_like_rtp(one: Datagram) -> bool:
    return (
        one.sequence is None
        and len(one.payload) > _RTP_HEADER
        and one.payload[0] >> 6 == _VERSION
        and one.payload[1] not in _RTCP
        and not _NO_RTP_PORTS & {one.source[1], one.target[1]}
    )


def _looks_like_rtcp(one: Datagram) -> bool:
    return len(one.payload) > 1 and one.payload[0] >> 6 == _VERSION and one.payload[1] in _RTCP


def _payload(packet: bytes) -> bytes:
    """What follows an RTP header with its contributing sources and its extension."""
    at = _RTP_HEADER + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4])
    return packet[at:]


def _is_bare(packet: bytes) -> bool:
    kind, body = packet[1] & 0x7F, _payload(packet)
    if kind in _G711:
        return len(body) > 0 and len(body) % _FRAME == 0
    return kind >= _DYNAMIC and len(body) == _EVENT


def _streams(speech: Iterable[Datagram], spoken: Sequence[Samples]) -> Iterator[Stream]:
    sources: defaultdict[tuple[object, object, int], list[Datagram]] = defaultdict(list)
    for one in speech:
        if _looks_like_rtp(one):
            ssrc = int.from_bytes(one.payload[8:12])
            sources[one.source, one.target, ssrc].append(one)
    for (_, _, ssrc), packets in sources.items():
        if len(packets) >= _STREAM:
            yield _stream(ssrc, packets, spoken)


def _stream(ssrc: int, datagrams: Sequence[Datagram], spoken: Sequence[Samples]) -> Stream:
    packets = [one.payload for one in datagrams]
    numbered = dict(zip(_numbers(packets), packets, strict=True))
    ordered = [numbered[number] for number in sorted(numbered)]
    plain = len(packets) if _spoken(ordered, spoken) else sum(map(_is_bare, packets))
    kinds = Counter(packet[1] & 0x7F for packet in packets)
    return Stream(
        source=datagrams[0].source,
        target=datagrams[0].target,
        ssrc=ssrc,
        payload_type=kinds.most_common(1)[0][0],
        packets=len(packets),
        lost=max(numbered) - min(numbered) + 1 - len(numbered),
        plain=plain,
    )


def _numbers(packets: Iterable[bytes]) -> Iterator[int]:
    """The packets' sequence numbers, counted on where their 16 bits begin again."""
    latest = 0
    for packet in packets:
        step = (int.from_bytes(packet[2:4]) - latest + 2**15) % 2**16 - 2**15
        yield latest + step
        latest = max(latest, latest + step)


def _spoken(packets: Sequence[bytes], spoken: Sequence[Samples]) -> bool:
    bodies = [body[: len(body) // _FRAME * _FRAME] for body in map(_payload, packets)]
    speech = b"".join(bodies)
    heard = [decode_g711(speech, kind) for kind in _G711]
    return any(match(sound, one) > _SPOKEN for sound in spoken for one in heard)


def _plain_rtp(speech: Sequence[Datagram], streams: Iterable[Stream]) -> Iterator[Sighting]:
    known = set()
    for stream in streams:
        known.add((stream.source, stream.target, stream.ssrc))
        if stream.plain:
            yield Sighting(RTP, _end(stream.source), _end(stream.target), stream.plain)
    stray = Counter(
        _ends(one)
        for one in speech
        if _looks_like_rtp(one)
        and (one.source, one.target, int.from_bytes(one.payload[8:12])) not in known
        and _is_bare(one.payload)
    )
    for (source, target), packets in stray.items():
        yield Sighting(RTP, source, target, packets)


def _plain_rtcp(speech: Iterable[Datagram]) -> Iterator[Sighting]:
    found = Counter(_ends(one) for one in speech if _is_plain_rtcp(one.payload))
    for (source, target), packets in found.items():
        yield Sighting(RTCP, source, target, packets)


def _is_plain_rtcp(data: bytes) -> bool:
    """Whether reports fill the datagram exactly: SRTCP would leave its index and tag over.

    A lone application packet is none: baresip opens its path with one, before it has keys, that
    holds the word PINGPONG and nothing else.
    """
    at, kinds = 0, set[int]()
    while at + 8 <= len(data) and data[at] >> 6 == _VERSION:
        kinds.add(data[at + 1])
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
    return at == len(data) and bool(kinds & _REPORTS) and kinds <= _REPORTS | {_APPLICATION}


def _ends(one: Datagram) -> tuple[str, str]:
    return _end(one.source), _end(one.target)


def _end(end: tuple[IPv4Address, int]) -> str:
    return f"{end[0]}:{end[1]}"
