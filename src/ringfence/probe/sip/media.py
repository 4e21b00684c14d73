"""Session descriptions to offer and answer with, good and bad (RFC 4566, RFC 4568)."""

import base64
import secrets
from collections.abc import Iterable

KEY_BYTES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AES_256_CM_HMAC_SHA1_80": 46,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"""The bytes of master key and salt together, for each suite that phones here offer."""

OFFERED = ("AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80", "AEAD_AES_256_GCM")


def description(
    address: str,
    port: int,
    *,
    profile: str = "RTP/SAVP",
    crypto: Iterable[str] | None = None,
    direction: str = "sendrecv",
) -> str:
    """One G.711 stream. ``crypto`` are the values of its crypto attributes; keys of its own
    for the usual suites are made when none are given.
    """
    values = default_crypto() if crypto is None else crypto
    lines = [
        "v=0",
        f"o=- {secrets.randbelow(2**31)} 1 IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} {profile} 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        f"a={direction}",
        *(f"a=crypto:{value}" for value in values),
    ]
    return "".join(f"{line}\r\n" for line in lines)


def default_crypto() -> list[str]:
    """A fresh key for each suite that a phone offers, in the order of its tags."""
    return [f"{tag} {suite} {fresh_key(suite)}" for tag, suite in enumerate(OFFERED, 1)]


def fresh_key(suite: str) -> str:
    """A random master key with its salt, as a key parameter."""
    return "inline:" + base64.b64encode(secrets.token_bytes(KEY_BYTES[suite])).decode()


def crypto_of(body: str) -> list[tuple[str, str, str]]:
    """Tag, suite and key parameter of each crypto attribute of a description."""
    values = [line[9:].split() for line in body.splitlines() if line.startswith("a=crypto:")]
    return [(tag, suite, key) for tag, suite, key, *_ in values]


def answer_to(offer: str, address: str, port: int) -> str:
    """An answer that takes the first suite offered, with a key of its own."""
    tag, suite, _ = crypto_of(offer)[0]
    return description(address, port, crypto=[f"{tag} {suite} {fresh_key(suite)}"])
