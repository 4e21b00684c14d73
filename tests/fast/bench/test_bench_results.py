"""Targets are judged on medians of good rounds; what failed is never left out of sight."""

from bench.generators import Load, Operation, Transport
from bench.machine import Machine
from bench.report import as_json, as_text
from bench.results import Memory, Results, Run, Table, Target, Variant, Workload
from bench.statistics import Spread, spread

REGISTER = Workload(Transport.TLS, Operation.REGISTER)
MACHINE = Machine(
    date="2026-01-01 00:00 UTC",
    processor="a processor",
    cores=2,
    kernel="6.1",
    system="Debian",
    kamailio="5.6",
    load_before=0.1,
    load_after=0.2,
)


def always(value: float) -> Spread:
    return spread([value])


def make_run(number: int, variant: Variant, cpu_ms: float, failed: int = 0) -> Run:
    lost = {"lost": failed} if failed else {}
    load = Load(done=1000, failed=failed, seconds=1.0, cpu=cpu_ms, failures=lost)
    return Run(number, REGISTER, variant, load)


def make_results(*runs: Run, reload: float = 0.2, rounds: int = 4) -> Results:
    table = Table(
        users=100_000,
        start=always(0.5),
        start_empty=always(0.1),
        reload=always(reload),
        shared=1e6,
    )
    memory = {Variant.OURS: Memory(phones=1000, shared=90_000, resident=80_000)}
    return Results(rounds=rounds, runs=runs, memory=memory, table=table)


def four_rounds(shipped: float, tuned: float, ours: float) -> list[Run]:
    costs = {Variant.SHIPPED: shipped, Variant.TUNED: tuned, Variant.OURS: ours}
    return [
        make_run(number, variant, cost)
        for number in (1, 2, 3, 4)
        for variant, cost in costs.items()
    ]


def demanded(results: Results, words: str) -> Target:
    (found,) = [target for target in results.targets() if words in target.demand]
    return found


def test_half_the_cost_is_twice_the_peer() -> None:
    results = make_results(*four_rounds(shipped=0.4, tuned=0.2, ours=0.2))
    assert demanded(results, "2.0 times stock as shipped").met
    assert demanded(results, "1.0 times stock, tuned").met
    assert all(target.met for target in results.targets())


def test_a_little_more_than_half_misses_the_target() -> None:
    results = make_results(*four_rounds(shipped=0.4, tuned=0.2, ours=0.201))
    assert not demanded(results, "2.0 times stock as shipped").met
    assert not demanded(results, "1.0 times stock, tuned").met


def test_a_round_with_failures_is_no_part_of_the_ratio() -> None:
    runs = four_rounds(shipped=0.4, tuned=0.2, ours=0.1)
    runs[0] = make_run(1, Variant.SHIPPED, 40.0, failed=3)
    ratio = make_results(*runs).ratio(REGISTER, Variant.OURS, Variant.SHIPPED)
    assert ratio is not None
    assert (ratio.number, ratio.most) == (3, 4.0)


def test_without_half_of_the_rounds_nothing_was_measured_and_the_target_is_missed() -> None:
    runs = [run for run in four_rounds(0.4, 0.2, 0.1) if run.round == 1]
    target = demanded(make_results(*runs), "2.0 times stock as shipped")
    assert not target.met
    assert "not measured" in target.measured


def test_a_failure_at_ours_is_a_missed_target_and_one_at_the_peer_is_shown() -> None:
    good = four_rounds(shipped=0.4, tuned=0.2, ours=0.1)
    ours = make_results(*good, make_run(5, Variant.OURS, 0.1, failed=1))
    assert not demanded(ours, "no operation fails").met
    peer = make_results(*good, make_run(5, Variant.SHIPPED, 0.4, failed=7))
    assert demanded(peer, "no operation fails").met
    assert peer.failures_at(REGISTER, Variant.SHIPPED) == {"lost": 7}


def test_a_slow_reload_misses_its_target() -> None:
    runs = four_rounds(0.4, 0.2, 0.1)
    assert demanded(make_results(*runs, reload=0.9), "reload").met
    assert not demanded(make_results(*runs, reload=1.0), "reload").met


def test_the_text_names_the_peers_the_changes_and_every_missed_target() -> None:
    text = as_text(make_results(*four_rounds(0.4, 0.2, 0.3)), MACHINE)
    assert "media relay not asked" in text
    assert "MISSED  mutual TLS registration: at least 2.0 times stock as shipped: 1.33" in text
    assert "load average 0.1 before, 0.2 after" in text


def test_a_workload_that_only_failed_is_in_the_text() -> None:
    lost = Run(1, REGISTER, Variant.OURS, Load.nothing("server ended"))
    text = as_text(make_results(lost, rounds=1), MACHINE)
    line = next(line for line in text.splitlines() if "registration" in line)
    assert "server ended" in line


def test_the_json_has_the_same_figures() -> None:
    data = as_json(make_results(*four_rounds(0.4, 0.2, 0.1)), MACHINE)
    shipped, tuned = data["ratios"]
    assert (shipped["ratio"]["median"], tuned["ratio"]["median"]) == (4.0, 2.0)
    assert [cell["cpu_ms"]["median"] for cell in data["cells"]] == [0.4, 0.2, 0.1]
