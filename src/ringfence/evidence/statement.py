"""Statements and their envelopes.

A statement is an in-toto Statement v1 (https://in-toto.io/Statement/v1) in a DSSE v1 envelope
(https://github.com/secure-systems-lab/dsse). One envelope is one line of compact JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ringfence.evidence.encoding import Moment, Sha256, canonical, from_base64, sha256, to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Signer

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PAYLOAD: Final = "application/vnd.in-toto+json"


class PredicateType(StrEnum):
    """What a statement says something of."""

    FACT = "urn:ringfence:fact:1"
    ATTESTATION = "urn:ringfence:attestation:1"
    COUNTERSIGNATURE = "urn:ringfence:countersignature:1"
    DEVIATION = "urn:ringfence:deviation:1"
    RENDERED_STATE = "urn:ringfence:rendered-state:1"
    KEY = "urn:ringfence:key:1"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Model = TypeVar("_Model", bound=_Strict)


class Digest(_Strict):
    """A subject's digest; SHA-256 is the only kind used."""

    sha256: Sha256


class Subject(_Strict):
    """Something that a statement speaks of, by its digest."""

    name: str = Field(min_length=1)
    digest: Digest

    @classmethod
    def of(cls, name: str, sha256: str) -> "Subject":
        """The subject of that name and digest (64 hexadecimal digits)."""
        return cls(name=name, digest=Digest(sha256=sha256))


class Predicate(_Strict):
    """What is said, its place in the log (from 0), and when it was recorded."""

    sequence: int = Field(ge=0)
    recorded: Moment
    body: dict[str, JsonValue]


class Statement(_Strict):
    """An in-toto statement."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(default=STATEMENT, alias="_type")
    subject: tuple[Subject, ...] = Field(min_length=1)
    predicate_type: PredicateType = Field(alias="predicateType")
    predicate: Predicate


class _Signature(_Strict):
    keyid: Sha256
    sig: str


class _Envelope(_Strict):
    payload: str
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815 - the standard's name
    signatures: Annotated[tuple[_Signature, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Record:
    """Something to be recorded: a statement before it has its place and its time.

    ``exhibits`` are bytes to be kept, by digest. ``signers`` sign beside the assessor.
    """

    predicate_type: PredicateType
    subjects: tuple[Subject, ...]
    body: Mapping[str, JsonValue]
    exhibits: Mapping[str, bytes] = field(default_factory=dict)
    signers: tuple[Signer, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A statement whose signatures hold; ``signers`` are the ids of their keys, in order.

    ``digest`` is the SHA-256 of the envelope's line, without its newline.
    """

    statement: Statement
    signers: tuple[str, ...]
    digest: str


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed of an envelope: DSSE's PAE, which binds a payload to its type."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(statement: Statement, signers: Sequence[Signer]) -> bytes:
    """Sign a statement; returns the envelope's line, without a newline.

    Raises:
        EvidenceError: the statement holds what JSON cannot say.

    """
    try:
        payload = canonical(statement)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"this cannot be recorded: {error}") from None
    signed = pre_authentication_encoding(PAYLOAD, payload)
    signatures = tuple(
        _Signature(keyid=each.key_id, sig=to_base64(each.sign(signed))) for each in signers
    )
    return canonical(
        _Envelope(payload=to_base64(payload), payloadType=PAYLOAD, signatures=signatures)
    )


def open_envelope(line: bytes, public_keys: Mapping[str, Ed25519PublicKey]) -> Opened:
    """Read a line, without its newline, and verify every signature on it.

    Raises:
        EvidenceError: a key is not among ``public_keys`` (by id), a signature does not hold, or
            the line is anything but the one spelling of an envelope with a statement of ours.

    """
    envelope = _read(line, _Envelope, "envelope")
    payload = _decoded(envelope.payload)
    signed = pre_authentication_encoding(envelope.payloadType, payload)
    signers = tuple(each.keyid for each in envelope.signatures)
    if len(set(signers)) != len(signers):
        raise EvidenceError("it is signed twice with one key")
    for each in envelope.signatures:
        key = public_keys.get(each.keyid)
        if key is None:
            raise EvidenceError(f"it is signed with a key that is not known here: {each.keyid}")
        try:
            key.verify(_decoded(each.sig), signed)
        except InvalidSignature:
            raise EvidenceError(f"the signature of key {each.keyid} does not hold") from None
    return Opened(_read(payload, Statement, "statement"), signers, sha256(line))


def unverified(line: bytes) -> Statement:
    """The statement in an envelope whose signatures are not looked at.

    Raises:
        EvidenceError: there is none.

    """
    return _read(_decoded(_read(line, _Envelope, "envelope").payload), Statement, "statement")


def _read(data: bytes, model: type[_Model], what: str) -> _Model:
    try:
        read = model.model_validate_json(data)
        spelling = canonical(read)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvidenceError(f"its {what} is not right: {place} {first['msg']}".rstrip()) from None
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"its {what} is not right: {error}") from None
    if spelling != data:
        raise EvidenceError(f"its {what} is not written in the one proper way")
    return read


def _decoded(text: str) -> bytes:
    try:
        return from_base64(text)
    except ValueError as error:
        raise EvidenceError(f"a part of its envelope {error}") from None
