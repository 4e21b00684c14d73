"""Who and what takes part: the organisation, persons, the system, and Ringfence as the tool."""

from collections.abc import Iterator
from typing import Final

from ringfence import __version__
from ringfence.assess.model import Scope
from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.ids import identify
from ringfence.assess.oscal.nodes import Node, one_line, prop

ASSESSED: Final = "assessed-organisation"
ATTESTOR: Final = "attestor"
COUNTERSIGNER: Final = "countersigner"
REQUESTER: Final = "deviation-requester"
APPROVER: Final = "deviation-approver"

_ROLES: Final = {
    ASSESSED: "The organisation whose site is assessed",
    ATTESTOR: "A person who says what they have seen",
    COUNTERSIGNER: "A second person who stands by an attestation",
    REQUESTER: "A person who asked for a deviation",
    APPROVER: "A person who accepted the risk of a deviation",
}
_TOOL: Final = identify("component", "ringfence")
_PLATFORM: Final = identify("platform", "ringfence")


def party_id(case: Case, name: str) -> str:
    """The UUID of a person of the site, however their name's letters and spaces are written."""
    return identify("person", case.domain, " ".join(name.split()).casefold())


def system_id(case: Case) -> str:
    """The UUID of the site's telephone system."""
    return identify("system", case.domain)


def parties_head(case: Case) -> Node:
    """Roles, parties and responsible parties, as the head of a document about a site has them."""
    organisation = identify("organisation", case.domain)
    persons = {party_id(case, name): one_line(name) for name in sorted(_names(case), reverse=True)}
    return {
        "roles": [{"id": id_, "title": title} for id_, title in _ROLES.items()],
        "parties": [
            {"uuid": organisation, "type": "organization", "name": one_line(case.organisation)},
            *(
                {"uuid": uuid, "type": "person", "name": name}
                for uuid, name in sorted(persons.items(), key=lambda item: item[1])
            ),
        ],
        "responsible-parties": [{"role-id": ASSESSED, "party-uuids": [organisation]}],
    }


def by_tool() -> list[Node]:
    """The origin of what Ringfence itself has seen or concluded."""
    return [{"actors": [{"type": "tool", "actor-uuid": _TOOL}]}]


def by_persons(case: Case, *roles_and_names: tuple[str, str]) -> list[Node]:
    """The origin of what persons have said."""
    actors = [
        {"type": "party", "actor-uuid": party_id(case, name), "role-id": role}
        for role, name in roles_and_names
    ]
    return [{"actors": actors}]


def local_definitions(case: Case) -> Node:
    """The system that was assessed and what assessed it."""
    running = case.assessment.facts.scope == Scope.RUNNING
    assessed = "Its running machines were assessed." if running else "Its files were assessed."
    return {
        "components": [
            {
                "uuid": system_id(case),
                "type": "this-system",
                "title": one_line(f"IP telephony of {case.organisation}, {case.domain}"),
                "description": f"The system that the site file of {case.domain} describes. "
                f"{assessed}",
                "props": [
                    prop("scope", case.assessment.facts.scope),
                    prop("rendered-state", case.state),
                ],
                "status": {"state": "operational" if running else "under-development"},
            }
        ],
        "assessment-assets": {
            "components": [
                {
                    "uuid": _TOOL,
                    "type": "software",
                    "title": "Ringfence",
                    "description": "Renders the system from its site file, looks at it and judges "
                    "what was seen. It belongs to the assessed party.",
                    "props": [prop("version", __version__)],
                    "status": {"state": "operational"},
                }
            ],
            "assessment-platforms": [
                {
                    "uuid": _PLATFORM,
                    "title": "The machine that runs Ringfence",
                    "uses-components": [{"component-uuid": _TOOL}],
                }
            ],
        },
    }


def _names(case: Case) -> Iterator[str]:
    for each in case.attestations:
        yield each.attestation.by
        yield from each.countersigned_by
    for deviations in (case.requirements.lowered, case.requirements.raised):
        for deviation in deviations.values():
            yield deviation.requested_by
            yield deviation.approved_by
