"""Statements in their envelopes."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ringfence.evidence.encoding import canonical, from_base64, moment_text, to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Keys, Signer
from ringfence.evidence.statement import (
    Predicate,
    PredicateType,
    Statement,
    Subject,
    open_envelope,
    pre_authentication_encoding,
    seal,
    unverified,
)

WORD = b"three blind mice and a cat"
NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)


def statement(body: Mapping[str, Any] | None = None) -> Statement:
    return Statement(
        subject=(Subject.of("rendered-state", "5a" * 32),),
        predicateType=PredicateType.RENDERED_STATE,
        predicate=Predicate(sequence=0, recorded=NOON, body=dict(body or {"state": "naïve"})),
    )


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signer, Signer]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    return keys.make("assessor", WORD), keys.make("Anna", WORD)


@pytest.fixture(scope="module")
def known(signers: tuple[Signer, Signer]) -> dict[str, Ed25519PublicKey]:
    return {each.key_id: each.public_key for each in signers}


def test_what_is_signed_is_what_the_standard_says() -> None:
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")

    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_a_statement_comes_back_from_its_envelope(
    signers: tuple[Signer, Signer], known: dict[str, Ed25519PublicKey]
) -> None:
    line = seal(statement(), signers)
    opened = open_envelope(line, known)

    assert opened.statement == unverified(line) == statement()
    assert opened.signers == tuple(each.key_id for each in signers)


def test_an_envelope_is_one_line_of_sorted_json_with_an_in_toto_statement(
    signers: tuple[Signer, Signer],
) -> None:
    line = seal(statement(), signers[:1])
    envelope = json.loads(line)
    payload = json.loads(base64.b64decode(envelope["payload"]))

    assert b"\n" not in line
    assert b" " not in line
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert list(envelope) == sorted(envelope)
    assert payload == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {
            "body": {"state": "naïve"},
            "recorded": "2025-03-31T12:00:00Z",
            "sequence": 0,
        },
        "predicateType": "urn:ringfence:rendered-state:1",
        "subject": [{"digest": {"sha256": "5a" * 32}, "name": "rendered-state"}],
    }


def test_a_key_that_is_not_known_is_named(signers: tuple[Signer, Signer]) -> None:
    anna = signers[1]

    with pytest.raises(EvidenceError, match=f"not known here: {anna.key_id}"):
        open_envelope(seal(statement(), [anna]), {})


def test_two_signatures_with_one_key_are_refused(
    signers: tuple[Signer, Signer], known: dict[str, Ed25519PublicKey]
) -> None:
    with pytest.raises(EvidenceError, match="signed twice"):
        open_envelope(seal(statement(), [signers[0], signers[0]]), known)


def test_no_byte_of_an_envelope_can_be_changed(
    signers: tuple[Signer, Signer], known: dict[str, Ed25519PublicKey]
) -> None:
    line = seal(statement(), signers)

    for at in range(len(line)):
        for flip in (1, 2, 4, 0x20):
            bent = line[:at] + bytes([line[at] ^ flip]) + line[at + 1 :]
            with pytest.raises(EvidenceError):
                open_envelope(bent, known)


Bend = Callable[[dict[str, Any]], object]

BENDS: dict[str, Bend] = {
    "unknown key": lambda s: s.update(more=1),
    "another type": lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"),
    "unknown predicate": lambda s: s.update(predicateType="urn:ringfence:fact:2"),
    "no subject": lambda s: s.update(subject=[]),
    "another digest": lambda s: s["subject"][0]["digest"].update(sha512="00"),
    "short digest": lambda s: s["subject"][0]["digest"].update(sha256="5a"),
    "number as text": lambda s: s["predicate"].update(sequence="0"),
    "number as truth": lambda s: s["predicate"].update(sequence=False),
    "number below zero": lambda s: s["predicate"].update(sequence=-1),
    "time with fractions": lambda s: s["predicate"].update(recorded="2026-03-31T12:00:00.5Z"),
    "time in a zone": lambda s: s["predicate"].update(recorded="2026-03-31T12:00:00+00:00"),
    "no such day": lambda s: s["predicate"].update(recorded="2026-02-31T12:00:00Z"),
    "time as number": lambda s: s["predicate"].update(recorded=1774958400),
    "body of another kind": lambda s: s["predicate"].update(body=[]),
    "missing body": lambda s: s["predicate"].pop("body"),
}


def sealed(
    payload: bytes, signer: Signer, payload_type: str = "application/vnd.in-toto+json"
) -> bytes:
    signature = signer.sign(pre_authentication_encoding(payload_type, payload))
    return canonical(
        {
            "payload": to_base64(payload),
            "payloadType": payload_type,
            "signatures": [{"keyid": signer.key_id, "sig": to_base64(signature)}],
        }
    )


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS.keys())
def test_a_signed_statement_that_is_put_wrongly_is_refused(
    bend: Bend, signers: tuple[Signer, Signer], known: dict[str, Ed25519PublicKey]
) -> None:
    plain = json.loads(canonical(statement()))
    bend(plain)

    with pytest.raises(EvidenceError, match="its statement is not"):
        open_envelope(sealed(canonical(plain), signers[0]), known)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sequence":0', b'"sequence": 0'),
        (b'"sequence":0', b'"sequence":1,"sequence":0'),
        (b'"sequence":0', b'"sequence":-0'),
        (b'"sequence":0', b'"sequence":0.0'),
        ("naïve".encode(), rb"na\u00efve"),
        (b'"state":"na', b'"state":"\\ud800'),
        (b'{"state":', b'{"deep":' + b"[" * 100_000 + b'],"state":'),
        (b'{"state":', b'{"number":NaN,"state":'),
        (b'{"state":', b'{"number":1e999,"state":'),
    ],
)
def test_a_statement_has_one_spelling_only(
    old: bytes, new: bytes, signers: tuple[Signer, Signer], known: dict[str, Ed25519PublicKey]
) -> None:
    payload = canonical(statement()).replace(old, new)

    assert payload != canonical(statement())
    with pytest.raises(EvidenceError, match="its statement is not"):
        open_envelope(sealed(payload, signers[0]), known)


def test_another_type_of_payload_is_refused(
    signers: tuple[Signer, Signer], known: dict[str, Ed25519PublicKey]
) -> None:
    line = sealed(canonical(statement()), signers[0], "application/json")

    with pytest.raises(EvidenceError, match="its envelope is not right"):
        open_envelope(line, known)


def test_an_envelope_without_signatures_is_refused(known: dict[str, Ed25519PublicKey]) -> None:
    payload = to_base64(canonical(statement()))
    kind = "application/vnd.in-toto+json"
    unsigned = canonical({"payload": payload, "payloadType": kind, "signatures": []})

    with pytest.raises(EvidenceError, match="its envelope is not right"):
        open_envelope(unsigned, known)


@given(st.binary(max_size=300))
def test_whatever_is_no_envelope_is_refused(line: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_envelope(line, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_json_cannot_say_is_not_signed(value: object, signers: tuple[Signer, Signer]) -> None:
    with pytest.raises(EvidenceError, match="cannot be recorded"):
        seal(statement({"value": value}), signers)


@given(st.binary(max_size=50))
def test_base64_has_one_spelling(data: bytes) -> None:
    text = to_base64(data)

    assert from_base64(text) == data
    for other in (text + "=", text + "\n", text[:-1], text.replace("=", "")):
        if other != text:
            with pytest.raises(ValueError, match="is not base64"):
                from_base64(other)


def test_base64_with_bits_left_over_is_refused() -> None:
    with pytest.raises(ValueError, match="one proper spelling"):
        from_base64("AB==")


def test_a_time_is_told_in_whole_seconds_of_utc() -> None:
    moment = datetime.fromisoformat("2026-03-31T13:59:59.999999+02:00")

    assert moment_text(moment) == "2026-03-31T11:59:59Z"
