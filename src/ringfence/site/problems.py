"""What is wrong with a site file, said so that its author can put it right."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

from pydantic import BaseModel, ConfigDict

SHOWN = 20
"""How many problems a message lists before it only counts them."""
MOST = 1000
"""How many problems are looked for; a file with more is of another kind altogether."""


class Problem(BaseModel):
    """One mistake and where it is.

    ``line`` counts from 1 and is none where the file as a whole is meant. ``key`` is a path such
    as ``phones[3].mac``, counted from 0, and empty where no key is concerned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class SiteError(Exception):
    """A site file that cannot be used; ``problems`` has every reason found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @classmethod
    def of(cls, file: object, line: int | None, key: str, message: str) -> Self:
        """Make the error of one problem."""
        return cls([Problem(file=str(file), line=line, key=key, message=message)])

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if more := len(self.problems) - len(lines):
            least = "at least " if len(self.problems) >= MOST else ""
            lines.append(f"and {least}{more} more")
        return "\n".join(lines)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant, if any comes near."""
    options = {choice.lower(): choice for choice in choices}
    typed = word[:100].lower()
    if close := get_close_matches(typed, options, n=1):
        return options[close[0]]
    return next((options[o] for o in options if len(typed) > 1 and _begins(typed, o)), None)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest choice, or all of them."""
    options = list(choices)
    meant = nearest(word, options)
    return f"did you mean {meant!r}?" if meant else f"choose from {', '.join(options)}"


def shown(value: object) -> str:
    """A value as messages quote it: short, and on one line whatever it holds."""
    match value:
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            text = str(value)
            return repr(text if len(text) <= SHOWN * 2 else f"{text[: SHOWN * 2]}...")


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
