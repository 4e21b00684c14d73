"""Commands, files and services of a running machine, from outside."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from ringfence.machine import kernel, record
from ringfence.machine.init import CONTROL, log_path
from ringfence.machine.record import LabError
from ringfence.machine.running import Running
from ringfence.machine.service import PATH, State

_MOMENT = 0.2
_ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Memory:
    """What a machine takes: its processes' proportional share (PSS) and its files, in bytes."""

    processes: int
    files: int

    @property
    def total(self) -> int:
        """Both together, in bytes."""
        return self.processes + self.files

    def __add__(self, other: Self) -> "Memory":
        """The memory of two machines."""
        return Memory(self.processes + other.processes, self.files + other.files)


@dataclass(frozen=True)
class ServiceStatus:
    """Where a service stands. ``pid`` is its number inside the machine, 0 if it does not run.

    ``withheld`` are capabilities its unit names and no lab machine has; ``not_enforced`` is the
    confinement that only a real host applies.
    """

    unit: str
    state: State
    pid: int
    starts: int
    detail: str
    withheld: tuple[str, ...]
    not_enforced: tuple[str, ...]


class Machine:
    """A running machine of a lab."""

    def __init__(self, lab: str, name: str) -> None:
        self.lab = lab
        self.name = name

    def __repr__(self) -> str:
        """The lab and the machine."""
        return f"<machine {self.name} of lab {self.lab}>"

    @property
    def pid(self) -> int:
        """Its first process as this machine counts; raises LabError if that has ended."""
        process = record.process(self.lab, self.name)
        if process is None or not process.alive:
            raise LabError(f"{self.name} of lab {self.lab!r} does not run: `down` and `up` again")
        return process.pid

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 30,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as root of the machine.

        Raises subprocess.TimeoutExpired after ``timeout`` seconds, when the command has been
        ended, and subprocess.CalledProcessError if ``check`` and it failed.
        """
        pipe = subprocess.PIPE
        stdin = subprocess.DEVNULL if input is None else pipe
        with self.start(argv, stdin=stdin, stdout=pipe, stderr=pipe) as running:
            data = None if input is None else input.encode()
            out, err = running.communicate(data, timeout)
            done = subprocess.CompletedProcess(
                list(argv),
                running.wait(),
                out.decode(errors="replace"),
                err.decode(errors="replace"),
            )
        if check:
            done.check_returncode()
        return done

    def start(
        self,
        argv: Sequence[str],
        *,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
    ) -> Running:
        """Start a command as root of the machine, in all its namespaces."""
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"]
        enter = ["nsenter", "--target", str(self.pid), *spaces, "--", "setsid", "--", *argv]
        return Running(
            subprocess.Popen(
                enter,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        )

    @contextmanager
    def netns(self) -> Iterator[None]:
        """Put the calling thread into the machine's network, to open sockets there."""
        with kernel.network_namespace(f"/proc/{self.pid}/ns/net"):
            yield

    def read(self, path: str) -> bytes:
        """A file's content; raises OSError as open does."""
        fd = kernel.open_inside(self._root, path, os.O_RDONLY)
        with os.fdopen(fd, "rb") as file:
            return file.read()

    def write(
        self, path: str, data: bytes, mode: int = 0o644, owner: str = "root", group: str = "root"
    ) -> None:
        """Put a file in place whole; its directory must be there.

        Raises OSError, or LabError for an account that the machine does not have.
        """
        place = Path(path)
        ids = self._id("/etc/passwd", owner), self._id("/etc/group", group)
        top = kernel.open_inside(self._root, str(place.parent), os.O_PATH | os.O_DIRECTORY)
        part = f".{place.name}.{os.getpid()}"
        try:
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=top)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                os.fchown(fd, *ids)
                os.fchmod(fd, mode)
            os.rename(part, place.name, src_dir_fd=top, dst_dir_fd=top)
        finally:
            os.close(top)

    def services(self) -> tuple[ServiceStatus, ...]:
        """The state of every service, in the order in which they start."""
        return tuple(_status(line) for line in self._ask("status"))

    def service(self, unit: str) -> ServiceStatus:
        """The state of one service; raises LabError if there is none of that name."""
        for status in self.services():
            if status.unit == unit:
                return status
        raise LabError(f"{self.name} has no service {unit!r}")

    def start_service(self, unit: str) -> None:
        """Start a service that has ended or was stopped."""
        self._ask(f"start {unit}")

    def reload(self, unit: str) -> None:
        """Run a service's ExecReload; raises LabError if it has none or does not run."""
        self._ask(f"reload {unit}")

    def say(self, unit: str, word: str) -> None:
        """Put a word into a service's log, to see where the log's lines arrive."""
        self._ask(f"say {unit} {word}")

    def stop(self, unit: str, patience: float = 10.0) -> None:
        """Stop a service and wait until it has ended; raises LabError if it does not."""
        self._ask(f"stop {unit}")
        self._await(unit, {State.STOPPED}, 0, patience)

    def restart(self, unit: str, patience: float = 15.0) -> None:
        """Restart a service and wait until it runs, and still does after a moment.

        Raises LabError, with its last lines, if it does not.
        """
        before = self.service(unit).starts
        self._ask(f"restart {unit}")
        self._await(unit, {State.RUNNING, State.DONE}, before + 1, patience)

    def log_tail(self, unit: str, lines: int = 20) -> tuple[str, ...]:
        """The last lines that a service printed, each with its time (UTC)."""
        found: list[str] = []
        for path in (f"{log_path(unit)}.1", log_path(unit)):
            with contextlib.suppress(FileNotFoundError):
                found += self.read(path).decode(errors="replace").splitlines()
        return tuple(found[-lines:])

    def not_applied(self) -> tuple[str, ...]:
        """The kernel settings that were asked for and not made, each with the reason."""
        return tuple(self._ask("notes"))

    def memory(self) -> Memory:
        """What the machine takes at this moment."""
        pss = 0
        for process in (self._root / "proc").iterdir():
            if process.name.isdigit():
                with contextlib.suppress(OSError):  # ended meanwhile
                    pss += _pss(process / "smaps_rollup")
        disk = os.statvfs(self._root)  # an overlay reports what its upper layer lies on
        return Memory(pss, (disk.f_blocks - disk.f_bfree) * disk.f_frsize)

    @property
    def _root(self) -> Path:
        """The machine's root; links in it lead astray, but for :func:`kernel.open_inside`."""
        return Path(f"/proc/{self.pid}/root")

    def _id(self, path: str, name: str) -> int:
        for line in self.read(path).decode().splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return int(fields[2])
        raise LabError(f"{self.name} has no account {name!r} in {path}: is its package installed?")

    def _await(self, unit: str, states: set[State], starts: int, patience: float) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            status = self.service(unit)
            if status.starts >= starts and status.state in states:
                time.sleep(_MOMENT)
                if self.service(unit) == status:
                    return
            if status.state == State.FAILED:
                break
            time.sleep(0.02)
        status = self.service(unit)
        last = "\n".join(self.log_tail(unit, 5))
        raise LabError(f"{unit} of {self.name} is {status.state} ({status.detail}):\n{last}")

    def _ask(self, words: str) -> list[str]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(5)
            try:
                control.connect(f"{self._root}{CONTROL}")
                control.sendall(words.encode())
                answer = b"".join(iter(lambda: control.recv(65536), b"")).decode()
            except OSError as error:
                raise LabError(f"the init of {self.name} does not answer: {error}") from error
        first, *lines = answer.split("\n")
        if first != "ok":
            raise LabError(f"{self.name}: {first or 'its init said nothing'}")
        return lines


def _status(line: str) -> ServiceStatus:
    unit, state, pid, starts, detail, withheld, not_enforced = line.split("\t")
    return ServiceStatus(
        unit=unit,
        state=State(state),
        pid=int(pid),
        starts=int(starts),
        detail=detail,
        withheld=tuple(withheld.split()),
        not_enforced=tuple(not_enforced.split()),
    )


def _pss(rollup: Path) -> int:
    lines = rollup.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
