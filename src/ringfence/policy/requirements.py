"""The mitigations in force at a site: what the level demands plus what is adopted beyond it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ringfence.guide import Level, MitigationId, demanded_at, known_ids

ADOPTED: Final[Mapping[MitigationId, str]] = MappingProxyType(
    {
        "ACC-4": "phones and servers authenticate each other at every level",
        "EAI-2": "that authentication is by certificate at every level",
        "EAI-4": "media is encrypted at every level",
        "EAI-5": "signalling is encrypted at every level",
    },
)
"""Mitigations in force whatever the level, each with the reason."""


@dataclass(frozen=True)
class Requirements:
    """What must hold at a site: mitigation id -> why it is in force.

    Membership is the question every design decision asks: ``"EAI-1" in requirements``.
    """

    in_force: Mapping[MitigationId, str]

    def __contains__(self, mitigation: MitigationId) -> bool:
        """Tell whether the mitigation is in force; an id the guide does not have is a mistake."""
        if mitigation not in known_ids():
            raise KeyError(f"the guide has no mitigation {mitigation!r}")
        return mitigation in self.in_force


def resolve(level: Level) -> Requirements:
    """Compute the requirements of a robustness level (the guide's appendix A)."""
    demanded = dict.fromkeys(demanded_at(level), f"demanded at the {level} level")
    in_force = dict(ADOPTED) | demanded
    return Requirements(MappingProxyType(dict(sorted(in_force.items()))))
