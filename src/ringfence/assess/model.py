"""Verdicts, and what they stand on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ringfence.evidence.attestation import Attested
from ringfence.guide import Mitigation, MitigationId
from ringfence.probe.fact import Fact
from ringfence.site.deviations import Deviation


class Verdict(StrEnum):
    """What can be said of a mitigation at a site. Only the first three count as met."""

    SATISFIED = "satisfied"
    DEVIATED = "deviated"
    NOT_APPLICABLE = "not-applicable"
    NOT_SATISFIED = "not-satisfied"
    NOT_TESTED = "not-tested"
    STALE = "stale"
    ERROR = "error"

    @property
    def counts(self) -> bool:
        """Whether it counts as met: satisfied, nothing to satisfy, or done without on approval."""
        return self in {Verdict.SATISFIED, Verdict.DEVIATED, Verdict.NOT_APPLICABLE}


class Scope(StrEnum):
    """What an assessment speaks of.

    ``design``: the rendered files, wherever they may run. ``running``: the system that runs them,
    of which more must be seen.
    """

    DESIGN = "design"
    RUNNING = "running"


@dataclass(frozen=True)
class Facts:
    """The facts that an assessment may stand on: at most one, the newest, for each question.

    ``state`` is the digest of the rendered state that is assessed; a fact of another is stale.
    """

    scope: Scope
    state: str
    by_question: Mapping[str, Fact]

    @classmethod
    def newest(cls, scope: Scope, state: str, facts: Iterable[Fact]) -> "Facts":
        """Choose the newest fact for each question, from facts in any order."""
        chosen: dict[str, Fact] = {}
        for fact in facts:
            before = chosen.get(fact.question)
            if before is None or before.taken <= fact.taken:
                chosen[fact.question] = fact
        return cls(scope, state, chosen)


@dataclass(frozen=True)
class Judgement:
    """A verdict on one mitigation: why, on what, and what would improve it.

    ``facts`` and ``attestation`` are what it stands on; ``by`` is the stronger mitigation whose
    own satisfaction it stands on, if it does. ``todo`` is empty where nothing is to be done.
    """

    mitigation: Mitigation
    verdict: Verdict
    because: str
    in_force: str | None
    facts: tuple[Fact, ...] = ()
    attestation: Attested | None = None
    deviation: Deviation | None = None
    by: MitigationId | None = None
    todo: str = ""


@dataclass(frozen=True)
class Tally:
    """How many of some mitigations have which verdict, and which of them fall short."""

    counts: Mapping[Verdict, int]
    short: tuple[MitigationId, ...]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def met(self) -> bool:
        """Whether nothing falls short."""
        return not self.short


@dataclass(frozen=True)
class Assessment:
    """Everything that is said of a site at one moment."""

    organisation: str
    domain: str
    facts: Facts
    now: datetime
    judgements: Mapping[MitigationId, Judgement]
    demanded: Tally
    by_level: Mapping[str, Tally]
    by_part: Mapping[str, Tally]
    by_section: Mapping[str, Tally]
    remarks: tuple[str, ...]
