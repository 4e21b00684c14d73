"""What is measured of proofs is a sound rule file and a broken one; targets are judged as told."""

import pytest
from bench import proof
from bench.__main__ import main
from bench.proof import JUDGED, Results, Run
from bench.rule_files import make
from bench.sandbox import BenchError

from ringfence.packets.nftables import Action, parse
from ringfence.packets.proof import prove


def test_a_rule_file_of_a_size_has_so_many_rules_for_flows() -> None:
    file = make(300)

    rules = parse(file.text)

    accepting = [
        rule
        for chain in rules.chains.values()
        for rule in chain.rules
        if rule.action == Action.ACCEPT and rule.comment
    ]
    assert len(accepting) == len(file.wanted) == 300
    assert len(rules.maps["pairs"]) == 12 * 11


def test_one_size_is_proved_as_it_is_and_broken() -> None:
    run = proof._one(make(140))

    assert min(run.read, run.proved, run.broken) > 0


def test_a_proof_that_says_something_else_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = prove
    monkeypatch.setattr(proof, "prove", lambda rules, wanted: good(rules, wanted[:-1]))

    with pytest.raises(BenchError, match="does not say"):
        proof._one(make(20))


def results(small: float, judged: float) -> Results:
    return Results({500: {0: Run(0.0, small, 0.1)}, JUDGED: {0: Run(0.5, judged, 0.1)}})


def test_targets_are_the_seconds_and_the_growth_at_the_size_that_is_judged() -> None:
    assert [target.met for target in results(0.1, 1.0).targets()] == [True, True]
    assert [target.met for target in results(0.4, 1.6).targets()] == [False, True]
    assert [target.met for target in results(0.04, 1.0).targets()] == [True, False]
    assert Results({500: {0: Run(0.0, 9.0, 0.1)}}).targets() == ()


def test_the_text_and_the_json_have_the_same_figures() -> None:
    found = results(0.4, 1.6)

    assert "MISSED: 5000 rules in 2 s: 2.10 s" in proof.as_text(found)
    assert proof.as_json(found)["targets"] == [
        {"what": target.what, "met": target.met} for target in found.targets()
    ]


def test_the_command_measures_proofs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proof, "QUICK_SIZES", (20, 40))

    assert main(["proof", "--quick", "--rounds", "1"]) == 0
    assert "by the rules of a firewall of 12 zones" in capsys.readouterr().out
    assert main(["proof", "--quick", "--rounds", "1", "--json"]) == 0
    assert '"targets": []' in capsys.readouterr().out
