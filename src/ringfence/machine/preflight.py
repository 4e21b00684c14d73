"""Whether this machine can run a lab, found by trying it where it leaves no trace."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ringfence.machine import boot, kernel, root
from ringfence.machine.boot import PYTHON

_TOOLS = {
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "setsid": "util-linux",
}
_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PATIENCE = 20


def problems() -> tuple[str, ...]:
    """What keeps this machine from running a lab, and what is needed; nothing is changed.

    Everything is tried in namespaces that vanish with the process that tries.
    """
    if os.geteuid() != 0:
        need = "A lab makes network namespaces and mounts: run the command as root, as with sudo."
        return (f"- not root (user id {os.geteuid()}). {need}",)
    missing = [
        f"- the command {tool} is missing: install the package {package}."
        for tool, package in _TOOLS.items()
        if shutil.which(tool, path=_SEARCH) is None
    ]
    if not os.access(PYTHON, os.X_OK):
        missing.append(f"- {PYTHON} is missing: install the package python3.")
    return tuple(missing) or _tried()


def _tried() -> tuple[str, ...]:
    done = subprocess.run(
        boot.command("preflight"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
        cwd="/",
    )
    lines = tuple(done.stdout.splitlines())
    if done.returncode != 0 and not lines:
        return (f"- the trial of this machine failed: {done.stderr.strip()[-500:]}",)
    return lines


def main() -> None:
    """Try everything a lab needs, in this process; print a line for what fails, and stop there."""
    for what, need, attempt in _attempts():
        try:
            attempt()
        except (OSError, subprocess.SubprocessError) as error:
            print(f"- {what} cannot be used ({error}). {need}")  # noqa: T201 - our answer
            sys.exit(1)


def _attempts() -> Iterator[tuple[str, str, Callable[[], None]]]:
    privileged = "In a container, that takes a privileged one with CAP_SYS_ADMIN and CAP_NET_ADMIN."
    yield "network namespaces", privileged, lambda: kernel.unshare(kernel.NEWNET)
    need = "The kernel needs bridges and virtual cables (modules bridge and veth)."
    yield "bridges", need, lambda: _run("ip", "link", "add", "b0", "type", "bridge")
    cable = ("link", "add", "v0", "type", "veth", "peer", "name", "v1")
    yield "virtual cables (veth)", need, lambda: _run("ip", *cable)
    rules = "add table inet t; add set inet t s { type ipv4_addr; }; add table bridge t"
    need = "The kernel needs nf_tables, with the inet and bridge families."
    yield "nftables", need, lambda: _run("nft", rules)
    others = kernel.NEWNS | kernel.NEWUTS | kernel.NEWIPC | kernel.NEWPID
    yield "mount and process namespaces", privileged, lambda: kernel.unshare(others)
    need = "The kernel needs overlayfs and tmpfs, and / must be able to lie under an overlay."
    yield "an overlay root", need, _try_root


def _try_root() -> None:
    """Build a root in a child, which is process 1 of the new process namespace."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            root.enter(Path("/run"), 8, (), {})
            _run("setpriv", "--bounding-set=-all", "--no-new-privs", "--", "nsenter", "--version")
        except (OSError, subprocess.SubprocessError) as error:
            os.write(told, str(error).encode())
            os._exit(1)
        os._exit(0)
    os.close(told)
    if os.waitpid(child, 0)[1] != 0:
        raise OSError(os.read(answer, 1000).decode() or "its first process was ended")


def _run(*argv: str) -> None:
    environment = {"PATH": _SEARCH}
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode != 0:
        raise OSError(done.stderr.strip() or f"{argv[0]} ended with status {done.returncode}")
