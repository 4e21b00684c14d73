"""The explicit list of questions. What is not asked here is not known by facts."""

from collections.abc import Container
from functools import cache
from typing import Final

from ringfence.guide import MitigationId, Subject
from ringfence.probe.question import Question
from ringfence.probe.rendered_questions import RENDERED
from ringfence.probe.running_questions import RUNNING

__all__ = ("QUESTIONS", "RENDERED", "RUNNING", "about", "by_id")

QUESTIONS: Final = (*RENDERED, *RUNNING)


@cache
def by_id() -> dict[str, Question]:
    """Every question by its id."""
    return {each.id: each for each in QUESTIONS}


@cache
def _about() -> dict[MitigationId, tuple[Question, ...]]:
    found: dict[MitigationId, list[Question]] = {}
    for question in QUESTIONS:
        for id_ in question.informs:
            found.setdefault(id_, []).append(question)
    return {id_: tuple(questions) for id_, questions in found.items()}


def about(id_: MitigationId, absent: Container[Subject] = frozenset()) -> tuple[Question, ...]:
    """Every question whose answer matters to a mitigation, at a site without some parts."""
    return tuple(each for each in _about().get(id_, ()) if each.subject not in absent)
