"""What the guide says, as frozen models: its sections, their mitigations, and how each is known."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MitigationId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}-[0-9]{1,2}$")]
"""An id of the guide's table: a section's three letters and a number, as in ``SEP-1``."""

ControlId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[0-9]{1,2}(\([0-9]{1,2}\))?$")]
"""A control of NIST SP 800-53 revision 5, as in ``SC-7(21)``."""

Sentence = Annotated[str, StringConstraints(min_length=10, strip_whitespace=True)]
Title = Annotated[str, StringConstraints(min_length=3, max_length=70, strip_whitespace=True)]


class Model(BaseModel):
    """The base of everything in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(StrEnum):
    """The guide's three robustness levels, weakest first."""

    MINIMUM = "minimum"
    MEDIUM = "medium"
    HIGHEST = "highest"


class GuidePart(StrEnum):
    """The part of the guide's table in which a section stands."""

    NETWORK = "network"
    SERVER = "server"
    PHONE = "phone"


class Method(StrEnum):
    """How a mitigation can be known, strongest first.

    ``proved`` from the rendered files, parsed back; ``probed`` on the running system; ``drilled``
    by breaking something on purpose; ``inspected`` in a device's own state; ``attested`` by a
    person, with evidence and an expiry.
    """

    PROVED = "proved"
    PROBED = "probed"
    DRILLED = "drilled"
    INSPECTED = "inspected"
    ATTESTED = "attested"


class Subject(StrEnum):
    """The part of a telephone system that a mitigation, or a question, is about.

    A site that has no such part need not meet the one, and is not asked the other. ``site`` is in
    every design.
    """

    SITE = "site"
    GATEWAYS = "pstn-gateways"
    EXTERNAL_CALLS = "external-calls"
    PUBLIC_CARRIERS = "public-carriers"
    OFFICE_LINKS = "office-links"
    WAN_LINKS = "wan-links"
    SEVERAL_PROTOCOLS = "several-protocols"
    DATABASE_SERVER = "database-server"
    WEB_MANAGEMENT = "web-management"
    MANAGEMENT_SOFTWARE = "management-software"
    VENDOR_ACCESS = "vendor-access"
    CONVERGED_SERVICES = "converged-services"
    SOFTPHONES = "softphones"
    WLAN_PHONES = "wlan-phones"
    ACCESS_SWITCHES = "access-switches"


class ModernRule(Model):
    """What later standards say where the text of 2005 no longer stands by itself.

    ``supersedes`` is true where the newer rule contradicts the old one and is assessed in its
    place, false where it adds to it.
    """

    rule: Sentence
    source: Annotated[str, StringConstraints(min_length=5)]
    supersedes: bool


class Attesting(Model):
    """What a person looks at who attests a mitigation, and for how long that is believed."""

    look_at: Sentence
    valid_days: Annotated[int, Field(ge=1, le=1100)]


class References(Model):
    """Where other texts treat the same thing."""

    nist_800_53: tuple[ControlId, ...] = Field(min_length=1)
    nsa_2021: tuple[str, ...] = Field(min_length=1)


class Mitigation(Model):
    """One row of the guide's table, in our own words.

    ``ways`` has the alternatives of a row that offers several; any of them will do.
    ``replaced_by`` names the mitigations that take this one's place where they are in force,
    the next stronger first. ``known_by`` is in order of preference.
    """

    id: MitigationId
    title: Title
    statement: Sentence
    threat: Sentence
    levels: tuple[Level, ...] = Field(min_length=1)
    page: Annotated[int, Field(ge=6, le=47)]
    known_by: tuple[Method, ...] = Field(min_length=1)
    applies_to: Subject = Subject.SITE
    ways: tuple[Sentence, ...] = ()
    replaced_by: tuple[MitigationId, ...] = ()
    references: References
    modern: ModernRule | None = None
    attest: Attesting | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.known_by) != [method for method in Method if method in self.known_by]:
            raise ValueError(f"{self.id}: known_by must go from the strongest method down")
        if (self.attest is not None) != (Method.ATTESTED in self.known_by):
            raise ValueError(f"{self.id}: 'attest' belongs to what is known by attestation")
        return self

    @property
    def prefix(self) -> str:
        """The three letters of its section."""
        return self.id[:3]

    @property
    def by_attestation_only(self) -> bool:
        """Whether nothing but a person can know it."""
        return self.known_by == (Method.ATTESTED,)


class Section(Model):
    """One section of the guide, as one file has it."""

    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    title: Annotated[str, StringConstraints(min_length=3)]
    part: GuidePart
    page: Annotated[int, Field(ge=6, le=47)]
    mitigations: tuple[Mitigation, ...] = Field(min_length=1)


class Catalogue(Model):
    """Every section of the guide, in its order."""

    sections: tuple[Section, ...]

    @cached_property
    def by_id(self) -> dict[MitigationId, Mitigation]:
        """Every mitigation by its id, in the guide's order."""
        return {each.id: each for section in self.sections for each in section.mitigations}

    @cached_property
    def by_prefix(self) -> dict[str, Section]:
        """Every section by its three letters."""
        return {section.prefix: section for section in self.sections}
