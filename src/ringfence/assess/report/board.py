"""The evidence board: every mitigation of the guide as a small cell with its verdict."""

from ringfence.assess.model import Judgement
from ringfence.assess.report.marks import bar, sign
from ringfence.assess.report.markup import Markup, el
from ringfence.assess.report.reading import Reading
from ringfence.assess.report.words import LEVELS, MEANINGS, PARTS, VERDICTS, met
from ringfence.guide import GuidePart, Section, catalogue


def board(reading: Reading) -> Markup:
    """All 164 cells by part and section, each a link to what is said of it, and the key."""
    return el(
        "section",
        el("h2", "The evidence board"),
        el(
            "p",
            "Every mitigation of the guide, by section. Each leads to what is said of it below. "
            "A dashed frame means that the site need not meet it.",
        ),
        _key(),
        *(_part(reading, part) for part in GuidePart),
        id="board",
        class_="board",
    )


def _key() -> Markup:
    entries = (
        el(
            "div",
            el("dt", sign(verdict), VERDICTS[verdict]),
            el("dd", MEANINGS[verdict], " ", el("span", f"({verdict})", class_="term")),
        )
        for verdict in VERDICTS
    )
    return el("dl", *entries, class_="key")


def _part(reading: Reading, part: GuidePart) -> Markup:
    tally = reading.assessment.by_part[part]
    return el(
        "div",
        el(
            "h3",
            PARTS[part],
            " ",
            el("span", met(tally), class_="count"),
        ),
        el(
            "div",
            *(_section(reading, each) for each in catalogue().sections if each.part == part),
            class_="sections",
        ),
    )


def _section(reading: Reading, section: Section) -> Markup:
    tally = reading.assessment.by_section[section.prefix]
    own = section.prefix in reading.site.sections
    level = f", {LEVELS[reading.level_of(section.prefix)].lower()} level" if own else ""
    return el(
        "div",
        el(
            "h4",
            el("a", el("b", section.prefix), " ", section.title, href=f"#{section.prefix}"),
            " ",
            el("span", met(tally), level, class_="count"),
        ),
        bar(tally, thin=True) if tally.total else None,
        el(
            "ul",
            *(
                _cell(reading, reading.assessment.judgements[each.id])
                for each in section.mitigations
            ),
        ),
        class_="block",
    )


def _cell(reading: Reading, judgement: Judgement) -> Markup:
    mitigation, verdict = judgement.mitigation, judgement.verdict
    asked = mitigation.id in reading.wanted
    return el(
        "li",
        el(
            "a",
            sign(verdict),
            mitigation.id,
            el("span", f": {VERDICTS[verdict].lower()}", class_="unseen"),
            href=f"#{mitigation.id}",
            title=mitigation.title,
            class_=f"cell v-{verdict}" if asked else f"cell aside v-{verdict}",
        ),
    )
