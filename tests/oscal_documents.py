"""The sample in OSCAL, and ways to look into it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from assessments import STATE, Sample, sample_assessment
from oscal_rules import Documents, parsed, prop
from ringfence.assess.model import Verdict
from ringfence.assess.oscal import documents
from ringfence.guide import Level, MitigationId


def written(sample: Sample) -> dict[str, bytes]:
    """The sample's documents."""
    return documents(sample.assessment, sample.site, sample.requirements, sample.attested, STATE)


@cache
def sample_at(level: Level) -> Sample:
    """The sample, made once."""
    return sample_assessment(level)


@cache
def bodies(level: Level = Level.MEDIUM) -> Documents:
    """The bodies of the sample's documents, made once."""
    return parsed(written(sample_at(level)))


def result(level: Level = Level.MEDIUM) -> dict[str, Any]:
    """The one result of its assessment."""
    (only,) = bodies(level)["assessment-results.json"]["results"]
    return dict(only)


def findings(body: dict[str, Any]) -> dict[MitigationId, dict[str, Any]]:
    """Findings by mitigation."""
    return {prop(each, "control-id").upper(): each for each in body["findings"]}


def judged(sample: Sample, verdicts: Mapping[MitigationId, Verdict]) -> Sample:
    """The sample with other verdicts."""
    judgements = {
        id_: replace(judgement, verdict=verdicts.get(id_, judgement.verdict))
        for id_, judgement in sample.assessment.judgements.items()
    }
    return replace(sample, assessment=replace(sample.assessment, judgements=judgements))
