"""The words of the reports: for verdicts, levels, parts of the guide, ways of knowing, times."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from ringfence.assess.model import Scope, Tally, Verdict
from ringfence.guide import GuidePart, Level, Method
from ringfence.probe.fact import Answer

VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.SATISFIED: "Satisfied",
    Verdict.DEVIATED: "Done without, on approval",
    Verdict.NOT_APPLICABLE: "Does not apply",
    Verdict.NOT_SATISFIED: "Falls short",
    Verdict.ERROR: "Could not be judged",
    Verdict.STALE: "Out of date",
    Verdict.NOT_TESTED: "Not known yet",
}
"""Every verdict as a reader is told it: what counts as met, and then the rest, worst first."""

MEANINGS: Final[Mapping[Verdict, str]] = {
    Verdict.SATISFIED: "every question about it was answered yes, or a person attests it",
    Verdict.DEVIATED: "somebody has accepted the risk, until a day",
    Verdict.NOT_APPLICABLE: "the site has no such part",
    Verdict.NOT_SATISFIED: "something was seen that stands against it",
    Verdict.ERROR: "asking failed through a fault of ours, or a statement makes no sense",
    Verdict.STALE: "what was known is too old, or of another state of the site",
    Verdict.NOT_TESTED: "nothing has been seen that would decide it",
}

LEVELS: Final[Mapping[Level, str]] = {
    Level.MINIMUM: "Minimum",
    Level.MEDIUM: "Medium",
    Level.HIGHEST: "Highest",
}
PARTS: Final[Mapping[GuidePart, str]] = {
    GuidePart.NETWORK: "Network",
    GuidePart.SERVER: "Servers",
    GuidePart.PHONE: "Phones",
}
METHODS: Final[Mapping[Method, str]] = {
    Method.PROVED: "Proved from the rendered files",
    Method.PROBED: "Probed on the running system",
    Method.DRILLED: "Drilled by breaking something on purpose",
    Method.INSPECTED: "Inspected in a device's own state",
    Method.ATTESTED: "Attested by a person",
}
SCOPES: Final[Mapping[Scope, str]] = {
    Scope.DESIGN: "As designed",
    Scope.RUNNING: "As it runs",
}
ANSWERS: Final[Mapping[Answer, str]] = {
    Answer.YES: "Yes",
    Answer.NO: "No",
    Answer.UNSEEN: "Could not be seen",
    Answer.ERROR: "Could not be asked",
}


def moment(when: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, one: str, many: str) -> str:
    """A number with the word that goes with it: ``1 falls short``, ``3 fall short``."""
    return f"{number} {one if number == 1 else many}"


def listed(parts: Iterable[str], last: str = "and") -> str:
    """Texts as a sentence lists them: ``a, b and c``."""
    *before, end = list(parts) or [""]
    return f"{', '.join(before)} {last} {end}" if before else end


def sentence(text: str) -> str:
    """The text with a full stop last, and a capital first unless that is a name such as sip1."""
    stripped = text.strip()
    if not stripped:
        return ""
    ended = stripped if stripped[-1] in ".!?" else f"{stripped}."
    first = ended.split(maxsplit=1)[0].rstrip(".,;:!?")
    return ended[0].upper() + ended[1:] if first.isalpha() else ended


def met(tally: Tally) -> str:
    """How many of some mitigations are met; where none applies, that."""
    if not tally.total:
        return "not asked for"
    if tally.counts.get(Verdict.NOT_APPLICABLE, 0) == tally.total:
        return "does not apply"
    return f"{tally.total - len(tally.short)} of {tally.total} met"
