"""Asking clamd whether a message holds malicious code. See clamd(8), INSTREAM."""

import re
import socket
from collections.abc import Iterator

_CHUNK = 65536
_PATIENCE = 60.0
_LONGEST_ANSWER = 4096
_ANSWER = re.compile(rb"stream: (?:(OK)|([\x21-\x7e]+) FOUND)\0?")


class ScanError(Exception):
    """The scanner gave no verdict; nothing may pass without one."""


def request(data: bytes) -> Iterator[bytes]:
    """What is sent to clamd: the data in chunks, each after its length, and an empty one."""
    yield b"zINSTREAM\0"
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        yield len(chunk).to_bytes(4, "big") + chunk
    yield bytes(4)


def finding(answer: bytes) -> str | None:
    """The name of what was found; none if the data is clean.

    Raises ScanError for an answer that is neither.
    """
    found = _ANSWER.fullmatch(answer)
    if found is None:
        raise ScanError(f"clamd answered {answer[:200]!r}")
    return None if found[1] else found[2].decode("ascii")


def scan(path: str, data: bytes) -> str | None:
    """Have data scanned by the clamd at a Unix socket; as :func:`finding`.

    Raises ScanError: it cannot be reached, does not answer in time, or gives no verdict.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(path)
            for part in request(data):
                connection.sendall(part)
            answer = b""
            while part := connection.recv(_LONGEST_ANSWER):
                answer += part
    except OSError as error:
        raise ScanError(f"{path}: {error}") from error
    return finding(answer)
