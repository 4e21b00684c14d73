"""Which mitigations each robustness level demands (the guide's appendix A, all 164 rows)."""

import csv
from enum import StrEnum
from functools import cache
from importlib.resources import files

MitigationId = str
"""An id of the guide's table: a section's three letters and a number, as in ``SEP-1``."""


class Level(StrEnum):
    """The guide's three robustness levels, weakest first."""

    MINIMUM = "minimum"
    MEDIUM = "medium"
    HIGHEST = "highest"


@cache
def _table() -> dict[MitigationId, frozenset[Level]]:
    text = files("ringfence.guide").joinpath("levels.csv").read_text(encoding="utf-8")
    return {
        row["id"]: frozenset(level for level in Level if row[level] == "1")
        for row in csv.DictReader(text.splitlines())
    }


def known_ids() -> frozenset[MitigationId]:
    """Every mitigation id of the guide."""
    return frozenset(_table())


def demanded_at(level: Level) -> frozenset[MitigationId]:
    """The ids that the guide's table marks at this level."""
    return frozenset(id_ for id_, levels in _table().items() if level in levels)
