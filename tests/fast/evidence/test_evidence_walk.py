"""The verifier and single statements that the assessor has signed, but put wrongly."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import JsonValue

from ringfence.evidence.encoding import canonical, to_base64
from ringfence.evidence.keys import ASSESSOR, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.statement import pre_authentication_encoding

KIND = "application/vnd.in-toto+json"
Bend = Callable[[dict[str, Any]], object]

PLAIN: dict[str, JsonValue] = {
    "_type": "https://in-toto.io/Statement/v1",
    "predicate": {
        "body": {"state": "5a" * 32},
        "recorded": "2025-03-31T12:00:00Z",
        "sequence": 5,
    },
    "predicateType": "urn:ringfence:rendered-state:1",
    "subject": [{"digest": {"sha256": "5a" * 32}, "name": "rendered-state"}],
}


@pytest.fixture
def log(office: Path) -> EvidenceLog:
    return EvidenceLog.open(office / "evidence")


@pytest.fixture
def take(log: EvidenceLog, verifier: ModuleType) -> Callable[[bytes], None]:
    """Verify the line that comes after those of the log."""
    walk = verifier.Walk()
    for place, line in enumerate(log.statements().split(b"\n")[:-1]):
        walk.take(line, place)
    return lambda line: walk.take(line, len(log.entries))


@pytest.fixture
def signer(log: EvidenceLog) -> Signer:
    return log.keys.open(ASSESSOR, b"three blind mice and a cat")


def sealed(payload: bytes, signer: Signer, kind: str = KIND) -> bytes:
    signature = signer.sign(pre_authentication_encoding(kind, payload))
    return canonical(
        {
            "payload": to_base64(payload),
            "payloadType": kind,
            "signatures": [{"keyid": signer.key_id, "sig": to_base64(signature)}],
        }
    )


def bent(bend: Bend) -> bytes:
    statement = json.loads(json.dumps(PLAIN))
    bend(statement)
    return canonical(statement)


BENDS: dict[str, tuple[Bend, str]] = {
    "more in the statement": (lambda s: s.update(more=1), "no proper JSON"),
    "more in the predicate": (lambda s: s["predicate"].update(more=1), "predicate is not proper"),
    "another standard": (lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "no state"),
    "another kind": (lambda s: s.update(predicateType="urn:ringfence:fact:2"), "may not be"),
    "number as text": (lambda s: s["predicate"].update(sequence="5"), "has the number"),
    "number as fraction": (lambda s: s["predicate"].update(sequence=5.0), "has the number"),
    "time in a zone": (
        lambda s: s["predicate"].update(recorded="2025-03-31T12:00:00+00:00"),
        "time is not proper",
    ),
    "time with fractions": (
        lambda s: s["predicate"].update(recorded="2025-03-31T12:00:00.5Z"),
        "time is not proper",
    ),
}


@pytest.mark.parametrize(("bend", "reason"), BENDS.values(), ids=BENDS.keys())
def test_a_statement_that_is_put_wrongly_is_refused(
    bend: Bend, reason: str, take: Callable[[bytes], None], signer: Signer
) -> None:
    with pytest.raises(ValueError, match=reason):
        take(sealed(bent(bend), signer))


def test_a_statement_that_is_put_rightly_is_taken(
    take: Callable[[bytes], None], signer: Signer
) -> None:
    take(sealed(canonical(PLAIN), signer))


def test_a_payload_of_another_type_is_refused(
    take: Callable[[bytes], None], signer: Signer
) -> None:
    line = sealed(canonical(PLAIN), signer)

    with pytest.raises(ValueError, match="payload is of another type"):
        take(line.replace(KIND.encode(), b"application/json"))


def test_a_signature_has_one_spelling(take: Callable[[bytes], None], signer: Signer) -> None:
    line = sealed(canonical(PLAIN), signer)
    last = line[line.index(b'=="}]}') - 1 :][:1]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    loose = letters[letters.index(last) + 1 :][:1]

    with pytest.raises(ValueError, match="one spelling"):
        take(line.replace(last + b'=="}]}', loose + b'=="}]}'))


def test_the_first_statement_introduces_a_key(verifier: ModuleType, signer: Signer) -> None:
    key = to_base64(signer.public_key.public_bytes_raw())

    def begin(statement: dict[str, Any]) -> None:
        body = {"name": "assessor", "role": "assessor", "public_key": key}
        statement["predicate"].update(sequence=0, body=body)

    with pytest.raises(ValueError, match="may not be urn:ringfence:rendered-state:1 here"):
        verifier.Walk().take(sealed(bent(begin), signer), 0)
