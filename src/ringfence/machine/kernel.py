"""The system calls that small machines need and Python 3.11 does not offer.

Standard library only: the launcher runs it outside the project's environment. Every function
raises OSError as the call itself failed. See namespaces(7), mount(2), pivot_root(2), prctl(2).
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

NEWNS = 0x00020000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWPID = 0x20000000
NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

_MNT_DETACH = 2
_PR_CAPBSET_DROP = 24
_SYS_OPENAT2 = 437
_RESOLVE_IN_ROOT = 0x10
_AT_FDCWD = -100

StrPath = str | os.PathLike[str]

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Give the calling process namespaces of its own."""
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """Put the calling thread into an open namespace."""
    _check(_libc.setns(fd, kind), "setns")


def mount(
    source: StrPath, target: StrPath, kind: str = "", flags: int = 0, options: str = ""
) -> None:
    """Mount a file system."""
    words = [os.fsencode(word) for word in (source, target, kind)]
    _check(_libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(options)), f"mount {target}")


def bind(source: StrPath, target: StrPath) -> None:
    """Show a directory or file at a second place."""
    mount(source, target, flags=MS_BIND)


def restrict(target: StrPath, flags: int) -> None:
    """Put flags such as MS_RDONLY on one mount, wherever else its files are shown."""
    mount("none", target, flags=MS_BIND | MS_REMOUNT | flags)


def detach(target: StrPath) -> None:
    """Take a mount out of the tree at once, though it may still be in use."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def unmount(target: StrPath) -> None:
    """Unmount what nobody uses."""
    _check(_libc.umount2(os.fsencode(target), 0), f"umount {target}")


def change_root(root: StrPath) -> None:
    """Make a mounted directory the root, and let go of the old root with all its mounts."""
    os.chdir(root)
    _check(_libc.pivot_root(b".", b"."), f"pivot_root {root}")
    detach(".")
    os.chdir("/")


def withhold_capability(number: int) -> None:
    """Take a capability out of the bounding set, for this process and all it starts."""
    _check(_libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0), "prctl")


def open_inside(root: StrPath, path: str, flags: int) -> int:
    """Open a path as a process with that root would see it; links cannot lead out of it."""

    class How(ctypes.Structure):
        _fields_ = (
            ("flags", ctypes.c_uint64),
            ("mode", ctypes.c_uint64),
            ("resolve", ctypes.c_uint64),
        )

    how = How(flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
    top = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        fd = _libc.syscall(
            _SYS_OPENAT2, top, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
        )
        _check(fd, path)
        return int(fd)
    finally:
        os.close(top)


@contextmanager
def network_namespace(path: StrPath) -> Iterator[None]:
    """Put the calling thread into a network namespace, and take it back at the end.

    Sockets opened inside stay in that namespace for good.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(path, os.O_RDONLY)
        try:
            setns(there, NEWNET)
        finally:
            os.close(there)
        try:
            yield
        finally:
            setns(home, NEWNET)
    finally:
        os.close(home)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
