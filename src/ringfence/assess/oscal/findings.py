"""What follows from what was seen: a finding for each mitigation, a risk for what is lacking."""

from collections.abc import Mapping
from typing import Final

from ringfence.assess.model import Judgement, Verdict
from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.ids import control_id, identify, objective_id
from ringfence.assess.oscal.nodes import Node, one_line, prop, pruned, start_of
from ringfence.assess.oscal.observations import attestation_id, fact_id
from ringfence.assess.oscal.parties import APPROVER, REQUESTER, by_persons, by_tool, party_id
from ringfence.site.deviations import Deviation

_REASONS: Final[Mapping[Verdict, str]] = {
    Verdict.SATISFIED: "pass",
    Verdict.NOT_SATISFIED: "fail",
}
"""OSCAL's reasons; every other verdict is ``other``."""

_EXPLAINED: Final[Mapping[Verdict, str]] = {
    Verdict.DEVIATED: "The site does without it on approval. That is no satisfaction, so the "
    "state says not-satisfied; the risk of it has been accepted.",
    Verdict.NOT_APPLICABLE: "The site has no such part, so there is nothing to satisfy. OSCAL has "
    "no state for that; not-satisfied is the one that claims nothing. It is no shortfall.",
    Verdict.NOT_TESTED: "It was not seen, or not enough of it. Whether it holds is not known.",
    Verdict.STALE: "What was seen is too old, or of another state of the site. Whether it still "
    "holds is not known.",
    Verdict.ERROR: "A fault of the assessment stood in the way. Whether it holds is not known.",
}


def finding_id(case: Case, judgement: Judgement) -> str:
    """The UUID of what is found about a mitigation at a site, the same at every assessment."""
    return identify("finding", case.domain, judgement.mitigation.id)


def risk_id(case: Case, judgement: Judgement) -> str:
    """The UUID of the risk of a mitigation that is lacking, accepted or not."""
    lowered = judgement.mitigation.id in case.requirements.lowered
    kind = "accepted-risk" if lowered else "open-risk"
    return identify(kind, case.domain, judgement.mitigation.id)


def related(case: Case, judgement: Judgement) -> list[str]:
    """The UUIDs of the observations that a verdict stands on."""
    said = [judgement.attestation] if judgement.attestation else []
    return [
        *(fact_id(case, fact) for fact in judgement.facts),
        *(attestation_id(case, attested) for attested in said),
    ]


def finding(case: Case, judgement: Judgement) -> Node:
    """What is found about one mitigation.

    Only the verdict ``satisfied`` makes the state ``satisfied``; the finer verdict is a property.
    """
    id_ = judgement.mitigation.id
    satisfied = judgement.verdict == Verdict.SATISFIED
    risks = [{"risk-uuid": risk_id(case, judgement)}] if case.lacks(judgement) else []
    by = [prop("satisfied-by", control_id(judgement.by))] if judgement.by else []
    return pruned(
        {
            "uuid": finding_id(case, judgement),
            "title": one_line(f"{id_}: {judgement.mitigation.title}"),
            "description": judgement.because,
            "props": [
                prop("control-id", control_id(id_)),
                prop("verdict", judgement.verdict),
                prop("in-force", "no" if id_ in case.requirements.lowered else "yes"),
                *by,
            ],
            "origins": by_tool(),
            "target": {
                "type": "objective-id",
                "target-id": objective_id(id_),
                "status": pruned(
                    {
                        "state": "satisfied" if satisfied else "not-satisfied",
                        "reason": _REASONS.get(judgement.verdict, "other"),
                        "remarks": _EXPLAINED.get(judgement.verdict),
                    }
                ),
            },
            "related-observations": [
                {"observation-uuid": uuid} for uuid in related(case, judgement)
            ],
            "related-risks": risks,
            "remarks": judgement.todo or None,
        }
    )


def risk(case: Case, judgement: Judgement) -> Node:
    """The risk of a mitigation that is lacking: open, or accepted until a day."""
    deviation = case.requirements.lowered.get(judgement.mitigation.id)
    return pruned(
        {
            "uuid": risk_id(case, judgement),
            "title": one_line(f"{judgement.mitigation.id}: {judgement.mitigation.title}"),
            "statement": judgement.mitigation.threat,
            "props": [
                prop("control-id", control_id(judgement.mitigation.id)),
                prop("verdict", judgement.verdict),
            ],
            "related-observations": [
                {"observation-uuid": uuid} for uuid in related(case, judgement)
            ],
            **(_accepted(case, deviation) if deviation else _open(case, judgement)),
        }
    )


def _accepted(case: Case, deviation: Deviation) -> Node:
    return {
        "description": deviation.reason,
        "status": "deviation-approved",
        "origins": by_persons(
            case,
            (REQUESTER, deviation.requested_by),
            (APPROVER, deviation.approved_by),
        ),
        "deadline": start_of(deviation.expires),
        "risk-log": {
            "entries": [
                {
                    "uuid": identify("approval", case.domain, deviation.model_dump_json()),
                    "title": "Approved",
                    "start": start_of(deviation.date),
                    "logged-by": [
                        {
                            "party-uuid": party_id(case, deviation.approved_by),
                            "role-id": APPROVER,
                        }
                    ],
                    "status-change": "deviation-approved",
                }
            ]
        },
    }


def _open(case: Case, judgement: Judgement) -> Node:
    remedy = {
        "uuid": identify("remedy", case.domain, judgement.mitigation.id),
        "lifecycle": "recommendation",
        "title": "What is to be done",
        "description": judgement.todo,
    }
    return {
        "description": judgement.because,
        "status": "open",
        "origins": by_tool(),
        "remediations": [remedy] if judgement.todo else None,
    }
