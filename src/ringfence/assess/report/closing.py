"""The last pages: every question with its answer and limits, and how to verify all of it."""

from ringfence import __version__
from ringfence.assess.model import Facts, Scope
from ringfence.assess.report.entries import exhibits
from ringfence.assess.report.markup import Child, Markup, el, separated
from ringfence.assess.report.reading import Reading
from ringfence.assess.report.words import ANSWERS, METHODS, count, moment, sentence
from ringfence.guide import MitigationId
from ringfence.probe.fact import Fact
from ringfence.probe.question import Question
from ringfence.probe.questions import QUESTIONS


def questions(reading: Reading) -> Markup:
    """Every question that Ringfence knows, what came of asking it, and what it leaves out."""
    return el(
        "section",
        el("h2", "Questions, answers and their limits"),
        el(
            "p",
            "Facts come from these questions and from no others. A question decides a mitigation "
            "if a yes to it, and to all else that bears on the mitigation, is enough; one that "
            "only bears on it can count against it.",
        ),
        *(_question(each, reading.assessment.facts) for each in QUESTIONS),
        id="questions",
        class_="part",
    )


def verifying(
    reading: Reading,
    checkpoint: str | None,
    fingerprint: str | None,
    state: str,
) -> Markup:
    """How somebody who trusts nobody checks this report, and what that does not show."""
    return el(
        "section",
        el("h2", "How to verify this report"),
        *_signed(checkpoint, fingerprint),
        el("h3", "What the signatures prove, and what they do not"),
        el(
            "p",
            "They prove that nothing in the log was changed since, and in which order it was "
            "recorded. They do not prove that what was written is true. The assessor's key "
            "belongs to the organisation that is assessed, and whoever holds it could have written "
            "another log from the start. So compare the fingerprint with one that you were given "
            "some other way, keep a checkpoint of your own, have a person of your own countersign, "
            "and ask some of the questions again yourself.",
        ),
        el("h3", "What is spoken of"),
        el("p", *_scope(reading.assessment.facts.scope)),
        el(
            "p",
            "Rendered state: ",
            el("code", state, class_="digest"),
            ". A fact of another state counts as out of date.",
        ),
        el("p", f"Written by Ringfence {__version__}.", class_="small"),
        id="verify",
        class_="part",
    )


def _signed(checkpoint: str | None, fingerprint: str | None) -> tuple[Markup, ...]:
    if checkpoint is None and fingerprint is None:
        words = (
            "This report was written without an evidence log, so nothing in it is signed. Write "
            "it as part of an evidence pack before you rely on it."
        )
        return (el("p", words, class_="warning"),)
    key = f" --key {fingerprint}" if fingerprint else ""
    return (
        el(
            "p",
            "An evidence pack holds this report, every statement of the log, every exhibit and a "
            "program of under 200 lines that checks them. The program needs Python and its "
            "cryptography package, and nothing of Ringfence. Read it first; it is short so that "
            "you can.",
        ),
        el("pre", el("code", f"tar -xf PACK.tar verify.py\npython3 verify.py PACK.tar{key}")),
        el(
            "p",
            "Fingerprint of the assessor's key (SHA-256): ",
            el("code", fingerprint or "not given", class_="digest"),
        ),
        el("p", "Checkpoint of the log when this was written:"),
        el("pre", el("code", checkpoint or "not given")),
    )


def _scope(scope: Scope) -> tuple[Markup, str]:
    if scope == Scope.RUNNING:
        words = (
            "The files that Ringfence renders were read back and judged, and the hosts that run "
            "them were looked at and tried. An answer is of the moment at which the question was "
            "asked."
        )
        return el("b", "The running system. "), words
    words = (
        "The files that Ringfence renders were read back and judged, wherever they may run. That "
        "they do run, and that nothing else does, was not looked at. What needs a running system "
        "to be seen is not known here."
    )
    return el("b", "The design. "), words


def _question(question: Question, facts: Facts) -> Markup:
    fact = facts.by_question.get(question.id)
    return el(
        "article",
        el("h3", el("code", question.id), " ", question.asks),
        *_answer(fact, facts),
        el("p", el("b", "Leaves out: "), question.limits) if question.limits else None,
        el("p", *_informs(question), class_="small"),
        id=f"q-{question.id}",
        class_="question",
    )


def _answer(fact: Fact | None, facts: Facts) -> tuple[Markup | None, ...]:
    if fact is None:
        return (el("p", el("b", "Not asked.")),)
    told = el("b", ANSWERS[fact.answer], class_=f"answer a-{fact.answer}")
    other = " Asked of another state of the site." if fact.state != facts.state else ""
    more = fact.more_contrary
    against = (
        el("p", "Against it:"),
        el(
            "ul",
            *(el("li", each) for each in fact.contrary),
            el("li", f"and {more} more") if more else None,
        ),
    )
    return (
        el("p", told, ": ", sentence(fact.saw), other),
        *(against if fact.contrary else ()),
        el(
            "p",
            f"{METHODS[fact.method]}, {count(fact.subjects, 'thing', 'things')} looked at, on "
            f"{moment(fact.taken)}; believed until {moment(fact.expires)}.",
            exhibits(fact.exhibits, whole=True),
            class_="small",
        ),
    )


def _informs(question: Question) -> list[Child]:
    def links(ids: tuple[MitigationId, ...]) -> list[Child]:
        return separated(", ", (el("a", id_, href=f"#{id_}") for id_ in ids))

    decides = ["Decides ", *links(question.decides), ". "] if question.decides else []
    bears = ["Bears on ", *links(question.bears_on), "."] if question.bears_on else []
    return [*decides, *bears]
