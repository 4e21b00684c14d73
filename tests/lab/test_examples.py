"""The examples of the three levels run, and what is known of them agrees with itself."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ringfence.assess import Assessment, Facts, Scope, Verdict, assess
from ringfence.deploy import lab as labs
from ringfence.design import build
from ringfence.design.model import Design
from ringfence.identity.authority import utc_now
from ringfence.machine.lab import Lab
from ringfence.policy import Requirements, resolve
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.gather import gather
from ringfence.site import Site, load_site

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 11, 24)
"""A day on which the deviations of the examples hold."""


class Running:
    """An example that is up, and everything that was asked of it."""

    def __init__(self, name: str) -> None:
        self.name = f"x{name[:10]}"
        self.site: Site = load_site(EXAMPLES / name)
        self.requirements: Requirements = resolve(self.site, TODAY)
        self.design: Design = build(self.site, self.requirements)
        labs.up(self.name, self.design, print)
        self.lab = Lab.open(self.name)
        now = utc_now()
        gathered = gather(self.design, self.name, now, print)
        assert gathered.from_running, gathered.why_not
        self.facts: dict[str, Fact] = {each.fact.question: each.fact for each in gathered.taken}
        facts = Facts.newest(Scope.RUNNING, gathered.state, self.facts.values())
        self.assessment: Assessment = assess(self.site, self.requirements, facts, {}, now)


@pytest.fixture(scope="module", params=["branch", "headquarters", "ministry"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    name = str(request.param)
    try:
        yield Running(name)
    finally:
        labs.down(f"x{name[:10]}", print)


def test_every_question_has_an_answer_that_is_no_fault_of_ours(running: Running) -> None:
    faults = {q: fact.saw for q, fact in running.facts.items() if fact.answer == Answer.ERROR}

    assert not faults


def test_every_mitigation_that_applies_has_a_verdict_that_stands_on_something(
    running: Running,
) -> None:
    judgements = running.assessment.judgements

    assert len(judgements) == 164
    for judgement in judgements.values():
        if judgement.verdict == Verdict.SATISFIED:
            assert judgement.facts or judgement.attestation
        assert judgement.verdict not in {Verdict.STALE, Verdict.ERROR}, judgement.because


def test_what_may_cross_is_known_three_ways_that_agree(running: Running) -> None:
    """By design, by proof over the rendered rules, and by packets that were sent."""
    assert running.design.crossing()
    assert running.facts["crossing-flows"].answer == Answer.YES
    assert running.facts["zone-sweep"].answer == Answer.YES
    assert running.facts["zone-sweep"].subjects > 1000


def test_calls_are_heard_and_nothing_of_them_is_in_the_clear(running: Running) -> None:
    assert running.facts["call-in-the-clear"].answer == Answer.YES
    assert running.facts["call-recorded"].answer == Answer.YES


def test_speech_comes_first_where_it_is_demanded(running: Running) -> None:
    demanded = "DOS-3" in running.requirements
    verdict = running.assessment.judgements["DOS-3"].verdict

    assert (verdict == Verdict.SATISFIED) == demanded
