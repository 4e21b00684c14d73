"""JUnit XML, so that a build server can show verdicts as it shows tests.

The format is what Ant's JUnit task writes; every attribute that its widely used schema demands is
there. A build server lets skipped tests pass, and what is not known is skipped here, so a green
build does not mean that a level is met. The exit status of ``ringfence assess`` is the gate.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Final
from xml.etree import ElementTree as ET

from ringfence.assess.model import Assessment, Judgement, Verdict
from ringfence.assess.report.exchange import evidence
from ringfence.assess.report.markup import legible
from ringfence.assess.report.reading import answered_for
from ringfence.assess.report.words import VERDICTS, sentence
from ringfence.guide import Section, catalogue
from ringfence.policy import Requirements

_CHILDREN: Final[Mapping[Verdict, str | None]] = {
    Verdict.SATISFIED: None,
    Verdict.NOT_SATISFIED: "failure",
    Verdict.ERROR: "error",
    Verdict.NOT_TESTED: "skipped",
    Verdict.STALE: "skipped",
    Verdict.DEVIATED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}


def junit(assessment: Assessment, requirements: Requirements) -> bytes:
    """Write a test suite for each section, with a test case for each mitigation it answers for.

    The same input gives the same bytes.
    """
    wanted = answered_for(requirements)
    root = ET.Element("testsuites", {"name": legible(f"ringfence {assessment.domain}")})
    total: list[Judgement] = []
    for section in catalogue().sections:
        found = [assessment.judgements[m.id] for m in section.mitigations if m.id in wanted]
        if found:
            root.append(_suite(len(root), section, found, assessment))
            total += found
    root.attrib |= _counts(total)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(
    number: int,
    section: Section,
    judgements: list[Judgement],
    assessment: Assessment,
) -> ET.Element:
    now = assessment.now.astimezone(UTC)
    suite = ET.Element(
        "testsuite",
        {
            "name": legible(f"{section.prefix} {section.title}"),
            "id": str(number),
            "package": f"ringfence.{section.part}",
            "hostname": legible(assessment.domain),
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}",
            **_counts(judgements),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("scope", assessment.facts.scope),
        ("state", assessment.facts.state),
    ):
        ET.SubElement(properties, "property", {"name": name, "value": legible(value)})
    suite.extend(_case(each, section) for each in judgements)
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    return suite


def _case(judgement: Judgement, section: Section) -> ET.Element:
    mitigation, verdict = judgement.mitigation, judgement.verdict
    case = ET.Element(
        "testcase",
        {
            "classname": f"ringfence.{section.part}.{section.prefix}",
            "name": legible(f"{mitigation.id} {mitigation.title}"),
            "time": "0",
        },
    )
    if (kind := _CHILDREN[verdict]) is not None:
        because = sentence(judgement.because)
        message = legible(f"{VERDICTS[verdict]}: {because}")
        attributes = {"message": message}
        if kind != "skipped":
            attributes["type"] = str(verdict)
        told = (because, judgement.todo, evidence(judgement))
        child = ET.SubElement(case, kind, attributes)
        child.text = legible("\n".join(each for each in told if each))
    return case


def _counts(judgements: Iterable[Judgement]) -> dict[str, str]:
    kinds = [_CHILDREN[each.verdict] for each in judgements]
    return {
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": "0",
    }
