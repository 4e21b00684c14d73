"""``python -m bench.one_sensor WORKLOAD SEED``: one run of the sensor; prints a JSON line.

A process of its own for each run, so that its memory is that run's. ``wire`` sends real frames
over a virtual cable, from a second process on another core.
"""

import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from bench.traffic import Office, flood, mixed
from ringfence.sensor.ring import Ring
from ringfence.sensor.runner import Post

FRAMES: Final = 400_000
FLOODED: Final = 1_000_000
RATE: Final = 30_000
SECONDS: Final = 5
_BATCH: Final = 256
_PER_SECOND: Final = 30_000
_HERE, _THERE = "bench0", "bench1"


def main(workload: str, seed: int) -> dict[str, float]:
    """Run one workload."""
    office = Office()
    gc.freeze()
    gc.set_threshold(100_000)
    match workload:
        case "mix":
            given = mixed(office, 20_000, seed)
            return _timed(office, _repeated(given, FRAMES))
        case "flood":
            return _timed(office, flood(office, FLOODED, seed), generated=True)
        case "wire":
            return _over_wire(office, seed)
    raise SystemExit(f"no workload {workload!r}")


def _timed(office: Office, given: Iterable[bytes], *, generated: bool = False) -> dict[str, float]:
    """Frames a second of processor time; making them does not count."""
    post = Post(office.zone, office.orders)
    before = _memory()
    number, lines, spent = 0, 0, 0.0
    source = iter(given)
    while batch := list(islice(source, _BATCH)):
        now = number / _PER_SECOND
        began = time.process_time()
        lines += len(post.see(batch, now))
        if number % _PER_SECOND < _BATCH:
            lines += len(post.tick(now))
        spent += time.process_time() - began
        number += len(batch)
    return {
        "frames": number,
        "lines": lines,
        "per_second": number / spent,
        "grown_mib": _memory() - before,
        "generated": float(generated),
    }


def _over_wire(office: Office, seed: int) -> dict[str, float]:
    """Receive frames at the rate that is asked for; what was lost, and how busy it was."""
    _ip("link", "add", _HERE, "type", "veth", "peer", "name", _THERE)
    for device in (_HERE, _THERE):
        _ip("link", "set", device, "up")
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    post = Post(office.zone, office.orders)
    seen, busy = 0, 0.0
    sender = [sys.executable, "-m", "bench.send_frames", _HERE, str(seed), str(cores[0])]
    with Ring(_THERE) as ring, subprocess.Popen(sender, stdout=subprocess.PIPE) as sending:
        deadline = time.monotonic() + 4 * SECONDS + 10
        while time.monotonic() < deadline:
            given = list(ring.frames())
            if not given:
                if sending.poll() is not None:
                    break
                time.sleep(0.002)
                continue
            began = time.process_time()
            post.see(given, time.monotonic())
            busy += time.process_time() - began
            seen += len(given)
        told = sending.stdout.read() if sending.stdout else b"{}"
        lost = ring.lost()
    sent = json.loads(told)
    return {
        "sent": sent["frames"],
        "seconds": sent["seconds"],
        "offered": sent["frames"] / sent["seconds"],
        "seen": seen,
        "lost": lost,
        "busy": busy / sent["seconds"],
    }


def _repeated(given: list[bytes], number: int) -> Iterator[bytes]:
    for _ in range(-(-number // len(given))):
        yield from given


def _memory() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]))) + "\n")
