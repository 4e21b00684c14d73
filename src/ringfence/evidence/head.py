"""The head of a log on disk: how it is read and verified, and what it becomes with more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from ringfence.evidence.chain import Chain
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.encoding import sha256
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Signer
from ringfence.evidence.merkle import root
from ringfence.evidence.note import parse_note
from ringfence.evidence.statement import Predicate, Record, Statement, seal


@dataclass(frozen=True)
class Head:
    """A log as it was read, verified."""

    chain: Chain
    checkpoint: Checkpoint
    note: bytes
    length: int
    """Bytes of the statements that the checkpoint covers."""


def read_head(directory: Path, known: Chain) -> Head:
    """Read what is on disk and verify it; what is ``known`` already is only compared.

    Raises:
        EvidenceError: there is no log, something in it is not as it was written, or it does not
            begin with what is known.

    """
    if not (directory / "checkpoint").exists():
        raise EvidenceError(f"{directory}: there is no evidence log here: no checkpoint")
    # The checkpoint first: whoever adds in the meantime only makes the statements longer.
    note = (directory / "checkpoint").read_bytes()
    data = (directory / "statements.jsonl").read_bytes()
    size = _stated_size(directory, note)
    lines = data.split(b"\n", size)
    if len(lines) <= size:
        raise EvidenceError(
            f"{directory}: statements are missing: the checkpoint is over {size},"
            f" and there are {len(lines) - 1}"
        )
    del lines[size:]
    try:
        chain = _followed(lines, known)
        checkpoint = Checkpoint.verified(note, chain.assessor.public_key)
    except EvidenceError as error:
        raise EvidenceError(f"{directory}: {error}") from None
    if checkpoint.root != root(chain.leaves):
        raise EvidenceError(
            f"{directory}: the statements are not those that the checkpoint was made over:"
            " its root is another"
        )
    return Head(chain, checkpoint, note, sum(len(line) + 1 for line in lines))


def _stated_size(directory: Path, note: bytes) -> int:
    """The size in a checkpoint whose signature is not verified yet: its key is in the log."""
    try:
        size = Checkpoint.parse(parse_note(note).text).size
    except EvidenceError as error:
        raise EvidenceError(f"{directory}: the checkpoint cannot be read: {error}") from None
    if not size:
        raise EvidenceError(f"{directory}: the checkpoint is over nothing")
    return size


def _followed(lines: list[bytes], known: Chain) -> Chain:
    before = len(known.entries)
    digests = [each.digest for each in known.entries]
    if len(lines) < before or [sha256(line) for line in lines[:before]] != digests:
        raise EvidenceError("it no longer begins with what was read before: it was rolled back")
    chain = known.copy()
    for line in lines[before:]:
        chain.take(line)
    return chain


def grown(
    chain: Chain, origin: str, signer: Signer, records: Iterable[Record], now: datetime
) -> tuple[Head, bytes]:
    """What a log becomes with more statements, and the lines to add to it.

    The chain is extended in place. The head's ``length`` is that of the new lines alone.

    Raises:
        EvidenceError: a record breaks a law of the log.

    """
    if now.utcoffset() is None:
        raise EvidenceError("a time without its zone cannot be recorded")
    lines = []
    for record in records:
        last = chain.last_recorded
        moment = now.replace(microsecond=0)
        recorded = max(moment, last) if last else moment
        line = seal(_statement(record, len(chain.entries), recorded), (signer, *record.signers))
        chain.take(line)
        lines.append(line + b"\n")
    written = b"".join(lines)
    checkpoint = Checkpoint(origin, len(chain.entries), root(chain.leaves))
    return Head(chain, checkpoint, checkpoint.signed(signer), len(written)), written


def _statement(record: Record, sequence: int, recorded: datetime) -> Statement:
    try:
        return Statement(
            subject=record.subjects,
            predicateType=record.predicate_type,
            predicate=Predicate(sequence=sequence, recorded=recorded, body=dict(record.body)),
        )
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise EvidenceError(f"this cannot be recorded: {reason}") from None
