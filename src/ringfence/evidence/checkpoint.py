"""Checkpoints (https://c2sp.org/tlog-checkpoint): how long a log is, and what it holds so far.

A checkpoint that is kept elsewhere, even on paper, shows later that nothing before it changed.
"""

import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.encoding import from_base64, to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Signer
from ringfence.evidence.note import check_name, sign_note, verify_note

_LINES = 3
_ROOT = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: whose it is, how many statements it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the three lines. Lines beyond them, which the standard lets be, are refused.

        Raises:
            EvidenceError: they are not what they should be.

        """
        *lines, end = text.split("\n")
        if len(lines) != _LINES or end:
            raise EvidenceError("a checkpoint has three lines: origin, size and root")
        origin, size, root = lines
        check_name(origin)
        if not _SIZE.fullmatch(size):
            raise EvidenceError("the checkpoint's size is no plain number")
        try:
            raw = from_base64(root)
        except ValueError as error:
            raise EvidenceError(f"the checkpoint's root {error}") from None
        if len(raw) != _ROOT:
            raise EvidenceError(f"the checkpoint's root has {len(raw)} bytes, not {_ROOT}")
        return cls(origin, int(size), raw)

    def signed(self, signer: Signer) -> bytes:
        """The checkpoint as a note, signed under the log's origin."""
        return sign_note(self.text, self.origin, signer)

    @classmethod
    def verified(cls, data: bytes, key: Ed25519PublicKey) -> "Checkpoint":
        """The checkpoint in a note which the log's own key has signed.

        Raises:
            EvidenceError: it is none, or not signed with that key.

        """
        origin = data.split(b"\n", 1)[0].decode("utf-8", "replace")
        return cls.parse(verify_note(data, origin, key))
