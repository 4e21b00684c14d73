"""A machine's root: the real machine's files underneath, its own on top, in memory only.

Standard library only: the launcher runs it. All mounts are made in the machine's own mount
namespace and vanish with it; nothing is written to a disk. See the kernel's overlayfs
documentation for the marks that hide what lies underneath.
"""

import base64
import grp
import os
import pwd
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from ringfence.machine import kernel

HIDDEN = (
    "/etc/sysctl.d",
    "/etc/sysusers.d",
    "/etc/systemd/network",
    "/etc/systemd/system",
    "/home",
    "/media",
    "/mnt",
    "/root",
    "/srv",
    "/var/log",
    "/var/tmp",  # noqa: S108 - hidden, not used
)
"""What a machine must not inherit: the real one's units, settings, logs and users' files."""

_LOGS = Path("/var/log")
_FOR_ALL = 0o666
_SHARED = 0o1777
_NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
_NODES |= {"tty": (5, 0), "net/tun": (10, 200)}
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_LINKS |= {"ptmx": "pts/ptmx"}
_SAFE = kernel.MS_NOSUID | kernel.MS_NODEV


class FileRecord(TypedDict):
    """A file to install; ``data`` is base64."""

    path: str
    data: str
    mode: int
    owner: str
    group: str


def enter(base: Path, disk: int, hidden: Iterable[str], own: Mapping[Path, bytes]) -> None:
    """Build a root and make it this mount namespace's only tree.

    ``base`` is any directory: it is covered, in this namespace, by a tmpfs of ``disk`` MiB that
    holds all the machine will ever write. ``hidden`` are further paths of the real machine to
    keep out of sight. ``own`` are files of /run, by path. Raises OSError.
    """
    os.umask(0)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("ringfence", base, "tmpfs", options=f"size={disk}m,mode=0755")
    upper, work, top = base / "upper", base / "work", base / "root"
    for path in (upper, work, top):
        path.mkdir(0o755)
    for name in (*HIDDEN, *hidden):
        _hide(Path(name).resolve(), upper)
    _empty_copy(_LOGS, _above(_LOGS, upper))
    options = f"lowerdir=/,upperdir={upper},workdir={work}"
    kernel.mount("ringfence", top, "overlay", options=options)
    _mount_system(base, top)
    kernel.change_root(top)
    os.umask(0o022)
    for path, data in own.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def install(file: FileRecord) -> None:
    """Put a file in its place, whole, with its mode and owner as this root's accounts have it."""
    path = Path(file["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        owner, group = pwd.getpwnam(file["owner"]).pw_uid, grp.getgrnam(file["group"]).gr_gid
    except KeyError as error:
        raise OSError(f"{path}: {error.args[0]}; is its package installed?") from None
    part = path.with_name(f"{path.name}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(base64.b64decode(file["data"]))
        os.fchown(fd, owner, group)
        os.fchmod(fd, file["mode"])
    part.replace(path)


def _hide(path: Path, upper: Path) -> None:
    """Cover a directory of the layer below with an empty one, or a file with nothing."""
    if not path.exists():
        return
    above = _above(path, upper)
    _repeat_directory(path.parent, upper)
    if path.is_dir():
        _repeat_directory(path, upper)
        os.setxattr(above, "trusted.overlay.opaque", b"y")
    else:
        os.mknod(above, stat.S_IFCHR, os.makedev(0, 0))


def _repeat_directory(path: Path, upper: Path) -> None:
    """Repeat a directory in the upper layer, and those it lies in, with their modes and owners."""
    above = _above(path, upper)
    if above.is_dir():
        return
    _repeat_directory(path.parent, upper)
    _copy_directory(path, above)


def _copy_directory(path: Path, copy: Path) -> None:
    like = path.stat()
    copy.mkdir()
    os.chown(copy, like.st_uid, like.st_gid)
    copy.chmod(stat.S_IMODE(like.st_mode))


def _empty_copy(path: Path, copy: Path) -> None:
    """Repeat a tree of directories without its files."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            _copy_directory(entry, copy / entry.name)
            _empty_copy(entry, copy / entry.name)


def _above(path: Path, upper: Path) -> Path:
    return upper / path.relative_to("/")


def _mount_system(base: Path, top: Path) -> None:
    """Give a new root its own /proc, /sys, /dev, /run and /tmp."""
    strict = _SAFE | kernel.MS_NOEXEC
    kernel.mount("proc", top / "proc", "proc", strict)
    _protect_settings(top / "proc")
    kernel.mount("sysfs", top / "sys", "sysfs", strict | kernel.MS_RDONLY)
    for name, mode, flags in (
        ("dev", 0o755, kernel.MS_NOSUID),
        ("run", 0o755, _SAFE),
        ("tmp", _SHARED, _SAFE),
    ):
        (base / name).mkdir(mode)
        kernel.bind(base / name, top / name)
        kernel.restrict(top / name, flags)
    (top / "run/lock").mkdir(_SHARED)
    _fill_dev(top / "dev")
    kernel.mount("devpts", top / "dev/pts", "devpts", strict, "newinstance,ptmxmode=0666,mode=0620")


def _fill_dev(dev: Path) -> None:
    for name, mode in (("net", 0o755), ("pts", 0o755), ("shm", _SHARED)):
        (dev / name).mkdir(mode)
    for name, number in _NODES.items():
        os.mknod(dev / name, stat.S_IFCHR | _FOR_ALL, os.makedev(*number))
    for name, target in _LINKS.items():
        (dev / name).symlink_to(target)


def _protect_settings(proc: Path) -> None:
    """Leave only the network's settings writable: all others are the real machine's."""
    kernel.bind(proc / "sys", proc / "sys")
    kernel.bind(proc / "sys/net", proc / "sys/net")
    kernel.restrict(proc / "sys", kernel.MS_RDONLY)
    trigger = proc / "sysrq-trigger"
    if trigger.exists():
        kernel.bind(trigger, trigger)
        kernel.restrict(trigger, kernel.MS_RDONLY)
