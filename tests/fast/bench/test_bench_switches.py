"""What is measured of switches is written and read back; targets are judged as told."""

import pytest
from bench import some_switches, switches
from bench.__main__ import main
from bench.sandbox import BenchError
from bench.switches import LARGEST, Results

from ringfence.render.switches import catalogue

FIGURES = {"design_s": 0.1, "write_s": 0.1, "read_s": 0.3, "lines": 1300.0}


def results(hundred: float, largest: float) -> Results:
    return Results({100: {0: run_of(100, hundred)}, LARGEST: {0: run_of(LARGEST, largest)}})


def run_of(size: int, seconds: float) -> dict[str, float]:
    return FIGURES | {"switches": size, "total_s": seconds}


def test_every_port_of_every_switch_has_a_telephone_and_every_platform_its_turn() -> None:
    site = some_switches._site(5)

    assert len(site.phones) == 5 * 46
    assert [each.platform for each in site.switches] == [
        *("ios-xe", "eos", "junos", "aos-cx", "ios-xe")
    ]


def test_one_size_is_measured_step_by_step() -> None:
    found = some_switches.main(4)

    assert found["lines"] > 4 * 1000
    assert found["total_s"] == pytest.approx(found["design_s"] + found["write_s"] + found["read_s"])


def test_what_is_read_otherwise_than_written_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = catalogue.trees
    monkeypatch.setattr(catalogue, "trees", lambda design: reversed([*good(design)]))

    with pytest.raises((SystemExit, ValueError)):
        some_switches.main(2)


def test_a_run_that_ends_badly_is_no_measurement() -> None:
    with pytest.raises(BenchError, match="0 switches"):
        switches._one(0)


def test_targets_are_the_seconds_and_the_growth_at_the_largest_size() -> None:
    assert [target.met for target in results(1.0, 10.0).targets()] == [True, True]
    assert [target.met for target in results(5.0, 61.0).targets()] == [False, True]
    assert [target.met for target in results(1.0, 16.0).targets()] == [True, False]
    assert Results({100: {0: run_of(100, 99.0)}}).targets() == ()


def test_the_text_and_the_json_have_the_same_figures() -> None:
    found = results(1.0, 16.0)

    assert "MISSED: a switch costs 1.60 times as much there" in switches.as_text(found)
    assert switches.as_json(found)["targets"] == [
        {"what": target.what, "met": target.met} for target in found.targets()
    ]


def test_the_command_measures_switches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(switches, "QUICK_SIZES", (4, 100))
    monkeypatch.setattr(switches, "_one", lambda size: run_of(size, size / 100))

    assert main(["switches", "--quick", "--rounds", "1"]) == 0
    assert "all four platforms in turn" in capsys.readouterr().out
    assert main(["switches", "--quick", "--rounds", "1", "--json"]) == 0
    assert '"targets": []' in capsys.readouterr().out
