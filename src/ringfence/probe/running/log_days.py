"""The log server's files of days that have ended: which there are, and their digests."""

from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from ringfence.machine.inside import Machine
from ringfence.render.rsyslog import LOGS

_DIGEST: Final = 64
"""Hexadecimal digits of a SHA-256 digest."""


@dataclass(frozen=True)
class DayFile:
    """A host's lines of one day, whole; ``size`` is in bytes."""

    host: str
    day: date
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Host and day, as the file has them in its path."""
        return f"{self.host}/{self.day.isoformat()}.log"


def ended_days(server: Machine, today: date) -> tuple[DayFile, ...]:
    """Every file of a day before today (UTC), in order.

    Raises:
        subprocess.CalledProcessError: the files cannot be read.

    """
    listed = server.run(["find", LOGS, "-type", "f", "-printf", "%s %p\n"], check=True).stdout
    sizes: dict[str, int] = {}
    for line in listed.splitlines():
        size, _, path = line.partition(" ")
        day = day_of(path)
        if day is not None and day < today:
            sizes[path] = int(size)
    if not sizes:
        return ()
    paths = sorted(sizes)
    digests = server.run(["sha256sum", "--", *paths], timeout=600, check=True).stdout
    found = {line[_DIGEST + 2 :]: line[:_DIGEST] for line in digests.splitlines()}
    return tuple(
        DayFile(PurePosixPath(path).parent.name, _day(path), sizes[path], found[path])
        for path in paths
    )


def day_of(path: str) -> date | None:
    """The day that a file is of, by its name; none if it is no log of a day."""
    try:
        return _day(path) if path.endswith(".log") else None
    except ValueError:
        return None


def _day(path: str) -> date:
    return date.fromisoformat(PurePosixPath(path).stem)
