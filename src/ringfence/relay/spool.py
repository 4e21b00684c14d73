"""Messages that were taken and not yet handed over, on disk: nothing is lost when power goes.

A message is one file: a line of JSON, then the message. It is there, whole and synced, before its
sender is told that it was taken; it goes when the next server has taken it. A failure between the
two hands it over twice, never not at all.
"""

import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path


class SpoolFullError(Exception):
    """There is no room for another message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose message, to whom, who brought it, and when (seconds since 1970)."""

    sender: str
    recipients: tuple[str, ...]
    client: str
    accepted: float


class Spool:
    """A directory of waiting messages, and one of those that could not be delivered.

    Both together hold at most so many messages and bytes.
    """

    def __init__(self, directory: Path, most_messages: int, most_bytes: int) -> None:
        self._waiting = directory / "waiting"
        self._failed = directory / "failed"
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        for each in (self._waiting, self._failed):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in self._waiting.glob("*.part"):
            part.unlink()  # its sender was never told that it was taken

    def put(self, identifier: str, envelope: Envelope, message: bytes) -> None:
        """Keep a message; it is on the disk when this returns.

        Raises SpoolFullError: there is no room.
        """
        data = _file(envelope, message)
        count, size = self._taken()
        if count >= self._most_messages or size + len(data) > self._most_bytes:
            raise SpoolFullError(f"{count} messages of {size} bytes are kept")
        try:
            _write(self._waiting / identifier, data)
        except OSError as error:
            raise SpoolFullError(str(error)) from error

    def waiting(self) -> list[str]:
        """The identifiers of messages that wait, oldest first."""
        return sorted(path.name for path in self._waiting.iterdir() if path.suffix != ".part")

    def get(self, identifier: str) -> tuple[Envelope, bytes]:
        """A message that waits."""
        head, _, message = (self._waiting / identifier).read_bytes().partition(b"\n")
        said = json.loads(head)
        return Envelope(**said | {"recipients": tuple(said["recipients"])}), message

    def done(self, identifier: str) -> None:
        """Forget a message that was handed over."""
        (self._waiting / identifier).unlink()
        _sync(self._waiting)

    def narrow(self, identifier: str, recipients: tuple[str, ...]) -> None:
        """Keep a message for those recipients only who have not got it yet."""
        envelope, message = self.get(identifier)
        _write(self._waiting / identifier, _file(replace(envelope, recipients=recipients), message))

    def set_aside(self, identifier: str, recipients: tuple[str, ...]) -> None:
        """Keep what cannot be delivered to some recipients where a person can look at it."""
        envelope, message = self.get(identifier)
        _write(self._failed / identifier, _file(replace(envelope, recipients=recipients), message))

    def _taken(self) -> tuple[int, int]:
        sizes = []
        for directory in (self._waiting, self._failed):
            for path in directory.iterdir():
                with suppress(FileNotFoundError):  # handed over meanwhile
                    sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)


def new_identifier() -> str:
    """A name for a message; those of later ones sort behind it."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def _file(envelope: Envelope, message: bytes) -> bytes:
    return json.dumps(asdict(envelope)).encode() + b"\n" + message


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
