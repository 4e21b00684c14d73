"""What came of an attempt, and when there is another."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.relay.delivery import (
    KEPT_FOR,
    LONGEST_WAIT,
    Outcome,
    Timetable,
    judged,
    wait_after,
)
from ringfence.relay.spool import Envelope

A, B, C = "a@corp.example", "b@corp.example", "c@corp.example"
MESSAGE = Envelope("voicemail@office.example", (A, B, C), "10.0.0.1", 1000.0)


def test_everybody_has_it() -> None:
    assert judged(MESSAGE, {}, 1001.0) == Outcome(taken=(A, B, C))


def test_one_has_it_one_gets_it_later_and_one_never() -> None:
    found = judged(MESSAGE, {B: (451, "busy"), C: (550, "unknown")}, 1001.0)

    assert found == Outcome((A,), (B,), (C,), "451 busy; 550 unknown")
    assert found.reached


def test_a_server_that_was_not_reached_is_tried_again() -> None:
    found = judged(MESSAGE, dict.fromkeys((A, B, C), (0, "OSError")), 1001.0)

    assert found.later == (A, B, C)
    assert not found.reached


def test_after_days_a_message_is_set_aside() -> None:
    late = 1000.0 + KEPT_FOR + 1

    assert judged(MESSAGE, {A: (0, "OSError")}, late).never == (A,)
    assert judged(MESSAGE, {}, late).taken == (A, B, C)


@given(st.integers(1, 10_000))
def test_attempts_become_rarer_but_never_rare(attempts: int) -> None:
    assert 0 < wait_after(attempts) <= wait_after(attempts + 1) <= LONGEST_WAIT


def test_a_new_message_is_due_at_once_and_a_failed_one_later() -> None:
    table = Timetable()
    assert table.due(["1", "2"], 0.0) == ["1", "2"]
    assert table.pause([], 0.0) is None

    table.tried("1", 0.0)

    assert table.due(["1", "2"], 0.0) == ["2"]
    assert table.pause(["1"], 1.0) == wait_after(1) - 1.0
    assert table.due(["1"], wait_after(1)) == ["1"]


def test_a_server_that_is_down_is_not_asked_for_every_message() -> None:
    table = Timetable()
    table.tried("1", 0.0)
    table.postpone(["1", "2", "3"], "1")

    assert table.due(["1", "2", "3"], 1.0) == []
    assert table.due(["1", "2", "3", "4"], 1.0) == ["4"]


def test_what_waits_no_more_is_forgotten() -> None:
    table = Timetable()
    table.tried("1", 0.0)
    table.keep([])

    assert table.due(["1"], 0.0) == ["1"]
