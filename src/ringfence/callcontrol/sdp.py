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

_KEY = re.compile(r"\na=crypto.*", re.IGNORECASE)
_MEDIA = re.compile(r"[a-z]+ ([0-9]+)(?:/[0-9]+)? ([A-Z/]+)(?=[ \n])")
_BLANK_LINES = re.compile(r"\n\n+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})


class Leg(Enum):
    """A leg of a call, with the suites its phone may use; no weak suite is in either."""

    CALLER = frozenset({"AES_CM_128_HMAC_SHA1_80"})
    CALLEE = frozenset({"AES_256_CM_HMAC_SHA1_80", "AEAD_AES_256_GCM", "AEAD_AES_128_GCM"})


def _usable_on(leg: Leg) -> re.Pattern[str]:
    return re.compile(
        rf"\na=crypto:[0-9]{{1,9}} (?:{'|'.join(sorted(leg.value))}) "
        r"inline:[A-Za-z0-9+/=]+(?:\|[0-9^:]+)*[ \t]*(?=\n)"
    )


_CALLERS, _CALLEES = _usable_on(Leg.CALLER), _usable_on(Leg.CALLEE)


class UnprotectedError(Exception):
    """The description would let speech travel in the clear; the text is the reason to log."""


def narrow(body: str, leg: Leg) -> str:
    """Return the session description with no other keys than those for this leg's suites.

    Keys with session parameters are dropped too, for these can switch encryption or
    authentication off. Raises UnprotectedError when a live stream is not SRTP or has no key left,
    and when there is no stream at all.
    """
    text = f"\n{body}\n".replace("\r\n", "\n")
    if "\n\n" in text:
        text = _BLANK_LINES.sub("\n", text)
    # What is printable holds no control character, and that is quickly told.
    if not text.replace("\n", "").isprintable() and _CONTROL.search(text):
        # Readers disagree on what ends a line; a second reading must not find other streams.
        raise UnprotectedError("control-character")
    session, *streams = text.split("\nm=")
    if not streams:
        raise UnprotectedError("no-media")
    streams[-1] = streams[-1][:-1]
    usable = _CALLERS if leg is Leg.CALLER else _CALLEES
    narrowed = [_KEY.sub("", session), *[_narrow_stream(f"{each}\n", usable) for each in streams]]
    return "\nm=".join(narrowed)[1:].replace("\n", "\r\n") + "\r\n"


def _narrow_stream(stream: str, usable: re.Pattern[str]) -> str:
    """Narrow what follows ``m=``; takes a line's end at its own end and returns none."""
    media = _MEDIA.match(stream)
    if media is None:
        raise UnprotectedError("malformed-media")
    keys = usable.findall(stream)
    if len(keys) < stream.lower().count("\na=crypto"):
        stream = _KEY.sub(lambda key: key[0] if usable.match(f"{key[0]}\n") else "", stream)
    stream = stream[:-1]
    if int(media[1]) == 0:  # the stream is declined: nothing will flow
        return stream
    if media[2] not in _SECURE_PROFILES:
        raise UnprotectedError("plain-rtp")
    if not keys:
        raise UnprotectedError("no-usable-srtp-key")
    return stream
