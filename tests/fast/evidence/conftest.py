"""A log that has just been founded, and things to record in it."""

import importlib.util
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest

from ringfence.evidence.attestation import Attestation
from ringfence.evidence.keys import ASSESSOR, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.pack import write_pack
from ringfence.evidence.records import attestation_record, fact_record
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


class _Archive(Protocol):
    @property
    def data(self) -> bytes: ...


@pytest.fixture(scope="session")
def verifier() -> ModuleType:
    """The verifier, loaded from its file as by somebody who has no Ringfence."""
    path = str(files("ringfence.evidence").joinpath("verify.py"))
    spec = importlib.util.spec_from_file_location("verify_alone", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def judge(
    verifier: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run the verifier on a pack, or its bytes; returns the last line that it prints."""

    def run(pack: _Archive | bytes, *arguments: str) -> str:
        data = pack if isinstance(pack, bytes) else pack.data
        (tmp_path / "judged.tar").write_bytes(data)
        code = verifier.main([str(tmp_path / "judged.tar"), *arguments])
        printed = capsys.readouterr().out.splitlines()
        assert code == (0 if printed[-1] == "ACCEPTED" else 1)
        assert code == 0 or len(printed) == 1
        return printed[-1]

    return run


@pytest.fixture(scope="session")
def office(
    tmp_path_factory: pytest.TempPathFactory,
    fact: Callable[..., Record],
    attestation: Callable[..., Attestation],
) -> Path:
    """A directory with a log of five statements, its pack, and a checkpoint over three."""
    place = tmp_path_factory.mktemp("office")
    before = NOON - timedelta(hours=1)
    log = EvidenceLog.found(place / "evidence", "ringfence/office.example", PASSPHRASE, before)
    assessor, anna = log.keys.open(ASSESSOR, PASSPHRASE), log.keys.make("Anna", PASSPHRASE)
    log.enrol(assessor, "Anna", "security officer", anna.public_key, before)
    log.append(assessor, [fact(1, before)], NOON - timedelta(minutes=30))
    (place / "noted").write_bytes(log.note)
    log.append(assessor, [fact(2), attestation_record(attestation(), signers=(anna,))], NOON)
    write_pack(log, assessor, {"report.html": b"<h1>Report</h1>"}, place / "pack.tar")
    return place
