"""The evidence log of a site: a directory beside its site file that is only ever added to.

It holds ``statements.jsonl``, one envelope a line; ``checkpoint``, the signed head over them;
``exhibits/<sha256>``, what was looked at; ``keys/``; and ``.lock``. The checkpoint is written
last and is what counts: lines beyond it were left by something interrupted and are no part of
the log.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.chain import Chain, Holder, exhibits_of, introduction
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.encoding import sha256
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.files import append, directory_of, locked, told, write_whole
from ringfence.evidence.head import Head, grown, read_head
from ringfence.evidence.keys import ASSESSOR, Keys, Signer, check_new_passphrase, key_id
from ringfence.evidence.note import check_name
from ringfence.evidence.statement import Opened, Record
from ringfence.probe.take import LARGEST_EXHIBIT

PUBLIC = 0o644
PRIVATE_DIRECTORY = 0o700
PUBLIC_DIRECTORY = 0o755


class EvidenceLog:
    """A log, verified when it was opened and before each addition."""

    def __init__(self, directory: Path, head: Head) -> None:
        """Take up what was read; use :meth:`open` or :meth:`found`."""
        self.directory = directory
        self._head = head

    @classmethod
    def found(cls, directory: Path, origin: str, passphrase: bytes, now: datetime) -> "EvidenceLog":
        """Begin a log, with a new key for the assessor as its first statement.

        ``origin`` names the log, such as ``ringfence/office.example``. A founding that was
        interrupted goes on with the key that it made, if the passphrase opens it.

        Raises:
            EvidenceError: there is a log already, or the passphrase is too short.

        """
        check_new_passphrase(passphrase)
        check_name(origin)
        with told(directory):
            directory_of(directory, PRIVATE_DIRECTORY)
            with locked(directory / ".lock"):
                _refuse_another(directory)
                keys = Keys(directory / "keys")
                make = keys.open if keys.has(ASSESSOR) else keys.make
                signer = make(ASSESSOR, passphrase)
                directory_of(directory / "exhibits", PUBLIC_DIRECTORY)
                first = introduction(ASSESSOR, ASSESSOR, signer.public_key)
                head, lines = grown(Chain(), origin, signer, (first,), now)
                _commit(directory, 0, lines, head)
        return cls(directory, head)

    @classmethod
    def open(cls, directory: Path) -> "EvidenceLog":
        """Read a log and verify all of it.

        Raises:
            EvidenceError: there is none, or something in it is not as it was written; the text
                says what.

        """
        with told(directory):
            head = read_head(directory, Chain())
            if key_id(Keys(directory / "keys").public(ASSESSOR)) != head.chain.assessor.key_id:
                raise EvidenceError(
                    f"{directory}: the assessor's public key in keys/ is not the one that the"
                    " log begins with"
                )
        return cls(directory, head)

    @property
    def entries(self) -> tuple[Opened, ...]:
        """Every statement, oldest first."""
        return tuple(self._head.chain.entries)

    @property
    def holders(self) -> Mapping[str, Holder]:
        """Whose each key is, by the key's id: the assessor first, and keys since replaced too."""
        return self._head.chain.holders

    @property
    def fingerprint(self) -> str:
        """The id of the assessor's key, which tells this log from any other."""
        return self._head.chain.assessor.key_id

    @property
    def checkpoint(self) -> Checkpoint:
        """The head of the log."""
        return self._head.checkpoint

    @property
    def note(self) -> bytes:
        """The checkpoint as it is signed: keep a copy elsewhere."""
        return self._head.note

    @property
    def keys(self) -> Keys:
        """The keys that lie in the log's directory."""
        return Keys(self.directory / "keys")

    def statements(self) -> bytes:
        """The committed lines as they are on disk, each with its newline.

        Raises:
            EvidenceError: they are no longer what was verified.

        """
        with told(self.directory):
            data = (self.directory / "statements.jsonl").read_bytes()[: self._head.length]
        if [sha256(line) for line in data.split(b"\n")[:-1]] != [e.digest for e in self.entries]:
            raise EvidenceError(f"{self.directory}: the statements have changed while in use")
        return data

    def exhibit(self, digest: str) -> Path | None:
        """Where the exhibit of that digest lies, if it was kept."""
        path = self.directory / "exhibits" / digest
        return path if path.is_file() else None

    def append(
        self, signer: Signer, records: Iterable[Record], now: datetime
    ) -> tuple[Opened, ...]:
        """Add records, all of them or none; what other commands have added since comes first.

        They are recorded at ``now``, or when the last statement was if a clock went back.

        Raises:
            EvidenceError: another command holds the log, the signer is not its assessor, a
                record breaks a law of the log, or an exhibit of 1 MiB or less is missing.

        """
        batch = tuple(records)
        with told(self.directory), locked(self.directory / ".lock"):
            before = self._refreshed()
            if signer.key_id != before.chain.assessor.key_id:
                raise EvidenceError(f"{self.directory}: {signer.name} is not its assessor")
            origin = before.checkpoint.origin
            head, lines = grown(before.chain.copy(), origin, signer, batch, now)
            new = head.chain.entries[len(before.chain.entries) :]
            for record, opened in zip(batch, new, strict=True):
                self._keep(record, opened)
            head = Head(head.chain, head.checkpoint, head.note, before.length + head.length)
            _commit(self.directory, before.length, lines, head)
            self._head = head
        return tuple(new)

    def enrol(
        self, assessor: Signer, name: str, role: str, public_key: Ed25519PublicKey, now: datetime
    ) -> Opened:
        """Introduce a person's key, so that they can sign. It replaces one that they had.

        Raises:
            EvidenceError: the key was introduced before, or as :meth:`append`.

        """
        return self.append(assessor, (introduction(name, role, public_key),), now)[0]

    def _refreshed(self) -> Head:
        """The log as it is now, which must begin with what it was."""
        head = read_head(self.directory, self._head.chain)
        if head.checkpoint.origin != self.checkpoint.origin:
            raise EvidenceError(f"{self.directory}: this is another log now")
        self._head = head
        return head

    def _keep(self, record: Record, opened: Opened) -> None:
        named = {each.sha256: each for each in exhibits_of(opened.statement)}
        for digest, data in record.exhibits.items():
            if digest not in named:
                raise EvidenceError(f"the exhibit {digest} is named by no statement")
            if sha256(data) != digest or len(data) != named[digest].size:
                raise EvidenceError(f"the exhibit {named[digest].name} has another digest or size")
        for digest, each in named.items():
            kept = self.exhibit(digest)
            if kept and kept.stat().st_size == each.size and sha256(kept.read_bytes()) == digest:
                continue
            if digest in record.exhibits:
                path = self.directory / "exhibits" / digest
                write_whole(path, record.exhibits[digest], PUBLIC)
            elif each.size <= LARGEST_EXHIBIT:
                raise EvidenceError(f"the exhibit {each.name} is missing: {digest}")


def _commit(directory: Path, keep: int, lines: bytes, head: Head) -> None:
    append(directory / "statements.jsonl", keep, lines)
    write_whole(directory / "checkpoint", head.note, PUBLIC)


def _refuse_another(directory: Path) -> None:
    """Only what an interrupted founding leaves may be there: at most one line."""
    if (directory / "checkpoint").exists():
        raise EvidenceError(f"{directory}: there is an evidence log already")
    statements = directory / "statements.jsonl"
    if statements.exists() and statements.read_bytes().count(b"\n") > 1:
        raise EvidenceError(
            f"{directory}: there are statements without a checkpoint: restore it, or move them away"
        )
