"""The media gate: which session descriptions may pass, and with which SRTP suites.

Every live stream must be RTP/SAVP or RTP/SAVPF with a usable key in ``a=crypto`` (RFC 4568). What
is left of the keys depends on the leg. rtpengine 10.5 hands one and the same master key to both
legs whenever both could use the same suite, and then relays packets without looking at their
authentication tags. So the legs of a call are given suites that have nothing in common: it must
decrypt, check and encrypt anew. AES_CM_128_HMAC_SHA1_80 is the one that every SRTP phone has; it
goes to the caller's leg. The stronger ones go to the callee's.
"""

import re
from enum import Enum

_SUITE = re.compile(r"a=crypto:[0-9]{1,9} ([A-Z0-9_]+) inline:[A-Za-z0-9+/=]+(\|[0-9^:]+)*")
_MEDIA = re.compile(r"m=[a-z]+ ([0-9]+)(?:/[0-9]+)? ([A-Z/]+)(?: |$)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})


class Leg(Enum):
    """A leg of a call, with the suites its phone may use; no weak suite is in either."""

    CALLER = frozenset({"AES_CM_128_HMAC_SHA1_80"})
    CALLEE = frozenset({"AES_256_CM_HMAC_SHA1_80", "AEAD_AES_256_GCM", "AEAD_AES_128_GCM"})


class UnprotectedError(Exception):
    """The description would let speech travel in the clear; the text is the reason to log."""


def narrow(body: str, leg: Leg) -> str:
    """Return the session description with no other keys than those for this leg's suites.

    Keys with session parameters are dropped too, for these can switch encryption or
    authentication off. Raises UnprotectedError when a live stream is not SRTP or has no key left,
    and when there is no stream at all.
    """
    lines = [line for line in body.replace("\r\n", "\n").split("\n") if line]
    if any(_CONTROL.search(line) for line in lines):
        # Readers disagree on what ends a line; a second reading must not find other streams.
        raise UnprotectedError("control-character")
    first = next((at for at, line in enumerate(lines) if line.startswith("m=")), len(lines))
    if first == len(lines):
        raise UnprotectedError("no-media")
    kept = [line for line in lines[:first] if not _is_key(line)]
    for stream in _streams(lines[first:]):
        kept += _narrow_stream(stream, leg)
    return "".join(f"{line}\r\n" for line in kept)


def _streams(lines: list[str]) -> list[list[str]]:
    streams: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            streams.append([])
        streams[-1].append(line)
    return streams


def _narrow_stream(stream: list[str], leg: Leg) -> list[str]:
    media = _MEDIA.match(stream[0])
    if media is None:
        raise UnprotectedError("malformed-media")
    kept = [line for line in stream if not _is_key(line) or _usable(line, leg)]
    if int(media[1]) == 0:  # the stream is declined: nothing will flow
        return kept
    if media[2] not in _SECURE_PROFILES:
        raise UnprotectedError("plain-rtp")
    if not any(_is_key(line) for line in kept):
        raise UnprotectedError("no-usable-srtp-key")
    return kept


def _is_key(line: str) -> bool:
    return line.lower().startswith("a=crypto")


def _usable(line: str, leg: Leg) -> bool:
    suite = _SUITE.fullmatch(line.rstrip())
    return suite is not None and suite[1] in leg.value
