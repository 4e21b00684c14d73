"""An assessment in the order in which somebody reads it: what is asked, what lacks, what expires.

Nothing is judged here. What is computed follows from verdicts that are given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from ringfence.assess.model import Assessment, Judgement, Scope, Verdict
from ringfence.evidence.attestation import Attested
from ringfence.guide import Level, Mitigation, MitigationId, catalogue
from ringfence.policy import Requirements
from ringfence.probe.fact import Fact
from ringfence.probe.questions import about
from ringfence.site.deviations import Deviation
from ringfence.site.model import Site

SOON: Final = timedelta(days=30)
"""How far ahead a report looks for what runs out."""


class Lack(StrEnum):
    """Why a mitigation is not met, in the order in which it wants attention."""

    SHORT = "short"
    FAULT = "fault"
    OLD = "old"
    UNKNOWN = "unknown"
    PERSON = "person"


_LACKS: Final[Mapping[Verdict, Lack]] = {
    Verdict.NOT_SATISFIED: Lack.SHORT,
    Verdict.ERROR: Lack.FAULT,
    Verdict.STALE: Lack.OLD,
    Verdict.NOT_TESTED: Lack.UNKNOWN,
}


@dataclass(frozen=True)
class Reading:
    """An assessment with all that it stands on."""

    assessment: Assessment
    site: Site
    requirements: Requirements
    attested: Mapping[MitigationId, Attested]

    @property
    def today(self) -> date:
        """The day of the assessment."""
        return self.assessment.now.date()

    @cached_property
    def wanted(self) -> frozenset[MitigationId]:
        """What the site answers for: what is in force, and what it has approval to do without."""
        return answered_for(self.requirements)

    def level_of(self, prefix: str) -> Level:
        """The level that a section of the guide is to meet here."""
        return self.site.sections.get(prefix, self.site.level)

    def lack(self, judgement: Judgement) -> Lack | None:
        """What a mitigation lacks, if anything."""
        if waits_for_a_person(judgement, self.assessment, self.requirements):
            return Lack.PERSON
        return _LACKS.get(judgement.verdict)

    @cached_property
    def lacking(self) -> Mapping[Lack, tuple[Judgement, ...]]:
        """What the site answers for and does not meet, by what is lacking, in the guide's order."""
        found: dict[Lack, list[Judgement]] = {lack: [] for lack in Lack}
        for id_, judgement in self.assessment.judgements.items():
            if id_ in self.wanted and (lack := self.lack(judgement)) is not None:
                found[lack].append(judgement)
        return {lack: tuple(judgements) for lack, judgements in found.items()}

    @cached_property
    def facts_expiring(self) -> Mapping[date, tuple[Fact, ...]]:
        """The facts still believed that run out soon, by the day on which they do."""
        facts, now = self.assessment.facts, self.assessment.now
        found: dict[date, list[Fact]] = {}
        for fact in facts.by_question.values():
            if fact.state == facts.state and now < fact.expires <= now + SOON:
                found.setdefault(fact.expires.date(), []).append(fact)
        return {day: tuple(found[day]) for day in sorted(found)}

    @cached_property
    def attestations_expiring(self) -> tuple[Attested, ...]:
        """The attestations still believed that run out soon, of what the site answers for."""
        found = [
            each
            for id_, each in self.attested.items()
            if id_ in self.wanted and self._soon(each.attestation.expires)
        ]
        return tuple(sorted(found, key=lambda each: each.attestation.expires))

    @cached_property
    def deviations_expiring(self) -> tuple[Deviation, ...]:
        """The approvals that have begun and run out soon."""
        found = [d for d in self.site.deviations if d.date <= self.today and self._soon(d.expires)]
        return tuple(sorted(found, key=lambda each: each.expires))

    def _soon(self, day: date) -> bool:
        return self.today < day <= self.today + SOON


def answered_for(requirements: Requirements) -> frozenset[MitigationId]:
    """What is in force, and what there is approval to do without."""
    return frozenset(requirements.in_force) | frozenset(requirements.lowered)


def waits_for_a_person(
    judgement: Judgement,
    assessment: Assessment,
    requirements: Requirements,
) -> bool:
    """Whether a mitigation is not known because an attestation is missing, old or signed once."""
    mitigation = judgement.mitigation
    if mitigation.attest is None or judgement.verdict not in {Verdict.NOT_TESTED, Verdict.STALE}:
        return False
    running = assessment.facts.scope == Scope.RUNNING
    asked = about(mitigation.id, requirements.absent)
    if any(mitigation.id in q.decides for q in asked if q.of_design or running):
        return False
    if (attested := judgement.attestation) is None:
        return True
    alone = mitigation.id in requirements.two_persons and not attested.countersigned_by
    return alone or assessment.now.date() >= attested.attestation.expires


def waiting(assessment: Assessment, requirements: Requirements) -> Iterator[Mitigation]:
    """The mitigations that a site answers for and that wait for a person, in the guide's order."""
    wanted = answered_for(requirements)
    for id_ in catalogue().by_id:
        judgement = assessment.judgements[id_]
        if id_ in wanted and waits_for_a_person(judgement, assessment, requirements):
            yield judgement.mitigation
