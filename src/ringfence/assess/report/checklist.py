"""A page to print and carry: what a person must look at, with room to write down what they saw."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from ringfence.assess.report.html import page
from ringfence.assess.report.markup import Markup, el, joined
from ringfence.assess.report.words import PARTS, count
from ringfence.guide import Mitigation, Section, catalogue
from ringfence.policy import Requirements
from ringfence.site.model import Site

_ONE_PERSON: Final = (
    ("full tall", "Observed: what you saw, in your own words"),
    ("half", "Scope: rooms, cabinets, hosts"),
    ("half", "Photographs and documents, by file name"),
    ("", "Name"),
    ("", "Role"),
    ("", "Date seen"),
    ("full", "Signature"),
)
_SECOND_PERSON: Final = (
    ("", "Second person: name"),
    ("", "Role"),
    ("", "Date"),
    ("full", "Signature of the second person"),
)


def checklist_html(
    mitigations: Iterable[Mitigation],
    site: Site,
    requirements: Requirements,
    day: date,
) -> str:
    """Write the checklist of the mitigations that wait for a person, by section of the guide.

    ``reading.waiting`` says which those are. Those without an attestation are left out: nobody's
    word can decide them. What ``requirements`` wants two persons for gets a second signature.
    """
    chosen = {each.id: each for each in mitigations if each.attest is not None}
    sections = [
        (section, found)
        for section in catalogue().sections
        if (found := [chosen[each.id] for each in section.mitigations if each.id in chosen])
    ]
    body = joined(
        _head(site, len(chosen), day),
        el("main", *(_section(section, found, requirements) for section, found in sections))
        if sections
        else el("main", el("p", "Nothing waits for a person.")),
    )
    return page(f"Ringfence: walk-through of {site.organisation}, {day}", site.organisation, body)


def _head(site: Site, number: int, day: date) -> Markup:
    return el(
        "header",
        el("p", "Ringfence checklist for the walk-through", class_="kind"),
        el("h1", el("bdi", site.organisation)),
        el(
            "p",
            el("bdi", site.domain),
            f", {site.level} level; {count(number, 'thing', 'things')} to look at; "
            f"printed for {day}.",
        ),
        el(
            "p",
            "Look yourself, and tick what you saw, not what you were told. No is as good an "
            "answer as yes: it can be mended. Afterwards enter each with ",
            el("code", "ringfence attest SITE ID"),
            "; this sheet is an exhibit, so keep it. Where a second person must sign, they look "
            "for themselves.",
        ),
    )


def _section(section: Section, found: list[Mitigation], requirements: Requirements) -> Markup:
    return el(
        "section",
        el("h2", f"{section.prefix} {section.title} ", _part(section)),
        *(_ask(each, two=each.id in requirements.two_persons) for each in found),
    )


def _part(section: Section) -> Markup:
    return el("span", PARTS[section.part], class_="count")


def _ask(mitigation: Mitigation, *, two: bool) -> Markup:
    if mitigation.attest is None:
        raise ValueError(f"{mitigation.id} takes no attestation")
    fields = (*_ONE_PERSON, *(_SECOND_PERSON if two else ()))
    return el(
        "article",
        el("h3", mitigation.id, " ", mitigation.title),
        el("p", mitigation.statement, class_="small"),
        el("p", el("b", "Look at: "), mitigation.attest.look_at),
        el(
            "p",
            *(el("span", el("span", class_="box"), word) for word in ("Yes, it holds", "No")),
            el("span", f"believed for {mitigation.attest.valid_days} days", class_="small"),
            class_="boxes",
        ),
        el(
            "div",
            *(el("p", label, class_=size or None) for size, label in fields),
            class_="fields",
        ),
        class_="ask",
    )
