"""Assessment results and plans in OSCAL: only what holds says so, and nothing is left out."""

import base64
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import STATE
from oscal_documents import bodies, findings, judged, result, sample_at, written
from oscal_rules import loose_ends, malformed, parsed, prop, props, values
from ringfence.assess.model import Verdict
from ringfence.assess.oscal.nodes import moment
from ringfence.guide import Level, catalogue
from ringfence.probe.questions import QUESTIONS

LEVELS = list(Level)


def test_every_fact_is_an_observation_with_its_method_times_and_exhibits() -> None:
    sample = sample_at(Level.MEDIUM)
    observed = {
        prop(each, "question"): each for each in result()["observations"] if props(each, "question")
    }

    assert set(observed) == set(sample.facts.by_question)
    for question, fact in sample.facts.by_question.items():
        each = observed[question]
        assert prop(each, "answer") == fact.answer
        assert prop(each, "known-by") == fact.method
        assert each["methods"] == ["TEST" if fact.method == "probed" else "EXAMINE"]
        assert each["collected"] == moment(fact.taken)
        assert each["expires"] == moment(fact.expires)
        assert props(each, "contrary") == list(fact.contrary)
        assert [evidence["href"] for evidence in each["relevant-evidence"]] == [
            f"../exhibits/{exhibit.sha256}" for exhibit in fact.exhibits
        ]


def test_a_fact_of_another_state_names_that_state() -> None:
    (old,) = [each for each in result()["observations"] if "call-recorded" in each["title"]]

    assert prop(old, "rendered-state") != STATE


def test_every_attestation_is_an_observation_and_a_statement_of_who_said_it() -> None:
    sample = sample_at(Level.MEDIUM)
    head = bodies()["assessment-results.json"]["metadata"]
    names = {each["uuid"]: each["name"] for each in head["parties"]}
    observed = {
        prop(each, "control-id").upper(): each
        for each in result()["observations"]
        if props(each, "holds")
    }
    stated = {
        prop(each["parts"][0], "control-id").upper(): each for each in result()["attestations"]
    }

    assert set(observed) == set(stated) == set(sample.attested)
    for id_, attested in sample.attested.items():
        word = attested.attestation
        said_by = {
            each["role-id"]: [names[uuid] for uuid in each["party-uuids"]]
            for each in stated[id_]["responsible-parties"]
        }
        assert said_by["attestor"] == [word.by]
        assert tuple(said_by.get("countersigner", [])) == attested.countersigned_by
        assert stated[id_]["parts"][0]["prose"] == word.observed
        examined = ["EXAMINE"] if word.exhibits else []
        assert observed[id_]["methods"] == ["INTERVIEW", *examined]
        assert observed[id_]["expires"] == f"{word.expires}T00:00:00Z"
        actors = observed[id_]["origins"][0]["actors"]
        assert [names[actor["actor-uuid"]] for actor in actors] == [
            word.by,
            *attested.countersigned_by,
        ]


def test_an_attestation_that_counts_no_more_or_against_says_so() -> None:
    parts = {
        prop(each["parts"][0], "control-id"): each["parts"][0] for each in result()["attestations"]
    }

    assert prop(parts["phy-11"], "holds") == "no"
    assert prop(parts["nav-5"], "expired") == "yes"
    assert prop(parts["nav-10"], "expired") == "no"


@pytest.mark.parametrize("level", LEVELS)
def test_there_is_a_finding_for_each_mitigation_in_force_or_lowered(level: Level) -> None:
    requirements = sample_at(level).requirements
    wanted = {*requirements.in_force, *requirements.lowered}
    reviewed = result(level)["reviewed-controls"]

    assert set(findings(result(level))) == wanted
    assert {each.upper() for each in values(reviewed, "control-id")} == wanted
    assert {each[:-4].upper() for each in values(reviewed, "objective-id")} == wanted


@pytest.mark.parametrize("level", LEVELS)
def test_a_finding_has_the_finer_verdict_and_explains_what_oscal_cannot_say(level: Level) -> None:
    reasons = {"satisfied": "pass", "not-satisfied": "fail"}
    for id_, finding in findings(result(level)).items():
        judgement = sample_at(level).assessment.judgements[id_]
        status = finding["target"]["status"]
        assert prop(finding, "verdict") == judgement.verdict
        assert status["reason"] == reasons.get(judgement.verdict, "other")
        assert ("remarks" in status) == (judgement.verdict not in reasons)
        assert finding["description"] == judgement.because


def test_a_finding_names_the_stronger_mitigation_that_it_stands_on() -> None:
    sample = sample_at(Level.MEDIUM)
    own = sample.assessment.judgements["SEP-1"]
    stronger = replace(own, verdict=Verdict.SATISFIED, by="SEP-9")
    judgements = {**sample.assessment.judgements, "SEP-1": stronger}
    other = replace(sample, assessment=replace(sample.assessment, judgements=judgements))
    (body,) = parsed(written(other))["assessment-results.json"]["results"]

    assert prop(findings(body)["SEP-1"], "satisfied-by") == "sep-9"


@settings(max_examples=15, deadline=None)
@given(
    level=st.sampled_from(LEVELS),
    seed=st.integers(0, 2**32),
    among=st.lists(st.sampled_from(list(Verdict)), min_size=1),
)
def test_only_what_is_satisfied_has_the_state_satisfied(
    level: Level,
    seed: int,
    among: list[Verdict],
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    verdicts = {id_: chance.choice(among) for id_ in catalogue().by_id}
    sample = sample_at(level)
    found = parsed(written(judged(sample, verdicts)))
    (body,) = found["assessment-results.json"]["results"]

    assert loose_ends(found) == []
    for id_, finding in findings(body).items():
        satisfied = finding["target"]["status"]["state"] == "satisfied"
        assert satisfied == (verdicts[id_] == Verdict.SATISFIED)
        assert (finding["target"]["status"]["reason"] == "pass") == satisfied
    statuses = {prop(each, "control-id").upper(): each["status"] for each in body["risks"]}
    assert statuses == {
        id_: "deviation-approved" if id_ in sample.requirements.lowered else "open"
        for id_ in findings(body)
        if id_ in sample.requirements.lowered or not verdicts[id_].counts
    }


def test_a_mitigation_that_falls_short_is_an_open_risk_with_what_is_to_be_done() -> None:
    (risk,) = [each for each in result()["risks"] if prop(each, "control-id") == "sml-1"]
    (remedy,) = risk["remediations"]

    assert risk["status"] == "open"
    assert risk["statement"] == catalogue().by_id["SML-1"].threat
    assert "definitions of 2026-04-02" in risk["description"]
    assert remedy["description"] == "Mend what was seen, or have a deviation approved."
    assert "deadline" not in risk


def test_an_approved_deviation_is_an_accepted_risk_until_its_expiry() -> None:
    (risk,) = [each for each in result()["risks"] if prop(each, "control-id") == "dat-8"]
    head = bodies()["assessment-results.json"]["metadata"]
    names = {each["uuid"]: each["name"] for each in head["parties"]}
    (entry,) = risk["risk-log"]["entries"]

    assert risk["status"] == "deviation-approved"
    assert risk["deadline"] == "2026-06-20T00:00:00Z"
    assert entry["start"] == "2026-01-12T00:00:00Z"
    assert names[entry["logged-by"][0]["party-uuid"]] == "Mayor Anneliese Brandt"
    assert [names[each["actor-uuid"]] for each in risk["origins"][0]["actors"]] == [
        "Tobias Lindqvist",
        "Mayor Anneliese Brandt",
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_the_plan_has_an_item_for_each_shortfall_and_each_deviation_and_no_other(
    level: Level,
) -> None:
    sample = sample_at(level)
    items = {prop(each, "control-id").upper() for each in bodies(level)["poam.json"]["poam-items"]}

    assert items == {*sample.assessment.demanded.short, *sample.requirements.lowered}


def test_an_item_says_what_is_to_be_done_and_an_accepted_one_until_when() -> None:
    items = {prop(each, "control-id"): each for each in bodies()["poam.json"]["poam-items"]}

    assert items["cfg-1"]["description"].startswith("Attest it: ")
    assert "before 2026-06-20" in items["dat-8"]["description"]
    assert prop(items["dat-8"], "expires") == "2026-06-20"


def test_the_plan_tells_its_findings_and_risks_as_the_results_do() -> None:
    plan = bodies()["poam.json"]
    for key in ("findings", "risks", "observations"):
        told = {each["uuid"]: each for each in result()[key]}
        assert all(told[each["uuid"]] == each for each in plan[key])


def test_there_is_no_plan_where_nothing_is_to_be_done() -> None:
    sample = sample_at(Level.MEDIUM)
    fine = judged(sample, dict.fromkeys(catalogue().by_id, Verdict.SATISFIED))
    whole = replace(sample.requirements, lowered={})

    files = written(replace(fine, requirements=whole))

    assert "poam.json" not in files
    assert malformed(files) == []
    assert loose_ends(parsed(files)) == []


def test_the_plan_of_the_assessment_lists_every_question() -> None:
    body = bodies()["assessment-results.json"]
    (plan,) = [
        each
        for each in body["back-matter"]["resources"]
        if f"#{each['uuid']}" == body["import-ap"]["href"]
    ]
    text = base64.b64decode(plan["base64"]["value"]).decode()

    assert all(question.asks in text for question in QUESTIONS)
