"""A small, safe part of YAML, as a tree that remembers lines.

Mappings, lists and plain values only: no anchors, aliases, tags, complex keys or several
documents. Values stay as they are written, so that a country ``NO`` is no boolean and an
extension ``0123`` keeps its zero. See https://yaml.org/spec/1.1/.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from ringfence.site.problems import SiteError, shown
from ringfence.site.text import read_text

MEGABYTES = 16
"""The largest file that is read."""
DEPTH = 20
"""The deepest nesting that is read."""
VALUES = 250_000
"""The most values, keys among them, that are read; a phone takes about ten."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_HINTS: Final = {
    "mapping values are not allowed in this context": (
        "a colon stands where none is expected: indent the line as its neighbours are, "
        "or put quotes around a value that holds ': '"
    ),
    "found character that cannot start any token": (
        "indent with spaces, not tabs, and put quotes around a value that begins with @ ` or %"
    ),
    "found a tab character that violates indentation": "indent with spaces",
    "did not find expected key": "indent the line as its neighbours are",
    "did not find expected '-' indicator": "indent the line as its neighbours are",
    "could not find expected ':'": "every entry reads 'key: value', with a space after the colon",
    "found unexpected end of stream": "a quote is opened and never closed",
}


class Scalar(NamedTuple):
    """A single value as text; an unquoted empty value or ``null`` is none."""

    line: int
    text: str | None


class Sequence(NamedTuple):
    """A list."""

    line: int
    items: list["Node"]


class Mapping(NamedTuple):
    """Keys and their values; ``lines`` has the line of each key."""

    line: int
    lines: dict[str, int]
    values: dict[str, "Node"]


Node = Scalar | Sequence | Mapping


def read_yaml(path: Path) -> Node:
    """Read a YAML file.

    Raises:
        SiteError: it cannot be read, is not YAML, or uses what is not supported.

    """
    text = read_text(path, MEGABYTES)
    try:
        root = _tree(path, yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "something is amiss"
        hint = f" ({_HINTS[what]})" if what in _HINTS else ""
        line = mark.line + 1 if mark else None
        raise SiteError.of(path, line, "", f"is not YAML: {what}{hint}") from None
    except yaml.YAMLError as error:
        raise SiteError.of(path, None, "", f"is not YAML: {error}") from None
    if root is None or root == Scalar(root.line, None):
        raise SiteError.of(path, 1, "", "the file is empty")
    return root


def plain(node: Node) -> object:
    """The tree without its lines: dictionaries, lists, strings and none."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(value) for key, value in node.values.items()}


def line_of(node: Node, path: tuple[int | str, ...]) -> int:
    """The line of what lies at a path, or of the nearest thing above it that exists."""
    line = node.line
    for part in path:
        match node:
            case Mapping() if part in node.values:
                line, node = node.lines[str(part)], node.values[str(part)]
            case Sequence() if isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                line = node.line
            case _:
                break
    return line


def _tree(path: Path, events: Iterator[yaml.Event]) -> Node | None:
    builder = _Builder(path)
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.ScalarEvent(anchor=None, tag=None):
                empty = event.implicit[0] and event.value in _NULLS
                builder.add(Scalar(line, None if empty else event.value))
            case yaml.SequenceStartEvent(anchor=None, tag=None):
                builder.open(Sequence(line, []))
            case yaml.MappingStartEvent(anchor=None, tag=None):
                builder.open(Mapping(line, {}, {}))
            case yaml.CollectionEndEvent():
                builder.close()
            case yaml.AliasEvent():
                raise _refusal(path, line, f"aliases (*{event.anchor:.40}) are not supported")
            case yaml.NodeEvent() if event.anchor is not None:
                raise _refusal(path, line, f"anchors (&{event.anchor:.40}) are not supported")
            case yaml.ScalarEvent() | yaml.CollectionStartEvent():
                raise _refusal(path, line, f"tags ({event.tag:.40}) are not supported")
            case yaml.DocumentStartEvent() if builder.root is not None:
                raise _refusal(path, line, "a second document starts here; one is enough")
    return builder.root


class _Builder:
    """Puts nodes in their places, with a stack of its own so that none can exhaust Python's."""

    def __init__(self, path: Path) -> None:
        self.root: Node | None = None
        self._path = path
        self._count = 0
        self._parents: list[Sequence | Mapping] = []
        self._keys: list[str | None] = []

    def add(self, node: Node) -> None:
        """Place a node as the next item, key or value of the innermost open node."""
        self._count += 1
        if self._count > VALUES:
            message = f"more than {VALUES} values; a long list of phones belongs in a CSV file"
            raise _refusal(self._path, node.line, message)
        if not self._parents:
            self.root = node
            return
        match self._parents[-1]:
            case Sequence() as parent:
                parent.items.append(node)
            case Mapping() as parent if (key := self._keys[-1]) is not None:
                parent.values[key] = node
                self._keys[-1] = None
            case Mapping() as parent:
                self._keys[-1] = _new_key(self._path, parent, node)

    def open(self, node: Sequence | Mapping) -> None:
        """Place a list or mapping; what comes next belongs to it."""
        self.add(node)
        if len(self._parents) == DEPTH:
            raise _refusal(self._path, node.line, f"nested deeper than {DEPTH} levels")
        self._parents.append(node)
        self._keys.append(None)

    def close(self) -> None:
        """End the innermost open list or mapping."""
        self._parents.pop()
        self._keys.pop()


def _new_key(path: Path, parent: Mapping, node: Node) -> str:
    if not isinstance(node, Scalar) or node.text is None:
        raise _refusal(path, node.line, "a key must be a word, not a list, a mapping or nothing")
    if node.text in parent.lines:
        first = parent.lines[node.text]
        raise _refusal(path, node.line, f"the key {shown(node.text)} is on line {first} already")
    parent.lines[node.text] = node.line
    return node.text


def _refusal(path: Path, line: int, message: str) -> SiteError:
    return SiteError.of(path, line, "", message)
