"""Questions that facts answer, and which mitigations hang on the answers.

A question *decides* a mitigation if a yes to it, with a yes to every other question that bears on
the mitigation, is all that there is to know. One that only *bears on* a mitigation can count
against it, and a yes to it is not enough.
"""

from dataclasses import dataclass
from datetime import timedelta

from ringfence.guide import Method, MitigationId, Subject

PROVED_FOR = timedelta(days=90)
"""A proof holds as long as what was rendered; once in a while it is made anew all the same."""
SEEN_FOR = timedelta(days=7)
"""What was seen of a running system is believed for a week."""


@dataclass(frozen=True)
class Question:
    """One question, as the list has it.

    ``asks`` is the question itself. ``limits`` says what its answer leaves out. ``subject`` is the
    part of a system that it is about: a site without that part is judged without the question.
    """

    id: str
    asks: str
    method: Method
    decides: tuple[MitigationId, ...] = ()
    bears_on: tuple[MitigationId, ...] = ()
    limits: str = ""
    subject: Subject = Subject.SITE

    @property
    def of_design(self) -> bool:
        """Whether rendered files answer it; otherwise only a running system does."""
        return self.method == Method.PROVED

    @property
    def fresh_for(self) -> timedelta:
        """For how long its answer is believed."""
        return PROVED_FOR if self.of_design else SEEN_FOR

    @property
    def informs(self) -> tuple[MitigationId, ...]:
        """Every mitigation that its answer matters to."""
        return (*self.decides, *self.bears_on)
