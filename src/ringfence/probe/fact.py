"""Facts: what was seen when a question was asked of rendered files or of a running system.

A fact answers one question about all that the question concerns, with the digests of what was
looked at. It never says whether a mitigation is satisfied; ``ringfence.assess`` does.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ringfence.guide import Method

MOST_CONTRARY = 20
"""How many contrary things a fact names; it counts the rest."""


class Answer(StrEnum):
    """What came of asking. ``error`` is a fault of ours, ``unseen`` an obstacle in the way."""

    YES = "yes"
    NO = "no"
    UNSEEN = "unseen"
    ERROR = "error"


class Exhibit(BaseModel):
    """Something that was looked at, by the SHA-256 digest of its bytes (in hexadecimal)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)

    @classmethod
    def of(cls, name: str, data: bytes) -> "Exhibit":
        """The exhibit that these bytes are."""
        return cls(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


class Fact(BaseModel):
    """The answer to one question at one time.

    ``saw`` says in a sentence what was seen. ``subjects`` counts the things looked at;
    ``contrary`` names the first of those that stand against a yes, and ``more_contrary`` counts
    the rest. ``state`` is the digest of the rendered state that it was taken of: it says nothing
    about any other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    method: Method
    answer: Answer
    saw: str
    subjects: int = Field(ge=0)
    contrary: tuple[str, ...] = Field(default=(), max_length=MOST_CONTRARY)
    more_contrary: int = Field(default=0, ge=0)
    exhibits: tuple[Exhibit, ...] = ()
    state: str
    taken: AwareDatetime
    expires: AwareDatetime

    def expired(self, now: datetime) -> bool:
        """Whether it is too old to be believed."""
        return now >= self.expires


@dataclass(frozen=True)
class Seen:
    """What a question's asking brings back, before it is dated and bound to a state."""

    answer: Answer
    saw: str
    subjects: int
    contrary: tuple[str, ...] = ()
    exhibits: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def against(
        cls,
        contrary: list[str],
        subjects: int,
        yes: str,
        no: str,
        exhibits: tuple[tuple[str, bytes], ...] = (),
    ) -> "Seen":
        """Yes if nothing stands against it, else no; but nothing was seen if there is nothing."""
        if not subjects:
            return cls(Answer.UNSEEN, "there was nothing to look at", 0, (), exhibits)
        if contrary:
            return cls(Answer.NO, no, subjects, tuple(contrary), exhibits)
        return cls(Answer.YES, yes, subjects, (), exhibits)


@dataclass(frozen=True)
class Taken:
    """A fact together with the bytes of its exhibits, by digest."""

    fact: Fact
    exhibits: dict[str, bytes]
