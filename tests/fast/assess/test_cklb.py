"""The checklist for STIG Viewer: no status is better than what is known."""

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from assessments import Sample, sample_assessment
from ringfence.assess import Verdict
from ringfence.assess.report.cklb import cklb
from ringfence.assess.report.reading import answered_for
from ringfence.guide import Level, catalogue, demanded_at

STATUSES = {
    Verdict.SATISFIED: "not_a_finding",
    Verdict.NOT_SATISFIED: "open",
    Verdict.NOT_APPLICABLE: "not_applicable",
    Verdict.DEVIATED: "not_reviewed",
    Verdict.NOT_TESTED: "not_reviewed",
    Verdict.STALE: "not_reviewed",
    Verdict.ERROR: "not_reviewed",
}


@cache
def sample(level: Level = Level.MEDIUM) -> Sample:
    return sample_assessment(level)


def read(of: Sample) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(cklb(of.assessment, of.site, of.requirements))
    return document


def rules(of: Sample) -> dict[str, dict[str, Any]]:
    return {rule["group_id"]: rule for rule in read(of)["stigs"][0]["rules"]}


@pytest.mark.parametrize("level", Level)
def test_there_is_a_rule_for_each_mitigation_that_the_site_answers_for(level: Level) -> None:
    stig = read(sample(level))["stigs"][0]

    assert [rule["group_id"] for rule in stig["rules"]] == [
        id_ for id_ in catalogue().by_id if id_ in answered_for(sample(level).requirements)
    ]
    assert stig["size"] == len(stig["rules"])


@pytest.mark.parametrize("level", Level)
def test_only_what_is_satisfied_is_no_finding(level: Level) -> None:
    for id_, rule in rules(sample(level)).items():
        assert rule["status"] == STATUSES[sample(level).assessment.judgements[id_].verdict]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_status_and_its_words(verdict: Verdict) -> None:
    judgements = {
        id_: replace(each, verdict=verdict) for id_, each in sample().assessment.judgements.items()
    }
    assessment = replace(sample().assessment, judgements=judgements)

    for rule in rules(replace(sample(), assessment=assessment)).values():
        assert rule["status"] == STATUSES[verdict]
        assert f"({verdict})" in rule["comments"]


def test_a_deviation_says_who_accepted_it_until_when_and_why() -> None:
    comment = rules(sample())["DAT-8"]["comments"]

    for part in ("Mayor Anneliese Brandt", "2026-06-20", "The new building", "An assessor must"):
        assert part in comment


def test_the_details_say_why_and_on_what_evidence() -> None:
    assert "malware-scanner" in rules(sample())["SML-1"]["finding_details"]
    assert "Inês Carvalho" in rules(sample())["PHY-11"]["finding_details"]


def test_the_severity_follows_from_the_weakest_level_that_asks() -> None:
    for level in Level:
        for id_, rule in rules(sample(level)).items():
            if id_ in demanded_at(Level.MINIMUM):
                assert rule["severity"] == "high"
            else:
                asked_at_medium = id_ in demanded_at(Level.MEDIUM)
                assert rule["severity"] == ("medium" if asked_at_medium else "low")


def test_it_has_what_stig_managers_parser_insists_on() -> None:
    document = read(sample())

    assert 0 < len(document["target_data"]["host_name"]) <= 255
    for stig in document["stigs"]:
        assert stig["stig_id"]
        assert re.search(r"Release:\s*(.+?)\s", stig["release_info"])
        assert all(0 < len(rule["rule_id_src"]) <= 45 for rule in stig["rules"])


def test_every_value_has_the_type_that_the_format_has_for_it() -> None:
    document = read(sample())
    wanted = {
        **dict.fromkeys(("title", "id", "cklb_version"), str),
        **dict.fromkeys(("active", "has_path"), bool),
        "mode": int,
        "target_data": dict,
        "stigs": list,
    }

    assert {key: type(value) for key, value in document.items()} == wanted
    for rule in rules(sample()).values():
        for key, value in rule.items():
            match key:
                case "group_tree" | "legacy_ids" | "ccis":
                    assert type(value) is list
                case "check_content_ref" | "overrides":
                    assert type(value) is dict
                case "createdAt" | "updatedAt" | "stig_ref" | "target_key":
                    assert value is None
                case _:
                    assert type(value) is str


def test_uuids_are_of_version_5_unique_and_the_same_every_time() -> None:
    found = [rule["uuid"] for rule in rules(sample()).values()]
    stig = read(sample())["stigs"][0]["uuid"]

    assert len(set(found)) == len(found)
    assert all(UUID(each).version == 5 for each in (*found, stig, read(sample())["id"]))
    assert all(rule["stig_uuid"] == stig for rule in rules(sample()).values())
    assert cklb(sample().assessment, sample().site, sample().requirements) == cklb(
        sample_assessment().assessment, sample_assessment().site, sample_assessment().requirements
    )


def test_what_cannot_be_written_is_replaced_and_letters_stay() -> None:
    site = sample().site.model_copy(update={"organisation": "Büro \x00\ud800 Ltd"})
    data = cklb(sample().assessment, site, sample().requirements)

    assert json.loads(data)["title"].startswith("Büro \ufffd\ufffd Ltd: ")
