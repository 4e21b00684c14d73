"""The guide as an OSCAL catalogue: three parts, their sections, and a control a mitigation."""

from datetime import datetime
from typing import Final

from ringfence import __version__
from ringfence.assess.oscal.ids import (
    NAMESPACE,
    control_id,
    identify,
    nist_control_id,
    objective_id,
    statement_id,
)
from ringfence.assess.oscal.nodes import (
    METHODS,
    Document,
    Node,
    back_matter,
    core_prop,
    document,
    link,
    metadata,
    prop,
    pruned,
    yes_or_no,
)
from ringfence.guide import Catalogue, GuidePart, Method, Mitigation, Section, catalogue
from ringfence.probe.questions import about

GUIDE_YEAR: Final = 2005
RMF: Final = "http://csrc.nist.gov/ns/rmf"
"""NIST's namespace of the property that says how something is assessed."""

_PARTS: Final = {
    GuidePart.NETWORK: "IPT network",
    GuidePart.SERVER: "IPT servers",
    GuidePart.PHONE: "IPT phones",
}
_KNOWN: Final = {
    Method.PROVED: "proved from the rendered files, parsed back",
    Method.PROBED: "probed on the running system",
    Method.DRILLED: "drilled by breaking something on purpose",
    Method.INSPECTED: "inspected in a device's own state",
    Method.ATTESTED: "attested by a person, with evidence and an expiry",
}
_GUIDE: Final = identify("resource", "I332-016R-2005")
_NSA_2021: Final = identify("resource", "U/OO/153515-21")
_NIST_800_53: Final = identify("resource", "SP 800-53r5")


def catalog(modified: datetime) -> Document:
    """The whole guide as a catalogue that says when it was written out."""
    head = metadata(
        "Mitigations of the NSA's Security Guidance for Deploying IP Telephony Systems",
        f"{GUIDE_YEAR}-{__version__}",
        modified,
        {
            "remarks": "The mitigations are told in Ringfence's own words. Where later standards "
            "say otherwise, a control has the rule of today beside the text of 2005. References "
            "to SP 800-53 are Ringfence's own judgement, not NIST's."
        },
    )
    body = {"groups": _groups(catalogue()), "back-matter": back_matter(_resources())}
    return document("catalog", head, body)


def _groups(guide: Catalogue) -> list[Node]:
    numbered = list(enumerate(guide.sections, 1))
    return [
        {
            "id": part.value,
            "class": "part",
            "title": title,
            "groups": [_section(each, n) for n, each in numbered if each.part == part],
        }
        for part, title in _PARTS.items()
    ]


def _section(section: Section, number: int) -> Node:
    return {
        "id": section.prefix.lower(),
        "class": "section",
        "title": section.title,
        "props": [
            core_prop("label", section.prefix),
            core_prop("sort-id", f"{number:02}"),
            prop("page", section.page),
        ],
        "controls": [
            _control(each, f"{number:02}-{place:02}")
            for place, each in enumerate(section.mitigations, 1)
        ],
    }


def _control(mitigation: Mitigation, sort_id: str) -> Node:
    return {
        "id": control_id(mitigation.id),
        "class": "mitigation",
        "title": mitigation.title,
        "props": [
            core_prop("label", mitigation.id),
            core_prop("sort-id", sort_id),
            *(prop("robustness", level) for level in mitigation.levels),
            *(prop("known-by", method) for method in mitigation.known_by),
            prop("applies-to", mitigation.applies_to),
            prop("page", mitigation.page),
        ],
        "links": [
            link(f"#{_GUIDE}", text=f"page {mitigation.page}"),
            *(link(f"#{control_id(id_)}", "replaced-by") for id_ in mitigation.replaced_by),
            *(
                link(f"#{_NIST_800_53}", text=each, fragment=nist_control_id(each))
                for each in mitigation.references.nist_800_53
            ),
            *(link(f"#{_NSA_2021}", text=each) for each in mitigation.references.nsa_2021),
        ],
        "parts": [
            _statement(mitigation),
            {
                "id": f"{control_id(mitigation.id)}_gdn",
                "name": "guidance",
                "title": "The threat",
                "prose": mitigation.threat,
            },
            _objective(mitigation),
            *(_method(mitigation, method) for method in mitigation.known_by),
            *_modern(mitigation),
        ],
    }


def _statement(mitigation: Mitigation) -> Node:
    ways = [
        {"id": f"{statement_id(mitigation.id)}.{number}", "name": "item", "prose": way}
        for number, way in enumerate(mitigation.ways, 1)
    ]
    return pruned(
        {
            "id": statement_id(mitigation.id),
            "name": "statement",
            "prose": mitigation.statement,
            "props": [prop("any-item-will-do", "yes")] if ways else None,
            "parts": ways,
        }
    )


def _objective(mitigation: Mitigation) -> Node:
    known = "; or ".join(_KNOWN[method] for method in mitigation.known_by)
    return {
        "id": objective_id(mitigation.id),
        "name": "assessment-objective",
        "prose": f"Whether it holds at the site is {known}.",
    }


def _method(mitigation: Mitigation, method: Method) -> Node:
    """What is looked at; SP 800-53A calls it the objects of an assessment method."""
    objects = [
        f"{question.id}: {question.asks}"
        for question in about(mitigation.id)
        if question.method == method
    ]
    props = [
        {"name": "method", "ns": RMF, "value": METHODS[method]},
        prop("known-by", method),
    ]
    if method == Method.ATTESTED and mitigation.attest is not None:
        objects.append(mitigation.attest.look_at)
        props.append(prop("valid-days", mitigation.attest.valid_days))
    return {
        "id": f"{control_id(mitigation.id)}_asm-{method}",
        "name": "assessment-method",
        "props": props,
        "parts": [
            {
                "name": "assessment-objects",
                "prose": "\n\n".join(objects) or "Ringfence asks no question about it yet.",
            }
        ],
    }


def _modern(mitigation: Mitigation) -> list[Node]:
    if (modern := mitigation.modern) is None:
        return []
    return [
        {
            "id": f"{control_id(mitigation.id)}_mod",
            "name": "modern-rule",
            "ns": NAMESPACE,
            "title": "The rule of today",
            "props": [
                prop("source", modern.source),
                prop("supersedes", yes_or_no(modern.supersedes)),
            ],
            "prose": modern.rule,
        }
    ]


def _resources() -> list[Node]:
    return [
        {
            "uuid": _GUIDE,
            "title": "Security Guidance for Deploying IP Telephony Systems",
            "description": "The guide whose mitigations these are.",
            "document-ids": [{"identifier": "I332-016R-2005"}],
            "citation": {
                "text": "National Security Agency: Security Guidance for Deploying IP Telephony "
                "Systems. Report I332-016R-2005."
            },
        },
        {
            "uuid": _NSA_2021,
            "title": "Deploying Secure Unified Communications/Voice and Video over IP Systems",
            "description": "The NSA's later guidance on the same subject.",
            "document-ids": [{"identifier": "U/OO/153515-21"}],
            "citation": {
                "text": "National Security Agency: Deploying Secure Unified Communications/Voice "
                "and Video over IP Systems. Report U/OO/153515-21, June 2021."
            },
        },
        {
            "uuid": _NIST_800_53,
            "title": "Security and Privacy Controls for Information Systems and Organizations",
            "description": "The catalogue of controls that links with a fragment point into.",
            "document-ids": [
                {"scheme": "http://www.doi.org/", "identifier": "10.6028/NIST.SP.800-53r5"}
            ],
            "citation": {"text": "NIST Special Publication 800-53, revision 5."},
            "rlinks": [
                {
                    "href": "https://raw.githubusercontent.com/usnistgov/oscal-content/main/"
                    "nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json",
                    "media-type": "application/json",
                }
            ],
        },
    ]
