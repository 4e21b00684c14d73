"""How the time to design access switches, write their configurations and read these back, grows.

There is no peer that does the same, so sizes are compared with each other: the time a switch
takes at each size against that among a hundred, round by round.
"""

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from bench.sandbox import BenchError
from bench.statistics import Spread, paired_ratios, spread

SIZES: Final = (25, 100, 400, 1_000)
QUICK_SIZES: Final = (25, 100)
LARGEST: Final = 1_000
PORTS: Final = 48
MOST_SECONDS: Final = 60.0
MOST_GROWTH: Final = 1.5
"""How much more time a switch may take among a thousand than among a hundred."""
_REFERENCE: Final = 100
_PATIENCE: Final = 600


@dataclass(frozen=True)
class Target:
    """Something that must hold, and whether it did."""

    what: str
    met: bool


@dataclass(frozen=True)
class Results:
    """The runs of each size, round by round."""

    runs: dict[int, dict[int, dict[str, float]]]

    def seconds(self, size: int, step: str) -> Spread:
        """The seconds that a step took at a size."""
        return spread([run[step] for run in self.runs[size].values()])

    def growth(self, size: int) -> Spread:
        """The time a switch takes at a size, against that at the reference."""
        each = {
            at: {number: run["total_s"] / at for number, run in self.runs[at].items()}
            for at in (size, _REFERENCE)
        }
        return spread(paired_ratios(each[_REFERENCE], each[size]))

    def targets(self) -> tuple[Target, ...]:
        """What must hold at the largest size, if it was measured."""
        if LARGEST not in self.runs:
            return ()
        most, growth = self.seconds(LARGEST, "total_s").most, self.growth(LARGEST).median
        what = f"{LARGEST} switches of {PORTS} ports in {MOST_SECONDS:g} s: {most:.1f} s"
        return (
            Target(what, most < MOST_SECONDS),
            Target(
                f"a switch costs {growth:.2f} times as much there as among {_REFERENCE}",
                growth < MOST_GROWTH,
            ),
        )


def run(*, quick: bool, rounds: int | None, seed: int) -> Results:
    """Measure every size in every round, in random order."""
    sizes = QUICK_SIZES if quick else SIZES
    found: dict[int, dict[int, dict[str, float]]] = {size: {} for size in sizes}
    order = random.Random(seed)  # noqa: S311 - an order of runs is no secret
    for number in range(rounds or (2 if quick else 3)):
        for size in order.sample(sizes, len(sizes)):
            found[size][number] = _one(size)
    return Results(found)


def as_text(results: Results) -> str:
    """A table for people."""
    lines = [
        f"How long access switches of {PORTS} ports take, all four platforms in turn (median)",
        "",
        "switches   design    write     read    total      lines  a switch",
    ]
    for size in results.runs:
        steps = (
            results.seconds(size, f"{step}_s").median
            for step in ("design", "write", "read", "total")
        )
        growth = results.growth(size)
        lines.append(
            f"{size:>8} "
            + " ".join(f"{seconds:>6.2f} s" for seconds in steps)
            + f" {results.seconds(size, 'lines').median:>10.0f}"
            + f"  {growth.median:.2f}x ({growth.least:.2f}-{growth.most:.2f})"
        )
    marks = {True: "met", False: "MISSED"}
    lines += ["", *(f"{marks[target.met]}: {target.what}" for target in results.targets()), ""]
    return "\n".join(lines)


def as_json(results: Results) -> dict[str, object]:
    """The same for programs."""
    return {
        "runs": [run for rounds in results.runs.values() for run in rounds.values()],
        "targets": [{"what": target.what, "met": target.met} for target in results.targets()],
    }


def _one(size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.some_switches", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode:
        raise BenchError(f"{size} switches: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
