"""The laws of the log, as a pure check of its lines one after another.

Each statement has the number of its place, is recorded no earlier than the one before it, and is
signed by the assessor first. The first one introduces the assessor's key; every other key is
introduced by a statement before it is used. Nothing is recorded before it was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ringfence.evidence.encoding import from_base64, to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import ASSESSOR, key_id, same_name, tidy
from ringfence.evidence.merkle import leaf_hash
from ringfence.evidence.statement import (
    Opened,
    PredicateType,
    Record,
    Statement,
    Subject,
    open_envelope,
    unverified,
)
from ringfence.probe.fact import Exhibit

EARLIEST_ZONE = timedelta(hours=14)
"""How far the first time zone is ahead of UTC: a date there may be tomorrow's here."""

_Value = TypeVar("_Value")
_EXHIBITS = TypeAdapter(tuple[Exhibit, ...])
_TAKEN = TypeAdapter(AwareDatetime)
_SEEN_ON = TypeAdapter(date)


class _KeyBody(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=2)
    role: str = Field(min_length=2)
    public_key: str


@dataclass(frozen=True)
class Holder:
    """Whose a key is, as a statement of the log has it."""

    name: str
    role: str
    public_key: Ed25519PublicKey

    @property
    def key_id(self) -> str:
        """What names the key."""
        return key_id(self.public_key)


def introduction(name: str, role: str, public_key: Ed25519PublicKey) -> Record:
    """The record that introduces a key.

    Raises:
        EvidenceError: the name or the role says too little.

    """
    try:
        body = _KeyBody(
            name=tidy(name),
            role=tidy(role),
            public_key=to_base64(public_key.public_bytes_raw()),
        )
    except ValidationError:
        raise EvidenceError("a key's holder has a name and a role, of two letters each") from None
    return Record(
        PredicateType.KEY,
        (Subject.of(body.name, key_id(public_key)),),
        body.model_dump(mode="json"),
    )


def exhibits_of(statement: Statement) -> tuple[Exhibit, ...]:
    """The exhibits that a statement names: those of a fact or an attestation.

    Raises:
        EvidenceError: they are not described as exhibits are.

    """
    try:
        return _EXHIBITS.validate_python(statement.predicate.body.get("exhibits", ()))
    except ValidationError:
        raise EvidenceError("its exhibits are not described properly") from None


class Chain:
    """The statements of a log so far, verified, and the keys that they introduce."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.entries: list[Opened] = []
        self.leaves: list[bytes] = []
        self.holders: dict[str, Holder] = {}
        self._valid: dict[str, Ed25519PublicKey] = {}

    def copy(self) -> "Chain":
        """A chain that can go on by itself."""
        other = Chain()
        other.entries = self.entries.copy()
        other.leaves = self.leaves.copy()
        other.holders = self.holders.copy()
        other._valid = self._valid.copy()
        return other

    @property
    def assessor(self) -> Holder:
        """The assessor; the first statement introduces them."""
        return next(iter(self.holders.values()))

    @property
    def last_recorded(self) -> datetime | None:
        """When the last statement was recorded."""
        return self.entries[-1].statement.predicate.recorded if self.entries else None

    def take(self, line: bytes) -> Opened:
        """Verify the next line (without its newline) and add it.

        Raises:
            EvidenceError: it breaks a law of the log; the chain is as it was.

        """
        place = len(self.entries)
        try:
            if not self.entries:
                self._introduce(unverified(line))
            opened = open_envelope(line, self._valid)
            self._check(opened, place)
            if place and opened.statement.predicate_type == PredicateType.KEY:
                self._introduce(opened.statement)
        except EvidenceError as error:
            if not self.entries:
                self.holders.clear()
                self._valid.clear()
            raise EvidenceError(f"statement {place}: {error}") from None
        self.entries.append(opened)
        self.leaves.append(leaf_hash(line))
        return opened

    def _check(self, opened: Opened, place: int) -> None:
        predicate = opened.statement.predicate
        if predicate.sequence != place:
            raise EvidenceError(f"it has the number {predicate.sequence}, but not that place")
        if self.last_recorded and predicate.recorded < self.last_recorded:
            raise EvidenceError("it was recorded before the statement in front of it")
        if opened.signers[0] != self.assessor.key_id:
            raise EvidenceError("the assessor has not signed it first")
        exhibits_of(opened.statement)
        _check_seen(opened.statement)

    def _introduce(self, statement: Statement) -> None:
        holder = _holder(statement)
        first = not self.holders
        if first != same_name(holder.name, ASSESSOR):
            raise EvidenceError(
                "it does not introduce the assessor's key"
                if first
                else "only the first statement introduces the assessor's key"
            )
        if holder.key_id in self.holders:
            raise EvidenceError("it introduces a key that was introduced before")
        # A person's new key takes the place of the one that they lost.
        lost = [id_ for id_, each in self.holders.items() if same_name(each.name, holder.name)]
        for id_ in lost:
            self._valid.pop(id_, None)
        self.holders[holder.key_id] = holder
        self._valid[holder.key_id] = holder.public_key


def _holder(statement: Statement) -> Holder:
    if statement.predicate_type != PredicateType.KEY:
        raise EvidenceError("it does not introduce a key")
    try:
        body = _KeyBody.model_validate(statement.predicate.body)
        raw = from_base64(body.public_key)
        holder = Holder(body.name, body.role, Ed25519PublicKey.from_public_bytes(raw))
    except ValueError:
        raise EvidenceError("the key that it introduces is not described properly") from None
    if holder.name != tidy(holder.name):
        raise EvidenceError("the name of the key's holder is not written in the one proper way")
    if statement.subject != (Subject.of(holder.name, holder.key_id),):
        raise EvidenceError("its subject is not the key that it introduces")
    return holder


def _check_seen(statement: Statement) -> None:
    """Nothing is recorded before it was seen. Recorded times are whole seconds."""
    recorded, body = statement.predicate.recorded, statement.predicate.body
    if statement.predicate_type == PredicateType.FACT:
        taken = _read(_TAKEN, body, "taken").astimezone(UTC).replace(microsecond=0)
        if taken > recorded:
            raise EvidenceError("the fact was taken after it was recorded")
    if statement.predicate_type == PredicateType.ATTESTATION:
        latest = (recorded + EARLIEST_ZONE).date()
        if _read(_SEEN_ON, body, "seen_on") > latest:
            raise EvidenceError("what it attests was seen on a day after it was recorded")


def _read(adapter: TypeAdapter[_Value], body: Mapping[str, object], name: str) -> _Value:
    try:
        return adapter.validate_python(body.get(name))
    except ValidationError:
        raise EvidenceError(f"its {name!r} is no date or time") from None
