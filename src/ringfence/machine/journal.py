"""What a service prints, kept in a bounded file with the time of each line.

Standard library only: it runs inside every machine.
"""

# pathlib would cost every machine of a lab memory.
# ruff: noqa: PTH105

from __future__ import annotations

import os
import time
from collections.abc import Callable

Forward = Callable[[list[bytes]], None]
"""Takes lines, without their time, to wherever else they go."""

_LIMIT = 512 * 1024
_LONGEST = 8192
_PATIENCE = 16
"""Reads in a row: the other services of the machine want to be served too."""


class Journal:
    """The log of one unit: a pipe that the unit writes to, and the file it ends up in.

    At about ``limit`` bytes the file is put aside as ``.1``, over the one before. ``printed``
    is handed every line of the unit, ``noted`` every line of the init about it.
    """

    def __init__(
        self,
        path: str,
        limit: int = _LIMIT,
        printed: Forward | None = None,
        noted: Forward | None = None,
    ) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self._path = path
        self._limit = limit
        self._printed = printed
        self._noted = noted
        self._rest = b""
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        self._file = os.open(self._path, flags, 0o640)
        self._size = os.fstat(self._file).st_size

    def pump(self) -> None:
        """Move what the unit has printed so far into the file."""
        for _ in range(_PATIENCE):
            try:
                read = os.read(self.read_end, 8192)
            except BlockingIOError:
                return
            *lines, self._rest = (self._rest + read).split(b"\n")
            if len(self._rest) > _LONGEST:
                lines, self._rest = [*lines, self._rest], b""
            self._take(lines)

    def say(self, text: str) -> None:
        """Add a line as if the unit had printed it."""
        self._take([text.encode()])

    def note(self, text: str) -> None:
        """Add a line of the init's own."""
        lines = [f"[init] {text}".encode()]
        self._write(lines)
        if self._noted:
            self._noted(lines)

    def _take(self, lines: list[bytes]) -> None:
        self._write(lines)
        if self._printed and lines:
            self._printed(lines)

    def _write(self, lines: list[bytes]) -> None:
        now = time.time()
        stamp = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z "
        )
        record = b"".join(stamp.encode() + line + b"\n" for line in lines)
        if self._size + len(record) > self._limit:
            os.close(self._file)
            os.replace(self._path, f"{self._path}.1")
            self._open()
        try:
            self._size += os.write(self._file, record)
        except OSError:
            # A full disk must not end the machine; the service's own errors will tell.
            self._size = os.fstat(self._file).st_size
