"""One command at a time for a lab, and a few steps at a time for the whole machine.

Standard library only, as :mod:`ringfence.machine.record`.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ringfence.machine.record import STATE, LabError, ProcessId, directory, myself

_PATIENCE = 20.0
_GUARDS_PATIENCE = 120.0
_DYING = 0.5
"""Seconds: a killed process counts as alive for a moment after its files were closed."""


@contextmanager
def lab_lock(lab: str, *, cleaning: bool = False) -> Iterator[int]:
    """Hold the lock of a lab; yields its descriptor, and whoever inherits that holds it too.

    Raises LabError, naming the other command, if one works on the lab. What is waited for, at
    most 20 seconds, are a guard that cleans up and the helpers of a command that died. A guard
    itself (``cleaning``) waits for whoever holds the lock, two minutes if need be.
    """
    fd = _take(lab, cleaning=cleaning)
    try:
        me = f"{myself()} {'cleaning' if cleaning else 'working'}"
        os.ftruncate(fd, 0)
        os.pwrite(fd, me.encode(), 0)
        yield fd
    finally:
        with machine_lock():
            if not directory(lab).exists():
                _path(lab).unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    STATE.rmdir()
        os.close(fd)


@contextmanager
def machine_lock() -> Iterator[None]:
    """Keep other labs' commands away for a moment: from what all labs share."""
    fd = os.open(STATE.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _take(lab: str, *, cleaning: bool) -> int:
    begun = time.monotonic()
    while True:
        with machine_lock():
            STATE.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(_path(lab), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(fd, 100, 0).decode().split()
                os.close(fd)
            else:
                return fd
        waited = time.monotonic() - begun
        if not cleaning and waited > _DYING and _works(holder):
            raise LabError(f"another ringfence command, pid {holder[0]}, is working on lab {lab!r}")
        if waited > (_GUARDS_PATIENCE if cleaning else _PATIENCE):
            raise LabError(f"the lab {lab!r} is still being cleaned up; try again in a moment")
        time.sleep(0.05)


def _works(holder: list[str]) -> bool:
    """Whether the lock's holder is a command that lives, and not a guard."""
    match holder:
        case [pid, when, "working"]:
            return ProcessId(int(pid), int(when)).alive
        case _:
            return False


def _path(lab: str) -> Path:
    return STATE / f"{lab}.lock"
