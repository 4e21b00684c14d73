"""The laws of the log: what is recorded in it, when, and by whom."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from ringfence.evidence.attestation import Attestation
from ringfence.evidence.chain import Chain
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Keys, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.records import attestation_record, key_record, state_record
from ringfence.evidence.statement import Predicate, PredicateType, Record, Statement, Subject, seal
from ringfence.probe.fact import Exhibit

ORIGIN = "ringfence/office.example"
NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
WORD = b"three blind mice and a cat"
NewFact = Callable[..., Record]


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


def test_only_the_assessor_appends(log: EvidenceLog, anna: Signer) -> None:
    with pytest.raises(EvidenceError, match="is not its assessor"):
        log.append(anna, [state_record("5a" * 32)], NOON)


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
    (subject,) = bob.subjects
    loose = (subject.model_copy(update={"name": "Bob "}),)
    with pytest.raises(EvidenceError, match="not written in the one proper way"):
        log.append(
            assessor, [replace(bob, subjects=loose, body={**bob.body, "name": "Bob "})], NOON
        )


def sealed(signer: Signer, record: Record, sequence: int, recorded: datetime = NOON) -> bytes:
    """A statement that nobody has checked."""
    predicate = Predicate(sequence=sequence, recorded=recorded, body=dict(record.body))
    statement = Statement(
        subject=record.subjects, predicateType=record.predicate_type, predicate=predicate
    )
    return seal(statement, (signer, *record.signers))


def test_a_chain_begins_with_the_assessors_own_key(assessor: Signer, anna: Signer) -> None:
    chain = Chain()
    for record, reason in (
        (state_record("5a" * 32), "does not introduce a key"),
        (key_record("Anna", "auditor", assessor.public_key), "not introduce the assessor's key"),
        (key_record("assessor", "assessor", anna.public_key), "key that is not known here"),
    ):
        with pytest.raises(EvidenceError, match=f"statement 0: .*{reason}"):
            chain.take(sealed(assessor, record, 0))
        assert (chain.entries, chain.holders) == ([], {})

    first = key_record("assessor", "assessor", assessor.public_key)
    assert chain.take(sealed(assessor, first, 0)).signers == (assessor.key_id,)
    assert chain.assessor.key_id == assessor.key_id


def test_what_breaks_a_law_leaves_the_chain_as_it_was(assessor: Signer, anna: Signer) -> None:
    chain = Chain()
    chain.take(sealed(assessor, key_record("assessor", "assessor", assessor.public_key), 0))
    chain.take(sealed(assessor, key_record("Anna", "auditor", anna.public_key), 1))
    state = state_record("5a" * 32)
    by_both = replace(state, signers=(assessor,))

    for line, reason in (
        (sealed(assessor, state, 1), "it has the number 1"),
        (sealed(assessor, state, 2, NOON - timedelta(seconds=1)), "in front of it"),
        (sealed(anna, state, 2), "has not signed it first"),
        (sealed(anna, by_both, 2), "has not signed it first"),
    ):
        with pytest.raises(EvidenceError, match=f"statement 2: .*{reason}"):
            chain.take(line)
        assert len(chain.entries) == len(chain.leaves) == len(chain.holders) == 2
    other = chain.copy()
    other.take(sealed(assessor, state, 2))
    assert (len(chain.entries), len(other.entries)) == (2, 3)
