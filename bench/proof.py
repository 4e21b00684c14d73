"""How the time to read a rule file and to prove it grows with its rules.

There is no peer that does the same, so sizes are compared with each other: the time a rule takes
at each size against the smallest, round by round. Each size is also proved with one port too many
in its last rule: what is measured must find it.
"""

import random
import re
import time
from dataclasses import dataclass
from typing import Final

from bench.rule_files import ZONES, RuleFile, make
from bench.sandbox import BenchError
from bench.statistics import Spread, paired_ratios, spread
from ringfence.packets.nftables import parse
from ringfence.packets.proof import Proof, prove

SIZES: Final = (500, 1_000, 2_500, 5_000, 10_000)
QUICK_SIZES: Final = (500, 1_000, 5_000)
JUDGED: Final = 5_000
MOST_SECONDS: Final = 2.0
"""How long the whole proof of the size that is judged may take, reading included."""
MOST_GROWTH: Final = 3.0
"""How much more time a rule may take there than at the smallest size."""


@dataclass(frozen=True)
class Target:
    """Something that must hold, and whether it did."""

    what: str
    met: bool


@dataclass(frozen=True)
class Run:
    """The seconds that one rule file took: reading, proving, and proving it once broken."""

    read: float
    proved: float
    broken: float

    @property
    def total(self) -> float:
        """Reading and proving."""
        return self.read + self.proved


@dataclass(frozen=True)
class Results:
    """The runs of each size, round by round."""

    runs: dict[int, dict[int, Run]]

    def seconds(self, size: int) -> Spread:
        """The seconds that reading and proving took at a size."""
        return spread([run.total for run in self.runs[size].values()])

    def growth(self, size: int) -> Spread:
        """The time a rule takes at a size, against that at the smallest."""
        per_rule = {
            each: {number: run.total / each for number, run in self.runs[each].items()}
            for each in (size, min(self.runs))
        }
        return spread(paired_ratios(per_rule[min(self.runs)], per_rule[size]))

    def targets(self) -> tuple[Target, ...]:
        """What must hold at the size that is judged."""
        if JUDGED not in self.runs:
            return ()
        seconds, growth = self.seconds(JUDGED).most, self.growth(JUDGED).median
        return (
            Target(
                f"{JUDGED} rules in {MOST_SECONDS:g} s: {seconds:.2f} s", seconds < MOST_SECONDS
            ),
            Target(f"a rule costs {growth:.2f} times as much there", growth < MOST_GROWTH),
        )


def run(*, quick: bool, rounds: int | None, seed: int) -> Results:
    """Measure every size in every round, in random order.

    Raises:
        BenchError: a proof does not say what it should.

    """
    sizes = QUICK_SIZES if quick else SIZES
    files = {size: make(size) for size in sizes}
    found: dict[int, dict[int, Run]] = {size: {} for size in sizes}
    order = random.Random(seed)  # noqa: S311 - an order of runs is no secret
    for number in range(rounds or (2 if quick else 5)):
        for size in order.sample(sizes, len(sizes)):
            found[size][number] = _one(files[size])
    return Results(found)


def as_text(results: Results) -> str:
    """A table for people."""
    lines = [
        f"How long a proof takes, by the rules of a firewall of {ZONES} zones (medians)",
        "",
        f"{'rules':>8} {'read':>8} {'prove':>8} {'total':>8} {'broken':>8}  a rule",
    ]
    for size, rounds in results.runs.items():
        runs = list(rounds.values())
        read, proved, total, broken = (
            spread([getattr(run, step) for run in runs]).median
            for step in ("read", "proved", "total", "broken")
        )
        growth = results.growth(size)
        lines.append(
            f"{size:>8} "
            + " ".join(f"{seconds:>6.2f} s" for seconds in (read, proved, total, broken))
            + f"  {growth.median:.2f}x ({growth.least:.2f}-{growth.most:.2f})"
        )
    marks = {True: "met", False: "MISSED"}
    lines += ["", *(f"{marks[target.met]}: {target.what}" for target in results.targets()), ""]
    return "\n".join(lines)


def as_json(results: Results) -> dict[str, object]:
    """The same for programs."""
    return {
        "runs": [
            {
                "rules": size,
                "read_s": run.read,
                "prove_s": run.proved,
                "prove_broken_s": run.broken,
                "total_s": run.total,
            }
            for size, rounds in results.runs.items()
            for run in rounds.values()
        ],
        "targets": [{"what": target.what, "met": target.met} for target in results.targets()],
    }


def _one(file: RuleFile) -> Run:
    start = time.perf_counter()
    rules = parse(file.text)
    read = time.perf_counter()
    sound = prove(rules, file.wanted)
    proved = time.perf_counter()
    broken = _proof_of_broken(file)
    ended = time.perf_counter()
    if [*sound.contrary(), *sound.idle()] or len(broken.extra) != 1:
        raise BenchError("the proof that was measured does not say what it should")
    return Run(read - start, proved - read, ended - proved)


def _proof_of_broken(file: RuleFile) -> Proof:
    """The proof of the file with a port too many in the last of its rules for flows."""
    *_, last = re.finditer(r"dport ([0-9]+)-([0-9]+)", file.text)
    wider = f"dport {last[1]}-{int(last[2]) + 1}"
    return prove(parse(file.text[: last.start()] + wider + file.text[last.end() :]), file.wanted)
