"""Assessment results: what was seen, said and found at one moment."""

from ringfence.assess.model import Scope
from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.findings import finding, risk
from ringfence.assess.oscal.ids import SITE_PROFILE_FILE, control_id, identify, objective_id
from ringfence.assess.oscal.nodes import (
    Document,
    Node,
    back_matter,
    document,
    link,
    metadata,
    moment,
    prop,
    pruned,
)
from ringfence.assess.oscal.observations import attestations, observations
from ringfence.assess.oscal.parties import local_definitions, parties_head
from ringfence.assess.oscal.plan import PLAN_ID, plan_resource


def results(case: Case, profile: Document) -> Document:
    """One result, of the moment of the assessment."""
    head = metadata(
        f"Assessment of {case.organisation}, {case.domain}",
        case.version,
        case.now,
        parties_head(case),
    )
    resource = identify("resource", SITE_PROFILE_FILE, case.domain)
    body = {
        "import-ap": {
            "href": f"#{PLAN_ID}",
            "remarks": "There is no assessment plan in OSCAL; the resource lists what is asked.",
        },
        "results": [_result(case, resource)],
        "back-matter": back_matter(
            [
                plan_resource(),
                {
                    "uuid": resource,
                    "title": "The mitigations in force",
                    "props": [prop("document-uuid", profile.uuid)],
                    "rlinks": [{"href": SITE_PROFILE_FILE, "media-type": "application/json"}],
                },
            ]
        ),
    }
    return document("assessment-results", head, body)


def _result(case: Case, profile: str) -> Node:
    scope = case.assessment.facts.scope
    spoken_of = (
        "the running system" if scope == Scope.RUNNING else "the rendered files, not of any machine"
    )
    return pruned(
        {
            "uuid": identify("result", case.domain, moment(case.now), case.state),
            "title": f"Assessment at {moment(case.now)}",
            "description": f"It speaks of {spoken_of}. Digests and signatures in the evidence log "
            "show that nothing was changed since it was recorded; they do not show that what was "
            "recorded is true.",
            "start": moment(case.now),
            "end": moment(case.now),
            "props": [prop("scope", scope), prop("rendered-state", case.state)],
            "local-definitions": local_definitions(case),
            "reviewed-controls": _reviewed(case, profile),
            "attestations": attestations(case),
            "observations": observations(case),
            "risks": [risk(case, each) for each in case.to_do],
            "findings": [finding(case, each) for each in case.judgements],
            "remarks": "\n\n".join(case.assessment.remarks) or None,
        }
    )


def _reviewed(case: Case, profile: str) -> Node:
    ids = [each.mitigation.id for each in case.judgements]
    return {
        "description": "What the site answers for: what is in force, and what it has approval to "
        "do without.",
        "links": [link(f"#{profile}", text="The mitigations in force")],
        "control-selections": [{"include-controls": [{"control-id": control_id(i)} for i in ids]}],
        "control-objective-selections": [
            {"include-objectives": [{"objective-id": objective_id(i)} for i in ids]}
        ],
    }
