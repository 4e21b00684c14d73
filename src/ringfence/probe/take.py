"""Asking a question, and making a fact of what comes back, whatever comes back."""

import traceback
from collections.abc import Callable
from datetime import datetime

from ringfence.probe.fact import MOST_CONTRARY, Answer, Exhibit, Fact, Seen, Taken
from ringfence.probe.question import Question

LARGEST_EXHIBIT = 1 << 20
"""Bytes; a larger exhibit is known by its digest alone."""


class UnseenError(Exception):
    """Something stands in the way of seeing; the text says what."""


def take(question: Question, ask: Callable[[], Seen], state: str, now: datetime) -> Taken:
    """Ask, and date the answer. A fault of ours is an answer too, and no yes."""
    try:
        seen = ask()
    except UnseenError as error:
        seen = Seen(Answer.UNSEEN, str(error), 0)
    except Exception as error:  # noqa: BLE001 - whatever broke, the question has no answer
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.name}, line {where.lineno}"
        seen = Seen(Answer.ERROR, f"{type(error).__name__} in {place}: {error}", 0)
    exhibits = [(Exhibit.of(name, data), data) for name, data in seen.exhibits]
    fact = Fact(
        question=question.id,
        method=question.method,
        answer=seen.answer,
        saw=seen.saw,
        subjects=seen.subjects,
        contrary=seen.contrary[:MOST_CONTRARY],
        more_contrary=max(0, len(seen.contrary) - MOST_CONTRARY),
        exhibits=tuple(dict.fromkeys(exhibit for exhibit, _ in exhibits)),
        state=state,
        taken=now,
        expires=now + question.fresh_for,
    )
    kept = {each.sha256: data for each, data in exhibits if each.size <= LARGEST_EXHIBIT}
    return Taken(fact, kept)
