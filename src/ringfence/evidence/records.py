"""From facts, attestations and the like to records of the log, and back."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, JsonValue, ValidationError

from ringfence.evidence.attestation import Attestation, Attested, Countersignature
from ringfence.evidence.chain import introduction
from ringfence.evidence.encoding import canonical, sha256
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Signer, same_name
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.statement import Opened, PredicateType, Record, Subject
from ringfence.probe.fact import Exhibit, Fact

RENDERED_STATE = "rendered-state"
"""The name of the subject that a rendered state is."""

_Body = TypeVar("_Body", bound=BaseModel)


def fact_record(fact: Fact, exhibits: Mapping[str, bytes]) -> Record:
    """The record of a fact, with the bytes of its exhibits by digest.

    Raises:
        EvidenceError: its state is no SHA-256 digest.

    """
    subjects = (*_shown(fact.exhibits), _subject(RENDERED_STATE, fact.state))
    return Record(PredicateType.FACT, subjects, fact.model_dump(mode="json"), exhibits)


def attestation_record(
    attestation: Attestation,
    exhibits: Mapping[str, bytes] | None = None,
    signers: tuple[Signer, ...] = (),
) -> Record:
    """The record of an attestation. Who attests may sign it, with a key that is enrolled.

    Its first subject is the attestation itself, for it may have no exhibits.
    """
    subjects = (_itself(attestation.mitigation, attestation), *_shown(attestation.exhibits))
    body = attestation.model_dump(mode="json")
    return Record(PredicateType.ATTESTATION, subjects, body, exhibits or {}, signers)


def countersignature_record(countersignature: Countersignature, signer: Signer) -> Record:
    """The record of a countersignature, which its person signs.

    Raises:
        EvidenceError: the signer is somebody else.

    """
    if not same_name(signer.name, countersignature.by):
        raise EvidenceError(f"{signer.name} cannot countersign for {countersignature.by}")
    return Record(
        PredicateType.COUNTERSIGNATURE,
        (_subject("statement", countersignature.statement),),
        countersignature.model_dump(mode="json"),
        signers=(signer,),
    )


def deviation_record(id_: str, deviation: BaseModel, signers: tuple[Signer, ...] = ()) -> Record:
    """The record of a deviation under an id, such as its mitigation's."""
    body: dict[str, JsonValue] = {"id": id_, "deviation": deviation.model_dump(mode="json")}
    return Record(PredicateType.DEVIATION, (_itself(id_, deviation),), body, signers=signers)


def state_record(state: str) -> Record:
    """The record of a rendered state, by its SHA-256 digest.

    Raises:
        EvidenceError: it is none.

    """
    return Record(
        PredicateType.RENDERED_STATE, (_subject(RENDERED_STATE, state),), {"state": state}
    )


def key_record(name: str, role: str, public_key: Ed25519PublicKey) -> Record:
    """The record that introduces a person's key."""
    return introduction(name, role, public_key)


def facts(log: EvidenceLog) -> list[Fact]:
    """Every fact of a log, oldest first.

    Raises:
        EvidenceError: a fact's statement holds something else.

    """
    return [fact for _, fact in bodies(log, PredicateType.FACT, Fact)]


def attested(log: EvidenceLog) -> list[Attested]:
    """Every attestation of a log, oldest first, with the names of those who countersigned it.

    A countersignature counts if it follows its attestation, is of the same mitigation, carries
    the signature of a key that was enrolled for its person, and comes from somebody else than
    who attested, by name and by key.

    Raises:
        EvidenceError: a statement of an attestation or a countersignature holds something else.

    """
    attestations = {
        opened.digest: (opened, body)
        for opened, body in bodies(log, PredicateType.ATTESTATION, Attestation)
    }
    names: dict[str, list[str]] = {digest: [] for digest in attestations}
    for opened, body in bodies(log, PredicateType.COUNTERSIGNATURE, Countersignature):
        entry, attestation = attestations.get(body.statement, (None, None))
        if entry is None or attestation is None:
            continue
        known = names[body.statement]
        if (
            _place(entry) < _place(opened)
            and body.mitigation == attestation.mitigation
            and not same_name(body.by, attestation.by)
            and _signed_by(log, opened, body.by) - set(entry.signers)
            and not any(same_name(body.by, name) for name in known)
        ):
            known.append(body.by)
    return [
        Attested(attestation=body, statement=digest, countersigned_by=tuple(names[digest]))
        for digest, (_, body) in attestations.items()
    ]


def bodies(
    log: EvidenceLog, type_: PredicateType, model: type[_Body]
) -> Iterator[tuple[Opened, _Body]]:
    """The statements of a type, each with what it says.

    Raises:
        EvidenceError: one says something else than statements of that type do.

    """
    for opened in log.entries:
        if opened.statement.predicate_type == type_:
            try:
                yield opened, model.model_validate(opened.statement.predicate.body)
            except ValidationError:
                raise EvidenceError(
                    f"{log.directory}: statement {_place(opened)} holds no proper"
                    f" {model.__name__.lower()}"
                ) from None


def _signed_by(log: EvidenceLog, opened: Opened, name: str) -> set[str]:
    """The ids of the keys of that person which have signed a statement; never the assessor's."""
    return {id_ for id_ in opened.signers[1:] if same_name(log.holders[id_].name, name)}


def _place(opened: Opened) -> int:
    return opened.statement.predicate.sequence


def _shown(exhibits: tuple[Exhibit, ...]) -> tuple[Subject, ...]:
    return tuple(_subject(each.name, each.sha256) for each in exhibits)


def _itself(name: str, body: BaseModel) -> Subject:
    return _subject(name, sha256(canonical(body)))


def _subject(name: str, digest: str) -> Subject:
    try:
        return Subject.of(name, digest)
    except ValidationError:
        raise EvidenceError(f"{name or 'a subject'}: {digest!r} is no SHA-256 digest") from None
