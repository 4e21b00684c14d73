"""Watches over the log server's files, one a host and day, and prints what it does.

Each file is marked append-only soon after it appears, so that even who writes it can change
nothing in it (chattr(1), ``a``). A file whose days are over is removed; nothing goes before its
time, for filling a disk must not be a way to be rid of a log. When room runs short it says so, in
good time. Before the disk is full it halts the log server, which would throw lines away
otherwise; hosts keep theirs until it goes on.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

_INTERVAL: Final = 5.0
"""Seconds between two looks: so long a new file can still be changed by who writes it."""
_SHORT_INTERVAL: Final = 0.5
"""The same while room is short, for then it may soon be full."""
_THOROUGH: Final = 3600.0
"""Seconds between two looks at every file; otherwise only the newest are looked at."""
_REPEATED: Final = 900.0
"""Seconds after which it says again that room is short."""
SHORT_OF: Final = 0.1
"""The part of the disk below which room is short."""
FULL: Final = 0.05
"""The part below which the log server is halted."""
ENOUGH: Final = 0.06
"""The part from which on it goes on."""
WRITER: Final = "rsyslogd"

# <linux/fs.h>, for 64-bit machines.
_GET_FLAGS: Final = 0x80086601
_SET_FLAGS: Final = 0x40086602
_APPEND_ONLY: Final = 0x20


def day_of(path: Path) -> date | None:
    """The day that a file is of, by its name; none if it is no log file."""
    try:
        return date.fromisoformat(path.stem) if path.suffix == ".log" else None
    except ValueError:
        return None


def over(day: date, today: date, keep_days: int) -> bool:
    """Whether the days are over for which a file of a day is kept."""
    return today - day > timedelta(days=keep_days)


def short_of_room(free: int, total: int) -> bool:
    """Whether so little of the disk is free, both in bytes, that somebody must make room."""
    return free < SHORT_OF * total


def mark(path: Path, *, append_only: bool) -> bool:
    """Set or clear a file's append-only mark; returns whether it was another before.

    Raises:
        OSError: the file system knows no such mark, or the capability is missing.

    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        flags = int.from_bytes(fcntl.ioctl(descriptor, _GET_FLAGS, bytes(4)), sys.byteorder)
        wanted = flags | _APPEND_ONLY if append_only else flags & ~_APPEND_ONLY
        if wanted != flags:
            fcntl.ioctl(descriptor, _SET_FLAGS, wanted.to_bytes(4, sys.byteorder))
    finally:
        os.close(descriptor)
    return wanted != flags


def writers() -> Iterator[tuple[int, bool]]:
    """The processes of this user that write the log, and whether each is halted (proc(5))."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if place.stat().st_uid != os.getuid():
                continue
            name, _, rest = (place / "stat").read_text(encoding="utf-8").rpartition(") ")
        except OSError:
            continue  # it has ended
        if name.partition(" (")[2] == WRITER:
            yield int(place.name), rest[0] in "Tt"


class Keeper:
    """One log server's files, looked at again and again."""

    def __init__(self, top: Path, keep_days: int) -> None:
        self._top = top
        self._keep_days = keep_days
        self._unmarked: set[Path] = set()
        self._thorough_at: float | None = None
        self._said_short: float | None = None
        self._halted = True  # for all that is known: a keeper before this one may have halted it

    @property
    def interval(self) -> float:
        """Seconds until the next look."""
        return _INTERVAL if self._said_short is None else _SHORT_INTERVAL

    def look(self, today: date, now: float) -> Iterator[str]:
        """Do what is due; yields a line for the log about each thing done or amiss."""
        thorough = self._thorough_at is None or now >= self._thorough_at
        if thorough:
            self._thorough_at = now + _THOROUGH
        for path in sorted(self._top.glob("*/*.log")):
            day = day_of(path)
            if day is None:
                continue
            if over(day, today, self._keep_days):
                yield from self._remove(path)
            elif thorough or today - day <= timedelta(days=1):
                yield from self._keep(path)
        yield from self._room(now)

    def _keep(self, path: Path) -> Iterator[str]:
        try:
            mark(path, append_only=True)
        except OSError as error:
            if path not in self._unmarked:
                self._unmarked.add(path)
                yield f"NOT APPEND-ONLY {path}: {error.strerror}"

    def _remove(self, path: Path) -> Iterator[str]:
        try:
            if path not in self._unmarked:
                mark(path, append_only=False)
            path.unlink()
        except OSError as error:
            yield f"NOT REMOVED {path}: {error.strerror}"
        else:
            self._unmarked.discard(path)
            yield f"REMOVED {path}: older than {self._keep_days} days"

    def _room(self, now: float) -> Iterator[str]:
        disk = os.statvfs(self._top)
        free = disk.f_bavail / disk.f_blocks
        if free < FULL:
            yield from self._halt()
        elif free >= ENOUGH and self._halted:
            yield from self._go_on()
        if not short_of_room(disk.f_bavail, disk.f_blocks):
            self._said_short = None
        elif self._said_short is None or now - self._said_short >= _REPEATED:
            self._said_short = now
            yield f"SHORT OF ROOM: {free:.0%} of the log's disk is free; nothing is removed early"

    def _halt(self) -> Iterator[str]:
        for process, halted in writers():
            if not halted:
                os.kill(process, signal.SIGSTOP)
                yield "HALTED the log server before its disk is full; hosts keep their lines"
        self._halted = True

    def _go_on(self) -> Iterator[str]:
        for process, halted in writers():
            if halted:
                os.kill(process, signal.SIGCONT)
                yield "GOING ON: the log server has room again"
        self._halted = False


def main() -> None:
    """Watch over a directory: ``keeper.py DIRECTORY KEEP_DAYS``."""
    keeper = Keeper(Path(sys.argv[1]), int(sys.argv[2]))
    while True:
        for line in keeper.look(datetime.now(UTC).date(), time.monotonic()):
            print(line, flush=True)  # noqa: T201 - its output is its log
        time.sleep(keeper.interval)


if __name__ == "__main__":
    main()
