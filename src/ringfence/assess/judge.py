"""The verdict on a mitigation: a pure function of requirements, facts, attestations and time.

Nothing is satisfied unless every question that bears on it has been answered yes, lately and of
this state, and either one of the questions decides it or a person attests it. Whatever is
missing, old or broken is said so and never counts. A missing fact thus never helps.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from ringfence.assess.model import Facts, Judgement, Scope, Verdict
from ringfence.evidence.attestation import Attested
from ringfence.guide import Method, Mitigation, MitigationId, stronger
from ringfence.guide import mitigation as entry
from ringfence.policy import Requirements
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.question import Question
from ringfence.probe.questions import about

Attestations = Mapping[MitigationId, Attested]
"""The newest attestation of each mitigation that has one."""

_WORST_FIRST: Final = (Verdict.NOT_SATISFIED, Verdict.ERROR, Verdict.STALE, Verdict.NOT_TESTED)


def judge(
    id_: MitigationId,
    requirements: Requirements,
    facts: Facts,
    attestations: Attestations,
    now: datetime,
) -> Judgement:
    """Judge one mitigation.

    A stronger mitigation that is itself satisfied satisfies the one whose place it takes.
    """
    own = _judge_alone(id_, requirements, facts, attestations, now)
    if own.verdict.counts:
        return own
    for better in stronger(id_):
        other = _judge_alone(better, requirements, facts, attestations, now)
        if other.verdict == Verdict.SATISFIED:
            return Judgement(
                mitigation=own.mitigation,
                verdict=Verdict.SATISFIED,
                because=f"{better}, which is stronger, holds: {other.because}",
                in_force=own.in_force,
                facts=other.facts,
                attestation=other.attestation,
                by=better,
            )
    return own


def _judge_alone(
    id_: MitigationId,
    requirements: Requirements,
    facts: Facts,
    attestations: Attestations,
    now: datetime,
) -> Judgement:
    mitigation = entry(id_)
    in_force = requirements.in_force.get(id_)
    if (why := requirements.absent.get(mitigation.applies_to)) is not None:
        return Judgement(mitigation, Verdict.NOT_APPLICABLE, why, in_force)
    if (deviation := requirements.lowered.get(id_)) is not None:
        until = f"done without until {deviation.expires}, approved by {deviation.approved_by}"
        return Judgement(mitigation, Verdict.DEVIATED, until, in_force, deviation=deviation)
    asked = about(id_, requirements.absent)
    questions = tuple(q for q in asked if q.of_design or facts.scope == Scope.RUNNING)
    attested = attestations.get(id_) if mitigation.attest else None
    findings = [*_from_facts(questions, facts, now)]
    decided = any(id_ in question.decides for question in questions)
    wanting: tuple[tuple[Verdict, str], ...] = ()
    if not decided:
        lacks = _from_attestation(mitigation, attested, questions, requirements, now)
        wanting = tuple(lacks)
    if attested is not None and not attested.attestation.holds:
        wanting = ((Verdict.NOT_SATISFIED, _said(attested)),)
    findings += wanting
    used = tuple(facts.by_question[q.id] for q in questions if q.id in facts.by_question)
    for verdict in _WORST_FIRST:
        if because := [words for found, words in findings if found == verdict]:
            return Judgement(
                mitigation,
                verdict,
                "; ".join(because),
                in_force,
                facts=used,
                attestation=attested,
                todo=_todo(mitigation, verdict, requirements, for_a_person=bool(wanting)),
            )
    because = [fact.saw for fact in used] if decided else []
    if attested is not None and not decided:
        because.append(_said(attested))
    return Judgement(
        mitigation,
        Verdict.SATISFIED,
        "; ".join(because),
        in_force,
        facts=used,
        attestation=None if decided else attested,
    )


def _from_facts(
    questions: tuple[Question, ...],
    facts: Facts,
    now: datetime,
) -> Iterator[tuple[Verdict, str]]:
    """What stands against a mitigation among the answers to the questions about it."""
    for question in questions:
        fact = facts.by_question.get(question.id)
        if fact is None:
            yield Verdict.NOT_TESTED, f"not asked yet: {question.asks}"
        elif fact.state != facts.state:
            yield Verdict.STALE, f"{question.id} was asked of another state of the site"
        elif fact.expired(now):
            yield Verdict.STALE, f"{question.id} was last asked on {fact.taken:%Y-%m-%d}"
        else:
            yield from _from_answer(fact)


def _from_answer(fact: Fact) -> Iterator[tuple[Verdict, str]]:
    match fact.answer:
        case Answer.YES:
            return
        case Answer.NO:
            yield Verdict.NOT_SATISFIED, _with_contrary(fact)
        case Answer.UNSEEN:
            yield Verdict.NOT_TESTED, f"could not be seen: {fact.saw}"
        case Answer.ERROR:
            yield Verdict.ERROR, f"a fault of ours: {fact.saw}"


def _with_contrary(fact: Fact) -> str:
    if not fact.contrary:
        return fact.saw
    named = fact.contrary[:3]
    more = len(fact.contrary) - len(named) + fact.more_contrary
    return f"{fact.saw}: {'; '.join(named)}{f'; and {more} more' if more else ''}"


def _from_attestation(
    mitigation: Mitigation,
    attested: Attested | None,
    questions: tuple[Question, ...],
    requirements: Requirements,
    now: datetime,
) -> Iterator[tuple[Verdict, str]]:
    """What an attestation lacks, where no question decides."""
    if mitigation.attest is None:
        yield Verdict.NOT_TESTED, _nothing_decides(mitigation, questions, requirements)
    elif attested is None:
        yield Verdict.NOT_TESTED, "open until somebody attests it"
    elif now.date() >= attested.attestation.expires:
        yield Verdict.STALE, f"attested until {attested.attestation.expires}"
    elif now.date() < attested.attestation.seen_on:
        yield Verdict.NOT_TESTED, f"attested as seen on {attested.attestation.seen_on}, to come"
    elif mitigation.id in requirements.two_persons and not attested.countersigned_by:
        yield Verdict.NOT_TESTED, "attested by one person; at the highest level it takes two"


def _nothing_decides(
    mitigation: Mitigation,
    questions: tuple[Question, ...],
    requirements: Requirements,
) -> str:
    if _decidable(mitigation, requirements):
        return "only a running system can show it"
    for question in about(mitigation.id):
        if mitigation.id in question.decides and question.subject in requirements.absent:
            return f"{requirements.absent[question.subject]}, so {question.id} is not asked"
    if questions:
        return "only a part of it is known; what would decide it is not part of the system yet"
    method = next(each for each in mitigation.known_by if each != Method.ATTESTED)
    return f"it is to be {method}, and what would do that is not part of the system yet"


def _decidable(mitigation: Mitigation, requirements: Requirements) -> bool:
    """Whether some question that is asked of such a site decides."""
    asked = about(mitigation.id, requirements.absent)
    return any(mitigation.id in question.decides for question in asked)


def _said(attested: Attested) -> str:
    word = attested.attestation
    others = f", countersigned by {', '.join(attested.countersigned_by)}"
    return (
        f"{word.by} ({word.role}) on {word.seen_on}: {word.observed.rstrip('.')}"
        f"{others if attested.countersigned_by else ''}"
    )


def _todo(
    mitigation: Mitigation,
    verdict: Verdict,
    requirements: Requirements,
    *,
    for_a_person: bool,
) -> str:
    questions = about(mitigation.id)
    match verdict:
        case Verdict.NOT_SATISFIED:
            return "Mend what was seen, or have a deviation approved."
        case Verdict.ERROR:
            return "Report the fault; ask again once it is mended."
        case Verdict.STALE | Verdict.NOT_TESTED if for_a_person and mitigation.attest is not None:
            return f"Attest it: {mitigation.attest.look_at}"
        case Verdict.STALE:
            return "Assess again."
        case Verdict.NOT_TESTED if not for_a_person:
            return "See why it could not be asked, and assess again."
        case Verdict.NOT_TESTED if _decidable(mitigation, requirements):
            return "Bring the system up and assess it."
        case Verdict.NOT_TESTED if any(mitigation.id in each.decides for each in questions):
            return "Declare in the site file what the question is about."
        case Verdict.NOT_TESTED:
            return "Nothing can be done yet; until then a deviation may be approved."
        case Verdict.SATISFIED | Verdict.DEVIATED | Verdict.NOT_APPLICABLE:
            return ""
