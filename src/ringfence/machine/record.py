"""What is written down about a lab, so that any later command can take it away again.

Standard library only: the launcher and the guard run it outside the project's environment.
A lab's records lie in /run/ringfence/<lab>/: ``lab.json`` is written before anything is made,
``<machine>.pid`` before a machine does anything, ``complete`` when all is up. Nothing secret is
ever among them.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

STATE = Path("/run/ringfence")
NAMESPACES = Path("/run/netns")
SWITCH = "switch"

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LabError(Exception):
    """What a person must know about a lab that could not be made, used or taken away."""


class ProcessId(NamedTuple):
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started: int
    """Clock ticks since the machine booted, as in /proc/PID/stat."""

    def __str__(self) -> str:
        """Both numbers, as records have them."""
        return f"{self.pid} {self.started}"

    def open(self) -> int | None:
        """A pidfd of the process, or None if it is no more."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if started(self.pid) == self.started:
            return fd
        os.close(fd)
        return None

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        return started(self.pid) == self.started


def started(pid: int) -> int | None:
    """When a process was started; None if there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def myself() -> ProcessId:
    """The calling process."""
    return ProcessId(os.getpid(), started(os.getpid()) or 0)


def namespace(lab: str, machine: str) -> str:
    """The name of a machine's network namespace."""
    return f"rf-{lab}-{machine}"


def namespace_path(lab: str, machine: str) -> Path:
    """Where a machine's network namespace can be opened."""
    return NAMESPACES / namespace(lab, machine)


def directory(lab: str) -> Path:
    """Where a lab's records lie."""
    return STATE / lab


def existing() -> tuple[str, ...]:
    """The names of all labs on this machine, half-built ones included."""
    if not STATE.is_dir():
        return ()
    return tuple(sorted(path.name for path in STATE.iterdir() if path.is_dir()))


def begin(lab: str, machines: list[str], spec: str) -> None:
    """Write down what is about to be made, and that it is this process that makes it."""
    directory(lab).mkdir(mode=0o700)
    record = {"boot": _boot(), "maker": str(myself()), "machines": machines, "spec": spec}
    write(directory(lab) / "lab.json", json.dumps(record))


def machines(lab: str) -> tuple[str, ...]:
    """The machines that a lab has or was about to have."""
    record = _record(lab)
    return tuple(record["machines"]) if record else ()


def maker(lab: str) -> str | None:
    """The process that made a lab or began to; None if nothing was begun."""
    record = _record(lab)
    return str(record["maker"]) if record else None


def spec(lab: str) -> str:
    """The text of the spec that a lab was made from; raises LabError if it is not complete."""
    record = _record(lab)
    if record is None or not (directory(lab) / "complete").exists():
        raise LabError(f"the lab {lab!r} is half built: run `up` again, or `down`")
    return str(record["spec"])


def complete(lab: str) -> None:
    """Note that everything of the lab is there."""
    write(directory(lab) / "complete", "")


def is_complete(lab: str) -> bool:
    """Whether everything of the lab was made, since the real machine booted."""
    record = _record(lab)
    return (
        record is not None and record["boot"] == _boot() and (directory(lab) / "complete").exists()
    )


def write_process(lab: str, machine: str, process: ProcessId) -> None:
    """Note the first process of a machine."""
    write(directory(lab) / f"{machine}.pid", str(process))


def process(lab: str, machine: str) -> ProcessId | None:
    """The first process of a machine as recorded; it may have ended since."""
    record = _record(lab)
    try:
        text = (directory(lab) / f"{machine}.pid").read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    if record is None or record["boot"] != _boot():
        return None
    pid, when = text.split()
    return ProcessId(int(pid), int(when))


def write(path: Path, text: str) -> None:
    """Write a record whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


def forget(lab: str) -> None:
    """Remove the records of a lab of which nothing is left."""
    place = directory(lab)
    for path in place.iterdir() if place.is_dir() else ():
        path.unlink()
    with contextlib.suppress(FileNotFoundError):
        place.rmdir()


def _record(lab: str) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(
            (directory(lab) / "lab.json").read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return None
    return record


def _boot() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()
