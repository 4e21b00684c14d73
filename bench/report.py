"""The SIP bench's results as text for people and as JSON for programs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from bench.generators import Operation
from bench.machine import Machine
from bench.ours import FLOODS, NO_RELAY, RESUMPTION, Change, plain_transports
from bench.peer import DEFINES
from bench.results import COMPARED, Cell, Results, Variant, Workload
from bench.statistics import Spread

MEBI: Final = 2**20
KIBI: Final = 2**10
_PEERS: Final = (Variant.SHIPPED, Variant.TUNED)
_CHANGED: Final[dict[Variant, tuple[Change, ...]]] = {
    Variant.OURS: (FLOODS, NO_RELAY, plain_transports("ADDRESS")),
    Variant.RELAYED: (FLOODS, plain_transports("ADDRESS")),
    Variant.RESUMING: (FLOODS, NO_RELAY, RESUMPTION),
}


def as_text(results: Results, machine: Machine) -> str:
    """The whole report, ready to print."""
    parts = [
        _headline(results, machine),
        _costs(results),
        _ratios(results),
        _memory(results),
        _legend(),
        _remarks(results),
        _targets(results),
    ]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def as_json(results: Results, machine: Machine) -> dict[str, Any]:
    """The same, with stable keys; CPU in milliseconds an operation, memory in bytes."""
    return {
        "machine": asdict(machine),
        "rounds": results.rounds,
        "cells": [
            {
                "workload": workload.title,
                "variant": variant,
                "cpu_ms": asdict(cell.cpu) if cell else None,
                "rate": asdict(cell.rate) if cell else None,
                "core_share": asdict(cell.busy) if cell else None,
                "failures": results.failures_at(workload, variant),
            }
            for workload, variant, cell in _cells(results)
        ],
        "ratios": [
            {"workload": workload.title, "ours": mine, "peer": peer, "ratio": asdict(ratio)}
            for workload, mine, peer, ratio in _paired(results)
        ],
        "memory": {variant: asdict(memory) for variant, memory in results.memory.items()},
        "table": asdict(results.table),
        "targets": [asdict(target) for target in results.targets()],
        "remarks": list(results.remarks),
    }


def _headline(results: Results, machine: Machine) -> Iterator[str]:
    yield f"SIP bench, {results.rounds} rounds, {machine.date}"
    yield f"{machine.processor}, {machine.cores} cores, Linux {machine.kernel}, {machine.system}"
    load = f"load average {machine.load_before} before, {machine.load_after} after"
    yield f"Kamailio {machine.kamailio}; {load}"


def _costs(results: Results) -> Iterator[str]:
    yield "Server CPU, milliseconds an operation; operations reached a second; share of its core"
    columns = f"{'median':>7}{'least..most':>15}{'reached':>9}{'core':>6}{'failed':>8}"
    yield f"  {'':<47}{columns}"
    for workload, variant, cell in _cells(results):
        failures = results.failures_at(workload, variant)
        figures = _no_figures() if cell is None else _figures(cell)
        why = ", ".join(f"{times} {what}" for what, times in failures.items())
        failed = sum(failures.values())
        yield f"  {workload.title:<29}{variant:<18}{figures}{failed:>8}  {why}".rstrip()


def _figures(cell: Cell) -> str:
    extremes = f"{cell.cpu.least:.3f}..{cell.cpu.most:.3f}"
    reached = f"{cell.rate.median:>9.0f}{cell.busy.median:>6.0%}"
    return f"{cell.cpu.median:>7.3f}{extremes:>15}{reached}"


def _no_figures() -> str:
    return f"{'-':>7}{'no good round':>15}{'-':>9}{'-':>6}"


def _ratios(results: Results) -> Iterator[str]:
    yield "Operations a second of server CPU: ours over the peer's in the same round"
    yield (
        f"  {'':<29}{'':<18}{'peer':<18}{'median':>7}{'quartiles':>13}{'least..most':>13}"
        f"{'rounds':>8}"
    )
    for workload, mine, peer, r in _paired(results):
        quartiles = f"{r.lower:.2f}..{r.upper:.2f}"
        extremes = f"{r.least:.2f}..{r.most:.2f}"
        yield (
            f"  {workload.title:<29}{mine:<18}{peer:<18}{r.median:>7.2f}{quartiles:>13}"
            f"{extremes:>13}{r.number:>8}"
        )


def _memory(results: Results) -> Iterator[str]:
    yield "Memory of one registered TLS phone, KiB"
    for variant, memory in results.memory.items():
        yield (
            f"  {variant:<18}shared memory in use {memory.shared / KIBI:>6.1f}, all memory (PSS) "
            f"{memory.resident / KIBI:>6.1f}, over {memory.phones} phones"
        )
    table = results.table
    yield f"Table of {table.users:,} users in memory, {table.shared / MEBI:.1f} MiB; seconds"
    for what, took in (
        ("start", table.start),
        ("start without users", table.start_empty),
        ("reload", table.reload),
    ):
        yield f"  {what:<20}{took.median:.3f} ({took.least:.3f} to {took.most:.3f})"


def _legend() -> Iterator[str]:
    yield "What is compared"
    defines = ", ".join(DEFINES)
    yield f"  {Variant.SHIPPED}: Debian's kamailio.cfg with {defines}, and SQLite"
    yield f"  {Variant.TUNED}: the same, started with our allocator and numbers of workers"
    for variant, changes in _CHANGED.items():
        yield f"  {variant}: what we render, all policy on, changed for the bench:"
        yield from (f"    - {change.what}" for change in changes)


def _remarks(results: Results) -> Iterator[str]:
    if results.remarks:
        yield "What went wrong"
        yield from (f"  {remark}" for remark in results.remarks)


def _targets(results: Results) -> Iterator[str]:
    yield "Targets (ratios: median of the rounds, least to most)"
    for target in results.targets():
        yield f"  {'met   ' if target.met else 'MISSED'}  {target.demand}: {target.measured}"


def _cells(results: Results) -> Iterator[tuple[Workload, Variant, Cell | None]]:
    for workload in results.workloads():
        for variant in Variant:
            if results.ran(workload, variant):
                yield workload, variant, results.cell(workload, variant)


def _paired(results: Results) -> Iterator[tuple[Workload, Variant, Variant, Spread]]:
    for workload in results.workloads():
        for mine in _ours_of(workload.operation):
            for peer in _PEERS:
                ratio = results.ratio(workload, mine, peer)
                if ratio:
                    yield workload, mine, peer, ratio


def _ours_of(operation: Operation) -> Iterable[Variant]:
    if operation is Operation.RESUMED:
        return (Variant.RESUMING,)
    return (Variant.OURS, Variant.RELAYED) if operation in COMPARED else (Variant.OURS,)
