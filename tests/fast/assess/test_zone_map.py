"""The picture of the zones: whole, safe, the same each time, and honest about what is known."""

import re
from datetime import UTC, datetime
from html import unescape

from ringfence.assess.model import Facts, Scope
from ringfence.assess.report.zone_map import PROVED, crossings, marks, zone_map_svg
from ringfence.design import build
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.probe.fact import Answer
from ringfence.probe.gather import gather
from ringfence.site.model import Location
from samples import TODAY, make_design, make_site

NOTHING = Facts(Scope.DESIGN, "0" * 64, {})
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def words(svg: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg)]


def test_every_zone_is_drawn_and_every_pair_that_something_crosses() -> None:
    design = make_design(level=Level.MEDIUM)

    drawn = words(zone_map_svg(design, NOTHING))

    assert {zone.title for zone in design.zones} <= set(drawn)
    assert {str(each.number) for each in crossings(design)} <= set(drawn)
    assert any("tcp 5061" in line for line in drawn)


def test_the_same_design_gives_the_same_picture() -> None:
    assert zone_map_svg(make_design(), NOTHING) == zone_map_svg(make_design(), NOTHING)


def test_what_is_not_known_is_not_shown_as_known() -> None:
    assert dict(marks(NOTHING)) == {"proved": None, "tested": None}
    assert "This is not proved yet." in words(zone_map_svg(make_design(), NOTHING))


def test_what_is_proved_says_so_and_what_is_disproved_too() -> None:
    design = make_design()
    gathered = gather(design, None, NOW, lambda _: None)
    facts = Facts.newest(Scope.DESIGN, gathered.state, [each.fact for each in gathered.taken])
    broken = facts.by_question[PROVED].model_copy(update={"answer": Answer.NO})

    against = Facts(facts.scope, facts.state, {PROVED: broken})
    other = Facts(facts.scope, "1" * 64, facts.by_question)

    assert dict(marks(facts)) == {"proved": True, "tested": None}
    assert dict(marks(against))["proved"] is False
    assert dict(marks(other))["proved"] is None


def test_a_name_cannot_open_an_element() -> None:
    site = make_site().model_copy(
        update={"locations": (Location(name="main", title="<script>x</script>"),)}
    )

    svg = zone_map_svg(build(site, resolve(site, TODAY)), NOTHING)

    assert "<script>" not in svg
    assert any("<script>" in line for line in words(svg))
