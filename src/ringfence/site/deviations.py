"""How a site departs from what its level demands, and who answers for it.

The two-person rule is that of SP 800-53 control CA-6: whoever asks for a risk to be taken is not
the one who accepts it.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ringfence.guide import known_ids
from ringfence.site.problems import did_you_mean
from ringfence.site.words import Otherwise, Text


def _known_mitigation(value: str) -> str:
    id_ = value.strip().upper()
    if id_ not in known_ids():
        alike = sorted(each for each in known_ids() if each[:3] == id_[:3]) or known_ids()
        raise ValueError(f"is no mitigation of the guide; {did_you_mean(id_, alike)}")
    return id_


KnownMitigation = Annotated[str, AfterValidator(_known_mitigation)]
Reason = Annotated[
    str,
    StringConstraints(min_length=10, max_length=1000, strip_whitespace=True),
    Otherwise("is not a reason of 10 to 1000 characters"),
]
Day = Annotated[date, Otherwise("is not a date such as '2026-03-31'")]


class Change(StrEnum):
    """Which way a deviation goes."""

    RAISE = "raise"
    LOWER = "lower"


class Deviation(BaseModel):
    """A mitigation that is taken beyond what the level demands, or done without, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mitigation: KnownMitigation = Field(description="The mitigation's id, such as NAV-2.")
    change: Change = Field(description="raise: it holds here as well; lower: it does not.")
    reason: Reason = Field(description="Why, in words that an auditor will read.")
    requested_by: Text = Field(description="Who asked for it.")
    approved_by: Text = Field(description="Who accepted the risk: somebody else.")
    date: Day = Field(description="The day of the approval.")
    expires: Day = Field(description="The day on which it must have been approved anew.")

    @property
    def same_person(self) -> bool:
        """Whether somebody has approved their own request."""
        return same_person(self.requested_by, self.approved_by)


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, whatever their spacing and letter case."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
