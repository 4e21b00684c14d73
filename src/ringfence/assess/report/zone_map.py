"""The zones and what may cross, as a picture: one SVG that stands alone or inside the report."""

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.assess.model import Facts
from ringfence.assess.report.markup import Child, Markup, el, joined
from ringfence.design.model import Design, Flow, HostKind, Zone, ZoneKind, ZoneName
from ringfence.probe.fact import Answer

PROVED, TESTED = "crossing-flows", "zone-sweep"
"""The questions whose answers the picture shows."""

_WIDTH: Final = 1120
_MIDDLE: Final = (_WIDTH / 2, 300.0)
_RADII: Final = (430.0, 225.0)
_BOX: Final = (196, 84)
_WALL: Final = (132, 56)
_LINE: Final = 17
_LEGEND_TOP: Final = 640
_LEGEND_COLUMNS: Final = 150

_INK, _QUIET, _LINE_COLOUR, _GOOD, _BAD = "#1b2230", "#515b6b", "#8a94a3", "#1c6a41", "#a1121a"
_FILL: Final[Mapping[ZoneKind, str]] = {
    ZoneKind.PHONES: "#e6f0ea",
    ZoneKind.SOFTPHONES: "#e6f0ea",
    ZoneKind.SERVERS: "#e4ebf6",
    ZoneKind.GATEWAYS: "#e4ebf6",
    ZoneKind.ADMIN: "#efe8f6",
    ZoneKind.DMZ: "#f6efdf",
    ZoneKind.DATA: "#eceef1",
    ZoneKind.OUTSIDE: "#f6e5e5",
}
_ORDER: Final = (
    ZoneKind.PHONES,
    ZoneKind.SERVERS,
    ZoneKind.GATEWAYS,
    ZoneKind.ADMIN,
    ZoneKind.OUTSIDE,
    ZoneKind.DMZ,
    ZoneKind.DATA,
    ZoneKind.SOFTPHONES,
)


@dataclass(frozen=True)
class Crossing:
    """The flows from one zone to another, with the number that stands for them."""

    number: int
    source: Zone
    target: Zone
    flows: tuple[Flow, ...]

    @property
    def words(self) -> str:
        """What crosses, each flow once."""
        return ", ".join(dict.fromkeys(f"{flow.protocol} {flow.ports}" for flow in self.flows))


def crossings(design: Design) -> tuple[Crossing, ...]:
    """Every pair of zones between which something may pass, in the order of the zones."""
    found: dict[tuple[ZoneName, ZoneName], list[Flow]] = {}
    for flow in design.crossing():
        found.setdefault((flow.from_zone, flow.to_zone), []).append(flow)
    return tuple(
        Crossing(number, design.zone(source), design.zone(target), tuple(flows))
        for number, ((source, target), flows) in enumerate(sorted(found.items()), start=1)
    )


def marks(facts: Facts) -> tuple[tuple[str, bool | None], ...]:
    """Whether what crosses was proved and tested: yes, no, or not known."""
    return (("proved", _answer(facts, PROVED)), ("tested", _answer(facts, TESTED)))


def zone_map_svg(design: Design, facts: Facts) -> str:
    """The picture as a document of its own. The same input gives the same text."""
    return f"{zone_map(design, facts)}\n"


def zone_map(design: Design, facts: Facts) -> Markup:
    """The picture: zones around the firewall, an arrow for each pair that something crosses."""
    places = _places(design)
    found = crossings(design)
    legend = list(_legend(design, found, facts))
    height = _LEGEND_TOP + _LINE * (len(legend) + 1)
    return el(
        "svg",
        el("title", f"Zones of {design.organisation} and what may cross between them"),
        el("defs", _arrow_head()),
        el("rect", width=_WIDTH, height=height, fill="#ffffff"),
        *(_spoke(places[zone.name]) for zone in design.zones),
        *(_arrow(places, each) for each in found),
        *(_zone(design, zone, *places[zone.name]) for zone in design.zones),
        _wall(design),
        *(_number(places, each) for each in found),
        *(
            _text(24, _LEGEND_TOP + _LINE * row, words, size=13, weight=weight, fill=colour)
            for row, (words, weight, colour) in enumerate(legend)
        ),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        font_family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif",
    )


def _answer(facts: Facts, question: str) -> bool | None:
    fact = facts.by_question.get(question)
    if fact is None or fact.state != facts.state or fact.answer in {Answer.UNSEEN, Answer.ERROR}:
        return None
    return fact.answer == Answer.YES


def _places(design: Design) -> dict[ZoneName, tuple[float, float]]:
    zones = sorted(design.zones, key=lambda zone: _ORDER.index(zone.kind))
    step = 2 * math.pi / len(zones)
    start = math.pi + step / 2
    return {
        zone.name: (
            _MIDDLE[0] + _RADII[0] * math.cos(start + step * place),
            _MIDDLE[1] + _RADII[1] * math.sin(start + step * place),
        )
        for place, zone in enumerate(zones)
    }


def _zone(design: Design, zone: Zone, x: float, y: float) -> Markup:
    width, height = _BOX
    hosts = [h for h in design.hosts if h.kind != HostKind.FIREWALL and h.zone == zone.name]
    count = f"{len(hosts)} {'host' if len(hosts) == 1 else 'hosts'}"
    return el(
        "g",
        el(
            "rect",
            x=f"{x - width / 2:.0f}",
            y=f"{y - height / 2:.0f}",
            width=width,
            height=height,
            rx=8,
            fill=_FILL[zone.kind],
            stroke=_INK,
        ),
        _text(x, y - 16, zone.title, size=_title_size(zone.title), weight="bold", anchor="middle"),
        _text(x, y + 4, f"VLAN {zone.vlan}", size=12, anchor="middle"),
        _text(x, y + 20, str(zone.subnet), size=12, anchor="middle", fill=_QUIET),
        _text(x, y + 35, count, size=12, anchor="middle", fill=_QUIET),
    )


def _title_size(title: str) -> int:
    """Points at which a title fits its box."""
    return min(14, max(7, int(1.65 * _BOX[0] / len(title))))


def _wall(design: Design) -> Markup:
    (x, y), (width, height) = _MIDDLE, _WALL
    name = design.of_kind(HostKind.FIREWALL)[0].name
    return el(
        "g",
        el(
            "rect",
            x=f"{x - width / 2:.0f}",
            y=f"{y - height / 2:.0f}",
            width=width,
            height=height,
            fill="#f0d9c8",
            stroke=_INK,
            stroke_width=2,
        ),
        _text(x, y - 4, f"Firewall {name}", size=14, weight="bold", anchor="middle"),
        _text(x, y + 15, "drops the rest", size=12, anchor="middle", fill=_QUIET),
    )


def _spoke(place: tuple[float, float]) -> Markup:
    return el(
        "path",
        d=f"M{_MIDDLE[0]:.0f} {_MIDDLE[1]:.0f}L{place[0]:.0f} {place[1]:.0f}",
        stroke=_LINE_COLOUR,
        stroke_dasharray="2 5",
        fill="none",
    )


def _bend(places: Mapping[ZoneName, tuple[float, float]], each: Crossing) -> tuple[float, float]:
    """The point that an arrow is drawn towards: past the firewall, on the right of its way."""
    (ax, ay), (bx, by) = places[each.source.name], places[each.target.name]
    length = math.hypot(bx - ax, by - ay) or 1.0
    side = 46.0
    middle = ((ax + bx) / 2, (ay + by) / 2)
    return (
        (middle[0] + _MIDDLE[0]) / 2 - side * (by - ay) / length,
        (middle[1] + _MIDDLE[1]) / 2 + side * (bx - ax) / length,
    )


def _arrow(places: Mapping[ZoneName, tuple[float, float]], each: Crossing) -> Markup:
    bend = _bend(places, each)
    ax, ay = _edge(places[each.source.name], bend)
    bx, by = _edge(places[each.target.name], bend)
    return el(
        "path",
        d=f"M{ax:.0f} {ay:.0f}Q{bend[0]:.0f} {bend[1]:.0f} {bx:.0f} {by:.0f}",
        fill="none",
        stroke=_INK,
        stroke_width=1.6,
        marker_end="url(#head)",
    )


def _number(places: Mapping[ZoneName, tuple[float, float]], each: Crossing) -> Markup:
    """The arrow's number, a third of the way along it."""
    bend = _bend(places, each)
    start, end = _edge(places[each.source.name], bend), _edge(places[each.target.name], bend)
    x, y = (
        0.49 * start[axis] + 0.42 * bend[axis] + 0.09 * end[axis]  # a quadratic curve at 0.3
        for axis in (0, 1)
    )
    circle = el("circle", cx=f"{x:.0f}", cy=f"{y:.0f}", r=10, fill="#ffffff", stroke=_INK)
    return joined(
        circle, _text(x, y + 4, str(each.number), size=12, weight="bold", anchor="middle")
    )


def _edge(place: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Where a line from the middle of a zone's box leaves the box."""
    dx, dy = towards[0] - place[0], towards[1] - place[1]
    scale = min(
        (_BOX[0] / 2 + 3) / abs(dx) if dx else math.inf,
        (_BOX[1] / 2 + 3) / abs(dy) if dy else math.inf,
    )
    return place[0] + dx * scale, place[1] + dy * scale


def _arrow_head() -> Markup:
    return el(
        "marker",
        el("path", d="M0 0L10 5L0 10z", fill=_INK),
        id="head",
        viewBox="0 0 10 10",
        refX=9,
        refY=5,
        markerWidth=8,
        markerHeight=8,
        orient="auto",
    )


def _legend(
    design: Design, found: tuple[Crossing, ...], facts: Facts
) -> Iterator[tuple[str, str, str]]:
    pairs = len(design.zones) * (len(design.zones) - 1)
    most = f"Something may cross between {len(found)} of {pairs} pairs of zones"
    yield f"{most}; everything else is dropped and logged.", "bold", _INK
    for name, known in marks(facts):
        words = {
            True: f"This is {name}: exactly these flows.",
            False: f"This is NOT so when {name}: see the report.",
            None: f"This is not {name} yet.",
        }[known]
        yield words, "bold", {True: _GOOD, False: _BAD, None: _QUIET}[known]
    for each in found:
        words = f"{each.number}  {each.source.title} to {each.target.title}: {each.words}"
        for line in textwrap.wrap(words, _LEGEND_COLUMNS, subsequent_indent="      "):
            yield line, "normal", _INK


def _text(
    x: float,
    y: float,
    words: Child,
    *,
    size: int,
    weight: str = "normal",
    anchor: str = "start",
    fill: str = _INK,
) -> Markup:
    return el(
        "text",
        words,
        x=f"{x:.0f}",
        y=f"{y:.0f}",
        font_size=size,
        font_weight=weight,
        text_anchor=anchor,
        fill=fill,
    )
