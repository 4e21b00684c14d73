"""The log on disk."""

import base64
import fcntl
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.evidence.chain import Chain
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.errors import EvidenceError, KeyShutError
from ringfence.evidence.files import write_whole
from ringfence.evidence.keys import ASSESSOR, Keys, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.merkle import root
from ringfence.evidence.statement import PredicateType, Record, Subject

ORIGIN = "ringfence/office.example"
NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
WORD = b"three blind mice and a cat"
NewFact = Callable[..., Record]


def lines(directory: Path) -> list[bytes]:
    return (directory / "statements.jsonl").read_bytes().splitlines(keepends=True)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_log_begins_with_the_assessors_key(log: EvidenceLog, assessor: Signer) -> None:
    (first,) = log.entries

    assert first.statement.predicate_type == PredicateType.KEY
    assert first.statement.subject == (Subject.of("assessor", assessor.key_id),)
    assert first.signers == (assessor.key_id,)
    assert log.fingerprint == assessor.key_id
    assert log.checkpoint.size == 1


def test_a_new_log_lies_in_a_directory_for_its_owner(log: EvidenceLog, directory: Path) -> None:
    assert log.directory == directory
    assert mode(log.directory) == mode(log.directory / "keys") == 0o700
    assert mode(log.directory / "keys" / "assessor.key") == mode(log.directory / ".lock") == 0o600
    assert mode(log.directory / "exhibits") == 0o755
    assert mode(log.directory / "checkpoint") == mode(log.directory / "statements.jsonl") == 0o644


def test_a_careful_umask_changes_no_mode(directory: Path) -> None:
    before = os.umask(0o077)
    try:
        EvidenceLog.found(directory, ORIGIN, WORD, NOON)
    finally:
        os.umask(before)

    assert mode(directory / "exhibits") == 0o755
    assert mode(directory / "checkpoint") == mode(directory / "statements.jsonl") == 0o644


def test_a_directory_that_was_there_keeps_its_mode(directory: Path) -> None:
    directory.mkdir(mode=0o755)

    EvidenceLog.found(directory, ORIGIN, WORD, NOON)

    assert mode(directory) == 0o755
    assert mode(directory / "keys") == 0o700


def test_a_log_is_founded_once(log: EvidenceLog) -> None:
    with pytest.raises(EvidenceError, match="there is an evidence log already"):
        EvidenceLog.found(log.directory, ORIGIN, WORD, NOON)
    assert EvidenceLog.open(log.directory).fingerprint == log.fingerprint


def test_a_short_passphrase_founds_nothing(directory: Path) -> None:
    with pytest.raises(EvidenceError, match="too short"):
        EvidenceLog.found(directory, ORIGIN, b"short", NOON)
    assert not directory.exists()


def test_an_origin_that_cannot_name_a_key_founds_nothing(directory: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot name a key"):
        EvidenceLog.found(directory, "two words", WORD, NOON)
    assert not directory.exists()


def test_an_interrupted_founding_goes_on_with_its_key(log: EvidenceLog) -> None:
    (log.directory / "checkpoint").unlink()

    with pytest.raises(KeyShutError):
        EvidenceLog.found(log.directory, ORIGIN, b"another passphrase", NOON)
    again = EvidenceLog.found(log.directory, ORIGIN, WORD, NOON)

    assert again.fingerprint == log.fingerprint
    assert EvidenceLog.open(log.directory).checkpoint.size == 1


def test_statements_without_a_checkpoint_are_not_founded_over(
    log: EvidenceLog,
    assessor: Signer,
    fact: NewFact,
) -> None:
    log.append(assessor, [fact(1)], NOON)
    (log.directory / "checkpoint").unlink()

    with pytest.raises(EvidenceError, match="statements without a checkpoint"):
        EvidenceLog.found(log.directory, ORIGIN, WORD, NOON)
    with pytest.raises(EvidenceError, match="no checkpoint"):
        EvidenceLog.open(log.directory)


def test_what_was_appended_is_read_again(log: EvidenceLog, assessor: Signer, fact: NewFact) -> None:
    added = log.append(assessor, [fact(1), fact(2)], NOON + timedelta(hours=1))
    again = EvidenceLog.open(log.directory)

    assert [each.statement.predicate.sequence for each in added] == [1, 2]
    assert again.entries == log.entries
    assert again.entries[1:] == added
    assert again.checkpoint == log.checkpoint
    assert again.note == log.note
    assert again.statements() == b"".join(lines(log.directory))


def test_exhibits_are_kept_by_their_digest(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    record = fact(1)
    log.append(assessor, [record], NOON)
    ((digest, data),) = record.exhibits.items()

    assert log.exhibit(digest) == log.directory / "exhibits" / digest
    assert (log.directory / "exhibits" / digest).read_bytes() == data
    assert mode(log.directory / "exhibits" / digest) == 0o644
    assert log.exhibit("00" * 32) is None


def test_an_exhibit_that_is_kept_already_need_not_come_again(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    record = fact(1)
    log.append(assessor, [record], NOON)
    again = Record(record.predicate_type, record.subjects, record.body)

    assert log.append(assessor, [again], NOON)


def test_a_damaged_exhibit_is_replaced_when_it_comes_again(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    record = fact(1)
    log.append(assessor, [record], NOON)
    ((digest, data),) = record.exhibits.items()
    (log.directory / "exhibits" / digest).write_bytes(b"x" * len(data))

    log.append(assessor, [record], NOON)

    assert (log.directory / "exhibits" / digest).read_bytes() == data


def test_a_batch_is_recorded_whole_or_not_at_all(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    before = (log.directory / "statements.jsonl").read_bytes()
    late = fact(2, NOON + timedelta(minutes=1))

    with pytest.raises(EvidenceError, match="statement 2: the fact was taken after"):
        log.append(assessor, [fact(1), late], NOON)

    assert (log.directory / "statements.jsonl").read_bytes() == before
    assert EvidenceLog.open(log.directory).entries == log.entries
    assert len(log.entries) == 1


def test_nothing_to_record_changes_nothing(log: EvidenceLog, assessor: Signer) -> None:
    before = log.note

    assert log.append(assessor, [], NOON) == ()
    assert log.note == before


def test_lines_that_an_interruption_left_are_cut_off_by_the_next_append(
    log: EvidenceLog,
    assessor: Signer,
    fact: NewFact,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(path: Path, data: bytes, mode: int) -> None:
        if path.name == "checkpoint":
            raise OSError(28, "No space left on device", str(path))
        write_whole(path, data, mode)

    monkeypatch.setattr("ringfence.evidence.log.write_whole", interrupted)
    with pytest.raises(EvidenceError, match="No space left"):
        log.append(assessor, [fact(1), fact(2)], NOON)
    monkeypatch.undo()

    assert len(lines(log.directory)) == 3
    assert len(log.entries) == 1
    again = EvidenceLog.open(log.directory)
    assert again.entries == log.entries
    again.append(assessor, [fact(3)], NOON)
    assert len(lines(log.directory)) == 2
    assert EvidenceLog.open(log.directory).entries == again.entries


@pytest.mark.parametrize("rest", [b"{", b'{"payload":"', b"\n", b"\xff\xfe\n\n{}\n", bytes(70000)])
def test_half_a_line_at_the_end_is_no_part_of_the_log(
    rest: bytes,
    log: EvidenceLog,
    assessor: Signer,
    fact: NewFact,
) -> None:
    with (log.directory / "statements.jsonl").open("ab") as file:
        file.write(rest)

    assert EvidenceLog.open(log.directory).entries == log.entries
    log.append(assessor, [fact(1)], NOON)
    assert len(lines(log.directory)) == 2
    assert len(EvidenceLog.open(log.directory).entries) == 2


@pytest.fixture
def long(log: EvidenceLog, assessor: Signer, fact: NewFact) -> EvidenceLog:
    for number in range(1, 5):
        log.append(assessor, [fact(number)], NOON + timedelta(minutes=number))
    return log


def test_a_line_that_is_gone_is_missed(long: EvidenceLog, directory: Path) -> None:
    kept = lines(directory)
    assert len(kept) == len(long.entries)

    (directory / "statements.jsonl").write_bytes(b"".join(kept[:-1]))
    with pytest.raises(EvidenceError, match="the checkpoint is over 5, and there are 4"):
        EvidenceLog.open(directory)
    (directory / "statements.jsonl").write_bytes(b"".join(kept)[:-1])
    with pytest.raises(EvidenceError, match="the checkpoint is over 5, and there are 4"):
        EvidenceLog.open(directory)
    (directory / "statements.jsonl").write_bytes(b"".join([*kept[:2], *kept[3:], kept[2]]))
    with pytest.raises(EvidenceError, match="statement 2: it has the number 3"):
        EvidenceLog.open(directory)
    (directory / "statements.jsonl").unlink()
    with pytest.raises(EvidenceError, match="No such file"):
        EvidenceLog.open(directory)


def test_a_line_that_was_changed_is_named(long: EvidenceLog, directory: Path) -> None:
    kept = lines(directory)
    assert len(kept) == len(long.entries)
    envelope = json.loads(kept[2])
    payload = base64.b64decode(envelope["payload"]).replace(b"zones", b"rooms")
    envelope["payload"] = base64.b64encode(payload).decode()
    kept[2] = json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    (directory / "statements.jsonl").write_bytes(b"".join(kept))
    with pytest.raises(EvidenceError, match=r"statement 2: the signature of key \w+ does not hold"):
        EvidenceLog.open(directory)


def test_no_byte_of_the_statements_or_the_checkpoint_can_be_changed(
    long: EvidenceLog, directory: Path
) -> None:
    assert EvidenceLog.open(directory).entries == long.entries
    for name, step in (("statements.jsonl", 37), ("checkpoint", 1)):
        path = directory / name
        data = path.read_bytes()
        for at in range(0, len(data), step):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            with pytest.raises(EvidenceError):
                EvidenceLog.open(directory)
        path.write_bytes(data)


def test_a_line_that_the_assessor_signed_for_another_history_does_not_fit(
    long: EvidenceLog, assessor: Signer, fact: NewFact, directory: Path
) -> None:
    other, note = (directory / "statements.jsonl").read_bytes(), long.note
    (directory / "statements.jsonl").write_bytes(b"".join(lines(directory)[:1]))
    (directory / "checkpoint").write_bytes(_first_note(directory, assessor))
    rewritten = EvidenceLog.open(directory)
    rewritten.append(assessor, [fact(9), fact(2), fact(3), fact(4)], NOON)

    (directory / "checkpoint").write_bytes(note)
    with pytest.raises(EvidenceError, match="its root is another"):
        EvidenceLog.open(directory)
    (directory / "statements.jsonl").write_bytes(other)
    assert EvidenceLog.open(directory).entries == long.entries


def _first_note(directory: Path, assessor: Signer) -> bytes:
    chain = Chain()
    chain.take(lines(directory)[0].rstrip(b"\n"))
    return Checkpoint(ORIGIN, 1, root(chain.leaves)).signed(assessor)


def test_another_assessors_key_in_the_directory_is_noticed(
    log: EvidenceLog, tmp_path: Path
) -> None:
    Keys(tmp_path / "other").make(ASSESSOR, WORD)
    (tmp_path / "other" / "assessor.pub").replace(log.directory / "keys" / "assessor.pub")

    with pytest.raises(EvidenceError, match="not the one that the log begins with"):
        EvidenceLog.open(log.directory)


def test_one_command_writes_at_a_time(log: EvidenceLog, assessor: Signer, fact: NewFact) -> None:
    descriptor = os.open(log.directory / ".lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(EvidenceError, match="another command is writing"):
            log.append(assessor, [fact(1)], NOON)
    finally:
        os.close(descriptor)

    assert log.append(assessor, [fact(1)], NOON)


def test_a_log_that_somebody_else_added_to_is_added_to_after_them(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    other = EvidenceLog.open(log.directory)
    other.append(assessor, [fact(1)], NOON)

    (added,) = log.append(assessor, [fact(2)], NOON)

    assert added.statement.predicate.sequence == 2
    assert log.entries[:2] == other.entries
    assert EvidenceLog.open(log.directory).entries == log.entries


def test_a_log_that_is_rolled_back_while_in_use_is_noticed(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    note = log.note
    log.append(assessor, [fact(1)], NOON)
    (log.directory / "checkpoint").write_bytes(note)

    with pytest.raises(EvidenceError, match="rolled back"):
        log.append(assessor, [fact(2)], NOON)
    assert len(lines(log.directory)) == 2


def test_statements_that_change_while_in_use_are_noticed(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    data = (log.directory / "statements.jsonl").read_bytes()
    (log.directory / "statements.jsonl").write_bytes(data.replace(b"keyid", b"keyed"))

    with pytest.raises(EvidenceError, match="changed while in use"):
        log.statements()
    with pytest.raises(EvidenceError, match="rolled back"):
        log.append(assessor, [fact(1)], NOON)


def test_a_wrong_passphrase_is_told_to_a_person(log: EvidenceLog) -> None:
    with pytest.raises(KeyShutError, match="the key of assessor stays shut"):
        log.keys.open(ASSESSOR, b"three blind mice and a dog")


def test_a_checkpoint_over_nothing_or_of_another_shape_is_refused(
    log: EvidenceLog, assessor: Signer
) -> None:
    path = log.directory / "checkpoint"
    for note, reason in (
        (Checkpoint(ORIGIN, 0, root([])).signed(assessor), "is over nothing"),
        (b"nothing", "cannot be read"),
        (b"", "cannot be read"),
    ):
        path.write_bytes(note)
        with pytest.raises(EvidenceError, match=reason):
            EvidenceLog.open(log.directory)


def test_a_log_that_takes_another_name_while_in_use_is_noticed(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    other = Checkpoint("ringfence/elsewhere.example", 1, log.checkpoint.root).signed(assessor)
    (log.directory / "checkpoint").write_bytes(other)

    with pytest.raises(EvidenceError, match="another log now"):
        log.append(assessor, [fact(1)], NOON)
