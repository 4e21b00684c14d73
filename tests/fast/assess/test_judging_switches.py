"""Questions about switches count where there are switches, and are left out elsewhere."""

from datetime import UTC, datetime

from ringfence.assess import Facts, Scope, Verdict, judge
from ringfence.assess.model import Judgement
from ringfence.guide import Level, Subject
from ringfence.policy import resolve
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.questions import QUESTIONS, about
from ringfence.probe.switch_questions import SWITCHES
from ringfence.site.model import Site, SwitchPlatform
from samples import TODAY, make_site
from switch_sites import switched_site

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
STATE = "5" * 64
WITHOUT = make_site(level=Level.MEDIUM)
WITH = switched_site(Level.MEDIUM, SwitchPlatform.IOS_XE)
WITH_DHCP = {"no-dhcp": Answer.NO, "phones-static": Answer.NO}
"""Without addresses from DHCP, other mitigations take the place of those about it."""
OF_SWITCHES = {question.id for question in SWITCHES}


def judged(site: Site, id_: str, otherwise: dict[str, Answer]) -> Judgement:
    facts = (
        Fact(
            question=question.id,
            method=question.method,
            answer=otherwise.get(question.id, Answer.YES),
            saw="as the test says",
            subjects=1,
            state=STATE,
            taken=NOW,
            expires=NOW + question.fresh_for,
        )
        for question in QUESTIONS
        if question.of_design
    )
    return judge(id_, resolve(site, TODAY), Facts.newest(Scope.DESIGN, STATE, facts), {}, NOW)


def test_with_switches_their_configurations_decide() -> None:
    for id_ in ("SEP-4", "EAV-2", "EAV-3", "ACC-3", "DHC-2", "DHC-7", "PSW-4"):
        assert judged(WITH, id_, {}).verdict == Verdict.SATISFIED, id_


def test_with_switches_each_answer_counts() -> None:
    for question in SWITCHES:
        for id_ in question.informs:
            if id_ in resolve(WITH, TODAY).in_force:
                found = judged(WITH, id_, WITH_DHCP | {question.id: Answer.NO})
                assert found.verdict == Verdict.NOT_SATISFIED, (question.id, id_)


def test_without_switches_no_answer_about_them_counts() -> None:
    unseen = dict.fromkeys(OF_SWITCHES, Answer.UNSEEN)
    for question in SWITCHES:
        for id_ in question.informs:
            yes, no = judged(WITHOUT, id_, {}), judged(WITHOUT, id_, unseen)
            assert yes.verdict == no.verdict, id_
            assert not {fact.question for fact in no.facts} & OF_SWITCHES


def test_without_switches_the_verdict_says_why_nothing_decides() -> None:
    found = judged(WITHOUT, "SEP-4", {})

    assert found.verdict == Verdict.NOT_TESTED
    assert found.because == "the site file names no switches, so switch-devices is not asked"
    assert found.todo == "Declare in the site file what the question is about."


def test_a_question_is_left_out_by_its_subject() -> None:
    absent = {Subject.ACCESS_SWITCHES}

    assert OF_SWITCHES & {question.id for question in about("SEP-4")}
    assert not OF_SWITCHES & {question.id for question in about("SEP-4", absent)}
    assert Subject.ACCESS_SWITCHES in resolve(WITHOUT, TODAY).absent
    assert Subject.ACCESS_SWITCHES not in resolve(WITH, TODAY).absent
