"""Attestations: what only a person can see, said by that person, with what shows it."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ringfence.guide import MitigationId
from ringfence.probe.fact import Exhibit


class Attestation(BaseModel):
    """What a person has seen of a mitigation.

    ``claim`` is what they were asked to look at, ``observed`` what they saw, on the day
    ``seen_on``. ``scope`` says where: rooms, cabinets, hosts. ``holds`` is false where they saw
    that it is not so. ``exhibits`` are photographs and documents, kept by digest. From
    ``expires`` on it is believed no more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mitigation: MitigationId
    holds: bool = True
    claim: str
    observed: str = Field(min_length=10)
    scope: str = Field(min_length=2)
    by: str = Field(min_length=2)
    role: str = Field(min_length=2)
    seen_on: date
    expires: date
    exhibits: tuple[Exhibit, ...] = ()
    recorded: AwareDatetime


class Countersignature(BaseModel):
    """A second person's word for an attestation, which is named by the digest of its statement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statement: str = Field(pattern=r"^[0-9a-f]{64}$")
    mitigation: MitigationId
    by: str = Field(min_length=2)
    role: str = Field(min_length=2)
    recorded: AwareDatetime


class Attested(BaseModel):
    """An attestation as the log has it: its statement's digest, and who else has signed it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attestation: Attestation
    statement: str
    countersigned_by: tuple[str, ...] = ()
