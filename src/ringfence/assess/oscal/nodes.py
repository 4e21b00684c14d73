"""The pieces that OSCAL documents are made of: properties, links, texts, times, whole files."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from ringfence.assess.oscal.ids import NAMESPACE, identify
from ringfence.guide import Method

Node = dict[str, object]
"""An object of a document; exports are the edge of the program, so plain dicts are right here."""

OSCAL_VERSION: Final = "1.2.1"
METHODS: Final[Mapping[Method, str]] = {
    Method.PROVED: "EXAMINE",
    Method.PROBED: "TEST",
    Method.DRILLED: "TEST",
    Method.INSPECTED: "EXAMINE",
    Method.ATTESTED: "INTERVIEW",
}
"""Our ways of knowing in the words of SP 800-53A; each is also told finer, as ``known-by``."""

_ILLEGIBLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 has no place for: OSCAL tools turn JSON into XML."""


def pruned(node: Mapping[str, object]) -> Node:
    """Leave out what is not there: OSCAL has neither null nor empty lists."""
    return {key: value for key, value in node.items() if value not in (None, [], ())}


def one_line(text: str) -> str:
    """A text as titles and properties have it: on one line, never empty."""
    return " ".join(_ILLEGIBLE.sub("\ufffd", text).split()) or "-"


def prop(name: str, value: object, *, group: str | None = None, remarks: str = "") -> Node:
    """A property in our own namespace."""
    return pruned(
        {
            "name": name,
            "ns": NAMESPACE,
            "value": one_line(str(value)),
            "group": group,
            "remarks": remarks or None,
        }
    )


def core_prop(name: str, value: str) -> Node:
    """A property that OSCAL itself defines."""
    return {"name": name, "value": one_line(value)}


def yes_or_no(answer: bool) -> str:
    """A truth value as a property has it."""
    return "yes" if answer else "no"


def link(
    href: str,
    rel: str = "reference",
    text: str | None = None,
    fragment: str | None = None,
) -> Node:
    """A link; ``fragment`` is a place inside the resource that it names."""
    return pruned(
        {
            "href": href,
            "rel": rel,
            "text": text and one_line(text),
            "resource-fragment": fragment,
        }
    )


def moment(when: datetime) -> str:
    """A time in UTC, as RFC 3339 writes it; refuses one without a time zone."""
    if when.tzinfo is None:
        raise ValueError(f"{when} has no time zone, so it names no moment")
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def start_of(day: date) -> str:
    """The moment at which a day begins, where only the day is known."""
    return f"{day.isoformat()}T00:00:00Z"


def metadata(
    title: str,
    version: str,
    modified: datetime,
    more: Mapping[str, object] | None = None,
) -> Node:
    """The head of a document."""
    return pruned(
        {
            "title": one_line(title),
            "last-modified": moment(modified),
            "version": one_line(version),
            "oscal-version": OSCAL_VERSION,
            **(more or {}),
        }
    )


@dataclass(frozen=True)
class Document:
    """A whole document: its root's name, its UUID, and all else."""

    root: str
    uuid: str
    body: Node

    def written(self) -> bytes:
        """The document as bytes: sorted keys, so that the same says the same."""
        return (_text({self.root: {"uuid": self.uuid, **self.body}}, indent=1) + "\n").encode()


def document(root: str, head: Node, body: Mapping[str, object]) -> Document:
    """Make a document, with a UUID that follows from all that it says except its date."""
    undated = {key: value for key, value in head.items() if key != "last-modified"}
    said = _text({**pruned(body), "metadata": undated})
    return Document(root, identify("document", root, said), {**pruned(body), "metadata": head})


def back_matter(resources: Iterable[Node]) -> Node:
    """The resources that a document's links point to."""
    return {"resources": list(resources)}


def _text(node: object, indent: int | None = None) -> str:
    return json.dumps(_legible(node), sort_keys=True, ensure_ascii=False, indent=indent)


def _legible(node: object) -> object:
    match node:
        case str():
            return _ILLEGIBLE.sub("\ufffd", node)
        case dict():
            return {key: _legible(value) for key, value in node.items()}
        case list() | tuple():
            return [_legible(each) for each in node]
        case _:
            return node
