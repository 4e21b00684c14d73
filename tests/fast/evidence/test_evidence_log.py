"""The log on disk."""

import base64
import fcntl
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from ringfence.evidence.attestation import Attestation
from ringfence.evidence.chain import Chain
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.errors import EvidenceError, KeyShutError
from ringfence.evidence.files import write_whole
from ringfence.evidence.keys import ASSESSOR, Keys, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.merkle import root
from ringfence.evidence.records import attestation_record, key_record, state_record
from ringfence.evidence.statement import PredicateType, Record, Subject
from ringfence.probe.fact import Exhibit

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


@pytest.mark.parametrize(
    ("exhibits", "reason"),
    [
        ({}, "is missing"),
        ({"5a" * 32: b"what"}, "named by no statement"),
    ],
)
def test_exhibits_that_do_not_fit_are_refused(
    exhibits: dict[str, bytes],
    reason: str,
    log: EvidenceLog,
    assessor: Signer,
    fact: NewFact,
) -> None:
    record = fact(1)
    bent = Record(record.predicate_type, record.subjects, record.body, exhibits)

    with pytest.raises(EvidenceError, match=reason):
        log.append(assessor, [bent], NOON)
    assert len(log.entries) == 1


def test_an_exhibit_with_other_bytes_is_refused(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    record = fact(1)
    others = dict.fromkeys(record.exhibits, b"another")
    bent = Record(record.predicate_type, record.subjects, record.body, others)

    with pytest.raises(EvidenceError, match="another digest or size"):
        log.append(assessor, [bent], NOON)


def test_only_a_large_exhibit_may_stay_away(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    record = fact(1)
    for size, fits in ((1 << 20, False), ((1 << 20) + 1, True)):
        large: JsonValue = Exhibit.of("capture.pcap", bytes(size)).model_dump(mode="json")
        body: dict[str, JsonValue] = {**record.body, "exhibits": [large]}
        bent = Record(record.predicate_type, record.subjects, body)
        if fits:
            assert log.append(assessor, [bent], NOON)
        else:
            with pytest.raises(EvidenceError, match="is missing"):
                log.append(assessor, [bent], NOON)


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


def test_only_the_assessor_appends(log: EvidenceLog, anna: Signer) -> None:
    with pytest.raises(EvidenceError, match="is not its assessor"):
        log.append(anna, [state_record("5a" * 32)], NOON)


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


def test_recorded_time_never_goes_back(log: EvidenceLog, assessor: Signer, fact: NewFact) -> None:
    later = NOON + timedelta(hours=1, microseconds=900_000)
    log.append(assessor, [fact(1)], later)
    log.append(assessor, [fact(2)], NOON)

    recorded = [
        each.statement.predicate.recorded for each in EvidenceLog.open(log.directory).entries
    ]
    assert recorded == [NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=1)]


def test_a_time_without_its_zone_is_refused(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    with pytest.raises(EvidenceError, match="without its zone"):
        log.append(assessor, [fact(1)], NOON.replace(tzinfo=None))


def test_a_fact_may_be_recorded_in_the_second_in_which_it_was_taken(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    taken = NOON + timedelta(milliseconds=400)

    assert log.append(assessor, [fact(1, taken)], NOON + timedelta(milliseconds=600))


def test_what_was_seen_tomorrow_is_not_recorded_unless_it_is_tomorrow_somewhere(
    log: EvidenceLog,
    assessor: Signer,
    attestation: Callable[..., Attestation],
) -> None:
    tomorrow = attestation_record(attestation(seen_on=NOON.date() + timedelta(days=1)))

    after = attestation_record(attestation(seen_on=NOON.date() + timedelta(days=2)))

    with pytest.raises(EvidenceError, match="seen on a day after"):
        log.append(assessor, [after], NOON)
    assert log.append(assessor, [tomorrow], NOON)


def test_a_fact_without_a_proper_time_or_exhibits_is_refused(
    log: EvidenceLog, assessor: Signer, fact: NewFact
) -> None:
    record = fact(1)
    bends: tuple[tuple[str, JsonValue], ...] = (
        ("taken", "noon"),
        ("taken", "2026-03-31T12:00:00"),
        ("exhibits", [1]),
    )
    for name, value in bends:
        bent = Record(
            record.predicate_type, record.subjects, {**record.body, name: value}, record.exhibits
        )
        with pytest.raises(EvidenceError, match="its"):
            log.append(assessor, [bent], NOON)


def test_what_has_no_subject_or_cannot_be_said_is_refused(
    log: EvidenceLog, assessor: Signer
) -> None:
    subject = Subject.of("rendered-state", "5a" * 32)
    for record in (
        Record(PredicateType.RENDERED_STATE, (), {"state": "5a" * 32}),
        Record(PredicateType.RENDERED_STATE, (subject,), {"state": "\ud800"}),
        Record(PredicateType.RENDERED_STATE, (subject,), {"state": float("nan")}),
    ):
        with pytest.raises(EvidenceError, match="cannot be recorded"):
            log.append(assessor, [record], NOON)


def test_a_person_signs_only_once_their_key_was_introduced(
    log: EvidenceLog, assessor: Signer
) -> None:
    bob = log.keys.make("Bob", WORD)
    plain = state_record("5a" * 32)
    signed = Record(plain.predicate_type, plain.subjects, plain.body, signers=(bob,))

    with pytest.raises(EvidenceError, match="not known here"):
        log.append(assessor, [signed], NOON)
    introduced = key_record("Bob", "janitor", bob.public_key)
    own = Record(introduced.predicate_type, introduced.subjects, introduced.body, signers=(bob,))
    with pytest.raises(EvidenceError, match="not known here"):
        log.append(assessor, [own], NOON)
    log.enrol(assessor, "Bob", "janitor", bob.public_key, NOON)
    (added,) = log.append(assessor, [signed], NOON)

    assert added.signers == (assessor.key_id, bob.key_id)
    assert log.holders[bob.key_id].name == "Bob"
    assert log.holders[bob.key_id].role == "janitor"


def test_a_persons_new_key_takes_the_place_of_the_lost_one(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    tmp_path: Path,
) -> None:
    plain = state_record("5a" * 32)
    by_old = Record(plain.predicate_type, plain.subjects, plain.body, signers=(anna,))
    log.append(assessor, [by_old], NOON)
    new = Keys(tmp_path / "elsewhere").make("Anna", WORD)

    log.enrol(assessor, "anna  NOVÁKOVÁ", "security officer", new.public_key, NOON)

    with pytest.raises(EvidenceError, match="not known here"):
        log.append(assessor, [by_old], NOON)
    by_new = Record(plain.predicate_type, plain.subjects, plain.body, signers=(new,))
    assert log.append(assessor, [by_new], NOON)
    assert set(EvidenceLog.open(log.directory).holders) == {
        assessor.key_id,
        anna.key_id,
        new.key_id,
    }


def test_a_key_is_introduced_once_and_the_assessor_by_the_first_statement_only(
    log: EvidenceLog, assessor: Signer, anna: Signer
) -> None:
    with pytest.raises(EvidenceError, match="introduced before"):
        log.enrol(assessor, "Somebody else", "auditor", anna.public_key, NOON)
    with pytest.raises(EvidenceError, match="introduced before"):
        log.enrol(assessor, "Somebody else", "auditor", assessor.public_key, NOON)
    with pytest.raises(EvidenceError, match="only the first statement"):
        log.enrol(assessor, "ASSESSOR", "auditor", anna.public_key, NOON)
    with pytest.raises(EvidenceError, match="two letters"):
        log.enrol(assessor, " ", "auditor", anna.public_key, NOON)


def test_a_key_that_is_put_wrongly_is_not_introduced(log: EvidenceLog, assessor: Signer) -> None:
    bob = key_record("Bob", "janitor", log.keys.make("Bob", WORD).public_key)
    for name, value in (
        ("public_key", "nothing"),
        ("public_key", "AAAA"),
        ("name", "Bob  "),
        ("name", "Bill"),
        ("more", 1),
    ):
        bent = Record(bob.predicate_type, bob.subjects, {**bob.body, name: value})
        with pytest.raises(EvidenceError, match="statement 1"):
            log.append(assessor, [bent], NOON)


def test_a_wrong_passphrase_is_told_to_a_person(log: EvidenceLog) -> None:
    with pytest.raises(KeyShutError, match="the key of assessor stays shut"):
        log.keys.open(ASSESSOR, b"three blind mice and a dog")
