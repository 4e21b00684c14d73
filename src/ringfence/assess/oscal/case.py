"""What the documents about one site are made from, put into an order of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ringfence.assess.model import Assessment, Judgement
from ringfence.assess.oscal.nodes import moment
from ringfence.evidence.attestation import Attested
from ringfence.guide import MitigationId, catalogue
from ringfence.policy import Requirements
from ringfence.probe.fact import Fact
from ringfence.site.model import Site


@dataclass(frozen=True)
class Case:
    """An assessment with all that it stands on.

    Facts and attestations come in an order that does not depend on that of the mappings they were
    given in, so that the same knowledge makes the same bytes.
    """

    assessment: Assessment
    site: Site
    requirements: Requirements
    attested: Mapping[MitigationId, Attested]

    @property
    def domain(self) -> str:
        """The domain of the site's telephony, which tells it from others."""
        return self.site.domain

    @property
    def organisation(self) -> str:
        """Whose site it is."""
        return self.site.organisation

    @property
    def now(self) -> datetime:
        """The moment of the assessment."""
        return self.assessment.now

    @property
    def state(self) -> str:
        """The digest of the rendered state that was assessed."""
        return self.assessment.facts.state

    @property
    def version(self) -> str:
        """The version of a document about this assessment."""
        return moment(self.now)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Every fact that was known."""
        found = {
            each.model_dump_json(): each for each in self.assessment.facts.by_question.values()
        }
        for judgement in self.judgements:
            found |= {each.model_dump_json(): each for each in judgement.facts}
        ordered = sorted(found.items(), key=lambda item: (item[1].question, item[0]))
        return tuple(fact for _, fact in ordered)

    @cached_property
    def attestations(self) -> tuple[Attested, ...]:
        """Every attestation that was known, in the guide's order."""
        found = dict.fromkeys(each for _, each in sorted(self.attested.items()))
        found |= dict.fromkeys(j.attestation for j in self.judgements if j.attestation)
        places = {id_: place for place, id_ in enumerate(catalogue().by_id)}
        # The log may hold an attestation of something that a later guide no longer has: last.
        return tuple(
            sorted(
                found,
                key=lambda each: (
                    places.get(each.attestation.mitigation, len(places)),
                    each.statement,
                ),
            )
        )

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """The verdicts on what the site answers for: in force, or done without on approval."""
        wanted = self.requirements.in_force.keys() | self.requirements.lowered.keys()
        return tuple(self.assessment.judgements[id_] for id_ in catalogue().by_id if id_ in wanted)

    @cached_property
    def to_do(self) -> tuple[Judgement, ...]:
        """Those of them that fall short, or that somebody has accepted to do without."""
        return tuple(each for each in self.judgements if self.lacks(each))

    def lacks(self, judgement: Judgement) -> bool:
        """Whether a mitigation falls short, or somebody has accepted to do without it."""
        return not judgement.verdict.counts or judgement.mitigation.id in self.requirements.lowered
