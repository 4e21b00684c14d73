"""Digests of log files: recorded once, verified by the standalone verifier, and held against."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import pytest

from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.log_digest import (
    LogDigest,
    log_digest_record,
    log_digests,
    new_digests,
    recorded,
)
from ringfence.evidence.statement import PredicateType, Record, Subject

NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
DAY = date(2025, 3, 30)


def digest(host: str = "sip1", sha256: str = "ab" * 32, authority: str = "ca" * 32) -> LogDigest:
    return LogDigest(authority=authority, host=host, day=DAY, size=100, sha256=sha256)


def test_what_was_recorded_of_a_log_file_is_read_again(log: EvidenceLog, assessor: Signer) -> None:
    log.append(assessor, [log_digest_record(digest()), log_digest_record(digest("fw"))], NOON)
    again = EvidenceLog.open(log.directory)

    assert list(log_digests(again)) == [digest(), digest("fw")]
    assert recorded(again) == {
        "ca" * 32: {"sip1/2025-03-30.log": "ab" * 32, "fw/2025-03-30.log": "ab" * 32}
    }
    assert again.entries[1].statement.subject == (Subject.of("sip1/2025-03-30.log", "ab" * 32),)


def test_a_file_is_recorded_once(log: EvidenceLog, assessor: Signer) -> None:
    log.append(assessor, [log_digest_record(digest())], NOON)

    assert new_digests(log, [digest(), digest("fw")]) == (digest("fw"),)


def test_a_file_that_was_changed_since_is_found(log: EvidenceLog, assessor: Signer) -> None:
    log.append(assessor, [log_digest_record(digest())], NOON)

    with pytest.raises(EvidenceError, match=r"sip1/2025-03-30\.log was changed"):
        new_digests(log, [digest(sha256="cd" * 32)])


def test_a_system_that_was_made_anew_has_other_logs(log: EvidenceLog, assessor: Signer) -> None:
    log.append(assessor, [log_digest_record(digest())], NOON)
    anew = digest(sha256="cd" * 32, authority="cb" * 32)

    assert new_digests(log, [anew]) == (anew,)


def test_a_statement_that_is_no_proper_digest_is_an_error(
    log: EvidenceLog, assessor: Signer
) -> None:
    subject = Subject.of("x", "ab" * 32)
    log.append(assessor, [Record(PredicateType.LOG_DIGEST, (subject,), {"host": "x"})], NOON)

    with pytest.raises(EvidenceError, match="holds no proper logdigest"):
        list(log_digests(log))


def test_the_standalone_verifier_knows_the_statement(
    log: EvidenceLog, assessor: Signer, verifier: ModuleType
) -> None:
    log.append(assessor, [log_digest_record(digest())], NOON)
    walk = verifier.Walk()

    for place, line in enumerate(log.statements().split(b"\n")[:-1]):
        walk.take(line, place)


def test_the_verifier_stays_short(verifier: ModuleType) -> None:
    assert verifier.__file__
    assert len(Path(verifier.__file__).read_text(encoding="utf-8").splitlines()) < 200
