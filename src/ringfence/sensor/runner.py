"""The sensor's program: reads its mirror ports, and prints one line an alert.

It holds CAP_NET_RAW to listen and never sends. Every minute it says that it watches, how much it
has seen and what it has missed, so that its silence means something.
"""

import gc
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from .alerts import Reporter
from .detector import Detector
from .orders import Orders, OrdersError, Zone, read
from .ring import Ring

_SECOND = 1.0
_REPORT_EVERY = 60.0
_RARELY = 100_000
"""Objects between two searches for circular garbage, of which there should be none."""

Say = Callable[[str], None]


class Post:
    """One zone under watch: its detector, and what it has counted since it last told."""

    def __init__(self, zone: Zone, orders: Orders) -> None:
        self._zone = zone.name
        self._detector = Detector(zone, orders)
        self._reporter = Reporter(zone.name, zone.knows)
        self._frames = self._faults = self._alerts = 0
        self._fault = ""

    def see(self, frames: Iterable[bytes], now: float) -> list[str]:
        """Look at frames; the lines to be told."""
        lines: list[str] = []
        see, offer = self._detector.see, self._reporter.offer
        for frame in frames:
            self._frames += 1
            try:
                for alert in see(frame, now):
                    lines += offer(alert, now)
            except Exception as error:  # noqa: BLE001 - no frame may blind the sensor
                self._faults += 1
                self._fault = f"{type(error).__name__}: {error}"
        self._alerts += len(lines)
        return lines

    def tick(self, now: float) -> list[str]:
        """Let time pass; the lines that are due."""
        lines = [
            line for alert in self._detector.tick(now) for line in self._reporter.offer(alert, now)
        ]
        lines += self._reporter.tick(now)
        self._alerts += len(lines)
        return lines

    def account(self, seconds: float, lost: int) -> list[str]:
        """What was seen since the last account."""
        counts = f"frames={self._frames} lost={lost} alerts={self._alerts}"
        lines = [f"WATCHED zone={self._zone} seconds={seconds:.0f} {counts}"]
        if self._faults:
            lines.append(f"FAULT zone={self._zone} count={self._faults} last={self._fault}")
        self._frames = self._faults = self._alerts = 0
        return lines


def main() -> None:
    """Watch until told to stop: the only argument is the path of the orders."""
    _, path = sys.argv
    try:
        orders = read(Path(path).read_text(encoding="utf-8"))
        rings = [Ring(zone.device) for zone in orders.zones]
    except (OSError, OrdersError) as error:
        sys.exit(f"sensor: {path}: {error}")
    signal.signal(signal.SIGTERM, _stop)
    gc.freeze()
    gc.set_threshold(_RARELY)
    watch(orders, rings, _say)


def watch(orders: Orders, rings: list[Ring], say: Say) -> None:
    """Serve the rings for ever."""
    posts = [Post(zone, orders) for zone in orders.zones]
    by_file = {ring.fileno(): (ring, post) for ring, post in zip(rings, posts, strict=True)}
    poll = select.poll()
    for number in by_file:
        poll.register(number, select.POLLIN)
    for ring in rings:
        say(f"WATCHING device={ring.device}")
    told = ticked = time.monotonic()
    while True:
        ready = poll.poll(_SECOND * 1000)
        now = time.monotonic()
        for number, _ in ready:
            ring, post = by_file[number]
            for line in post.see(ring.frames(), now):
                say(line)
        if now - ticked >= _SECOND:
            ticked = now
            for post in posts:
                for line in post.tick(now):
                    say(line)
        if now - told >= _REPORT_EVERY:
            for ring, post in zip(rings, posts, strict=True):
                for line in post.account(now - told, ring.lost()):
                    say(line)
            told = now


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _stop(*_: object) -> None:
    raise SystemExit(0)
