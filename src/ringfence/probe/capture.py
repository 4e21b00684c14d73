"""Records what passes switch ports, with tcpdump.

What the recording says is another matter: see ``ringfence.probe.wire``.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

import dpkt

from ringfence.machine.inside import Machine
from ringfence.machine.running import Running

_PATIENCE = 5.0
"""Seconds within which tcpdump begins, and ends when it is told to."""

_SETTLE = 0.2
"""Seconds for tcpdump to write what has passed: told to end, it leaves the rest unread."""

_DROPPED = re.compile(rb"(\d+) packets? dropped by (?:kernel|interface)")


class CaptureError(Exception):
    """A recording could not be made; the message is for a person."""


@dataclass(frozen=True)
class Frame:
    """One frame as it passed the port: when (seconds since 1970) and every byte of it."""

    time: float
    data: bytes


@dataclass
class Recording:
    """What passed one port; complete when the ``with`` statement that made it has ended."""

    port: str
    frames: tuple[Frame, ...] = ()
    missed: int = 0
    """Packets that the kernel could not hand over: they were not searched."""


@dataclass(frozen=True)
class _Tap:
    port: str
    tcpdump: Running
    output: IO[bytes]
    errors: IO[bytes]


@contextmanager
def recording(switch: Machine, ports: Mapping[str, str]) -> Iterator[Mapping[str, Recording]]:
    """Record whole frames on ports of the switch; ``ports`` maps a name to a device.

    The recordings, under the same names, are filled in at the end. They hold everything that
    was on the wire, so they live in unnamed temporary files that end with this process.

    Raises ``CaptureError`` if a port cannot be recorded.
    """
    made = {name: Recording(port) for name, port in ports.items()}
    with ExitStack() as stack:
        taps = [_begin(stack, switch, port) for port in ports.values()]
        for tap in taps:
            _await_start(tap)
        yield made
        time.sleep(_SETTLE)
        for tap in taps:
            tap.tcpdump.signal(signal.SIGINT)
        for tap, record in zip(taps, made.values(), strict=True):
            _finish(tap, record)


def _begin(stack: ExitStack, switch: Machine, port: str) -> _Tap:
    output, errors = (stack.enter_context(_file()) for _ in range(2))
    # "-B": room for bursts, in KiB. "-w -": tcpdump gives up root before it would open a file.
    argv = ["tcpdump", "-i", port, "-n", "-s", "0", "-B", "8192", "--immediate-mode"]
    argv += ["-U", "-w", "-"]
    tcpdump = stack.enter_context(switch.start(argv, stdout=output, stderr=errors))
    return _Tap(port, tcpdump, output, errors)


def _await_start(tap: _Tap) -> None:
    deadline = time.monotonic() + _PATIENCE
    while b"listening on" not in _text(tap.errors):
        if tap.tcpdump.poll() is not None or time.monotonic() > deadline:
            said = _text(tap.errors).decode(errors="replace").strip()
            raise CaptureError(f"the switch port {tap.port} cannot be recorded: {said}")
        time.sleep(0.01)


def _finish(tap: _Tap, record: Recording) -> None:
    try:
        tap.tcpdump.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        raise CaptureError(f"the recording of switch port {tap.port} did not end") from None
    record.frames = tuple(_frames(tap.output))
    record.missed = sum(int(count) for count in _DROPPED.findall(_text(tap.errors)))


def _file() -> IO[bytes]:
    return TemporaryFile()


def _text(file: IO[bytes]) -> bytes:
    """What tcpdump wrote so far, without moving the place where it writes on."""
    return os.pread(file.fileno(), 1 << 16, 0)


def _frames(file: IO[bytes]) -> Iterator[Frame]:
    file.seek(0)
    try:
        for when, data in dpkt.pcap.Reader(file):
            yield Frame(when, bytes(data))
    except (ValueError, dpkt.Error) as error:
        raise CaptureError(f"the recording cannot be read: {error}") from error
