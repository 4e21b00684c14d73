"""From judgements to grades: by section, by part of the guide, and by level."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from ringfence.assess.judge import Attestations, judge
from ringfence.assess.model import Assessment, Facts, Judgement, Tally
from ringfence.guide import GuidePart, Level, catalogue, demanded_at
from ringfence.policy import Requirements
from ringfence.site.model import Site


def assess(
    site: Site,
    requirements: Requirements,
    facts: Facts,
    attestations: Attestations,
    now: datetime,
) -> Assessment:
    """Judge every mitigation of the guide at a site, and add up."""
    judgements = {
        id_: judge(id_, requirements, facts, attestations, now) for id_ in catalogue().by_id
    }
    wanted = [j for j in judgements.values() if j.mitigation.id in _wanted(requirements)]
    return Assessment(
        organisation=site.organisation,
        domain=site.domain,
        facts=facts,
        now=now,
        judgements=judgements,
        demanded=tally(wanted),
        by_level={
            level: tally(judgements[id_] for id_ in catalogue().by_id if id_ in demanded_at(level))
            for level in Level
        },
        by_part={
            part: tally(
                judgement
                for judgement in wanted
                if catalogue().by_prefix[judgement.mitigation.prefix].part == part
            )
            for part in GuidePart
        },
        by_section={
            prefix: tally(j for j in wanted if j.mitigation.prefix == prefix)
            for prefix in catalogue().by_prefix
        },
        remarks=tuple(str(remark) for remark in requirements.remarks),
    )


def _wanted(requirements: Requirements) -> frozenset[str]:
    """What a site answers for: what is in force, and what it has approval to do without."""
    return frozenset(requirements.in_force) | frozenset(requirements.lowered)


def tally(judgements: Iterable[Judgement]) -> Tally:
    """Count verdicts, and name what falls short in the guide's order."""
    found = list(judgements)
    return Tally(
        counts=Counter(judgement.verdict for judgement in found),
        short=tuple(j.mitigation.id for j in found if not j.verdict.counts),
    )
