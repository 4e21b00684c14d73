"""SRTP packets with AES_CM_128_HMAC_SHA1_80, for probes that send good and forged speech.

RFC 3711, sections 3.1, 4.1.1 and 4.3; sequence numbers must not wrap (no roll-over counter).
"""

import base64
import hmac
import struct
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_TAG_BYTES = 10


@dataclass(frozen=True)
class Sender:
    """The session keys of one direction of a stream."""

    cipher: bytes
    authentication: bytes
    salt: bytes

    @classmethod
    def of(cls, key_parameter: str) -> Self:
        """From the key parameter of a crypto attribute: ``inline:`` and 30 bytes in base64."""
        material = base64.b64decode(key_parameter.removeprefix("inline:").split("|")[0])
        master, salt = material[:16], material[16:30]

        def derived(label: int, size: int) -> bytes:
            start = int.from_bytes(salt, "big") ^ (label << 48)
            return _key_stream(master, start << 16, size)

        return cls(derived(0, 16), derived(1, 20), derived(2, 14))

    def packet(self, sequence: int, payload: bytes, *, source: int = 1) -> bytes:
        """A G.711 packet (mu-law) with this sequence number."""
        head = struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160, source)
        start = (int.from_bytes(self.salt, "big") << 16) ^ (source << 64) ^ (sequence << 16)
        stream = _key_stream(self.cipher, start, len(payload))
        hidden = bytes(a ^ b for a, b in zip(payload, stream, strict=True))
        signed = head + hidden + bytes(4)
        tag = hmac.new(self.authentication, signed, "sha1").digest()[:_TAG_BYTES]
        return head + hidden + tag


def _key_stream(key: bytes, start: int, size: int) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CTR(start.to_bytes(16, "big")))
    return cipher.encryptor().update(bytes(size))
