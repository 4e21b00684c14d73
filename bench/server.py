"""A running server of the benchmark: started, pinned, measured from /proc, ended by its id."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bench.sandbox import BenchError, Root

SERVER_CORE: Final = 0
"""The servers' core; generators have the other one."""
SYSTEM_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
START_LIMIT: Final = 30.0
STOP_LIMIT: Final = 10.0


class Server:
    """One instance: its first process and all that it forks, within one overlay root.

    Times are seconds, sizes bytes.
    """

    def __init__(
        self,
        name: str,
        root: Root,
        command: Sequence[str],
        user: str,
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
        companion: "Server | None" = None,
    ) -> None:
        """Start it. What a companion uses of the CPU is counted as this server's."""
        self.name = name
        self._companion = companion
        self.root = root
        self.log = root.path.parent / f"{Path(command[0]).name}.log"
        confined = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        confined += ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        pinned = ["taskset", "-c", str(SERVER_CORE), "chroot", str(root.path)]
        self.start_seconds = 0.0
        self._begun = time.monotonic()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*pinned, *confined, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": SYSTEM_PATH, **environment},
            )

    def is_running(self) -> bool:
        """Tell whether the first process still lives."""
        return self._process.poll() is None

    def rpc(self, *command: str) -> str:
        """Call Kamailio's RPC over its control socket and return what it prints.

        Raises:
            BenchError: the server is not there or refuses the call.

        """
        argv = ["chroot", str(self.root.path), "kamcmd", *command]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{self.name} does not answer {' '.join(command)}") from None
        if done.returncode or done.stdout.startswith("error"):
            raise BenchError(
                f"{self.name}: {' '.join(command)}: {done.stdout}{done.stderr}".strip()
            )
        return done.stdout

    def wait_until_ready(self) -> None:
        """Wait until the RPC answers; ``start_seconds`` says how long that took.

        Raises:
            BenchError: with the end of the server's log, when it ended or does not answer.

        """
        while self.is_running() and time.monotonic() - self._begun < START_LIMIT:
            try:
                self.rpc("core.uptime")
            except BenchError:
                time.sleep(0.01)
            else:
                self.start_seconds = time.monotonic() - self._begun
                return
        raise BenchError(f"{self.name} does not start:\n{self.last_words()}")

    def last_words(self, lines: int = 12) -> str:
        """The end of the server's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def processes(self) -> list[int]:
        """The ids of the first process and all its descendants."""
        found = [self._process.pid]
        for pid in found:
            found += _children(pid)
        return found

    def cpu(self) -> float:
        """Scheduler run time of all processes and threads so far, in seconds."""
        own = sum(_run_time(pid) for pid in self.processes())
        return own + (self._companion.cpu() if self._companion else 0.0)

    def resident(self) -> int:
        """Proportional set size of all processes, in bytes: shared memory counts once."""
        return sum(_pss(pid) for pid in self.processes())

    def shared_memory(self) -> int:
        """Bytes of Kamailio's shared memory really in use."""
        for line in self.rpc("core.shmmem").splitlines():
            key, _, value = line.strip().partition(":")
            if key == "real_used":
                return int(value)
        raise BenchError(f"{self.name} does not tell its shared memory")

    def stop(self) -> None:
        """End the server, gently if it goes; by force, then all that it forked."""
        everyone = self.processes()
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            for pid in everyone:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
        until = time.monotonic() + STOP_LIMIT
        while any(map(_is_alive, everyone)) and time.monotonic() < until:
            time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    """Tell whether a process still holds anything: a zombie does not (states of proc(5))."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _children(pid: int) -> Iterator[int]:
    for words in _of_tasks(pid, "children"):
        yield from map(int, words)


def _run_time(pid: int) -> float:
    """The first field of schedstat: nanoseconds on a CPU (proc(5)); one file a thread."""
    return sum(int(words[0]) for words in _of_tasks(pid, "schedstat")) / 1e9


def _of_tasks(pid: int, name: str) -> Iterator[list[str]]:
    """A file of each thread as words; a thread that ends meanwhile has none."""
    for file in Path(f"/proc/{pid}/task").glob(f"*/{name}"):
        with suppress(FileNotFoundError, ProcessLookupError):
            yield file.read_text().split()


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
