"""What is wrong with a site file, said so that its author can put it right."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

SHOWN = 20
"""How many problems a message lists before it only counts them."""


@dataclass(frozen=True)
class Problem:
    """One mistake and where it is.

    ``line`` counts from 1 and is none where the file as a whole is meant. ``key`` is a path such
    as ``phones[3].mac``, counted from 0, and empty where no key is concerned.
    """

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
        return cls([Problem(str(file), line, key, message)])

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        more = len(self.problems) - len(lines)
        return "\n".join([*lines, f"and {more} more"] if more else lines)


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
