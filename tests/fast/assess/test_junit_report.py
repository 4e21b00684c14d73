"""JUnit XML, read back as a build server does."""

from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import Sample, sample_assessment
from ringfence.assess import Assessment, Verdict
from ringfence.assess.report.junit import junit
from ringfence.assess.report.reading import answered_for
from ringfence.guide import Level, catalogue

KINDS = {
    Verdict.SATISFIED: [],
    Verdict.NOT_SATISFIED: ["failure"],
    Verdict.ERROR: ["error"],
    Verdict.NOT_TESTED: ["skipped"],
    Verdict.STALE: ["skipped"],
    Verdict.DEVIATED: ["skipped"],
    Verdict.NOT_APPLICABLE: ["skipped"],
}


@cache
def sample(level: Level = Level.MEDIUM) -> Sample:
    return sample_assessment(level)


def read(assessment: Assessment, of: Sample) -> ET.Element:
    return ET.fromstring(junit(assessment, of.requirements))  # noqa: S314 - it is our own


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {each.attrib["name"].split()[0]: each for each in root.iter("testcase")}


@pytest.mark.parametrize("level", Level)
def test_there_is_a_case_for_each_mitigation_that_the_site_answers_for(level: Level) -> None:
    root = read(sample(level).assessment, sample(level))
    wanted = answered_for(sample(level).requirements)

    assert list(cases(root)) == [id_ for id_ in catalogue().by_id if id_ in wanted]
    for suite in root:
        prefix = suite.attrib["name"].split()[0]
        assert suite.attrib["name"] == f"{prefix} {catalogue().by_prefix[prefix].title}"
        assert {id_[:3] for id_ in cases(suite)} == {prefix}


@pytest.mark.parametrize("level", Level)
def test_only_what_is_satisfied_passes(level: Level) -> None:
    root = read(sample(level).assessment, sample(level))

    for id_, case in cases(root).items():
        judgement = sample(level).assessment.judgements[id_]
        assert [child.tag for child in case] == KINDS[judgement.verdict]
        for child in case:
            assert judgement.because.lower()[1:] in child.attrib["message"].lower()
            assert judgement.todo in (child.text or "")


def test_the_counts_are_those_of_the_cases() -> None:
    root = read(sample().assessment, sample())

    for each in (root, *root):
        assert int(each.attrib["tests"]) == len(list(each.iter("testcase")))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped",) * 2):
            assert int(each.attrib[attribute]) == len(list(each.iter(tag)))


def test_a_suite_has_what_the_schema_of_ants_junit_task_demands() -> None:
    for suite in read(sample().assessment, sample()):
        assert suite.attrib.keys() >= {
            *("name", "id", "package", "hostname", "timestamp"),
            *("tests", "failures", "errors", "time"),
        }
        assert suite.attrib["timestamp"] == "2026-06-01T09:30:00"
        assert suite[0].tag == "properties"
        assert [each.tag for each in suite][-2:] == ["system-out", "system-err"]


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_no_character_can_break_it(words: str) -> None:
    judgements = {
        id_: replace(each, verdict=Verdict.NOT_SATISFIED, because=words, todo=words)
        for id_, each in sample().assessment.judgements.items()
    }
    assessment = replace(sample().assessment, domain=words, judgements=judgements)
    root = read(assessment, sample())

    assert len(cases(root)) == int(root.attrib["failures"])


def test_control_characters_become_visible() -> None:
    judgements = dict(sample().assessment.judgements)
    judgements["SEP-1"] = replace(
        judgements["SEP-1"], verdict=Verdict.ERROR, because="a\x00]]>\x1b[31m<b>"
    )
    root = read(replace(sample().assessment, judgements=judgements), sample())

    assert "a\ufffd]]>\ufffd[31m<b>" in (cases(root)["SEP-1"][0].text or "")


def test_the_same_input_gives_the_same_bytes() -> None:
    again = sample_assessment()

    assert junit(sample().assessment, sample().requirements) == junit(
        again.assessment, again.requirements
    )
