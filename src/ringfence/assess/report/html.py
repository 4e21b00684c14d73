"""The report for people: one HTML file with nothing in it that runs, and nothing outside it."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from ringfence import __version__
from ringfence.assess.model import Assessment
from ringfence.assess.report import board, closing, entries, summary
from ringfence.assess.report.marks import definitions
from ringfence.assess.report.markup import Markup, el, joined, trusted
from ringfence.assess.report.reading import Reading
from ringfence.assess.report.zone_map import zone_map
from ringfence.design.model import Design
from ringfence.evidence.attestation import Attested
from ringfence.guide import MitigationId
from ringfence.policy import Requirements
from ringfence.site.model import Site

_PLACES: Final = (
    ("summary", "Where it stands"),
    ("board", "Board"),
    ("zones", "Zones"),
    ("to-do", "What to do"),
    ("deviations", "Deviations"),
    ("expiring", "Runs out"),
    ("network", "Network"),
    ("server", "Servers"),
    ("phone", "Phones"),
    ("questions", "Questions"),
    ("verify", "How to verify"),
)


def html(
    assessment: Assessment,
    site: Site,
    requirements: Requirements,
    attested: Mapping[MitigationId, Attested],
    *,
    checkpoint: str | None,
    fingerprint: str | None,
    place: str = "SITE",
    design: Design | None = None,
) -> str:
    """Write the report. The same input gives the same text.

    ``checkpoint`` is the evidence log's, as text, and ``fingerprint`` that of the assessor's key;
    without them the report says that it stands on nothing signed. ``place`` is how the command
    line names the site. With a ``design`` there is a picture of its zones.
    """
    reading = Reading(assessment, site, requirements, attested)
    body = joined(
        definitions(),
        el("a", "To the summary", href="#summary", class_="skip"),
        summary.head(reading),
        el("nav", *_links(with_zones=design is not None), aria_label="Report"),
        el(
            "main",
            summary.summary(reading),
            board.board(reading),
            _zones(design, assessment) if design else None,
            summary.to_do(reading),
            summary.deviations(reading),
            summary.expiring(reading),
            entries.parts(reading, place),
            closing.questions(reading),
            closing.verifying(reading, checkpoint, fingerprint, assessment.facts.state),
        ),
    )
    day = assessment.now.date()
    return page(f"Ringfence: {assessment.organisation}, {day}", assessment.organisation, body)


def _links(*, with_zones: bool) -> Iterator[Markup]:
    for id_, name in _PLACES:
        if id_ != "zones" or with_zones:
            yield el("a", name, href=f"#{id_}")


def _zones(design: Design, assessment: Assessment) -> Markup:
    """The picture of the zones; the words in it say what its marks mean."""
    return el(
        "section",
        el("h2", "Zones, and what may cross"),
        el("div", zone_map(design, assessment.facts), class_="picture"),
        id="zones",
    )


def page(title: str, running_head: str, body: Markup) -> str:
    """A whole document around a body.

    The policy in its head allows the one style sheet, by its digest, and nothing else: no script,
    no picture, no connection (W3C, Content Security Policy Level 3).
    """
    corner = f"content: {_css_text(running_head)}; font: 8pt sans-serif"
    style = trusted(f"{_style()}\n@page {{ @top-left {{ {corner} }} }}\n")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="generator", content=f"Ringfence {__version__}"),
        el("title", title),
        el("style", style),
    )
    return f"<!DOCTYPE html>\n{el('html', head, el('body', body), lang='en-GB')}\n"


@cache
def _style() -> str:
    return files("ringfence.assess.report").joinpath("page.css").read_text(encoding="utf-8")


def _css_text(text: str) -> str:
    """A text as CSS quotes it; all but the plainest characters go by number."""
    plain = "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in text)
    return f'"{plain}"'
