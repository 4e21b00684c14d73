"""A checklist for STIG Viewer 3 (CKLB, its JSON format).

DISA publishes no definition of CKLB. The keys and the types of their values are those of 28 files
among the tests of STIG Manager's parser (NUWCDIVNPT/stig-manager-client-modules), which came from
STIG Viewer 3 and Evaluate-STIG. That parser was run on a file of ours and read every rule with the
status meant. What it insists on is kept: a ``target_data.host_name`` of 255 characters at most, a
``stig_id``, a ``release_info`` of the form "Release: n ...", a ``rule_id_src`` of 45 characters at
most, and four status words. No copy of STIG Viewer was there to open a file with, and the guide is
no STIG: a tool that takes only benchmarks of DISA's will refuse it.

The status is ``not_reviewed`` unless the verdict says satisfied, not satisfied or not applicable.
A deviation that somebody approved is not reviewed, and its comment says so.

The severity follows from the weakest level that asks for a mitigation: minimum gives high (CAT I),
medium gives medium, and highest gives low, because what the guide wants of everybody matters most.
"""

from typing import Final

from ringfence import __version__
from ringfence.assess.model import Assessment, Judgement, Scope, Verdict
from ringfence.assess.report.exchange import Node, evidence, identify, json_bytes
from ringfence.assess.report.reading import answered_for
from ringfence.assess.report.words import LEVELS, METHODS, VERDICTS, listed, moment, sentence
from ringfence.guide import Level, Mitigation, Section, catalogue
from ringfence.policy import Requirements
from ringfence.probe.questions import about
from ringfence.site.model import Site

STIG_ID: Final = "Ringfence_IPT_Guide"
_NAME: Final = "Security Guidance for Deploying IP Telephony Systems (NSA, 2005), by Ringfence"

_STATUSES: Final = {
    Verdict.SATISFIED: "not_a_finding",
    Verdict.NOT_SATISFIED: "open",
    Verdict.NOT_APPLICABLE: "not_applicable",
}
_SEVERITIES: Final = {Level.MINIMUM: "high", Level.MEDIUM: "medium", Level.HIGHEST: "low"}


def cklb(assessment: Assessment, site: Site, requirements: Requirements) -> bytes:
    """Write a checklist with a rule for each mitigation that the site answers for.

    The same input gives the same bytes.
    """
    stig = str(identify("stig", site.domain))
    wanted = answered_for(requirements)
    rules = [
        _rule(assessment.judgements[each.id], section, site, stig)
        for section in catalogue().sections
        for each in section.mitigations
        if each.id in wanted
    ]
    return json_bytes(
        {
            "title": f"{site.organisation}: IP telephony, {assessment.now.date()}",
            "id": str(identify("checklist", site.domain, moment(assessment.now))),
            "active": False,
            "mode": 2,
            "has_path": True,
            "cklb_version": "1.0",
            "target_data": _target(assessment, site),
            "stigs": [
                {
                    "stig_name": _NAME,
                    "display_name": "IP telephony (Ringfence)",
                    "stig_id": STIG_ID,
                    "version": "1",
                    "release_info": f"Release: 1 Written by Ringfence {__version__}",
                    "uuid": stig,
                    "reference_identifier": "I332-016R-2005",
                    "size": len(rules),
                    "rules": rules,
                },
            ],
        },
    )


def _target(assessment: Assessment, site: Site) -> Node:
    running = assessment.facts.scope == Scope.RUNNING
    spoken_of = "the running system" if running else "the design"
    return {
        "target_type": "Non-Computing",
        "host_name": site.domain,
        "fqdn": site.domain,
        "ip_address": "",
        "mac_address": "",
        "comments": f"{site.level} level; speaks of {spoken_of} in state {assessment.facts.state}",
        "role": "None",
        "is_web_database": False,
        "technology_area": "VVOIP Review",
        "web_db_site": "",
        "web_db_instance": "",
    }


def _rule(judgement: Judgement, section: Section, site: Site, stig: str) -> Node:
    mitigation = judgement.mitigation
    return {
        "uuid": str(identify("rule", site.domain, mitigation.id)),
        "stig_uuid": stig,
        "STIGUuid": stig,
        "stig_ref": None,
        "target_key": None,
        "group_id": mitigation.id,
        "group_title": section.title,
        "group_tree": [
            {
                "id": mitigation.id,
                "title": section.title,
                "description": "<GroupDescription></GroupDescription>",
            },
        ],
        "rule_id": mitigation.id,
        "rule_id_src": f"{mitigation.id}_rule",
        "rule_version": mitigation.id,
        "rule_title": mitigation.title,
        "severity": next(_SEVERITIES[level] for level in Level if level in mitigation.levels),
        "weight": "10.0",
        "classification": "NONE",
        "discussion": _discussion(mitigation),
        "check_content": _check(mitigation),
        "check_content_ref": {"href": "", "name": "M"},
        "fix_text": mitigation.statement,
        "false_positives": "",
        "false_negatives": "",
        "documentable": "false",
        "security_override_guidance": "",
        "potential_impacts": "",
        "third_party_tools": "",
        "ia_controls": ", ".join(mitigation.references.nist_800_53),
        "responsibility": "",
        "mitigations": "",
        "mitigation_control": "",
        "legacy_ids": [],
        "ccis": [],
        "createdAt": None,
        "updatedAt": None,
        "status": _STATUSES.get(judgement.verdict, "not_reviewed"),
        "overrides": {},
        "finding_details": _details(judgement),
        "comments": _comments(judgement),
    }


def _discussion(mitigation: Mitigation) -> str:
    modern = mitigation.modern
    levels = listed(LEVELS[level].lower() for level in mitigation.levels)
    lines = [
        f"{mitigation.threat}",
        f"The guide asks for it at: {levels} (page {mitigation.page}).",
    ]
    if modern is not None:
        role = "in its place" if modern.supersedes else "as well"
        lines.append(f"Today's rule, assessed {role}: {modern.rule} ({modern.source})")
    return "\n\n".join(lines)


def _check(mitigation: Mitigation) -> str:
    lines = [f"{question.asks} {question.limits}".strip() for question in about(mitigation.id)]
    if mitigation.attest is not None:
        lines.append(mitigation.attest.look_at)
    methods = listed((METHODS[each].lower() for each in mitigation.known_by), "or")
    return "\n\n".join([f"It can be known this way: {methods}.", *lines])


def _details(judgement: Judgement) -> str:
    return "\n".join(part for part in (sentence(judgement.because), evidence(judgement)) if part)


def _comments(judgement: Judgement) -> str:
    lines = [f"Ringfence says: {VERDICTS[judgement.verdict].lower()} ({judgement.verdict})."]
    if (accepted := judgement.deviation) is not None:
        lines.append(
            f"{accepted.approved_by} accepted this on {accepted.date}, until {accepted.expires}, "
            f"asked by {accepted.requested_by}: {sentence(accepted.reason)} An assessor must "
            "decide what that is worth.",
        )
    if judgement.todo:
        lines.append(judgement.todo)
    return "\n".join(lines)
