"""Signed notes (https://c2sp.org/signed-note): text that names its signer; Ed25519 only."""

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.encoding import from_base64, to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Signer

MOST_SIGNATURES = 100
"""A note with more signature lines is refused; the standard asks for 16 at least."""

_ED25519 = b"\x01"
_KEY_HASH = 4
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class NoteSignature:
    """A signature line: the key's name, the four bytes that hint at the key, the signature."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A note as it was read; nothing in it is verified. The text ends with a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes that hint at a key under a name."""
    named = name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()
    return hashlib.sha256(named).digest()[:_KEY_HASH]


def check_name(name: str) -> None:
    """Refuse what cannot name a key: nothing, spaces, a plus sign, control characters.

    Raises:
        EvidenceError: it cannot.

    """
    if not re.fullmatch(r"[^\s+]+", name) or _CONTROL.search(name):
        raise EvidenceError(
            f"{name!r} cannot name a key: spaces, plus signs and control characters may not be in"
            " the name"
        )


def sign_note(text: str, name: str, signer: Signer) -> bytes:
    """A note of that text, signed once. The text must end with a newline.

    Raises:
        EvidenceError: the text or the name cannot be in a note.

    """
    check_name(name)
    if not text.endswith("\n") or _CONTROL.search(text):
        raise EvidenceError("a note's text ends with a newline and holds no control characters")
    signature = key_hash(name, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n— {name} {to_base64(signature)}\n".encode()


def parse_note(data: bytes) -> Note:
    """Read a note.

    Raises:
        EvidenceError: it is none.

    """
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise EvidenceError("this is no signed note: it is not UTF-8") from None
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not text or not signatures.endswith("\n") or _CONTROL.search(whole):
        raise EvidenceError("this is no signed note: text, a blank line and signatures make one")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise EvidenceError(f"the note has more than {MOST_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def verify_note(data: bytes, name: str, key: Ed25519PublicKey) -> str:
    """The text of a note that a key has signed under a name.

    Signatures of other keys are ignored, as the standard asks, so that a witness may add one.

    Raises:
        EvidenceError: this is no note, that key has not signed it, or its signature does not
            hold.

    """
    note = parse_note(data)
    wanted = key_hash(name, key)
    ours = [each for each in note.signatures if (each.name, each.key_hash) == (name, wanted)]
    if not ours:
        raise EvidenceError(f"the note is not signed with the expected key of {name}")
    for each in ours:
        try:
            key.verify(each.signature, note.text.encode())
        except InvalidSignature:
            raise EvidenceError(f"the note's signature by {name} does not hold") from None
    return note.text


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE.fullmatch(line)
    if not match:
        raise EvidenceError("the note has a signature line that is none")
    try:
        raw = from_base64(match["signature"])
    except ValueError as error:
        raise EvidenceError(f"a signature of the note {error}") from None
    if len(raw) <= _KEY_HASH:
        raise EvidenceError("a signature of the note is too short")
    return NoteSignature(match["name"], raw[:_KEY_HASH], raw[_KEY_HASH:])
