"""Facts, attestations and countersignatures, into the log and out of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ringfence.evidence.attestation import Attestation, Countersignature
from ringfence.evidence.encoding import canonical, sha256
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Keys, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.records import (
    attestation_record,
    attested,
    countersignature_record,
    deviation_record,
    fact_record,
    facts,
    state_record,
)
from ringfence.evidence.statement import PredicateType, Record, Subject
from ringfence.probe.fact import Exhibit, Fact
from ringfence.site.deviations import Change, Deviation

NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
WORD = b"three blind mice and a cat"
NewFact = Callable[..., Record]
NewAttestation = Callable[..., Attestation]


def counter(digest: str, by: str = "Anna Nováková") -> Countersignature:
    return Countersignature(
        statement=digest, mitigation="SEP-1", by=by, role="security officer", recorded=NOON
    )


def test_facts_come_back_as_they_were(log: EvidenceLog, assessor: Signer, fact: NewFact) -> None:
    records = [fact(1), fact(2)]
    log.append(assessor, [state_record("5a" * 32), *records], NOON)

    assert facts(EvidenceLog.open(log.directory)) == [
        Fact.model_validate(record.body) for record in records
    ]


def test_a_facts_subjects_are_its_exhibits_and_its_state(fact: NewFact) -> None:
    record = fact(1)
    (digest,) = record.exhibits

    assert record.predicate_type == PredicateType.FACT
    assert record.subjects == (
        Subject.of("fw/nftables-1.conf", digest),
        Subject.of("rendered-state", "5a" * 32),
    )


def test_a_state_that_is_no_digest_is_refused(fact: NewFact) -> None:
    seen = Fact.model_validate(fact(1).body).model_copy(update={"state": "latest"})

    with pytest.raises(EvidenceError, match="no SHA-256 digest"):
        fact_record(seen, {})
    with pytest.raises(EvidenceError, match="no SHA-256 digest"):
        state_record("5A" * 32)


def test_a_deviation_is_recorded_under_its_id(log: EvidenceLog, assessor: Signer) -> None:
    deviation = Deviation(
        mitigation="SEP-1",
        change=Change.LOWER,
        reason="the office has one room only",
        requested_by="Bob Brown",
        approved_by="Anna Nováková",
        date=date(2026, 1, 1),
        expires=date(2027, 1, 1),
    )
    (added,) = log.append(assessor, [deviation_record("SEP-1", deviation)], NOON)

    assert added.statement.subject == (Subject.of("SEP-1", sha256(canonical(deviation))),)
    body = added.statement.predicate.body
    assert body["id"] == "SEP-1"
    assert Deviation.model_validate(body["deviation"]) == deviation


def test_an_attestation_comes_back_with_who_countersigned_it(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    attestation: NewAttestation,
) -> None:
    one, two = attestation(), attestation(by="Carol Clark")
    first, _ = log.append(assessor, [attestation_record(one), attestation_record(two)], NOON)
    record = countersignature_record(counter(first.digest), anna)
    log.append(assessor, [record, record], NOON)

    found = attested(EvidenceLog.open(log.directory))

    assert [each.attestation for each in found] == [one, two]
    assert [each.countersigned_by for each in found] == [("Anna Nováková",), ()]
    assert found[0].statement == first.digest


def test_an_attestations_photographs_are_kept(
    log: EvidenceLog, assessor: Signer, attestation: NewAttestation
) -> None:
    photograph = Exhibit.of("cabinet.jpg", b"\xff\xd8")
    seen = attestation().model_copy(update={"exhibits": (photograph,)})

    (added,) = log.append(
        assessor, [attestation_record(seen, {photograph.sha256: b"\xff\xd8"})], NOON
    )

    assert log.exhibit(photograph.sha256)
    assert Subject.of("cabinet.jpg", photograph.sha256) in added.statement.subject


def test_nobody_countersigns_in_anothers_name(anna: Signer) -> None:
    with pytest.raises(EvidenceError, match="cannot countersign for Bob Brown"):
        countersignature_record(counter("5a" * 32, by="Bob Brown"), anna)


def bent(record: Record, signers: tuple[Signer, ...]) -> Record:
    return Record(record.predicate_type, record.subjects, record.body, signers=signers)


def test_a_countersignature_counts_only_with_its_persons_own_signature(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    attestation: NewAttestation,
) -> None:
    bob = log.keys.make("Dan", WORD)
    log.enrol(assessor, "Dan", "janitor", bob.public_key, NOON)
    (first,) = log.append(assessor, [attestation_record(attestation())], NOON)
    record = countersignature_record(counter(first.digest), anna)

    log.append(assessor, [bent(record, ()), bent(record, (bob,))], NOON)
    assert attested(log)[0].countersigned_by == ()
    log.append(assessor, [record], NOON)
    assert attested(log)[0].countersigned_by == ("Anna Nováková",)


def test_nobody_countersigns_their_own_attestation(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    attestation: NewAttestation,
) -> None:
    own = attestation_record(attestation(by="ANNA  Nováková"))
    signed = attestation_record(attestation(by="Bob Brown"), signers=(anna,))
    for record in (own, signed):
        (entry,) = log.append(assessor, [record], NOON)
        log.append(assessor, [countersignature_record(counter(entry.digest), anna)], NOON)

    assert [each.countersigned_by for each in attested(log)] == [(), ()]


def test_the_assessor_countersigns_nothing(
    log: EvidenceLog, assessor: Signer, attestation: NewAttestation
) -> None:
    (entry,) = log.append(assessor, [attestation_record(attestation())], NOON)
    record = countersignature_record(counter(entry.digest, by="assessor"), assessor)

    with pytest.raises(EvidenceError, match="signed twice"):
        log.append(assessor, [record], NOON)
    log.append(assessor, [bent(record, ())], NOON)
    assert attested(log)[0].countersigned_by == ()


def test_a_countersignature_of_something_else_counts_for_nothing(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    attestation: NewAttestation,
) -> None:
    (entry,) = log.append(assessor, [attestation_record(attestation())], NOON)
    other = counter(entry.digest).model_copy(update={"mitigation": "SEP-2"})
    log.append(
        assessor,
        [
            countersignature_record(other, anna),
            countersignature_record(counter("5a" * 32), anna),
        ],
        NOON,
    )

    assert attested(log)[0].countersigned_by == ()


def test_a_replaced_key_still_counts_for_what_it_signed_before(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    attestation: NewAttestation,
    tmp_path: Path,
) -> None:
    (entry,) = log.append(assessor, [attestation_record(attestation())], NOON)
    log.append(assessor, [countersignature_record(counter(entry.digest), anna)], NOON)
    new = Keys(tmp_path / "elsewhere").make("Anna Nováková", WORD)
    log.enrol(assessor, "Anna Nováková", "security officer", new.public_key, NOON)

    assert attested(log)[0].countersigned_by == ("Anna Nováková",)


def test_a_body_that_is_no_fact_is_named(log: EvidenceLog, assessor: Signer, fact: NewFact) -> None:
    record = fact(1)
    body = {**record.body, "verdict": "satisfied"}
    log.append(
        assessor, [Record(record.predicate_type, record.subjects, body, record.exhibits)], NOON
    )

    with pytest.raises(EvidenceError, match="statement 1 holds no proper fact"):
        facts(log)
