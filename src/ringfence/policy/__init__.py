"""From levels and deviations to what must hold here: the mitigations in force, and why."""

from ringfence.policy.requirements import ADOPTED, Remark, Requirements, resolve

__all__ = ["ADOPTED", "Remark", "Requirements", "resolve"]
