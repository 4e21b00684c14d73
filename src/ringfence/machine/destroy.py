"""Takes a lab away, whatever is left of it.

Standard library only: the guard runs it. It ends what the records name and nothing else, by
pidfd, so that a process number used again is never hit.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ringfence.machine import kernel, record
from ringfence.machine.lock import lab_lock, machine_lock
from ringfence.machine.record import NAMESPACES, STATE, LabError

Progress = Callable[[str], None]

_ORDERLY = 10.0
_KILLED = 10.0
_OUR_MOUNT = STATE / "mounted-run-netns"


def silent(_: str) -> None:
    """Report progress to nobody."""


def destroy(lab: str, progress: Progress = silent) -> None:
    """End every process of a lab and remove its namespaces and records; harmless if there is none.

    Services are stopped in order, and killed after ten seconds. Raises LabError if another
    command is working on the lab or if something does not go away.
    """
    with lab_lock(lab):
        remove(lab, progress)


def remove(lab: str, progress: Progress = silent) -> None:
    """The work of :func:`destroy`, for whoever holds the lock."""
    end_processes(lab, progress)
    _remove_namespaces(lab)
    with machine_lock():
        record.forget(lab)
        if not record.existing():
            _return_mount()


def claim_mount() -> None:
    """Note whether /run/netns will become a mount because of us; call under the machine's lock.

    ``ip netns add`` makes it one and nothing ever unmakes it.
    """
    if not _mounted():
        _OUR_MOUNT.touch(mode=0o600)


def end_processes(lab: str, progress: Progress) -> None:
    """End every machine of a lab: in order if they can, by force if not."""
    processes = {name: record.process(lab, name) for name in record.machines(lab)}
    alive = {
        name: fd
        for name, process in processes.items()
        if process and (fd := process.open()) is not None
    }
    try:
        if alive:
            progress(f"stopping {len(alive)} machines")
        for number, patience in ((signal.SIGTERM, _ORDERLY), (signal.SIGKILL, _KILLED)):
            for fd in alive.values():
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(fd, number)
            _await_end(alive, patience)
    finally:
        for fd in alive.values():
            os.close(fd)
    if alive:
        raise LabError(
            f"these machines of lab {lab!r} do not end: {', '.join(alive)}. A process that was "
            "started in one of them from outside may not have been waited for; end its parent"
        )


def _await_end(alive: dict[str, int], patience: float) -> None:
    """Wait for processes to end, and drop those that have."""
    deadline = time.monotonic() + patience
    while alive and (left := deadline - time.monotonic()) > 0:
        poll = select.poll()
        for fd in alive.values():
            poll.register(fd, select.POLLIN)
        ended = {fd for fd, _ in poll.poll(left * 1000)}
        for name in [name for name, fd in alive.items() if fd in ended]:
            os.close(alive.pop(name))


def _remove_namespaces(lab: str) -> None:
    names = [record.namespace(lab, name) for name in record.machines(lab)]
    commands = [f"netns delete {name}\n" for name in names if (NAMESPACES / name).exists()]
    if not commands:
        return
    done = subprocess.run(
        ["ip", "-force", "-batch", "-"],
        input="".join(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    if any((NAMESPACES / name).exists() for name in names):
        raise LabError(f"the namespaces of lab {lab!r} could not be removed: {done.stderr.strip()}")


def _return_mount() -> None:
    if not _OUR_MOUNT.exists():
        return
    if _mounted() and not any(NAMESPACES.iterdir()):
        with contextlib.suppress(OSError):  # somebody began to use it this moment: theirs now
            kernel.unmount(str(NAMESPACES))
            NAMESPACES.rmdir()
    _OUR_MOUNT.unlink()


def _mounted() -> bool:
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return any(line.split()[4] == str(NAMESPACES) for line in mounts)
