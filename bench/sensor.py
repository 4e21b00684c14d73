"""How many frames a second one core of the sensor reads, and what a flood costs in memory.

No packaged engine is at hand here to compare with, so its own targets are all that it is held to.
"""

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from bench.sandbox import BenchError
from bench.site import Target
from bench.statistics import spread

WORKLOADS: Final = ("mix", "flood", "wire")
LEAST_FRAMES: Final = 30_000
"""Frames a second, with a hundred phones in fifty calls, that one core must read."""
MOST_GROWN: Final = 96.0
"""MiB that a million frames of invented senders may cost."""
_PATIENCE: Final = 300


@dataclass(frozen=True)
class Results:
    """The runs of each workload, round by round."""

    runs: dict[str, list[dict[str, float]]]

    def targets(self) -> tuple[Target, ...]:
        """What must hold in every round."""
        mix = min(run["per_second"] for run in self.runs["mix"])
        grown = max(run["grown_mib"] for run in self.runs["flood"])
        lost = max(run["lost"] for run in self.runs["wire"])
        offered = min(run["offered"] for run in self.runs["wire"])
        return (
            Target(f"{LEAST_FRAMES} frames a second a core: {mix:.0f}", mix >= LEAST_FRAMES),
            Target(f"a flood takes {MOST_GROWN:.0f} MiB: {grown:.0f} MiB", grown < MOST_GROWN),
            Target(
                f"none of {offered:.0f} frames a second lost over a wire: {lost:.0f}",
                not lost and offered >= LEAST_FRAMES * 0.95,
            ),
        )


def run(*, quick: bool, rounds: int | None, seed: int) -> Results:
    """Measure every workload in every round, in random order."""
    found: dict[str, list[dict[str, float]]] = {workload: [] for workload in WORKLOADS}
    order = random.Random(seed)  # noqa: S311 - an order of runs is no secret
    for number in range(rounds or (2 if quick else 5)):
        for workload in order.sample(WORKLOADS, len(WORKLOADS)):
            found[workload].append(_one(workload, seed + number))
    return Results(found)


def as_text(results: Results) -> str:
    """A table for people."""
    mix, flood, wire = (results.runs[workload] for workload in WORKLOADS)
    speeds = {
        "calls and the rest": spread([run["per_second"] for run in mix]),
        "a flood of invented senders": spread([run["per_second"] for run in flood]),
    }
    lines = ["Frames a second of one core (median; least and most of the rounds)", ""]
    lines += [
        f"{name:<30} {each.median:>9.0f}  ({each.least:.0f} to {each.most:.0f})"
        for name, each in speeds.items()
    ]
    grown = spread([run["grown_mib"] for run in flood])
    busy = spread([run["busy"] for run in wire])
    lost = sum(run["lost"] for run in wire)
    offered = spread([run["offered"] for run in wire])
    memory = (
        f"Memory that {flood[0]['frames']:.0f} invented frames took: {grown.median:.0f} MiB "
        f"(at most {grown.most:.0f}); they were told in {flood[0]['lines']:.0f} lines"
    )
    cable = (
        f"Over a wire: {offered.median:.0f} frames a second, {lost:.0f} lost, the reader busy "
        f"{busy.median:.0%} (at most {busy.most:.0%})"
    )
    lines += ["", memory, cable, ""]
    marks = {True: "met", False: "MISSED"}
    lines += [*(f"{marks[target.met]}: {target.what}" for target in results.targets()), ""]
    return "\n".join(lines)


def as_json(results: Results) -> dict[str, object]:
    """The same for programs."""
    return {
        "runs": results.runs,
        "targets": [{"what": target.what, "met": target.met} for target in results.targets()],
    }


def _one(workload: str, seed: int) -> dict[str, float]:
    # "wire" needs a network of its own in each run, for its cable to vanish.
    apart = ["unshare", "--net"] if workload == "wire" else []
    command = [*apart, sys.executable, "-m", "bench.one_sensor", workload, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode:
        raise BenchError(f"{workload}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
