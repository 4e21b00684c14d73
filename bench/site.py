"""How the time to check, design and assess a site grows with its phones.

There is no peer that does the same, so sizes are compared with each other: the time a phone
takes at each size against the smallest, round by round.
"""

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from bench.sandbox import BenchError
from bench.statistics import Spread, paired_ratios, spread

SIZES: Final = (1_000, 10_000, 30_000, 100_000)
QUICK_SIZES: Final = (1_000, 10_000)
LARGEST: Final = 100_000
MOST_SECONDS: Final = 60.0
MOST_MIB: Final = 2048.0
MOST_GROWTH: Final = 1.5
"""How much more time a phone may take at the largest size than at ten thousand phones."""
_REFERENCE: Final = 10_000
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

    def seconds(self, size: int, step: str = "total_s") -> Spread:
        """The seconds that a step took at a size."""
        return spread([run[step] for run in self.runs[size].values()])

    def peak(self, size: int) -> float:
        """The highest peak of memory at a size, in MiB."""
        return max(run["peak_mib"] for run in self.runs[size].values())

    def growth(self, size: int) -> Spread:
        """The time a phone takes at a size, against that at the reference."""
        per_phone = {
            each: {number: run["total_s"] / each for number, run in self.runs[each].items()}
            for each in (size, _REFERENCE)
        }
        return spread(paired_ratios(per_phone[_REFERENCE], per_phone[size]))

    def targets(self) -> tuple[Target, ...]:
        """What must hold at the largest size, if it was measured."""
        if LARGEST not in self.runs:
            return ()
        seconds, peak, growth = (
            self.seconds(LARGEST).most,
            self.peak(LARGEST),
            self.growth(LARGEST).median,
        )
        return (
            Target(
                f"{LARGEST} phones in {MOST_SECONDS:g} s: {seconds:.1f} s", seconds < MOST_SECONDS
            ),
            Target(f"{LARGEST} phones in {MOST_MIB:g} MiB: {peak:.0f} MiB", peak < MOST_MIB),
            Target(f"a phone costs {growth:.2f} times as much there", growth < MOST_GROWTH),
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
        "How long a site takes, by its phones (median of the rounds; peak of all of them)",
        "",
        f"{'phones':>8} {'check':>8} {'design':>8} {'assess':>8} {'total':>8} {'peak':>9}  a phone",
    ]
    for size in results.runs:
        steps = (
            results.seconds(size, f"{step}_s").median for step in ("check", "design", "assess")
        )
        growth = results.growth(size)
        lines.append(
            f"{size:>8} "
            + " ".join(f"{seconds:>6.2f} s" for seconds in (*steps, results.seconds(size).median))
            + f" {results.peak(size):>5.0f} MiB"
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
    command = [sys.executable, "-m", "bench.one_site", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode:
        raise BenchError(f"{size} phones: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
