"""System accounts that a machine is asked to have, from the files that a real host reads.

Standard library only: the launcher runs it, before files that belong to these accounts are put in
place. See sysusers.d(5); of its language, lines are understood that make a user with a group of
the same name, and nothing else.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

DIRECTORY = "/etc/sysusers.d"
_LINE = re.compile(r'u ([a-z_][a-z0-9_-]{0,30}) - "([^":]*)"')
_HIGHEST, _LOWEST = 999, 100
"""The numbers that Debian gives to system accounts as they come, from above."""


class AccountError(Exception):
    """A line that cannot be obeyed: which, and in which file."""


class Account(NamedTuple):
    """A user without a password, a home or a shell."""

    name: str
    description: str


def parse(name: str, text: str) -> tuple[Account, ...]:
    """The accounts that a file names; raises AccountError for a line that is not known here."""
    found = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        said = _LINE.fullmatch(line)
        if said is None:
            raise AccountError(f"{name}, line {number}: not known to the lab: {line}")
        found.append(Account(said[1], said[2]))
    return tuple(found)


def create(accounts: Iterable[Account], root: Path = Path("/")) -> None:
    """Make those that are missing, each with the highest number that is free; raises OSError."""
    etc = root / "etc"
    users, groups = _read(etc / "passwd"), _read(etc / "group")
    taken = {int(fields[2]) for fields in (*users, *groups)}
    names = {fields[0] for fields in users}
    for account in accounts:
        if account.name in names:
            continue
        number = next(n for n in range(_HIGHEST, _LOWEST, -1) if n not in taken)
        taken.add(number)
        name = account.name
        _append(etc / "group", f"{name}:x:{number}:")
        _append(etc / "shadow", f"{name}:!*:::::::")
        line = f"{name}:x:{number}:{number}:{account.description}:/:/usr/sbin/nologin"
        _append(etc / "passwd", line)


def _read(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split(":") for line in lines if line.count(":") > 1]


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
