"""The guide as an OSCAL catalogue, and the profiles of its levels and of a site."""

import pytest

from oscal_documents import bodies, result, sample_at
from oscal_rules import nodes, prop, props, values
from ringfence.guide import Level, catalogue, demanded_at

LEVELS = list(Level)


def test_the_catalogue_has_the_guides_parts_sections_and_mitigations_in_its_order() -> None:
    parts = bodies()["catalog.json"]["groups"]
    sections = [section for part in parts for section in part["groups"]]
    controls = [control for section in sections for control in section["controls"]]

    assert [part["id"] for part in parts] == ["network", "server", "phone"]
    assert [each["id"].upper() for each in sections] == list(catalogue().by_prefix)
    assert [each["id"].upper() for each in controls] == list(catalogue().by_id)
    assert len(sections) == 41
    assert len(controls) == 164


def test_a_control_says_all_that_the_guide_says_of_its_mitigation() -> None:
    controls = {
        each["id"]: each for key, each in nodes(bodies()["catalog.json"]) if key == "controls"
    }
    for id_, mitigation in catalogue().by_id.items():
        control = controls[id_.lower()]
        parts = {part["name"]: part for part in control["parts"]}
        links = [(each["rel"], each.get("text"), each["href"]) for each in control["links"]]

        assert control["title"] == mitigation.title
        assert prop(control, "label") == id_
        assert props(control, "robustness") == list(mitigation.levels)
        assert props(control, "known-by") == list(mitigation.known_by)
        assert prop(control, "applies-to") == mitigation.applies_to
        assert parts["statement"]["prose"] == mitigation.statement
        assert tuple(x["prose"] for x in parts["statement"].get("parts", [])) == mitigation.ways
        assert parts["guidance"]["prose"] == mitigation.threat
        assert parts["assessment-objective"]["id"] == f"{id_.lower()}_obj"
        assert [each for rel, _, each in links if rel == "replaced-by"] == [
            f"#{other.lower()}" for other in mitigation.replaced_by
        ]
        assert {text for _, text, _ in links} >= {
            *mitigation.references.nist_800_53,
            *mitigation.references.nsa_2021,
        }
        assert ("modern-rule" in parts) == (mitigation.modern is not None)
        if mitigation.modern:
            assert parts["modern-rule"]["prose"] == mitigation.modern.rule
            assert prop(parts["modern-rule"], "source") == mitigation.modern.source


def test_a_link_to_sp_800_53_has_the_id_of_nists_own_catalogue() -> None:
    links = [
        each
        for key, each in nodes(bodies()["catalog.json"])
        if key == "links" and each.get("text") == "SC-7(21)"
    ]

    assert links
    assert {each["resource-fragment"] for each in links} == {"sc-7.21"}


def test_sorting_by_sort_id_gives_the_guides_order() -> None:
    controls = [each for key, each in nodes(bodies()["catalog.json"]) if key == "controls"]

    assert sorted(controls, key=lambda each: prop(each, "sort-id")) == controls


@pytest.mark.parametrize("level", LEVELS)
def test_a_levels_profile_has_exactly_what_the_level_demands(level: Level) -> None:
    (ids,) = values(bodies()[f"profile-{level}.json"], "with-ids")

    assert {id_.upper() for id_ in ids} == demanded_at(level)


@pytest.mark.parametrize("level", LEVELS)
def test_the_sites_profile_has_exactly_what_is_in_force_each_with_its_reason(
    level: Level,
) -> None:
    requirements = sample_at(level).requirements
    profile = bodies(level)["profile-site.json"]
    (ids,) = values(profile, "with-ids")
    added = {each["control-id"].upper(): each["adds"][0] for each in profile["modify"]["alters"]}

    assert {id_.upper() for id_ in ids} == set(requirements.in_force)
    assert {id_: prop(each, "in-force-because") for id_, each in added.items()} == dict(
        requirements.in_force
    )
    for id_, each in added.items():
        assert (prop(each, "basis") == "raised") == (id_ in requirements.raised)
        assert (prop(each, "basis") == "demanded") == (id_ in requirements.demanded)


def test_a_raised_mitigation_says_who_approved_it_and_until_when() -> None:
    profile = bodies()["profile-site.json"]
    (alter,) = [each for each in profile["modify"]["alters"] if each["control-id"] == "key-3"]
    (added,) = alter["adds"]

    assert prop(added, "basis") == "raised"
    assert prop(added, "requested-by") == "Tobias Lindqvist"
    assert prop(added, "approved-by") == "Mayor Anneliese Brandt"
    assert prop(added, "approved-on") == "2026-03-02"
    assert prop(added, "expires") == "2027-03-02"


def test_a_lowered_mitigation_is_not_imported_but_named_with_approver_and_expiry() -> None:
    head = bodies()["profile-site.json"]["metadata"]
    (ids,) = values(bodies()["profile-site.json"], "with-ids")
    about = [each for each in head["props"] if each.get("group") == "dat-8"]

    assert "dat-8" not in ids
    assert {each["name"]: each["value"] for each in about} == {
        "lowered": "dat-8",
        "requested-by": "Tobias Lindqvist",
        "approved-by": "Mayor Anneliese Brandt",
        "approved-on": "2026-01-12",
        "expires": "2026-06-20",
    }
    assert about[0]["remarks"].startswith("The new building")


def test_an_expired_lowering_is_remarked_on() -> None:
    remarks = bodies()["profile-site.json"]["metadata"]["remarks"]

    assert "SSW-1: its lowering expired on 2026-02-03" in remarks
    assert "SSW-1: its lowering expired on 2026-02-03" in result()["remarks"]
