"""What Ringfence asks, as the resource that stands in for an OSCAL assessment plan."""

import base64
from typing import Final

from ringfence.assess.oscal.ids import identify
from ringfence.assess.oscal.nodes import Node
from ringfence.probe.question import Question
from ringfence.probe.questions import QUESTIONS

PLAN_ID: Final = identify("resource", "questions")
"""The UUID of the resource."""


def plan_resource() -> Node:
    """The list of questions, inside the document as text."""
    text = "\n\n".join(map(_entry, QUESTIONS)) + "\n"
    return {
        "uuid": PLAN_ID,
        "title": "The questions of Ringfence",
        "description": "Each question, how it is asked, and which mitigations hang on the answer. "
        "What no question decides is attested by persons.",
        "base64": {
            "filename": "questions.txt",
            "media-type": "text/plain",
            "value": base64.b64encode(text.encode()).decode("ascii"),
        },
    }


def _entry(question: Question) -> str:
    lines = [f"{question.id} ({question.method})", question.asks]
    if question.decides:
        lines.append(f"Decides: {', '.join(question.decides)}.")
    if question.bears_on:
        lines.append(f"Bears on: {', '.join(question.bears_on)}.")
    if question.limits:
        lines.append(f"Limits: {question.limits}")
    return "\n".join(lines)
