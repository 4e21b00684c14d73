"""What a run of the SIP bench found, and which targets that meets: pure, no measuring here."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.generators import Load, Operation, Transport
from bench.statistics import Spread, paired_ratios, spread

LEAST_AGAINST_SHIPPED: Final = 2.0
LEAST_AGAINST_TUNED: Final = 1.0
MOST_SECONDS_FOR_TABLE: Final = 1.0
COMPARED: Final = (Operation.REGISTER, Operation.CALL)


class Variant(StrEnum):
    """What is measured; the values are the columns' names."""

    SHIPPED = "stock as shipped"
    TUNED = "stock, tuned"
    OURS = "ours"
    RELAYED = "ours + relay"
    RESUMING = "ours, may resume"

    @property
    def is_ours(self) -> bool:
        """Tell ours from the peer."""
        return self not in {Variant.SHIPPED, Variant.TUNED}


@dataclass(frozen=True)
class Workload:
    """An operation over a transport; ``version`` is TLS's, for handshakes."""

    transport: Transport
    operation: Operation
    version: str = "1.3"

    @property
    def title(self) -> str:
        """What a reader calls it."""
        match self.operation:
            case Operation.REGISTER:
                return f"{self._carrier} registration"
            case Operation.CALL:
                return f"{self._carrier} call"
            case Operation.FULL | Operation.RESUMED:
                return f"TLS {self.version} handshake, {self.operation}"

    @property
    def _carrier(self) -> str:
        return "mutual TLS" if self.transport is Transport.TLS else self.transport.upper()


def _place(workload: Workload) -> tuple[int, int, str]:
    operations, transports = list(Operation), list(Transport)
    compared = workload.operation in COMPARED
    return (
        transports.index(workload.transport) if compared else len(transports),
        operations.index(workload.operation),
        workload.version,
    )


@dataclass(frozen=True)
class Run:
    """One run: which round, what, against whom, and what came of it."""

    round: int
    workload: Workload
    variant: Variant
    load: Load


@dataclass(frozen=True)
class Cell:
    """One variant under one workload, over all rounds that had no failure."""

    cpu: Spread
    """CPU milliseconds of the server per operation."""
    rate: Spread
    """Operations per second reached; for sipp its own start and end are within the time."""
    busy: Spread
    """Share of the core that the server had."""


@dataclass(frozen=True)
class Memory:
    """Bytes that one registered TLS phone costs: shared memory, and all memory (PSS)."""

    phones: int
    shared: float
    resident: float


@dataclass(frozen=True)
class Table:
    """A table of users in memory: seconds to start with it and to reload it, bytes it takes."""

    users: int
    start: Spread
    start_empty: Spread
    reload: Spread
    shared: float


@dataclass(frozen=True)
class Target:
    """A demand, what was measured, and whether it is met."""

    demand: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Results:
    """Everything a run found."""

    rounds: int
    runs: tuple[Run, ...]
    memory: dict[Variant, Memory]
    table: Table
    remarks: tuple[str, ...] = ()

    def workloads(self) -> list[Workload]:
        """Every workload, registrations and calls first."""
        return sorted({run.workload for run in self.runs}, key=_place)

    def cell(self, workload: Workload, variant: Variant) -> Cell | None:
        """What a variant did under a workload, or nothing if no run of it went well."""
        runs = self._of(workload, variant)
        good = [run.load for run in runs if run.load.done and not run.load.failed]
        if not good:
            return None
        return Cell(
            cpu=spread([1000 * load.cpu / load.done for load in good]),
            rate=spread([load.done / load.seconds for load in good]),
            busy=spread([load.cpu / load.seconds for load in good]),
        )

    def ran(self, workload: Workload, variant: Variant) -> bool:
        """Tell whether a variant was put under a workload at all."""
        return any(True for _ in self._of(workload, variant))

    def failures_at(self, workload: Workload, variant: Variant) -> dict[str, int]:
        """Operations that failed, over all rounds, by how they failed."""
        counted: Counter[str] = Counter()
        for run in self._of(workload, variant):
            counted.update(run.load.failures)
        return dict(counted)

    def ratio(self, workload: Workload, ours: Variant, peer: Variant) -> Spread | None:
        """Operations per second of server CPU, ours over the peer's, paired by round.

        Nothing when fewer than half of the rounds went well on both sides.
        """
        ratios = paired_ratios(self._costs(workload, ours), self._costs(workload, peer))
        return spread(ratios) if ratios and 2 * len(ratios) >= self.rounds else None

    def failed(self, *, ours: bool) -> int:
        """Operations that failed at ours, or at the peer."""
        return sum(run.load.failed for run in self.runs if run.variant.is_ours == ours)

    def targets(self) -> list[Target]:
        """Every target, judged by the median."""
        return list(self._judge())

    def _judge(self) -> Iterator[Target]:
        compared = [w for w in self.workloads() if w.operation in COMPARED]
        demands = (
            (Variant.SHIPPED, LEAST_AGAINST_SHIPPED),
            (Variant.TUNED, LEAST_AGAINST_TUNED),
        )
        for peer, least in demands:
            for workload in compared:
                yield self._judge_ratio(workload, peer, least)
        for what, took in (("load", self.table.start), ("reload", self.table.reload)):
            yield Target(
                demand=f"{self.table.users:,} users {what} in under {MOST_SECONDS_FOR_TABLE:g} s",
                measured=f"{took.median:.3f} s ({took.least:.3f} to {took.most:.3f})",
                met=took.median < MOST_SECONDS_FOR_TABLE,
            )
        lost = self.failed(ours=True)
        yield Target(demand="no operation fails at ours", measured=f"{lost} failed", met=not lost)

    def _judge_ratio(self, workload: Workload, peer: Variant, least: float) -> Target:
        demand = f"{workload.title}: at least {least:.1f} times {peer}"
        ratio = self.ratio(workload, Variant.OURS, peer)
        if ratio is None:
            return Target(demand, "not measured: too few rounds without failures", met=False)
        within = f"{ratio.median:.2f} ({ratio.least:.2f} to {ratio.most:.2f})"
        return Target(demand, within, met=ratio.median >= least)

    def _costs(self, workload: Workload, variant: Variant) -> dict[int, float]:
        return {
            run.round: run.load.cpu / run.load.done
            for run in self._of(workload, variant)
            if run.load.done and not run.load.failed
        }

    def _of(self, workload: Workload, variant: Variant) -> Iterable[Run]:
        return (r for r in self.runs if (r.workload, r.variant) == (workload, variant))
