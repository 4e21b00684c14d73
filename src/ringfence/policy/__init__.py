"""From a level to what must hold here: the mitigations in force and who asked for each."""

from ringfence.policy.requirements import ADOPTED, Requirements, resolve

__all__ = ["ADOPTED", "Requirements", "resolve"]
