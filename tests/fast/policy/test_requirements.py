"""What must hold at a site: levels, adoptions, deviations, and what time does to them."""

from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ringfence
from ringfence.guide import Level, Subject, catalogue, demanded_at, stronger
from ringfence.policy import ADOPTED, resolve
from ringfence.site.deviations import Change, Deviation
from samples import TODAY, make_site

A_DAY = timedelta(days=1)


def deviation(mitigation: str, change: Change, **other: Any) -> Deviation:
    return Deviation(
        **{
            "mitigation": mitigation,
            "change": change,
            "reason": "Because the tests want it so.",
            "requested_by": "Ada",
            "approved_by": "Grace",
            "date": TODAY - A_DAY,
            "expires": TODAY + A_DAY,
        }
        | other
    )


@pytest.mark.parametrize("level", Level)
def test_a_level_is_in_force_whole_and_what_is_adopted_with_it(level: Level) -> None:
    requirements = resolve(make_site(level=level), TODAY)

    assert set(requirements.in_force) == demanded_at(level) | set(ADOPTED)
    assert requirements.demanded == demanded_at(level)


def test_a_section_may_have_a_level_of_its_own() -> None:
    site = make_site(level=Level.MINIMUM).model_copy(update={"sections": {"DAT": Level.HIGHEST}})

    requirements = resolve(site, TODAY)

    assert "DAT-7" in requirements
    assert "demanded at the highest level of this section" in requirements.in_force["DAT-7"]
    assert "NAV-12" not in requirements
    assert "DAT-1" in requirements.two_persons
    assert "NAV-1" not in requirements.two_persons


def test_a_lowering_takes_a_mitigation_out_and_a_raise_puts_one_in() -> None:
    site = make_site().model_copy(
        update={
            "deviations": (deviation("NAV-1", Change.LOWER), deviation("NAV-2", Change.RAISE)),
        }
    )

    requirements = resolve(site, TODAY)

    assert "NAV-1" not in requirements
    assert "NAV-2" in requirements
    assert set(requirements.lowered) == {"NAV-1"}
    assert not requirements.remarks


@pytest.mark.parametrize("change", Change)
def test_what_has_expired_never_weakens_and_is_remarked_on(change: Change) -> None:
    id_ = "NAV-1" if change == Change.LOWER else "NAV-2"
    old = deviation(id_, change, date=TODAY - 9 * A_DAY, expires=TODAY)

    requirements = resolve(make_site().model_copy(update={"deviations": (old,)}), TODAY)

    assert id_ in requirements
    assert "expired" in requirements.remarks[0].message


def test_an_approval_of_tomorrow_changes_nothing_today() -> None:
    early = deviation("NAV-1", Change.LOWER, date=TODAY + A_DAY, expires=TODAY + 9 * A_DAY)

    requirements = resolve(make_site().model_copy(update={"deviations": (early,)}), TODAY)

    assert "NAV-1" in requirements
    assert "future" in requirements.remarks[0].message


@pytest.mark.parametrize(
    ("id_", "change", "words"),
    [
        ("NAV-2", Change.LOWER, "nothing to lower"),
        ("NAV-1", Change.RAISE, "without being raised"),
        ("EAI-4", Change.RAISE, "without being raised"),
    ],
)
def test_deviations_without_effect_are_remarked_on(id_: str, change: Change, words: str) -> None:
    site = make_site().model_copy(update={"deviations": (deviation(id_, change),)})

    assert words in str(resolve(site, TODAY).remarks[0])


def test_raising_what_something_stronger_replaces_is_remarked_on() -> None:
    site = make_site(level=Level.HIGHEST).model_copy(
        update={"deviations": (deviation("SEP-8", Change.RAISE),)}
    )

    assert "SEP-7" in resolve(site, TODAY).remarks[0].message


@given(
    levels=st.fixed_dictionaries({p: st.sampled_from(Level) for p in catalogue().by_prefix}),
    prefix=st.sampled_from(sorted(catalogue().by_prefix)),
)
def test_raising_a_section_never_drops_a_requirement_without_its_replacement(
    levels: dict[str, Level], prefix: str
) -> None:
    for lower, higher in combinations(Level, 2):
        site = make_site(phones=1)
        before = resolve(site.model_copy(update={"sections": levels | {prefix: lower}}), TODAY)
        after = resolve(site.model_copy(update={"sections": levels | {prefix: higher}}), TODAY)
        for id_ in before.in_force.keys() - after.in_force.keys():
            assert any(better in after for better in stronger(id_)), f"{id_} is gone"


def test_parts_that_a_site_does_not_have_are_absent_with_a_reason() -> None:
    site = make_site()
    with_softphone = site.model_copy(
        update={"phones": (site.phones[0].model_copy(update={"model": "linphone"}),)}
    )

    assert Subject.SOFTPHONES in resolve(site, TODAY).absent
    assert Subject.SOFTPHONES not in resolve(with_softphone, TODAY).absent
    assert all(reason for reason in resolve(site, TODAY).absent.values())


def test_nothing_that_is_designed_or_rendered_looks_at_the_level() -> None:
    root = Path(ringfence.__file__).parent
    for room in ("design", "render", "callcontrol", "deploy", "machine"):
        for path in (root / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "Level" not in text, path
            assert ".level" not in text, path


def test_without_deviations_the_day_changes_nothing() -> None:
    site = make_site()

    assert resolve(site, TODAY) == resolve(site, TODAY + 365 * A_DAY)
