"""The report for people: whole, self-contained, safe against names, readable without colour."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import Sample, sample_assessment
from ringfence.assess import Scope, Tally, Verdict, assess
from ringfence.assess.report.html import html
from ringfence.assess.report.markup import Markup, el, joined, legible
from ringfence.assess.report.reading import SOON, Lack, Reading, waiting
from ringfence.assess.report.summary import grade
from ringfence.assess.report.words import VERDICTS
from ringfence.guide import Level, catalogue
from ringfence.probe.questions import QUESTIONS

FINGERPRINT = "9f" * 32
CHECKPOINT = "ringfence/voice.strassdorf.example\n73\ncm9vdA==\n\n— ringfence/voice AbCd\n"
HOSTILE = """</style></title><script>alert(1)</script><img src=x onerror='a("b")'>&amp;"""


def written(sample: Sample, *, signed: bool = True, place: str = "SITE") -> str:
    return html(
        sample.assessment,
        sample.site,
        sample.requirements,
        sample.attested,
        checkpoint=CHECKPOINT if signed else None,
        fingerprint=FINGERPRINT if signed else None,
        place=place,
    )


def parsed(document: str) -> ET.Element:
    """The document, which is XML as well as HTML."""
    return ET.fromstring(document)  # noqa: S314 - it is our own


@cache
def sample(level: Level = Level.MEDIUM) -> Sample:
    return sample_assessment(level)


@cache
def tree(level: Level = Level.MEDIUM) -> ET.Element:
    return parsed(written(sample(level)))


def reading(of: Sample) -> Reading:
    return Reading(of.assessment, of.site, of.requirements, of.attested)


def text(element: ET.Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split())


def by_id(root: ET.Element, id_: str) -> ET.Element:
    found = [each for each in root.iter() if each.get("id") == id_]
    assert len(found) == 1, id_
    return found[0]


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in root.iter() if name in (each.get("class") or "").split()]


@pytest.mark.parametrize("level", Level)
def test_every_mitigation_has_its_words_verdict_reason_and_command(level: Level) -> None:
    for id_, judgement in sample(level).assessment.judgements.items():
        said = text(by_id(tree(level), id_))
        for part in (judgement.mitigation.title, judgement.mitigation.statement):
            assert part in said
        assert VERDICTS[judgement.verdict] in said
        assert judgement.because.split("; ")[0].lower()[1:] in said.lower()
        assert f"ringfence assess SITE {id_}" in said


@pytest.mark.parametrize("level", Level)
def test_every_place_has_one_name_and_every_link_leads_to_one(level: Level) -> None:
    names = [each.get("id") for each in tree(level).iter() if each.get("id")]
    links = [each.get("href", "") for each in tree(level).iter() if each.get("href")]

    assert len(names) == len(set(names))
    assert {link.removeprefix("#") for link in links} <= set(names)
    assert all(link.startswith("#") for link in links)


def test_nothing_in_it_runs_and_nothing_is_fetched() -> None:
    tags = {each.tag for each in tree().iter()}
    attributes = {name for each in tree().iter() for name in each.attrib}

    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {
        "src",
        "style",
    }
    assert "://" not in text(tree().find("head/style"))
    assert not [value for each in tree().iter() for value in each.attrib.values() if "://" in value]
    assert re.findall(r"url\((?!#)", written(sample())) == []


def test_a_browser_sees_the_same_tree_as_a_parser_of_xml() -> None:
    blocks = {"div", "dl", "h1", "h2", "h3", "h4", "h5", "ol", "p", "pre", "table", "ul"}

    for name in ("p", "h1", "h2", "h3", "h4", "h5"):
        for each in tree().iter(name):
            assert not {inner.tag for inner in each.iter() if inner is not each} & blocks
    for link in tree().iter("a"):
        assert len(list(link.iter("a"))) == 1
    for each in tree().iter():
        if len(each) == 0 and not each.text:
            assert each.tag in {"meta", "rect", "path", "use", "bdi", "circle", "line"}, each.attrib


def test_its_policy_allows_its_own_style_sheet_and_nothing_else() -> None:
    document = written(sample())
    style = document.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [each.get("content", "") for each in tree().iter("meta") if each.get("http-equiv")]

    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


def test_a_hostile_name_stays_a_name() -> None:
    plain = sample()
    attested = {
        id_: each.model_copy(
            update={
                "attestation": each.attestation.model_copy(
                    update={"by": HOSTILE, "observed": HOSTILE, "scope": HOSTILE, "role": HOSTILE}
                ),
                "countersigned_by": (HOSTILE,),
            }
        )
        for id_, each in plain.attested.items()
    }
    facts = replace(
        plain.facts,
        by_question={
            id_: fact.model_copy(update={"saw": HOSTILE, "contrary": (HOSTILE,)})
            for id_, fact in plain.facts.by_question.items()
        },
    )
    deviations = tuple(
        each.model_copy(update={"reason": HOSTILE, "approved_by": HOSTILE})
        for each in plain.site.deviations
    )
    site = plain.site.model_copy(update={"organisation": HOSTILE, "deviations": deviations})
    made = assess(site, plain.requirements, facts, attested, plain.assessment.now)
    named = Sample(site, plain.requirements, facts, attested, made)

    root = parsed(written(named, place=HOSTILE))

    assert [each.tag for each in root.iter() if each.tag in {"script", "img"}] == []
    assert text(root.find("body/header/h1")) == " ".join(HOSTILE.split())
    assert len(list(root.iter("style"))) == 1
    assert "<" not in text(root.find("head/style"))


@given(st.text(), st.text())
@settings(max_examples=300)
def test_text_never_becomes_markup(content: str, value: str) -> None:
    element = parsed(el("p", content, title=value))

    assert list(element) == []
    assert (element.text or "").replace("\r", "\n") == legible(content).replace("\r", "\n")
    assert " ".join(element.attrib["title"].split()) == " ".join(legible(value).split())


def test_markup_goes_through_once_and_text_is_escaped_once() -> None:
    assert el("p", el("b", "a & b"), " <c>") == "<p><b>a &amp; b</b> &lt;c&gt;</p>"
    assert joined(["x", None, ["y", Markup("<br/>")]]) == "xy<br/>"
    assert el("td", class_="wide", colspan=2, hidden=True, title=None) == (
        '<td class="wide" colspan="2" hidden></td>'
    )


def test_characters_that_hide_or_turn_text_around_are_replaced() -> None:
    assert (
        legible("a\x00b\x1bc\u202ed\u2066e\ud800f\x85")
        == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffd"
    )
    assert legible("Gemeinde Straßdorf\n\tמשרד") == "Gemeinde Straßdorf\n\tמשרד"


@pytest.mark.parametrize("level", Level)
def test_the_grade_accounts_for_everything_that_the_site_answers_for(level: Level) -> None:
    tally = sample(level).assessment.demanded
    lacking = reading(sample(level)).lacking

    assert sum(len(found) for found in lacking.values()) == len(tally.short)
    assert {j.mitigation.id for found in lacking.values() for j in found} == set(tally.short)
    assert grade(reading(sample(level))).startswith(
        f"As it runs, it meets {tally.total - len(tally.short)} of the {tally.total} mitigations "
        f"that it answers for at the {level} level; {len(lacking[Lack.SHORT])} fall short, "
    )
    assert text(of_class(tree(level), "grade")[0]) == grade(reading(sample(level)))


def test_a_grade_of_the_design_says_so() -> None:
    plain = sample()
    facts = replace(plain.facts, scope=Scope.DESIGN)
    made = assess(plain.site, plain.requirements, facts, plain.attested, plain.assessment.now)
    designed = replace(plain, facts=facts, assessment=made)
    root = parsed(written(designed))

    assert grade(reading(designed)).startswith("As designed, it meets ")
    assert "wherever they may run" in text(by_id(root, "verify"))
    assert "were looked at and tried" in text(by_id(tree(), "verify"))


def test_where_nothing_lacks_it_says_so() -> None:
    plain = sample()
    wanted = reading(plain).wanted
    judgements = {
        id_: replace(each, verdict=Verdict.SATISFIED, todo="")
        for id_, each in plain.assessment.judgements.items()
    }
    tally = Tally({Verdict.SATISFIED: len(wanted)}, ())
    made = replace(plain.assessment, judgements=judgements, demanded=tally)
    sound = replace(plain, assessment=made)
    root = parsed(written(sound))

    assert grade(reading(sound)).endswith("at the medium level; nothing falls short.")
    assert "everything that the site answers for is met" in text(by_id(root, "to-do"))


def test_the_board_has_a_cell_for_each_mitigation_with_its_verdict_in_words() -> None:
    cells = {text(each).partition(":")[0]: each for each in of_class(tree(), "cell")}
    wanted = reading(sample()).wanted

    assert list(cells) == list(catalogue().by_id)
    for id_, cell in cells.items():
        verdict = sample().assessment.judgements[id_].verdict
        assert text(cell) == f"{id_}: {VERDICTS[verdict].lower()}"
        assert ("aside" in cell.get("class", "")) == (id_ not in wanted)


def test_every_sign_has_its_verdict_in_words_beside_it_and_a_shape_of_its_own() -> None:
    shapes = {
        each.get("id"): tuple(path.get("d") for path in each) for each in tree().iter("symbol")
    }
    parents = {child: parent for parent in tree().iter() for child in parent}

    assert len(set(shapes.values())) == len(Verdict)
    for sign in of_class(tree(), "sign"):
        verdict = Verdict((sign.get("class") or "").removeprefix("sign v-"))
        assert VERDICTS[verdict].lower() in text(parents[sign]).lower()


def test_bars_are_told_in_words_too() -> None:
    bars = of_class(tree(), "bar")

    assert len(bars) > 40
    assert all(each.get("role") == "img" and each.get("aria-label") for each in bars)
    satisfied = sample_assessment().assessment.demanded.counts[Verdict.SATISFIED]
    told = bars[0].get("aria-label", "")
    assert told.startswith(f"{satisfied} satisfied, 2 done without, on approval")


def test_colours_can_be_told_from_their_ground() -> None:
    css = files("ringfence.assess.report").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in _roots(css))

    for theme in (light, {**light, **dark}):
        for name in ("ink", "quiet", "link", "accent", *(str(each) for each in Verdict)):
            for ground in ("paper", "wash"):
                assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)


def _roots(css: str) -> tuple[str, str]:
    light, _, rest = css.partition("@media screen")
    return light, rest.partition("}\n}")[0]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_headings_go_down_one_step_at_a_time_and_landmarks_are_there() -> None:
    steps = [int(each.tag[1]) for each in tree().iter() if re.fullmatch(r"h[1-6]", each.tag)]

    assert steps[0] == 1
    assert steps.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(steps))
    assert tree().get("lang") == "en-GB"
    for landmark in ("header", "nav", "main"):
        assert len(list(tree().iter(landmark))) == 1


def test_tables_have_headers_that_say_what_they_head() -> None:
    tables = list(tree().iter("table"))

    assert tables
    for table in tables:
        assert all(each.get("scope") in {"col", "row"} for each in table.iter("th"))
        assert all(row[0].tag == "th" for row in table.iter("tr"))


def test_what_has_one_cause_and_one_remedy_stands_together_worst_first() -> None:
    groups = [text(each[0]) for each in of_class(tree(), "todo")]
    items = [text(each) for each in of_class(tree(), "todo")[0].iter("li")]

    assert [name.rsplit(" ", 1)[0] for name in groups] == [
        "Falls short",
        "Could not be judged",
        "Out of date",
        "Not known yet",
        "Waits for a person",
    ]
    assert [item for item in items if "PWB-3" in item] == [
        item for item in items if "TEL-1" in item
    ]


def test_what_waits_for_a_person_is_what_only_an_attestation_can_mend() -> None:
    for level in Level:
        made = sample(level)
        found = list(waiting(made.assessment, made.requirements))
        assert found == [j.mitigation for j in reading(made).lacking[Lack.PERSON]]
        for mitigation in found:
            judgement = made.assessment.judgements[mitigation.id]
            assert judgement.todo.startswith("Attest it: ")
    assert "PHY-1" in {
        m.id for m in waiting(sample(Level.HIGHEST).assessment, sample(Level.HIGHEST).requirements)
    }
    assert "PHY-1" not in {m.id for m in waiting(sample().assessment, sample().requirements)}


def test_a_deviation_is_shown_with_its_reason_its_approver_and_its_end() -> None:
    said = text(by_id(tree(), "deviations"))

    for each in sample().site.deviations:
        for part in (each.mitigation, each.reason, each.approved_by, str(each.expires)):
            assert part in said
    assert "ran out on 2026-02-03" in said
    assert "its lowering expired on 2026-02-03, so it is in force again" in said
    assert "Mayor Anneliese Brandt" in text(by_id(tree(), "DAT-8"))


def test_what_runs_out_in_thirty_days_is_listed_by_day_and_nothing_else() -> None:
    today = sample().assessment.now.date()
    rows = [text(each) for each in by_id(tree(), "expiring").iter("tr")][1:]
    days = [row.split()[0] for row in rows]

    assert days == sorted(days)
    assert all(str(today) < day <= str(today + SOON) for day in days)
    assert [row.split(" ")[0] for row in rows if "DAT-1 " in row] == [
        str(today + timedelta(days=9))
    ]
    assert any("DAT-8" in row and "Approval to do without" in row for row in rows)
    assert not any("NAV-9" in row for row in rows)


def test_the_text_of_2005_and_the_rule_of_today_stand_side_by_side() -> None:
    for section in catalogue().sections:
        for each in section.mitigations:
            sides = of_class(by_id(tree(), each.id), "both")
            assert len(sides) == (each.modern is not None)
            if each.modern is not None:
                old, new = sides[0]
                assert each.statement in text(old)
                assert each.modern.rule in text(new)
                assert each.modern.source in text(new)
                role = "in its place" if each.modern.supersedes else "as well"
                assert role in text(new)


def test_every_question_is_there_with_its_answer_what_stands_against_it_and_its_limits() -> None:
    for question in QUESTIONS:
        said = text(by_id(tree(), f"q-{question.id}"))
        fact = sample().facts.by_question.get(question.id)
        assert question.asks in said
        assert question.limits in said
        if fact is None:
            assert "Not asked." in said
        else:
            for part in (*fact.contrary, *(each.sha256 for each in fact.exhibits)):
                assert part in said
    assert "and 7 more" in text(by_id(tree(), "q-phone-management-ports"))
    assert "of another state" in text(by_id(tree(), "q-call-recorded"))


def test_an_attestation_is_shown_with_who_when_where_and_what_shows_it() -> None:
    said = text(by_id(tree(), "PHY-3"))
    attested = sample().attested["PHY-3"]
    word = attested.attestation

    for part in (word.by, word.role, word.scope, word.observed, str(word.expires)):
        assert part in said
    assert attested.statement in said
    assert word.exhibits[0].sha256 in said
    assert "Countersigned by Noor Rahman" in said
    assert "Countersigned by nobody" in text(by_id(tree(), "PHY-1"))


def test_a_signed_report_says_how_to_verify_it_and_what_that_does_not_prove() -> None:
    said = text(by_id(tree(), "verify"))

    assert f"python3 verify.py PACK.tar --key {FINGERPRINT}" in said
    assert " ".join(CHECKPOINT.split()) in said
    assert "They do not prove that what was written is true." in said
    assert sample().facts.state in said


def test_an_unsigned_report_says_that_it_is_unsigned() -> None:
    root = parsed(written(sample(), signed=False))

    assert "nothing in it is signed" in text(by_id(root, "verify"))
    assert "verify.py" not in text(by_id(root, "verify"))


def test_the_command_names_the_site_as_a_shell_takes_it() -> None:
    root = parsed(written(sample(), place="my sites/town; hall"))

    assert "ringfence assess 'my sites/town; hall' SEP-1" in text(by_id(root, "SEP-1"))


def test_a_section_with_a_level_of_its_own_says_so() -> None:
    plain = sample()
    site = plain.site.model_copy(update={"sections": {"DAT": Level.HIGHEST}})
    root = parsed(written(replace(plain, site=site)))

    assert "Medium (DAT at highest)" in text(root.find("body/header"))
    assert "highest level" in text(by_id(root, "DAT"))


def test_the_same_input_gives_the_same_report() -> None:
    assert written(sample_assessment(Level.HIGHEST)) == written(sample_assessment(Level.HIGHEST))


@pytest.mark.parametrize("level", Level)
def test_it_is_no_larger_than_600_kilobytes(level: Level) -> None:
    assert len(written(sample(level)).encode()) < 600_000


def test_times_are_told_in_utc_whatever_zone_they_came_in() -> None:
    plain = sample()
    abroad = plain.assessment.now.astimezone(None)
    moved = replace(plain, assessment=replace(plain.assessment, now=abroad))

    assert "2026-06-01 09:30 UTC" in text(parsed(written(moved)).find("body/header"))
