"""The mitigations of the guide and the robustness levels that ask for them."""

from ringfence.guide.levels import Level, MitigationId, demanded_at, known_ids

__all__ = ["Level", "MitigationId", "demanded_at", "known_ids"]
