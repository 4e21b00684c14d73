"""Takes a lab away when the command that was making it dies, even by kill -9.

A process of its own, started before anything is made. It holds the reading end of a pipe whose
writing end only its maker has: a word on it lets the guard go, its end without one means that
the maker is gone. Standard library only.
"""

import subprocess
import sys
import time

from ringfence.machine import boot, record
from ringfence.machine.destroy import remove
from ringfence.machine.lock import lab_lock
from ringfence.machine.record import LabError, myself

_RELEASE = b"all is well\n"


class Guard:
    """Watches over this process on behalf of a lab, until it is released."""

    def __init__(self, lab: str) -> None:
        self._process = subprocess.Popen(
            boot.command("guard", lab, str(myself())),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def release(self) -> None:
        """Let the guard go: there is nothing left to look after."""
        self._process.communicate(_RELEASE)


def main() -> None:
    """Wait for the maker's end; then remove its lab, unless another command has done so."""
    lab, maker = sys.argv[1:]
    if sys.stdin.buffer.read() == _RELEASE:
        return
    with lab_lock(lab, cleaning=True):
        if record.maker(lab) in {maker, None}:
            _remove(lab)


def _remove(lab: str) -> None:
    """Remove a lab; nobody else will, so it is tried until it works or 20 seconds are over."""
    deadline = time.monotonic() + 20
    while True:
        try:
            remove(lab)
        except LabError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
