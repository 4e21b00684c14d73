"""Takes a lab away when the command that was making it dies, even by kill -9.

A process of its own, started before anything is made. It holds the reading end of a pipe whose
writing end only its maker has: a word on it lets the guard go, its end without one means that
the maker is gone. Standard library only.
"""

import json
import subprocess
import sys
from types import TracebackType
from typing import Self

from ringfence.machine import boot
from ringfence.machine.destroy import remove
from ringfence.machine.lock import lab_lock
from ringfence.machine.record import LabError

_RELEASE = b"all is well\n"


class Guard:
    """Watches over this process on behalf of a lab, until released or left with."""

    def __init__(self, lab: str) -> None:
        self._process = subprocess.Popen(
            boot.command("guard"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        self._tell(json.dumps(lab).encode() + b"\n")

    def release(self) -> None:
        """Let the guard go: the lab stays."""
        self._tell(_RELEASE)
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Self:
        """Guard until the block is left."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the guard go: whoever leaves the block is alive and cleans up itself."""
        self.release()

    def _tell(self, words: bytes) -> None:
        if self._process.stdin is None or self._process.poll() is not None:
            raise LabError("the guard of the lab has died; run the command again")
        self._process.stdin.write(words)
        self._process.stdin.flush()


def main() -> None:
    """Wait for the maker's end."""
    lab = json.loads(sys.stdin.buffer.readline() or "null")
    if lab is None or sys.stdin.buffer.read() == _RELEASE:
        return
    with lab_lock(lab, cleaning=True):
        remove(lab)
