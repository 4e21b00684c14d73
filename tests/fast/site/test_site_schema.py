import json
import re
from pathlib import Path
from typing import Any

from ringfence.site.model import Phone, Site
from ringfence.site.phones_csv import COLUMNS
from ringfence.site.schema import SCHEMA_FILE, site_schema
from ringfence.site.yaml import plain, read_yaml

EXAMPLE = Path(__file__).parents[3] / "examples" / "branch" / "site.yaml"


def test_the_shipped_schema_is_that_of_the_model() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == site_schema()


def test_the_schema_knows_the_keys_of_the_model() -> None:
    schema = json.loads(site_schema())

    assert set(schema["properties"]) == set(Site.model_fields)
    assert tuple(schema["$defs"]["Phone"]["properties"]) == tuple(Phone.model_fields) == COLUMNS
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Phone"]["additionalProperties"] is False


def test_the_example_keeps_to_the_schema() -> None:
    schema = json.loads(site_schema())
    example: Any = plain(read_yaml(EXAMPLE))
    phone = schema["$defs"]["Phone"]

    assert set(schema["required"]) <= set(example) <= set(schema["properties"])
    assert example["level"] in schema["$defs"]["Level"]["enum"]
    for row in example["phones"]:
        assert set(phone["required"]) <= set(row) <= set(phone["properties"])
        assert re.search(phone["properties"]["extension"]["pattern"], row["extension"])
        assert re.search(phone["properties"]["name"]["pattern"], row["name"])


def test_the_example_names_the_schema() -> None:
    first, _, _ = EXAMPLE.read_text(encoding="utf-8").partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")

    assert (EXAMPLE.parent / named).resolve() == SCHEMA_FILE


def test_a_phone_list_may_be_a_csv_file_and_an_extension_a_number() -> None:
    schema = json.loads(site_schema())
    inline, file = schema["properties"]["phones"]["anyOf"]

    assert inline["type"] == "array"
    assert re.search(file["pattern"], "phones.csv")
    assert not re.search(file["pattern"], "phones.xls")
    assert schema["$defs"]["Phone"]["properties"]["extension"]["type"] == ["string", "number"]
