"""The plan of action and milestones: what is still to be done, and what is done without."""

from ringfence.assess.model import Judgement
from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.findings import finding, finding_id, related, risk, risk_id
from ringfence.assess.oscal.ids import RESULTS_FILE, control_id, identify
from ringfence.assess.oscal.nodes import (
    Document,
    Node,
    back_matter,
    document,
    link,
    metadata,
    one_line,
    prop,
    pruned,
)
from ringfence.assess.oscal.observations import observations
from ringfence.assess.oscal.parties import by_tool, local_definitions, parties_head, system_id


def poam(case: Case, results: Document) -> Document | None:
    """An item for each mitigation that falls short or is done without.

    OSCAL has no empty plan, so there is none where nothing is to be done. The plan repeats the
    findings, risks and observations that its items name, under the same UUIDs as the results.
    """
    if not case.to_do:
        return None
    resource = identify("resource", RESULTS_FILE, case.domain)
    head = metadata(
        f"What is to be done at {case.organisation}, {case.domain}",
        case.version,
        case.now,
        {"links": [link(f"#{resource}", text="The results it follows from")], **parties_head(case)},
    )
    wanted = {uuid for each in case.to_do for uuid in related(case, each)}
    body = {
        "system-id": {
            "identifier-type": "http://ietf.org/rfc/rfc4122",
            "id": system_id(case),
        },
        "local-definitions": local_definitions(case),
        "observations": [each for each in observations(case) if each["uuid"] in wanted],
        "risks": [risk(case, each) for each in case.to_do],
        "findings": [finding(case, each) for each in case.to_do],
        "poam-items": [_item(case, each) for each in case.to_do],
        "back-matter": back_matter(
            [
                {
                    "uuid": resource,
                    "title": "The assessment's results",
                    "props": [prop("document-uuid", results.uuid)],
                    "rlinks": [{"href": RESULTS_FILE, "media-type": "application/json"}],
                }
            ]
        ),
    }
    return document("plan-of-action-and-milestones", head, body)


def _item(case: Case, judgement: Judgement) -> Node:
    id_ = judgement.mitigation.id
    deviation = case.requirements.lowered.get(id_)
    if deviation:
        todo = f"Meet it, or have the deviation approved anew, before {deviation.expires}."
        until = [prop("expires", deviation.expires)]
    else:
        todo, until = judgement.todo, []
    return pruned(
        {
            "uuid": identify("poam-item", case.domain, id_),
            "title": one_line(f"{id_}: {judgement.mitigation.title}"),
            "description": todo or judgement.because,
            "props": [
                prop("control-id", control_id(id_)),
                prop("verdict", judgement.verdict),
                *until,
            ],
            "origins": by_tool(),
            "related-findings": [{"finding-uuid": finding_id(case, judgement)}],
            "related-observations": [
                {"observation-uuid": uuid} for uuid in related(case, judgement)
            ],
            "related-risks": [{"risk-uuid": risk_id(case, judgement)}],
            "remarks": deviation.reason if deviation else judgement.because,
        }
    )
