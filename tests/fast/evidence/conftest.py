"""A log that has just been founded, and things to record in it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.evidence.attestation import Attestation
from ringfence.evidence.keys import ASSESSOR, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.records import fact_record
from ringfence.evidence.statement import Record
from ringfence.guide import Method
from ringfence.probe.fact import Answer, Exhibit, Fact

PASSPHRASE = b"three blind mice and a cat"
NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def log(directory: Path) -> EvidenceLog:
    return EvidenceLog.found(directory, "ringfence/office.example", PASSPHRASE, NOON)


@pytest.fixture
def assessor(log: EvidenceLog) -> Signer:
    return log.keys.open(ASSESSOR, PASSPHRASE)


@pytest.fixture
def anna(log: EvidenceLog, assessor: Signer) -> Signer:
    """A person whose key the log knows."""
    made = log.keys.make("Anna Nováková", PASSPHRASE)
    log.enrol(assessor, "Anna Nováková", "security officer", made.public_key, NOON)
    return made


@pytest.fixture(scope="session")
def fact() -> Callable[..., Record]:
    """Make the record of a fact that is told by its number, and has one exhibit."""

    def make(number: int, taken: datetime = NOON) -> Record:
        seen = b"rule set %d\n" % number
        exhibit = Exhibit.of(f"fw/nftables-{number}.conf", seen)
        return fact_record(
            Fact(
                question=f"question-{number}",
                method=Method.PROVED,
                answer=Answer.YES,
                saw=f"saw {number} zones, naïvely",
                subjects=number,
                exhibits=(exhibit,),
                state="5a" * 32,
                taken=taken,
                expires=taken + timedelta(days=1),
            ),
            {exhibit.sha256: seen},
        )

    return make


@pytest.fixture(scope="session")
def attestation() -> Callable[..., Attestation]:
    """Make an attestation by a person."""

    def make(by: str = "Bob Brown", seen_on: date = TODAY) -> Attestation:
        return Attestation(
            mitigation="SEP-1",
            claim="the cabinet is locked",
            observed="the door is locked, and the key is with the guard",
            scope="room 101",
            by=by,
            role="administrator",
            seen_on=seen_on,
            expires=date(2027, 3, 31),
            recorded=NOON,
        )

    return make
