"""Where a lab's keys and the memory of its design are kept, and how they are removed again.

The vault and the design's digest lie in /var/lib/ringfence/<lab>, for root alone. The passphrase
of the authority's key is kept in memory only, away from the key.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from ringfence.identity.vault import Vault
from ringfence.render.files import Tree
from ringfence.render.state import StateDigest

HOME = Path("/var/lib/ringfence")
_MEMORY = Path("/dev/shm")  # noqa: S108 - a file there is created exclusively, for root alone


class Keeping:
    """What a lab keeps outside its machines."""

    def __init__(self, lab: str) -> None:
        """Name the places; nothing is made yet."""
        self.directory = HOME / lab
        self.passphrase = _MEMORY / f"ringfence-{lab}.passphrase"
        self._digest = self.directory / "design.sha256"

    def vault(self) -> Vault:
        """The lab's vault; its passphrase is made when first needed."""
        if not self.passphrase.exists():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(self.passphrase, flags, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32))
        return Vault(self.directory / "vault", self.passphrase.read_bytes())

    def remember(self, digest: str) -> None:
        """Note which design the lab was made from."""
        self._digest.write_text(digest, encoding="ascii")

    def remembered(self) -> str | None:
        """The digest of the design that the lab was made from."""
        return self._digest.read_text(encoding="ascii") if self._digest.exists() else None

    def prepare(self) -> None:
        """Make the directory anew, empty."""
        self.remove()
        self.directory.mkdir(mode=0o700, parents=True)

    def remove(self) -> None:
        """Remove everything, as if it had never been."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.passphrase.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            HOME.rmdir()


def kept() -> tuple[str, ...]:
    """The names of labs of which something is kept."""
    return tuple(sorted(path.name for path in HOME.iterdir())) if HOME.is_dir() else ()


def digest(trees: Iterable[Tree]) -> str:
    """What tells one design from another: a hash over everything rendered from it."""
    total = StateDigest()
    for tree in trees:
        total.add(tree)
    return total.hexdigest()
