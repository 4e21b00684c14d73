"""Signs and bars, drawn so that they tell verdicts apart without colour: by shape and pattern."""

from collections.abc import Mapping
from typing import Final

from ringfence.assess.model import Tally, Verdict
from ringfence.assess.report.markup import Markup, el, joined
from ringfence.assess.report.words import VERDICTS, listed
from ringfence.guide import Level

_SHORT: Final = {Level.MINIMUM: "min", Level.MEDIUM: "med", Level.HIGHEST: "high"}
_DISC: Final = "M8 1.2a6.8 6.8 0 1 0 0 13.6a6.8 6.8 0 1 0 0-13.6z"
_SHAPES: Final[Mapping[Verdict, tuple[tuple[str, str], ...]]] = {
    Verdict.SATISFIED: (("solid", _DISC), ("cut", "M4.6 8.3l2.4 2.4 4.4-5")),
    Verdict.DEVIATED: (
        ("open", "M8 1.5L14.5 8L8 14.5L1.5 8z"),
        ("solid", "M8 1.5L14.5 8L8 14.5z"),
    ),
    Verdict.NOT_APPLICABLE: (("thick", "M3.5 8h9"),),
    Verdict.NOT_SATISFIED: (
        ("solid", "M1.5 1.5h13v13h-13z"),
        ("cut", "M4.8 4.8l6.4 6.4M11.2 4.8l-6.4 6.4"),
    ),
    Verdict.ERROR: (("open", "M8 1.8L15 14.2H1z"), ("thick", "M8 6.2v3.6M8 12v.2")),
    Verdict.STALE: (("open", _DISC), ("open", "M8 4.2V8l2.9 2")),
    Verdict.NOT_TESTED: (
        ("open dashed", _DISC),
        ("open", "M6 6.3a2 2 0 1 1 3 1.8c-.7.4-1 .8-1 1.5M8 11.6v.2"),
    ),
}
_PATTERNS: Final[Mapping[Verdict, str | None]] = {
    Verdict.SATISFIED: None,
    Verdict.DEVIATED: "M-2 8L8-2M0 14L14 0M6 16L16 6",
    Verdict.NOT_APPLICABLE: "M0 6h12",
    Verdict.NOT_SATISFIED: None,
    Verdict.ERROR: "M0 0L12 12M0 12L12 0",
    Verdict.STALE: "M3 0v12M9 0v12",
    Verdict.NOT_TESTED: "M6 5.9v.2",
}


def definitions() -> Markup:
    """The signs and patterns, to stand once in a page before they are used."""
    symbols = (
        el(
            "symbol",
            *(el("path", class_=style, d=shape) for style, shape in shapes),
            id=f"m-{verdict}",
            viewBox="0 0 16 16",
        )
        for verdict, shapes in _SHAPES.items()
    )
    patterns = (
        el(
            "pattern",
            el("rect", width=12, height=12, class_="ground"),
            el("path", d=path, class_="strokes"),
            id=f"p-{verdict}",
            class_=f"v-{verdict}",
            width=12,
            height=12,
            patternUnits="userSpaceOnUse",
        )
        for verdict, path in _PATTERNS.items()
        if path is not None
    )
    inside = el("defs", *symbols, *patterns)
    return el("svg", inside, class_="definitions", aria_hidden="true", width=0, height=0)


def sign(verdict: Verdict) -> Markup:
    """A verdict's sign; the words must stand beside it."""
    return el(
        "svg", el("use", href=f"#m-{verdict}"), class_=f"sign v-{verdict}", aria_hidden="true"
    )


def bar(tally: Tally, *, thin: bool = False) -> Markup:
    """How many have which verdict, as one bar: what counts as met first, then what does not."""
    counts = [(each, tally.counts.get(each, 0)) for each in VERDICTS]
    words = listed(f"{number} {VERDICTS[each].lower()}" for each, number in counts if number)
    pieces: list[Markup] = []
    start = 0
    for verdict, number in counts:
        if number:
            pieces.append(_piece(verdict, start, number, tally.total))
            start += number
    return el(
        "svg",
        *pieces,
        class_="bar thin" if thin else "bar",
        role="img",
        aria_label=words or "nothing to show",
        preserveAspectRatio="none",
    )


def levels(marked: tuple[Level, ...]) -> Markup:
    """The levels that ask for a mitigation, as three boxes: full where marked."""
    boxes = (
        el("span", short, class_="on" if level in marked else "off", aria_hidden="true")
        for level, short in _SHORT.items()
    )
    told = el("span", f"Marked at {listed(marked)}", class_="unseen")
    return el("span", *boxes, told, class_="levels")


def _piece(verdict: Verdict, start: int, number: int, total: int) -> Markup:
    plain = _PATTERNS[verdict] is None
    return joined(
        el(
            "rect",
            class_=f"v-{verdict} {'plain' if plain else 'patterned'}",
            fill=None if plain else f"url(#p-{verdict})",
            x=f"{100 * start / total:.2f}%",
            width=f"{100 * number / total:.2f}%",
            height="100%",
        )
    )
