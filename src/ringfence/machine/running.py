"""A command that runs inside a machine, as seen from outside."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Running:
    """A command that runs in a machine; leaving the ``with`` block stops it.

    It and its children are ended with the machine at the latest.
    """

    def __init__(self, nsenter: subprocess.Popen[bytes]) -> None:
        self._nsenter = nsenter

    @property
    def stdin(self) -> IO[bytes] | None:
        """The command's standard input, if it was asked for as a pipe."""
        return self._nsenter.stdin

    @property
    def stdout(self) -> IO[bytes] | None:
        """The command's standard output, if it was asked for as a pipe."""
        return self._nsenter.stdout

    @property
    def stderr(self) -> IO[bytes] | None:
        """The command's standard error, if it was asked for as a pipe."""
        return self._nsenter.stderr

    def poll(self) -> int | None:
        """The exit status, or None as long as the command runs."""
        return self._nsenter.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises subprocess.TimeoutExpired."""
        return self._nsenter.wait(timeout)

    def communicate(
        self, data: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Give input and take all output; raises subprocess.TimeoutExpired."""
        out, err = self._nsenter.communicate(data, timeout)
        return out or b"", err or b""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command and its children.

        nsenter itself is spared: it must live to take note of the command's end, without which
        the machine's process namespace could never close.
        """
        pid = self._nsenter.pid
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
            for command in map(int, children.split()):
                try:
                    os.killpg(command, number)
                except ProcessLookupError:
                    os.kill(command, number)  # so young that it has no session yet

    def stop(self, patience: float = 3.0) -> int:
        """End the command, by force if it takes longer than ``patience`` seconds."""
        deadline = time.monotonic() + patience
        while self.poll() is None:
            late = time.monotonic() > deadline
            self.signal(signal.SIGKILL if late else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(0.2)
        return self._nsenter.returncode

    def __enter__(self) -> Self:
        """The command itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the command and close its pipes."""
        self.stop()
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe:
                pipe.close()
