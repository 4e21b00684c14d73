"""The Ed25519 keys (RFC 8032) of a site's assessor and of the persons who countersign.

Private keys are PKCS #8 in PEM, encrypted with a passphrase that is written nowhere. Public keys
lie beside them for convenience; what the log says of a key is what counts.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ringfence.evidence.errors import EvidenceError, KeyShutError
from ringfence.evidence.files import directory_of, told, write_new, write_whole
from ringfence.site.deviations import same_person

ASSESSOR = "assessor"
"""The name under which a site's assessor signs."""

SHORTEST = 15
"""Characters of a passphrase: what SP 800-63B-4 asks where nothing else guards the door."""

_LONGEST = 1000
"""Bytes; the library takes no more than 1023."""


def key_id(key: Ed25519PublicKey) -> str:
    """What names a key everywhere: the SHA-256 of its 32 raw bytes, in hexadecimal."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key in PEM (SubjectPublicKeyInfo, RFC 8410)."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def tidy(name: str) -> str:
    """A name in one spelling: single spaces, and characters composed as NFKC has them."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def same_name(one: str, other: str) -> bool:
    """Whether two names are one person's, whatever their spacing, case and way of accenting."""
    return same_person(tidy(one), tidy(other))


def slug(name: str) -> str:
    """The stem of a person's key files, such as ``anna-novakova-1b4f0e98``.

    The last part is a digest of the name, so that no two names share files; spacing and case
    make no difference.
    """
    if same_name(name, ASSESSOR):
        return ASSESSOR
    folded = tidy(name).casefold()
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{words}-{digest}".removeprefix("-")


@dataclass(frozen=True)
class Signer:
    """Somebody whose private key is open."""

    name: str
    _key: Ed25519PrivateKey

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key that verifies what this one signs."""
        return self._key.public_key()

    @property
    def key_id(self) -> str:
        """What names the key."""
        return key_id(self.public_key)

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of a signature."""
        return self._key.sign(data)


class Keys:
    """A directory of keys: ``<slug>.key`` for its owner only, ``<slug>.pub`` for everybody."""

    def __init__(self, directory: Path) -> None:
        """Name the directory; it is made with the first key."""
        self._directory = directory

    def has(self, name: str) -> bool:
        """Whether there is a private key under that name."""
        return self._private(name).exists()

    def make(self, name: str, passphrase: bytes) -> Signer:
        """Make a key pair.

        Raises:
            EvidenceError: there is one under that name, or the passphrase is too short or long.

        """
        check_new_passphrase(passphrase)
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )
        with told(self._directory):
            directory_of(self._directory, 0o700)
            try:
                write_new(self._private(name), pem, 0o600)
            except FileExistsError:
                raise EvidenceError(
                    f"{self._private(name)}: {name} has a key already. If its passphrase is lost,"
                    " move the file away and make another"
                ) from None
            write_whole(self._public(name), public_pem(key.public_key()), 0o644)
        return Signer(name, key)

    def open(self, name: str, passphrase: bytes) -> Signer:
        """Open a private key; its public key is written anew if its file is missing.

        Raises:
            KeyShutError: there is no such key, or the passphrase is another.
            EvidenceError: the file holds no encrypted Ed25519 key.

        """
        path = self._private(name)
        with told(path):
            if not path.exists():
                raise KeyShutError(f"{path}: {name} has no key here")
            pem = path.read_bytes()
        if not pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"):
            raise EvidenceError(f"{path}: this is no encrypted private key")
        try:
            key = serialization.load_pem_private_key(pem, passphrase)
        except (ValueError, TypeError):
            raise KeyShutError(
                f"{path}: the key of {name} stays shut: the passphrase is another,"
                " or the file is damaged"
            ) from None
        except UnsupportedAlgorithm:
            raise EvidenceError(f"{path}: the key is of an unknown kind") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise EvidenceError(f"{path}: this is no Ed25519 key")
        if not self._public(name).exists():
            with told(self._public(name)):
                write_whole(self._public(name), public_pem(key.public_key()), 0o644)
        return Signer(name, key)

    def public(self, name: str) -> Ed25519PublicKey:
        """The public key under that name.

        Raises:
            EvidenceError: there is none, or the file holds something else.

        """
        path = self._public(name)
        with told(path):
            pem = path.read_bytes()
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise EvidenceError(f"{path}: this is no public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey):
            raise EvidenceError(f"{path}: this is no Ed25519 key")
        return key

    def _private(self, name: str) -> Path:
        return self._directory / f"{slug(name)}.key"

    def _public(self, name: str) -> Path:
        return self._directory / f"{slug(name)}.pub"


def check_new_passphrase(passphrase: bytes) -> None:
    """Refuse a passphrase that is too short, or too long, to make a key with.

    Raises:
        EvidenceError: it is.

    """
    length = len(passphrase.decode("utf-8", "replace"))
    if length < SHORTEST:
        raise EvidenceError(
            f"a passphrase of {length} characters is too short; take {SHORTEST} or more"
        )
    if len(passphrase) > _LONGEST:
        raise EvidenceError(f"a passphrase may have {_LONGEST} bytes at most")
