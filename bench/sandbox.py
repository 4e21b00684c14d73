"""Where a benchmark runs: namespaces of its own, and an overlay root for each server.

The whole run lives in new network, mount and process namespaces. Its network is a loopback only;
its files lie on a tmpfs that nobody else sees. When the run ends, by itself or by a signal, the
kernel ends every process and drops every file with the namespaces.
"""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

INSIDE: Final = "RINGFENCE_BENCH_INSIDE"
GROUND: Final = Path("/mnt")
"""Every Debian has this directory; inside the mount namespace a tmpfs covers it."""


class BenchError(Exception):
    """The benchmark cannot go on; the text says why and what to do."""


def is_inside() -> bool:
    """Tell whether this process is the one within the namespaces."""
    return os.environ.get(INSIDE) == "yes"


def run_inside(arguments: list[str]) -> int:
    """Run ``python -m bench`` again within new namespaces; return its exit code.

    Raises:
        BenchError: without root, who alone can make the namespaces and become another user.

    """
    if os.geteuid() != 0:
        raise BenchError(
            "the SIP bench makes namespaces and starts servers as user kamailio: use root"
        )
    kill_with_us = ["setpriv", "--pdeathsig", "KILL"]
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command = [*kill_with_us, *unshare, sys.executable, "-m", "bench", *arguments]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    child = subprocess.Popen(command, env=os.environ | {INSIDE: "yes"})
    try:
        return child.wait()
    except _StopError as stop:
        child.kill()
        child.wait()
        return 128 + stop.number


class _StopError(Exception):
    """A signal asks the run to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise _StopError(number)


def prepare() -> None:
    """Bring the loopback up, lay the ground for files, allow all open files that we may have.

    Only within the namespaces.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    _run("ip", "link", "set", "lo", "up")
    _run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(GROUND))


class Root:
    """A root directory over the machine's own: what is written here is seen only here."""

    def __init__(self, name: str) -> None:
        base = GROUND / name
        self.path = base / "root"
        for part in ("upper", "work", "root"):
            (base / part).mkdir(parents=True)
        layers = f"lowerdir=/,upperdir={base}/upper,workdir={base}/work"
        _run("mount", "-t", "overlay", "overlay", "-o", layers, str(self.path))
        for kernel in ("proc", "dev"):
            _run("mount", "--rbind", f"/{kernel}", str(self.path / kernel))

    def write(
        self, path: str, text: str | bytes, mode: int = 0o644, owner: str = "root:root"
    ) -> Path:
        """Write a file at an absolute path of this root and give it to ``user:group``."""
        target = self.path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        target.chmod(mode)
        _run("chown", owner, str(target))
        return target

    def directory(self, path: str, owner: str, mode: int = 0o750) -> Path:
        """Make a directory at an absolute path of this root and give it to a user."""
        target = self.path / path.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(mode)
        _run("chown", f"{owner}:", str(target))
        return target


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip() or 'failed'}")
