"""What a running lab is seen to be and to do: inspected inside its hosts, probed from outside."""

from ringfence.probe.running.answers import answer_all
from ringfence.probe.running.system import System

__all__ = ["System", "answer_all"]
