"""Profiles: what each level demands, and what is in force at a site.

The guide's levels do not nest (a mitigation of the minimum level can be replaced by a stronger
one higher up), so no profile imports another.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from ringfence import __version__
from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.catalog import GUIDE_YEAR
from ringfence.assess.oscal.ids import CATALOG_FILE, control_id, identify
from ringfence.assess.oscal.nodes import (
    Document,
    Node,
    back_matter,
    document,
    metadata,
    prop,
)
from ringfence.assess.oscal.parties import parties_head
from ringfence.guide import Level, MitigationId, catalogue, demanded_at
from ringfence.policy import Requirements
from ringfence.site.deviations import Deviation


def level_profile(level: Level, catalog: Document, modified: datetime) -> Document:
    """What the guide's table marks at a level."""
    head = metadata(
        f"Mitigations demanded at the {level} level",
        f"{GUIDE_YEAR}-{__version__}",
        modified,
        {"props": [prop("robustness", level)]},
    )
    return document("profile", head, _importing(catalog, demanded_at(level)))


def site_profile(case: Case, catalog: Document) -> Document:
    """What is in force at a site, each with the reason; what is lowered stands in the head."""
    requirements = case.requirements
    head = metadata(
        f"Mitigations in force at {case.organisation}, {case.domain}",
        case.version,
        case.now,
        {
            "props": [
                prop("robustness", case.site.level),
                *(
                    prop("section-robustness", level, group=prefix.lower())
                    for prefix, level in sorted(case.site.sections.items())
                ),
                *(
                    prop("absent", subject, remarks=why)
                    for subject, why in sorted(requirements.absent.items())
                ),
                *_lowered(requirements),
            ],
            "remarks": "\n\n".join(map(str, requirements.remarks)) or None,
            **parties_head(case),
        },
    )
    body = _importing(catalog, requirements.in_force)
    body["modify"] = {"alters": [_reasoned(requirements, id_) for id_ in requirements.in_force]}
    return document("profile", head, body)


def _importing(catalog: Document, ids: Iterable[MitigationId]) -> Node:
    wanted = frozenset(ids)
    resource = identify("resource", CATALOG_FILE)
    return {
        "imports": [
            {
                "href": f"#{resource}",
                "include-controls": [
                    {"with-ids": [control_id(id_) for id_ in catalogue().by_id if id_ in wanted]}
                ],
            }
        ],
        "merge": {"as-is": True},
        "back-matter": back_matter(
            [
                {
                    "uuid": resource,
                    "title": "The catalogue of mitigations",
                    "props": [prop("document-uuid", catalog.uuid)],
                    "rlinks": [{"href": CATALOG_FILE, "media-type": "application/json"}],
                }
            ]
        ),
    }


def _reasoned(requirements: Requirements, id_: MitigationId) -> Node:
    """The control with why it is in force: demanded by a level, adopted, or raised by whom."""
    raised = requirements.raised.get(id_)
    basis = "demanded" if id_ in requirements.demanded else "adopted"
    props = [
        prop("basis", "raised" if raised else basis),
        prop("in-force-because", requirements.in_force[id_]),
        *(_approval(raised) if raised else ()),
    ]
    return {"control-id": control_id(id_), "adds": [{"position": "ending", "props": props}]}


def _lowered(requirements: Requirements) -> Iterator[Node]:
    """What is done without: such a control is not imported, so nothing can be added to it."""
    for id_, each in sorted(requirements.lowered.items()):
        group = control_id(id_)
        yield prop("lowered", group, group=group, remarks=each.reason)
        yield from _approval(each, group)


def _approval(deviation: Deviation, group: str | None = None) -> list[Node]:
    return [
        prop(name, value, group=group)
        for name, value in (
            ("requested-by", deviation.requested_by),
            ("approved-by", deviation.approved_by),
            ("approved-on", deviation.date),
            ("expires", deviation.expires),
        )
    ]
