"""What was seen: an observation for each fact and for each attestation."""

from typing import Final

from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.ids import NAMESPACE, control_id, identify
from ringfence.assess.oscal.nodes import (
    METHODS,
    Node,
    link,
    moment,
    one_line,
    prop,
    pruned,
    start_of,
    yes_or_no,
)
from ringfence.assess.oscal.parties import (
    ATTESTOR,
    COUNTERSIGNER,
    by_persons,
    by_tool,
    party_id,
    system_id,
)
from ringfence.evidence.attestation import Attested
from ringfence.guide import Method
from ringfence.probe.fact import Exhibit, Fact
from ringfence.probe.questions import by_id

EXHIBITS: Final = "../exhibits/"
"""Where an evidence pack keeps its exhibits, each under its digest."""


def fact_id(case: Case, fact: Fact) -> str:
    """The UUID of a fact's observation."""
    return identify("fact", case.domain, fact.model_dump_json())


def attestation_id(case: Case, attested: Attested) -> str:
    """The UUID of an attestation's observation."""
    return identify("attestation", case.domain, attested.statement)


def observations(case: Case) -> list[Node]:
    """Everything that was seen or said."""
    return [
        *(_of_fact(case, fact) for fact in case.facts),
        *(_of_attestation(case, attested) for attested in case.attestations),
    ]


def attestations(case: Case) -> list[Node]:
    """The section of an assessment's results for what persons have said, in their words.

    It holds every attestation of the log, also those that count no more or against: the
    properties say so.
    """
    return [_statement(case, attested) for attested in case.attestations]


def _of_fact(case: Case, fact: Fact) -> Node:
    question = by_id().get(fact.question)
    asks = question.asks if question else fact.question
    more = [prop("more-contrary", fact.more_contrary)] if fact.more_contrary else []
    return pruned(
        {
            "uuid": fact_id(case, fact),
            "title": one_line(f"{fact.question}: {fact.answer}"),
            "description": f"{asks}\n\n{fact.saw}",
            "props": [
                prop("question", fact.question),
                prop("answer", fact.answer),
                prop("known-by", fact.method),
                prop("subjects", fact.subjects),
                prop("rendered-state", fact.state),
                prop("expired", yes_or_no(fact.expired(case.now))),
                *(prop("contrary", each) for each in fact.contrary),
                *more,
            ],
            "methods": [METHODS[fact.method]],
            "types": ["control-objective"],
            "origins": by_tool(),
            "subjects": _system(case),
            "relevant-evidence": _evidence(fact.exhibits),
            "collected": moment(fact.taken),
            "expires": moment(fact.expires),
            "remarks": (question and question.limits) or None,
        }
    )


def _of_attestation(case: Case, attested: Attested) -> Node:
    word = attested.attestation
    # To look at a photograph or a document is to examine; someone's word alone is an interview.
    examined = [METHODS[Method.INSPECTED]] if word.exhibits else []
    return pruned(
        {
            "uuid": attestation_id(case, attested),
            "title": one_line(f"{word.mitigation}, attested by {word.by}"),
            "description": f"{word.claim}\n\n{word.observed}",
            "props": [*_said(case, attested), prop("recorded", moment(word.recorded))],
            "methods": [METHODS[Method.ATTESTED], *examined],
            "types": ["control-objective"],
            "origins": by_persons(case, *_signers(attested)),
            "subjects": _system(case),
            "relevant-evidence": _evidence(word.exhibits),
            "collected": start_of(word.seen_on),
            "expires": start_of(word.expires),
            "remarks": "Only the day of what was seen is known; its first moment stands for it.",
        }
    )


def _statement(case: Case, attested: Attested) -> Node:
    word = attested.attestation
    parties: dict[str, list[str]] = {}
    for role, name in _signers(attested):
        if (party := party_id(case, name)) not in parties.setdefault(role, []):
            parties[role].append(party)
    return {
        "responsible-parties": [
            {"role-id": role, "party-uuids": uuids} for role, uuids in parties.items()
        ],
        "parts": [
            {
                "uuid": identify("statement", case.domain, attested.statement),
                "name": "attestation",
                "ns": NAMESPACE,
                "title": one_line(f"{word.mitigation}: {word.claim}"),
                "props": _said(case, attested),
                "links": [link(f"#{attestation_id(case, attested)}", "observation")],
                "prose": word.observed,
            }
        ],
    }


def _said(case: Case, attested: Attested) -> list[Node]:
    word = attested.attestation
    return [
        prop("control-id", control_id(word.mitigation)),
        prop("known-by", Method.ATTESTED),
        prop("holds", yes_or_no(word.holds)),
        prop("scope", word.scope),
        prop("role", word.role),
        prop("seen-on", word.seen_on),
        prop("expires", word.expires),
        prop("expired", yes_or_no(case.now.date() >= word.expires)),
        prop("countersignatures", len(attested.countersigned_by)),
        prop("statement", attested.statement),
    ]


def _signers(attested: Attested) -> list[tuple[str, str]]:
    others = ((COUNTERSIGNER, name) for name in attested.countersigned_by)
    return [(ATTESTOR, attested.attestation.by), *others]


def _system(case: Case) -> list[Node]:
    return [{"subject-uuid": system_id(case), "type": "component"}]


def _evidence(exhibits: tuple[Exhibit, ...]) -> list[Node]:
    return [
        {
            "href": f"{EXHIBITS}{each.sha256}",
            "description": one_line(each.name),
            "props": [prop("sha256", each.sha256), prop("size", each.size)],
        }
        for each in exhibits
    ]
