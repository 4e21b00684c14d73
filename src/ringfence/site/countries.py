"""The countries of ISO 3166-1, by their two-letter codes (names after the tz database)."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def countries() -> Mapping[str, str]:
    """Every country's code and name."""
    text = files("ringfence.site").joinpath("countries.csv").read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}
