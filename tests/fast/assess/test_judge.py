"""Verdicts: what counts, what never does, and that nothing missing or old ever helps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.assess import Facts, Scope, Verdict, assess, judge
from ringfence.evidence.attestation import Attestation, Attested
from ringfence.guide import Level, Method, Subject, catalogue, known_ids, mitigation
from ringfence.policy import Requirements, resolve
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.questions import QUESTIONS, about, by_id
from ringfence.site.deviations import Change, Deviation
from samples import TODAY, make_site

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
STATE = "5" * 64


def fact(question: str, answer: Answer = Answer.YES, *, age: int = 0, state: str = STATE) -> Fact:
    asked = by_id()[question]
    taken = NOW - age * A_DAY
    return Fact(
        question=question,
        method=asked.method,
        answer=answer,
        saw="as the test says",
        subjects=1,
        state=state,
        taken=taken,
        expires=taken + asked.fresh_for,
    )


def attested(
    id_: str, *, holds: bool = True, until: int = 30, second: str | None = None
) -> Attested:
    word = Attestation(
        mitigation=id_,
        holds=holds,
        claim="What was to be looked at.",
        observed="All doors were locked.",
        scope="Room 1",
        by="Ada Whitcombe",
        role="caretaker",
        seen_on=TODAY,
        expires=TODAY + until * A_DAY,
        recorded=NOW,
    )
    return Attested(
        attestation=word, statement="a" * 64, countersigned_by=(second,) if second else ()
    )


def facts(*given: Fact, scope: Scope = Scope.RUNNING) -> Facts:
    return Facts.newest(scope, STATE, given)


def everything(scope: Scope = Scope.RUNNING) -> Facts:
    return facts(*(fact(question.id) for question in QUESTIONS), scope=scope)


SITE = make_site(level=Level.MINIMUM)
REQUIRED = resolve(SITE, TODAY)


def verdict(id_: str, given: Facts, *words: Attested, required: Requirements = REQUIRED) -> Verdict:
    by_mitigation = {word.attestation.mitigation: word for word in words}
    return judge(id_, required, given, by_mitigation, NOW).verdict


def test_yes_to_every_question_satisfies_what_a_question_decides() -> None:
    assert verdict("SEP-6", everything()) == Verdict.SATISFIED
    assert verdict("SVC-1", everything()) == Verdict.SATISFIED


def test_a_question_that_only_bears_on_a_mitigation_never_satisfies_it() -> None:
    assert verdict("ACC-4", everything()) == Verdict.NOT_TESTED
    assert verdict("TEL-1", everything()) == Verdict.NOT_TESTED


def test_nothing_known_is_not_tested() -> None:
    for id_ in known_ids():
        found = verdict(id_, facts())
        assert found in {Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE}, id_


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.NO, Verdict.NOT_SATISFIED),
        (Answer.UNSEEN, Verdict.NOT_TESTED),
        (Answer.ERROR, Verdict.ERROR),
    ],
)
def test_an_answer_that_is_no_yes_decides_too(answer: Answer, expected: Verdict) -> None:
    given = facts(*(fact(q.id, answer if q.id == "switched" else Answer.YES) for q in QUESTIONS))

    assert verdict("EAV-1", given) == expected


def test_a_fact_of_another_state_or_too_old_is_stale() -> None:
    other = facts(fact("switched", state="6" * 64))
    old = facts(fact("switched", age=30))

    assert verdict("EAV-1", other) == Verdict.STALE
    assert verdict("EAV-1", old) == Verdict.STALE


def test_in_a_design_only_rendered_files_are_asked() -> None:
    rendered = facts(*(fact(q.id) for q in QUESTIONS if q.of_design), scope=Scope.DESIGN)

    assert verdict("SEP-6", rendered) == Verdict.SATISFIED
    assert verdict("SVC-1", rendered) == Verdict.NOT_TESTED


def test_what_a_person_must_see_is_open_until_somebody_attests_it() -> None:
    assert verdict("PHY-1", everything()) == Verdict.NOT_TESTED
    assert verdict("PHY-1", everything(), attested("PHY-1")) == Verdict.SATISFIED
    assert verdict("PHY-1", everything(), attested("PHY-1", holds=False)) == Verdict.NOT_SATISFIED
    assert verdict("PHY-1", everything(), attested("PHY-1", until=0)) == Verdict.STALE


def test_at_the_highest_level_it_takes_two_persons() -> None:
    required = resolve(make_site(level=Level.HIGHEST), TODAY)
    alone = attested("PHY-1")
    together = attested("PHY-1", second="Grace Okafor")

    assert verdict("PHY-1", everything(), alone, required=required) == Verdict.NOT_TESTED
    assert verdict("PHY-1", everything(), together, required=required) == Verdict.SATISFIED


def test_nobodys_word_stands_in_for_what_must_be_proved() -> None:
    assert Method.ATTESTED not in mitigation("SEP-4").known_by
    assert verdict("SEP-4", everything(), attested("SEP-4")) == Verdict.NOT_TESTED


def test_an_attestation_needs_the_answers_that_bear_on_it_too() -> None:
    without = facts(*(fact(q.id) for q in QUESTIONS if q.id != "running-users"))
    against = facts(
        *(fact(q.id, Answer.NO if q.id == "running-users" else Answer.YES) for q in QUESTIONS)
    )

    assert verdict("BAS-1", everything(), attested("BAS-1")) == Verdict.SATISFIED
    assert verdict("BAS-1", without, attested("BAS-1")) == Verdict.NOT_TESTED
    assert verdict("BAS-1", against, attested("BAS-1")) == Verdict.NOT_SATISFIED


def test_something_stronger_that_holds_satisfies_the_weaker() -> None:
    nothing_crosses = facts(
        *(fact(q.id) for q in about("SEP-7")),
        *(fact(q.id, Answer.UNSEEN) for q in about("SEP-9") if q not in about("SEP-7")),
    )

    found = judge("SEP-9", REQUIRED, nothing_crosses, {}, NOW)

    assert found.verdict == Verdict.SATISFIED
    assert found.by == "SEP-7"


def test_a_part_that_is_not_there_need_not_meet_anything() -> None:
    found = judge("GWY-1", REQUIRED, everything(), {}, NOW)

    assert found.verdict == Verdict.NOT_APPLICABLE
    assert found.because == REQUIRED.absent[Subject.GATEWAYS]


def test_a_lowering_is_said_so_and_counts() -> None:
    lowering = Deviation(
        mitigation="NAV-1",
        change=Change.LOWER,
        reason="The building is guarded.",
        requested_by="Ada",
        approved_by="Grace",
        date=TODAY - A_DAY,
        expires=TODAY + A_DAY,
    )
    required = resolve(SITE.model_copy(update={"deviations": (lowering,)}), TODAY)

    found = judge("NAV-1", required, everything(), {}, NOW)

    assert found.verdict == Verdict.DEVIATED
    assert "Grace" in found.because


ANSWERS = st.sampled_from(Answer)
SOME_FACTS = st.builds(
    lambda given: [fact(q, a, age=g, state=s) for q, (a, g, s) in given.items()],
    st.dictionaries(
        st.sampled_from([question.id for question in QUESTIONS]),
        st.tuples(
            st.one_of(st.just(Answer.YES), ANSWERS),
            st.sampled_from([0, 0, 3, 8, 100]),
            st.sampled_from([STATE, STATE, "6" * 64]),
        ),
    ),
)
SOME_WORDS = st.builds(
    lambda given: {id_: attested(id_, holds=h, until=u) for id_, (h, u) in given.items()},
    st.dictionaries(
        st.sampled_from(sorted(known_ids())),
        st.tuples(st.booleans(), st.sampled_from([-5, 0, 30])),
    ),
)
SCOPES = st.sampled_from(Scope)
REQUIREMENTS = {level: resolve(make_site(level=level), TODAY) for level in Level}
LEVELS = st.sampled_from(Level)


@given(SOME_FACTS, SOME_WORDS, SCOPES, LEVELS)
def test_what_is_not_known_never_counts_whatever_the_facts(
    given_facts: list[Fact], words: dict[str, Attested], scope: Scope, level: Level
) -> None:
    found = assess(
        make_site(level=level), REQUIREMENTS[level], facts(*given_facts, scope=scope), words, NOW
    )

    for judgement in found.judgements.values():
        if judgement.verdict in {Verdict.NOT_TESTED, Verdict.STALE, Verdict.ERROR}:
            assert not judgement.verdict.counts
            assert judgement.todo
        if judgement.verdict == Verdict.SATISFIED:
            assert judgement.facts or judgement.attestation
            assert all(f.answer == Answer.YES for f in judgement.facts)
            assert all(f.state == STATE and not f.expired(NOW) for f in judgement.facts)
    short = {id_ for id_, j in found.judgements.items() if not j.verdict.counts}
    assert set(found.demanded.short) <= short
    assert found.demanded.total == len(REQUIREMENTS[level].in_force)


@given(SOME_FACTS, SOME_WORDS, SCOPES, st.data())
def test_removing_a_fact_or_a_word_never_improves_a_verdict(
    given_facts: list[Fact], words: dict[str, Attested], scope: Scope, data: st.DataObject
) -> None:
    fewer = [each for each in given_facts if data.draw(st.booleans())]
    id_ = data.draw(st.sampled_from(sorted(known_ids())))

    before = judge(id_, REQUIRED, facts(*given_facts, scope=scope), words, NOW).verdict
    after = judge(id_, REQUIRED, facts(*fewer, scope=scope), words, NOW).verdict

    assert before.counts or not after.counts


@given(SOME_FACTS, LEVELS)
def test_time_alone_never_satisfies(given_facts: list[Fact], level: Level) -> None:
    held = facts(*given_facts)
    for id_ in sorted(known_ids())[::7]:
        now = judge(id_, REQUIREMENTS[level], held, {}, NOW).verdict
        later = judge(id_, REQUIREMENTS[level], held, {}, NOW + 400 * A_DAY).verdict
        assert now.counts or not later.counts


def test_the_newest_fact_of_a_question_is_the_one_that_counts() -> None:
    given = facts(fact("switched"), fact("switched", Answer.NO, age=2))

    assert given.by_question["switched"].answer == Answer.YES


def test_every_mitigation_can_be_met_by_something_or_says_what_it_waits_for() -> None:
    for id_ in catalogue().by_id:
        decided = any(id_ in question.decides for question in about(id_))
        found = judge(id_, Requirements(dict.fromkeys(known_ids(), "x")), everything(), {}, NOW)
        if not decided and mitigation(id_).attest is None and found.by is None:
            assert "not part of the system yet" in found.because, id_
