"""What is said of each mitigation: its text, its verdict, and what the verdict stands on."""

import shlex

from ringfence.assess.model import Judgement
from ringfence.assess.report.marks import levels, sign
from ringfence.assess.report.markup import Markup, el, joined, separated
from ringfence.assess.report.reading import Reading
from ringfence.assess.report.words import (
    ANSWERS,
    LEVELS,
    METHODS,
    PARTS,
    VERDICTS,
    met,
    moment,
    sentence,
)
from ringfence.evidence.attestation import Attested
from ringfence.guide import GuidePart, Mitigation, Section, catalogue
from ringfence.probe.fact import Exhibit, Fact
from ringfence.probe.questions import by_id
from ringfence.site.deviations import Deviation

SHORT_DIGEST = 16
"""How much of a digest is shown where the whole of it stands elsewhere in the report."""


def parts(reading: Reading, place: str) -> Markup:
    """Every part of the guide with its sections and their mitigations.

    ``place`` is the site as the command line is to name it.
    """
    return el(
        "div",
        *(
            el(
                "section",
                el("h2", PARTS[part]),
                *(
                    _section(reading, each, place)
                    for each in catalogue().sections
                    if each.part == part
                ),
                class_="part",
                id=part,
            )
            for part in GuidePart
        ),
    )


def exhibits(shown: tuple[Exhibit, ...], *, whole: bool) -> Markup | None:
    """Exhibits by name and digest, as the end of a paragraph."""
    if not shown:
        return None
    items = (
        (
            el("bdi", each.name),
            " ",
            el("code", each.sha256 if whole else each.sha256[:SHORT_DIGEST], class_="digest"),
        )
        for each in shown
    )
    label = " Exhibit: " if len(shown) == 1 else " Exhibits: "
    return joined(label, separated("; ", items))


def _section(reading: Reading, section: Section, place: str) -> Markup:
    tally = reading.assessment.by_section[section.prefix]
    level = LEVELS[reading.level_of(section.prefix)].lower()
    return el(
        "section",
        el("h3", el("b", section.prefix), " ", section.title),
        el(
            "p",
            f"{sentence(f'{met(tally)} at the {level} level')} Page {section.page} of the guide. ",
            el("a", "To the board", href="#board", class_="back"),
            class_="small",
        ),
        *(
            _entry(reading, reading.assessment.judgements[each.id], place)
            for each in section.mitigations
        ),
        id=section.prefix,
        class_="guide-section",
    )


def _entry(reading: Reading, judgement: Judgement, place: str) -> Markup:
    mitigation, verdict = judgement.mitigation, judgement.verdict
    asked = mitigation.id in reading.wanted
    return el(
        "article",
        el(
            "h4",
            sign(verdict),
            el("b", mitigation.id),
            " ",
            mitigation.title,
            " ",
            el("span", VERDICTS[verdict], class_=f"chip v-{verdict}"),
        ),
        el(
            "p",
            levels(mitigation.levels),
            " ",
            sentence(_why(reading, judgement)),
            class_="small",
        ),
        _both(mitigation),
        el(
            "div",
            el(
                "div",
                *(_statement(mitigation) if mitigation.modern is None else ()),
                el("p", el("b", "Against: "), mitigation.threat, class_="threat"),
            ),
            el(
                "div",
                el("p", el("b", "Verdict: "), sentence(judgement.because)),
                _through(judgement),
                el("p", el("b", "To do: "), judgement.todo) if judgement.todo and asked else None,
                _evidence(judgement),
            ),
            class_="halves",
        ),
        _close(mitigation, place),
        id=mitigation.id,
        class_=f"entry v-{verdict}" if asked else f"entry aside v-{verdict}",
    )


def _why(reading: Reading, judgement: Judgement) -> str:
    id_ = judgement.mitigation.id
    if judgement.in_force is not None:
        return f"In force: {judgement.in_force}"
    if (deviation := reading.requirements.lowered.get(id_)) is not None:
        return f"Not in force: {deviation.approved_by} has approved doing without it"
    return "Not in force: this site's level does not ask for it"


def _statement(mitigation: Mitigation) -> tuple[Markup, ...]:
    ways = (el("p", "Any of these will do:"), el("ul", *(el("li", way) for way in mitigation.ways)))
    return (el("p", mitigation.statement), *(ways if mitigation.ways else ()))


def _both(mitigation: Mitigation) -> Markup | None:
    """The text of 2005 and the rule of today, side by side."""
    if (modern := mitigation.modern) is None:
        return None
    role = "assessed in its place" if modern.supersedes else "asked for as well"
    return el(
        "div",
        el("div", el("h5", "The text of 2005"), *_statement(mitigation)),
        el(
            "div",
            el("h5", f"The rule of today, {role}"),
            el("p", modern.rule),
            el("p", "Source: ", modern.source, class_="small"),
        ),
        class_="both",
    )


def _through(judgement: Judgement) -> Markup | None:
    if judgement.by is None:
        return None
    better = catalogue().by_id[judgement.by]
    link = el("a", el("b", better.id), " ", better.title, href=f"#{better.id}")
    return el("p", "It is met through ", link, ", which is stronger; the evidence is of that one.")


def _evidence(judgement: Judgement) -> Markup | None:
    shown = [
        *(_fact(each) for each in judgement.facts),
        *([_attested(judgement.attestation)] if judgement.attestation else ()),
        *([_accepted(judgement.deviation)] if judgement.deviation else ()),
    ]
    return el("ul", *shown, class_="evidence") if shown else None


def _fact(fact: Fact) -> Markup:
    question = by_id().get(fact.question)
    return el(
        "li",
        el(
            "p",
            el("a", question.asks, href=f"#q-{question.id}") if question else fact.question,
            " ",
            el("b", ANSWERS[fact.answer], class_=f"answer a-{fact.answer}"),
            ": ",
            sentence(fact.saw),
        ),
        el(
            "p",
            f"{METHODS[fact.method]} on {moment(fact.taken)}; believed until "
            f"{moment(fact.expires)}.",
            exhibits(fact.exhibits, whole=False),
            class_="small",
        ),
    )


def _attested(attested: Attested) -> Markup:
    said = attested.attestation
    others = attested.countersigned_by
    return el(
        "li",
        el(
            "p",
            el("bdi", said.by, class_="name"),
            ", ",
            el("bdi", said.role),
            f", on {said.seen_on}: ",
            el("b", "It holds. " if said.holds else "It does not hold. "),
            el("q", el("bdi", said.observed)),
        ),
        el("p", "Where: ", el("bdi", said.scope), ". Looked at: ", said.claim, class_="small"),
        el(
            "p",
            "Countersigned by " if others else "Countersigned by nobody",
            *separated(", ", (el("bdi", each) for each in others)),
            f"; recorded {moment(said.recorded)}; believed until {said.expires}. Statement ",
            el("code", attested.statement, class_="digest"),
            ".",
            exhibits(said.exhibits, whole=True),
            class_="small",
        ),
    )


def _accepted(deviation: Deviation) -> Markup:
    return el(
        "li",
        el("p", el("q", el("bdi", deviation.reason))),
        el(
            "p",
            "Asked for by ",
            el("bdi", deviation.requested_by),
            ", approved by ",
            el("bdi", deviation.approved_by),
            f" on {deviation.date}, until {deviation.expires}.",
            class_="small",
        ),
    )


def _close(mitigation: Mitigation, place: str) -> Markup:
    command = f"ringfence assess {shlex.quote(place)} {mitigation.id}"
    return el(
        "p",
        f"Guide, page {mitigation.page}. SP 800-53: ",
        ", ".join(mitigation.references.nist_800_53),
        ". NSA 2021: ",
        "; ".join(mitigation.references.nsa_2021),
        ". Repeat it: ",
        el("code", command),
        class_="small close",
    )
