"""Verdicts from facts and attestations, their grades, and what is written of them."""

from ringfence.assess.grade import assess
from ringfence.assess.judge import judge
from ringfence.assess.model import Assessment, Facts, Judgement, Scope, Tally, Verdict

__all__ = ["Assessment", "Facts", "Judgement", "Scope", "Tally", "Verdict", "assess", "judge"]
