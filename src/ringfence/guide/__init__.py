"""The mitigations of the guide and the robustness levels that ask for them."""

from ringfence.guide.catalogue import catalogue, demanded_at, known_ids, mitigation, stronger
from ringfence.guide.model import (
    Catalogue,
    GuidePart,
    Level,
    Method,
    Mitigation,
    MitigationId,
    Section,
    Subject,
)

__all__ = [
    "Catalogue",
    "GuidePart",
    "Level",
    "Method",
    "Mitigation",
    "MitigationId",
    "Section",
    "Subject",
    "catalogue",
    "demanded_at",
    "known_ids",
    "mitigation",
    "stronger",
]
