"""A grade in a sentence, for whoever must defend it."""

from ringfence.assess.model import Assessment, Scope, Tally, Verdict
from ringfence.guide import Level

_NAMED = 7


def scope_words(found: Assessment) -> str:
    """Whether the sentence is about a design or about what runs, and when."""
    when = f"{found.now:%Y-%m-%d %H:%M} UTC"
    return f"as it runs, {when}" if found.facts.scope == Scope.RUNNING else f"as designed, {when}"


def grade(found: Assessment) -> str:
    """What is met and what is short of each level, such as ``Meets minimum; 7 short of medium``."""
    met = [level for level in Level if found.by_level[level].met]
    first = f"Meets {' and '.join(met)}" if met else "Meets no level yet"
    rest = [_short(level, found.by_level[level]) for level in Level if level not in met]
    deviations = found.demanded.counts.get(Verdict.DEVIATED, 0)
    word = "deviation" if deviations == 1 else "deviations"
    approved = [f"{deviations} by approved {word}"] if deviations else []
    return "; ".join((first, *approved, *rest)) + "."


def _short(level: Level, tally: Tally) -> str:
    count = len(tally.short)
    if count > _NAMED:
        known = tally.counts.get(Verdict.NOT_SATISFIED, 0)
        return f"{count} short of {level} ({known} known to fail, {count - known} open)"
    return f"{count} short of {level}: {', '.join(tally.short)}"
