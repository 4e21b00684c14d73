"""The catalogue is the guide's table, whole, and no level of it changes by accident."""

import csv
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from pydantic import ValidationError

from ringfence.guide import Level, Method, catalogue, demanded_at, known_ids, mitigation, stronger
from ringfence.guide.model import Mitigation
from ringfence.guide.schema import SCHEMA_FILE, section_schema

GOLDEN = Path(__file__).parents[2] / "golden" / "levels.csv"


def test_the_guide_has_164_mitigations_graded_86_122_122() -> None:
    counts = [len(demanded_at(level)) for level in Level]

    assert len(known_ids()) == 164
    assert len(catalogue().sections) == 41
    assert counts == [86, 122, 122]


def test_every_level_is_that_of_the_table_id_by_id_and_in_its_order() -> None:
    with GOLDEN.open(encoding="utf-8") as file:
        table = {
            row["id"]: {level for level in Level if row[level] == "1"}
            for row in csv.DictReader(file)
        }

    found = {id_: set(each.levels) for id_, each in catalogue().by_id.items()}

    assert found == table
    assert list(found) == list(table)


def test_every_mitigation_stands_in_the_file_of_its_section() -> None:
    for section in catalogue().sections:
        assert {each.prefix for each in section.mitigations} == {section.prefix}


def test_titles_tell_mitigations_apart() -> None:
    titles = Counter(each.title for each in catalogue().by_id.values())

    assert [title for title, count in titles.items() if count > 1] == []


def test_what_a_level_drops_is_replaced_by_something_it_demands() -> None:
    for lower, higher in combinations(Level, 2):
        for id_ in demanded_at(lower) - demanded_at(higher):
            assert demanded_at(higher) & set(stronger(id_)), f"{id_} is dropped at {higher}"


def test_replacements_lead_up_never_round() -> None:
    for id_ in known_ids():
        assert id_ not in set(stronger(id_))
        for better in mitigation(id_).replaced_by:
            assert max(mitigation(better).levels, key=list(Level).index) != Level.MINIMUM


def test_a_row_with_or_offers_its_alternatives() -> None:
    assert {id_ for id_, each in catalogue().by_id.items() if each.ways} == {
        "EAV-2",
        "PWB-3",
        "PWB-4",
    }


def test_what_a_person_attests_says_what_to_look_at() -> None:
    for each in catalogue().by_id.values():
        assert (each.attest is not None) == (Method.ATTESTED in each.known_by)


def test_methods_go_from_the_strongest_down() -> None:
    data = mitigation("SEP-1").model_dump() | {"known_by": ("probed", "proved")}

    with pytest.raises(ValidationError, match="strongest"):
        Mitigation.model_validate(data)


def test_the_shipped_schema_of_sections_is_that_of_the_model() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == section_schema()
