"""The first pages: what the site is, how it stands, what to do first, what was accepted."""

from datetime import date
from typing import Final

from ringfence.assess.model import Judgement, Scope, Tally, Verdict
from ringfence.assess.report.marks import bar, sign
from ringfence.assess.report.markup import Child, Markup, el, separated
from ringfence.assess.report.reading import SOON, Lack, Reading
from ringfence.assess.report.words import (
    LEVELS,
    PARTS,
    SCOPES,
    VERDICTS,
    count,
    listed,
    moment,
    sentence,
)
from ringfence.guide import GuidePart, Level, MitigationId, catalogue
from ringfence.probe.questions import by_id
from ringfence.site.countries import countries
from ringfence.site.deviations import Change, Deviation

_LACKS: Final = {
    Lack.SHORT: ("falls short", "fall short"),
    Lack.FAULT: ("could not be judged", "could not be judged"),
    Lack.OLD: ("is out of date", "are out of date"),
    Lack.UNKNOWN: ("is not known yet", "are not known yet"),
    Lack.PERSON: ("waits for a person", "wait for a person"),
}
_FEW: Final = 4
"""How many mitigations with one cause stay on one page of a print."""
_HEADINGS: Final = {
    Lack.SHORT: "Falls short",
    Lack.FAULT: "Could not be judged",
    Lack.OLD: "Out of date",
    Lack.UNKNOWN: "Not known yet",
    Lack.PERSON: "Waits for a person",
}


def head(reading: Reading) -> Markup:
    """What the site is, and the grade in a sentence."""
    site, assessment = reading.site, reading.assessment
    running = assessment.facts.scope == Scope.RUNNING
    about = (
        ("Domain", site.domain),
        ("Country", countries()[site.country]),
        ("Level", _level(reading)),
        ("Size", f"{_many(len(site.phones), 'phone')}, {_many(len(site.servers), 'server')}"),
        ("Speaks of", "the running system" if running else "the design"),
        ("Assessed", el("time", moment(assessment.now), datetime=assessment.now.isoformat())),
    )
    return el(
        "header",
        el("p", "Ringfence assessment of IP telephony", class_="kind"),
        el("h1", el("bdi", assessment.organisation)),
        el(
            "dl",
            *(el("div", el("dt", term), el("dd", el("bdi", told))) for term, told in about),
            class_="about",
        ),
    )


def summary(reading: Reading) -> Markup:
    """The grade, the bar of verdicts, and how the site stands at each level and in each part."""
    tally = reading.assessment.demanded
    shares = (
        el("li", sign(each), el("b", str(tally.counts.get(each, 0))), " ", VERDICTS[each].lower())
        for each in VERDICTS
        if tally.counts.get(each, 0)
    )
    return el(
        "section",
        el("h2", "Where it stands", class_="unseen"),
        el("p", grade(reading), class_="grade"),
        bar(tally),
        el("ul", *shares, class_="shares"),
        el("p", _footing(reading), class_="footing"),
        el("div", _levels(reading), _parts(reading), class_="pair"),
        id="summary",
    )


def grade(reading: Reading) -> str:
    """The grade in one sentence, for somebody who reads no further."""
    tally = reading.assessment.demanded
    opening = (
        f"{SCOPES[reading.assessment.facts.scope]}, it meets {tally.total - len(tally.short)} of "
        f"the {tally.total} mitigations that it answers for at the {reading.site.level} level"
    )
    lacking = [count(len(found), *_LACKS[lack]) for lack, found in reading.lacking.items() if found]
    return f"{opening}; {listed(lacking) if lacking else 'nothing falls short'}."


def to_do(reading: Reading) -> Markup:
    """What is not met, worst first, with why and what to do."""
    groups = (
        el(
            "div",
            el("h3", f"{_HEADINGS[lack]} ", el("span", str(len(found)), class_="count")),
            el("ol", *(_item(each) for each in _by_cause(found))),
            class_="todo",
        )
        for lack, found in reading.lacking.items()
        if found
    )
    nothing = el("p", "Nothing: everything that the site answers for is met.")
    return el(
        "section",
        el("h2", "What to do, worst first"),
        *(groups if any(reading.lacking.values()) else [nothing]),
        id="to-do",
    )


def deviations(reading: Reading) -> Markup:
    """Every deviation of the site file, with who answers for it, and what wants attention."""
    declared = reading.site.deviations
    remarks = reading.assessment.remarks
    return el(
        "section",
        el("h2", "Deviations"),
        *(_deviation(reading, each) for each in declared),
        None if declared else el("p", "The site file declares none."),
        el("h3", "Somebody must attend to these") if remarks else None,
        el("ul", *(el("li", each) for each in remarks)) if remarks else None,
        id="deviations",
    )


def expiring(reading: Reading) -> Markup:
    """What runs out in the next thirty days, by day."""
    rows: list[tuple[date, Markup]] = []
    told: list[Child]
    for day, facts in reading.facts_expiring.items():
        names = separated(", ", (_question(fact.question) for fact in facts))
        told = [_many(len(facts), "answer"), ": ", *names]
        rows.append((day, _row(reading, day, told, "Assess again.")))
    for each in reading.attestations_expiring:
        said = each.attestation
        told = ["Attestation of ", _title(said.mitigation), " by ", el("bdi", said.by)]
        rows.append((said.expires, _row(reading, said.expires, told, "Have it attested again.")))
    for deviation in reading.deviations_expiring:
        lowered = deviation.change == Change.LOWER
        what = "Approval to do without " if lowered else "Approval to take on "
        remedy = "Do it, or have it approved anew." if lowered else "Have it approved anew."
        told = [what, _title(deviation.mitigation)]
        rows.append((deviation.expires, _row(reading, deviation.expires, told, remedy)))
    rows.sort(key=lambda row: row[0])
    header = el("tr", *(el("th", name, scope="col") for name in ("Until", "What", "What to do")))
    return el(
        "section",
        el("h2", f"Runs out in the next {SOON.days} days"),
        el("table", el("thead", header), el("tbody", *(row for _, row in rows)), class_="runs-out")
        if rows
        else el("p", "Nothing does."),
        id="expiring",
    )


def _level(reading: Reading) -> str:
    own = [f"{prefix} at {level}" for prefix, level in sorted(reading.site.sections.items())]
    return LEVELS[reading.site.level] + (f" ({listed(own)})" if own else "")


def _footing(reading: Reading) -> str:
    """What "meets" holds: an auditor must not mistake what does not apply for what was shown."""
    requirements, tally = reading.requirements, reading.assessment.demanded
    apart = tally.counts.get(Verdict.NOT_APPLICABLE, 0)
    without = tally.counts.get(Verdict.DEVIATED, 0)
    more = len(reading.wanted) - len(requirements.demanded & reading.wanted)
    return (
        f"Of the {tally.total}, the level asks for {tally.total - more}; the site takes on {more} "
        f"beyond it. Counted as met, though nothing was shown: {apart} that do not apply here and "
        f"{without} that the site does without on approval. What is out of date, not known or "
        "could not be judged never counts."
    )


def _levels(reading: Reading) -> Markup:
    rows = tuple((LEVELS[level], reading.assessment.by_level[level]) for level in Level)
    own = f"By level, asked for here or not; this site's is {reading.site.level}"
    return _standings(own, "Level", rows)


def _parts(reading: Reading) -> Markup:
    rows = tuple((PARTS[part], reading.assessment.by_part[part]) for part in GuidePart)
    return _standings("By part, of what the site answers for", "Part", rows)


def _standings(caption: str, what: str, rows: tuple[tuple[str, Tally], ...]) -> Markup:
    names = (what, "Met", "Shown to hold", "Verdicts")
    header = el("tr", *(el("th", name, scope="col") for name in names))
    body = (
        el(
            "tr",
            el("th", name, scope="row"),
            el("td", f"{tally.total - len(tally.short)} of {tally.total}", class_="number"),
            el("td", str(tally.counts.get(Verdict.SATISFIED, 0)), class_="number"),
            el("td", bar(tally, thin=True), class_="wide"),
        )
        for name, tally in rows
    )
    return el("table", el("caption", caption), el("thead", header), el("tbody", *body))


def _by_cause(found: tuple[Judgement, ...]) -> list[list[Judgement]]:
    """What has one cause and one remedy, together."""
    causes: dict[tuple[str, str, Verdict], list[Judgement]] = {}
    for each in found:
        causes.setdefault((each.because, each.todo, each.verdict), []).append(each)
    return list(causes.values())


def _item(judgements: list[Judgement]) -> Markup:
    first = judgements[0]
    verdict = el("span", f"{VERDICTS[first.verdict]}: ", class_="unseen")
    titles = (
        el("p", sign(each.verdict), verdict, el("span", _title(each.mitigation.id)))
        for each in judgements
    )
    return el(
        "li",
        el("div", *titles, class_="what"),
        el("p", sentence(first.because), class_="because"),
        el("p", first.todo) if first.todo else None,
        class_="many" if len(judgements) > _FEW else None,
    )


def _deviation(reading: Reading, each: Deviation) -> Markup:
    lowered = each.change == Change.LOWER
    left = (each.expires - reading.today).days
    if left <= 0:
        state = f"ran out on {each.expires}"
    elif each.date > reading.today:
        state = f"begins on {each.date}, ends on {each.expires}"
    else:
        state = f"until {each.expires}, {_many(left, 'day')} from the assessment"
    return el(
        "div",
        el(
            "h3",
            el("span", "Done without" if lowered else "Taken on", class_="tag"),
            " ",
            _title(each.mitigation),
        ),
        el("p", el("bdi", each.reason)),
        el(
            "p",
            "Approved by ",
            el("b", el("bdi", each.approved_by)),
            f" on {each.date}, asked for by ",
            el("bdi", each.requested_by),
            "; ",
            el("b", state),
            ".",
            class_="small",
        ),
        class_="deviation",
    )


def _row(reading: Reading, day: date, told: list[Child], remedy: str) -> Markup:
    left = _many((day - reading.today).days, "day")
    return el(
        "tr",
        el("th", el("time", str(day)), " ", el("span", f"in {left}", class_="small"), scope="row"),
        el("td", *told),
        el("td", remedy),
    )


def _title(id_: MitigationId) -> Markup:
    known = catalogue().by_id.get(id_)
    return _link(id_, el("b", id_), f" {known.title}" if known else None)


def _question(id_: str) -> str | Markup:
    return _link(f"q-{id_}", id_) if id_ in by_id() else id_


def _link(place: str, *text: str | Markup | None) -> Markup:
    return el("a", *text, href=f"#{place}")


def _many(number: int, noun: str) -> str:
    return count(number, noun, f"{noun}s")
