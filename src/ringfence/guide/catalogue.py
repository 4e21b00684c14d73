"""The catalogue of mitigations: one YAML file a section, listed here in the guide's order."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from ringfence.guide.model import Catalogue, Level, Mitigation, MitigationId, Section

SECTIONS: Final = {
    "network": ("SEP", "EAV", "NAV", "DOS", "NID", "GWY", "PUB", "WAN"),
    "server": (
        *("BAS", "USR", "CFG", "LOG", "SSW", "SML", "SVC", "DBS", "KEY"),
        *("PHY", "HPF", "DAT", "EMG", "ACC", "WEB", "PMS", "VEN"),
    ),
    "phone": (
        *("PSW", "TPS", "PML", "MIC", "DHC", "FWC", "PWB", "SNM", "TEL"),
        *("ETH", "IRD", "PAN", "WLN", "EAI", "CNV", "SFT"),
    ),
}
"""The files of each part of the guide's table, by the three letters of their section."""


@cache
def catalogue() -> Catalogue:
    """Every section of the guide, read once."""
    return Catalogue(
        sections=tuple(
            _section(f"{part}/{prefix}.yaml")
            for part, prefixes in SECTIONS.items()
            for prefix in prefixes
        ),
    )


def mitigation(id_: MitigationId) -> Mitigation:
    """The mitigation of that id; raises KeyError if the guide has none."""
    return catalogue().by_id[id_]


@cache
def known_ids() -> frozenset[MitigationId]:
    """Every mitigation id of the guide."""
    return frozenset(catalogue().by_id)


@cache
def demanded_at(level: Level) -> frozenset[MitigationId]:
    """The ids that the guide's table marks at this level."""
    return frozenset(id_ for id_, each in catalogue().by_id.items() if level in each.levels)


def stronger(id_: MitigationId) -> Iterator[MitigationId]:
    """Every mitigation that takes this one's place where it is in force, nearest first."""
    seen: set[MitigationId] = set()
    pending = list(mitigation(id_).replaced_by)
    while pending:
        next_ = pending.pop(0)
        if next_ not in seen:
            seen.add(next_)
            yield next_
            pending += mitigation(next_).replaced_by


def _section(path: str) -> Section:
    text = files("ringfence.guide").joinpath("sections", path).read_text(encoding="utf-8")
    return Section.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
