"""Writing to disk so that what is written is whole, lasts, and has the right mode."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ringfence.evidence.errors import EvidenceError


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Turn an error of the operating system into one for a person."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise EvidenceError(f"{where}: {error.strerror or error}") from error


def directory_of(path: Path, mode: int) -> bool:
    """Make a directory of exactly that mode, unless there is one; says whether it was made."""
    try:
        path.mkdir(mode=mode, parents=True)
    except FileExistsError:
        return False
    path.chmod(mode)
    flush_directory(path.parent)
    return True


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write or replace a file: whoever reads it sees all of the old or all of the new."""
    with draft(path, mode) as file:
        file.write(data)


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file that must not be there yet, whole or not at all.

    Raises:
        FileExistsError: it is there.

    """
    with _temporary(path, mode) as (file, name):
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        os.link(name, path)
    flush_directory(path.parent)


@contextmanager
def draft(path: Path, mode: int) -> Iterator[BinaryIO]:
    """A file to write to; it takes the place of ``path`` at the end, unless there is an error."""
    with _temporary(path, mode) as (file, name):
        yield file
        file.flush()
        os.fsync(file.fileno())
        name.replace(path)
    flush_directory(path.parent)


def append(path: Path, keep: int, data: bytes) -> None:
    """Cut a file to its first ``keep`` bytes and add to them; on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        if not keep:
            os.fchmod(descriptor, 0o644)
        file.truncate(keep)
        file.seek(keep)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    flush_directory(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, or fail at once.

    Raises:
        EvidenceError: another process, or another part of this one, holds it.

    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EvidenceError(
                f"{path.parent}: another command is writing to this evidence log;"
                " try again when it is done"
            ) from None
        yield
    finally:
        os.close(descriptor)


def flush_directory(path: Path) -> None:
    """Make sure that the names in a directory are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(path: Path, mode: int) -> Iterator[tuple[BinaryIO, Path]]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            yield file, Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
