"""What OSCAL asks of its documents, as far as tests of our own check it.

Patterns and enumerations are those of the OSCAL 1.2.1 JSON schema. That trestle reads the
documents is another matter: see script/second-opinion.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NS = "urn:ringfence:oscal"
TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
UUID5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
STRING = re.compile(r"\S(.*\S)?")
ILLEGIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
LINES = {"title", "version", "text"}
TIMES = {"start", "end", "collected", "expires", "deadline", "last-modified"}
TOKENS = {"id", "name", "class", "group", "rel", "role-id", "control-id", "objective-id"}
REFERENCES = {
    *("actor-uuid", "party-uuid", "subject-uuid", "component-uuid"),
    *("observation-uuid", "risk-uuid", "finding-uuid"),
}
CORE_PROPS = {"label", "sort-id"}
VALUES = {
    "state": {"satisfied", "not-satisfied", "operational", "under-development"},
    "status": {"open", "deviation-approved"},
    "status-change": {"deviation-approved"},
    "reason": {"pass", "fail", "other"},
    "lifecycle": {"recommendation"},
    "position": {"ending"},
}
METHODS = {"EXAMINE", "INTERVIEW", "TEST"}
REQUIRED = {
    "metadata": {"title", "last-modified", "version", "oscal-version"},
    "observations": {"uuid", "description", "methods", "collected"},
    "risks": {"uuid", "title", "description", "statement", "status"},
    "findings": {"uuid", "title", "description", "target"},
    "poam-items": {"uuid", "title", "description"},
    "results": {"uuid", "title", "description", "start", "reviewed-controls"},
    "attestations": {"parts"},
    "components": {"uuid", "type", "title", "description", "status"},
    "resources": {"uuid"},
    "parties": {"uuid", "type"},
    "roles": {"id", "title"},
    "groups": {"id", "title"},
    "controls": {"id", "title"},
    "parts": {"name"},
    "links": {"href"},
    "relevant-evidence": {"description"},
    "remediations": {"uuid", "lifecycle", "title", "description"},
    "control-selections": {"include-controls"},
}
ROOTS = {
    "catalog": {"uuid", "metadata", "groups", "back-matter"},
    "profile": {"uuid", "metadata", "imports", "merge", "back-matter"},
    "assessment-results": {"uuid", "metadata", "import-ap", "results", "back-matter"},
    "plan-of-action-and-milestones": {"uuid", "metadata", "system-id", "poam-items"},
}

Documents = dict[str, Any]
"""Bodies of documents by file name."""


def parsed(written: dict[str, bytes]) -> Documents:
    """The bodies of documents, without their roots' names."""
    return {name: next(iter(json.loads(data).values())) for name, data in sorted(written.items())}


def nodes(node: object, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a document, with the name of the member that holds it."""
    if isinstance(node, dict):
        yield key, node
        for name, value in node.items():
            yield from nodes(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value, key)


def values(node: object, key: str) -> list[Any]:
    """Every value of a member of that name, wherever it stands."""
    return [each[key] for _, each in nodes(node) if key in each]


def props(node: dict[str, Any], name: str) -> list[str]:
    """The values of an object's own properties of that name."""
    return [each["value"] for each in node.get("props", []) if each["name"] == name]


def prop(node: dict[str, Any], name: str) -> str:
    """The value of the one property of that name."""
    (value,) = props(node, name)
    return str(value)


def malformed(written: dict[str, bytes]) -> list[str]:
    """Say what is wrong with the form of documents; nothing, if all is well."""
    found: list[str] = []
    for file, data in written.items():
        whole = json.loads(data)
        ((root, body),) = whole.items()
        if missing := ROOTS[root] - body.keys():
            found.append(f"{file}: {root} lacks {missing}")
        for key, node in nodes(body, root):
            found += [f"{file}: {problem}" for problem in _wrong(key, node)]
    return found


def _wrong(key: str, node: dict[str, Any]) -> Iterator[str]:
    if missing := REQUIRED.get(key, set()) - node.keys():
        yield f"{key} lacks {missing}: {node}"
    if key == "props":
        yield from _wrong_prop(node)
    if key == "observations" and not METHODS.issuperset(node["methods"]):
        yield f"unknown method in {node['methods']}"
    for name, value in node.items():
        if value is None or value in ([], {}):
            yield f"{key}.{name} is empty"
        elif isinstance(value, str):
            is_name = key == "parties" and name == "name"
            yield from (
                f"{key}.{name} {words}: {value!r}" for words in _wrong_text(name, value, is_name)
            )


def _wrong_text(name: str, value: str, is_name: bool) -> Iterator[str]:
    if ILLEGIBLE.search(value):
        yield "is not legible"
    if name == "uuid" and not UUID5.fullmatch(value):
        yield "is no UUID of version 5"
    if name in TIMES and not TIME.fullmatch(value):
        yield "is no time in UTC"
    if name in TOKENS and not is_name and not TOKEN.fullmatch(value):
        yield "is no token"
    if (name in LINES or is_name) and not STRING.fullmatch(value):
        yield "is not on one line"
    if name in VALUES and value not in VALUES[name]:
        yield "is not known"


def _wrong_prop(node: dict[str, Any]) -> Iterator[str]:
    if not {"name", "value"} <= node.keys() <= {"name", "value", "ns", "group", "remarks"}:
        yield f"not a property: {node}"
    if not STRING.fullmatch(node["value"]):
        yield f"property {node['name']} is not on one line: {node['value']!r}"
    own = {NS, "http://csrc.nist.gov/ns/rmf"}
    if node.get("ns") not in own and node["name"] not in CORE_PROPS:
        yield f"property {node['name']} is not OSCAL's and not in our namespace"


def loose_ends(documents: Documents) -> list[str]:
    """Say which references of documents lead nowhere; nothing, if all is well."""
    known = Known.of(documents)
    return [
        f"{file}: {problem}"
        for file, body in documents.items()
        for problem in (*_told_twice(body, known), *_leading_nowhere(body, known))
    ]


@dataclass(frozen=True)
class Known:
    """What references may lead to, outside the document that they stand in."""

    controls: set[str]
    objectives: set[str]
    uuid_by_file: dict[str, str]
    by_uuid: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Documents) -> "Known":
        """Collect it from all the documents."""
        parts = [*nodes(documents["catalog.json"])]
        return cls(
            {each["id"] for key, each in parts if key == "controls"},
            {each["id"] for _, each in parts if each.get("name") == "assessment-objective"},
            {file: body["uuid"] for file, body in documents.items()},
        )


def _told_twice(body: dict[str, Any], known: Known) -> Iterator[str]:
    for key in ("id", "uuid"):
        found = values(body, key)
        yield from (f"{each} is given twice" for each in set(found) if found.count(each) > 1)
    for key, node in nodes(body):
        # One subject, one UUID, in whatever document: then it must be told alike.
        if key and "uuid" in node and known.by_uuid.setdefault(node["uuid"], node) != node:
            yield f"{node['uuid']} is told in two ways"


def _leading_nowhere(body: dict[str, Any], known: Known) -> Iterator[str]:
    inside = {*values(body, "uuid"), *values(body, "id")}
    roles = {each["id"] for each in body["metadata"].get("roles", [])}
    for key, node in nodes(body):
        href = node.get("href", "")
        named = {node[name] for name in REFERENCES & node.keys()} | {*node.get("party-uuids", [])}
        named |= {href[1:]} if href.startswith("#") else set()
        yield from (f"{key} {each}" for each in named - inside)
        yield from (f"control {each}" for each in _control_ids(node) - known.controls)
        aims = {node[name] for name in ("objective-id", "target-id") if name in node}
        yield from (f"objective {each}" for each in aims - known.objectives)
        if "role-id" in node and node["role-id"] not in roles:
            yield f"role {node['role-id']}"
        if key == "rlinks" and not href.startswith("https://") and href not in known.uuid_by_file:
            yield f"file {href}"
        if said := props(node, "document-uuid"):
            files = [each["href"] for each in node["rlinks"]]
            if said != [known.uuid_by_file.get(file) for file in files]:
                yield f"document {said}"


def _control_ids(node: dict[str, Any]) -> set[str]:
    told = ("control-id", "satisfied-by", "lowered")
    said = {node["control-id"]} if "control-id" in node else set()
    return (
        said | {*node.get("with-ids", [])} | {each for name in told for each in props(node, name)}
    )
