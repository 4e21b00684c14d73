"""The OSCAL documents as a whole: form, references, sameness, hostile texts, refusals."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assessments import NOW, STATE, sample_assessment
from oscal_documents import bodies, sample_at, written
from oscal_rules import loose_ends, malformed, nodes, parsed, values
from ringfence.assess.model import Facts, Judgement, Verdict
from ringfence.assess.oscal import documents
from ringfence.assess.oscal.nodes import moment
from ringfence.guide import Level, MitigationId
from ringfence.probe.fact import Answer
from ringfence.site.deviations import Deviation

LEVELS = list(Level)


@pytest.mark.parametrize("level", LEVELS)
def test_the_sample_has_every_verdict_among_what_the_site_answers_for(level: Level) -> None:
    assert set(sample_at(level).assessment.demanded.counts) == set(Verdict)


@pytest.mark.parametrize("level", LEVELS)
def test_every_document_has_the_form_that_oscal_asks_for(level: Level) -> None:
    assert malformed(written(sample_at(level))) == []


@pytest.mark.parametrize("level", LEVELS)
def test_every_reference_leads_somewhere_and_no_name_is_given_twice(level: Level) -> None:
    assert loose_ends(bodies(level)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"risk-uuid": "', '"risk-uuid": "0'),
        ('"objective-id": "sep-1_obj"', '"objective-id": "sep-99_obj"'),
        ('"party-uuid": "', '"party-uuid": "0'),
        ('"role-id": "attestor"', '"role-id": "stranger"'),
        ('"href": "profile-site.json"', '"href": "profile-none.json"'),
        ('"href": "#', '"href": "#0'),
    ],
)
def test_the_test_of_references_finds_one_that_is_broken(old: str, new: str) -> None:
    files = written(sample_at(Level.MEDIUM))
    text = files["assessment-results.json"].decode()
    assert old in text

    broken = files | {"assessment-results.json": text.replace(old, new, 1).encode()}
    assert loose_ends(parsed(broken)) != []


def test_the_files_are_named_as_they_name_each_other() -> None:
    assert set(bodies()) == {
        "catalog.json",
        "profile-minimum.json",
        "profile-medium.json",
        "profile-highest.json",
        "profile-site.json",
        "assessment-results.json",
        "poam.json",
    }


def test_the_same_input_makes_the_same_bytes_in_whatever_order_it_comes() -> None:
    sample = sample_at(Level.MEDIUM)
    facts = sample.assessment.facts
    turned = Facts(facts.scope, facts.state, dict(reversed([*facts.by_question.items()])))
    other = replace(
        sample,
        attested=dict(reversed(sample.attested.items())),
        assessment=replace(sample.assessment, facts=turned),
    )

    assert written(other) == written(sample_assessment(Level.MEDIUM))


def test_another_process_with_another_order_of_sets_makes_the_same_bytes() -> None:
    program = (
        "import hashlib\n"
        "from assessments import STATE, sample_assessment\n"
        "from ringfence.assess.oscal import documents\n"
        "s = sample_assessment()\n"
        "files = documents(s.assessment, s.site, s.requirements, s.attested, STATE)\n"
        "print(hashlib.sha256(b''.join(files.values())).hexdigest())\n"
    )
    tests = str(Path(__file__).parents[2])
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": tests, "TZ": zone},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland"))
    }

    assert len(digests) == 1


def test_every_time_in_the_documents_comes_from_the_input() -> None:
    sample = sample_at(Level.MEDIUM)
    attestations = [each.attestation for each in sample.attested.values()]
    deviations = [*sample.requirements.lowered.values(), *sample.requirements.raised.values()]
    days: set[date] = set()
    for word in attestations:
        days |= {word.seen_on, word.expires}
    for deviation in deviations:
        days |= {deviation.date, deviation.expires}
    facts = sample.facts.by_question.values()
    given = {moment(NOW), *(moment(each.taken) for each in facts)}
    given |= {moment(each.expires) for each in facts}
    given |= {f"{day}T00:00:00Z" for day in days}

    for body in bodies().values():
        for key in ("last-modified", "start", "end", "collected", "expires", "deadline"):
            assert set(values(body, key)) <= given


def test_a_later_assessment_changes_documents_but_not_the_uuids_of_their_subjects() -> None:
    sample = sample_at(Level.MEDIUM)
    later = replace(sample, assessment=replace(sample.assessment, now=NOW.replace(hour=11)))
    before, after = bodies(), parsed(written(later))

    for name in ("catalog.json", "profile-medium.json"):
        assert before[name]["uuid"] == after[name]["uuid"]
    for name in ("profile-site.json", "assessment-results.json", "poam.json"):
        assert before[name]["uuid"] != after[name]["uuid"]
    for key in ("findings", "risks", "poam-items"):
        old, new = values(before["poam.json"], key)[0], values(after["poam.json"], key)[0]
        assert [each["uuid"] for each in old] == [each["uuid"] for each in new]


def test_two_sites_share_no_uuid_but_those_of_the_guide_and_the_tool() -> None:
    sample = sample_at(Level.MEDIUM)
    other = replace(
        sample,
        site=sample.site.model_copy(update={"domain": "other.example"}),
        assessment=replace(sample.assessment, domain="other.example"),
    )
    mine, theirs = (
        {uuid for name in ("assessment-results.json", "poam.json") for uuid in found[name]}
        for found in (
            {name: set(values(body, "uuid")) for name, body in bodies().items()},
            {name: set(values(body, "uuid")) for name, body in parsed(written(other)).items()},
        )
    )
    shared = {
        each.get("title")
        for body in bodies().values()
        for _, each in nodes(body)
        if each.get("uuid") in mine & theirs
    }

    assert shared == {
        "Ringfence",
        "The machine that runs Ringfence",
        "The questions of Ringfence",
    }


def test_an_assessment_without_facts_or_attestations_is_well_formed() -> None:
    sample = sample_at(Level.MEDIUM)
    judgements: dict[MitigationId, Judgement] = {
        id_: replace(each, facts=(), attestation=None)
        for id_, each in sample.assessment.judgements.items()
    }
    bare = replace(
        sample,
        attested={},
        assessment=replace(
            sample.assessment,
            judgements=judgements,
            facts=Facts(sample.facts.scope, STATE, {}),
            remarks=(),
        ),
    )

    assert malformed(written(bare)) == []
    assert loose_ends(parsed(written(bare))) == []


HOSTILE = 'a\n\n"b"\x00\x1b[31m</x>\u2028 {{insert: param}} \t'
"""Models refuse half a surrogate pair, which is why it is added for plain texts only."""


def test_no_text_of_a_site_can_break_a_document() -> None:
    sample = sample_at(Level.MEDIUM)
    facts = {
        question: fact.model_copy(
            update={"saw": HOSTILE, "contrary": (HOSTILE, " "), "answer": Answer.NO}
        )
        for question, fact in sample.facts.by_question.items()
    }
    attested = {
        id_: each.model_copy(
            update={
                "attestation": each.attestation.model_copy(
                    update={"by": HOSTILE, "role": "  ", "scope": HOSTILE, "claim": HOSTILE}
                ),
                "countersigned_by": (HOSTILE, HOSTILE.upper(), "\n"),
            }
        )
        for id_, each in sample.attested.items()
    }
    lowered: dict[MitigationId, Deviation] = {
        id_: each.model_copy(update={"reason": HOSTILE, "approved_by": HOSTILE})
        for id_, each in sample.requirements.lowered.items()
    }
    site = sample.site.model_copy(update={"organisation": HOSTILE})
    hostile = replace(
        sample,
        site=site,
        attested=attested,
        requirements=replace(sample.requirements, lowered=lowered),
        assessment=replace(
            sample.assessment,
            facts=replace(sample.assessment.facts, by_question=facts),
            remarks=(f"{HOSTILE}\ud800",),
            judgements={
                id_: replace(each, because=f"{HOSTILE}\ud800", facts=(), attestation=None)
                for id_, each in sample.assessment.judgements.items()
            },
        ),
    )

    assert malformed(written(hostile)) == []
    assert loose_ends(parsed(written(hostile))) == []


def test_one_person_is_one_party_however_the_name_is_written() -> None:
    sample = sample_at(Level.MEDIUM)
    attested = dict(sample.attested)
    each = attested["PHY-1"]
    attested["PHY-1"] = each.model_copy(update={"countersigned_by": ("noor  RAHMAN",)})
    found = parsed(written(replace(sample, attested=attested)))
    names = [each["name"] for each in found["assessment-results.json"]["metadata"]["parties"][1:]]

    assert sum(name.casefold() == "noor rahman" for name in names) == 1


def test_an_assessment_of_another_state_is_refused() -> None:
    sample = sample_at(Level.MEDIUM)

    with pytest.raises(ValueError, match="is of state"):
        documents(sample.assessment, sample.site, sample.requirements, sample.attested, "0" * 64)


def test_an_assessment_of_another_site_is_refused() -> None:
    sample = sample_at(Level.MEDIUM)
    site = sample.site.model_copy(update={"domain": "other.example"})

    with pytest.raises(ValueError, match=r"not other\.example"):
        documents(sample.assessment, site, sample.requirements, sample.attested, STATE)


def test_a_time_without_a_zone_is_refused() -> None:
    sample = sample_at(Level.MEDIUM)
    naive = replace(sample.assessment, now=NOW.replace(tzinfo=None))

    with pytest.raises(ValueError, match="no time zone"):
        written(replace(sample, assessment=naive))


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    zone = datetime.fromisoformat("2026-06-01T11:30:00+02:00")

    assert moment(zone) == "2026-06-01T09:30:00Z"
    assert moment(datetime(2026, 6, 1, 9, 30, 0, 5, UTC)) == "2026-06-01T09:30:00.000005Z"
