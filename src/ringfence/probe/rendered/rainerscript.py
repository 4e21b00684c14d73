"""A strict reader of what our rsyslog configurations are made of.

RainerScript, as the rsyslog 8 manual has it, "Configuration objects" and "Rulesets": objects with
parameters, some with a body, and ``set``. Whatever else could be written there (filters, legacy
directives, includes, ``stop``) changes where lines go, and is an error here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[(){}\[\],=;])"""
    r"""|(?P<word>[A-Za-z$!./_][A-Za-z0-9$!._/-]*)"""
)
_OBJECTS: Final = frozenset(
    {
        *("global", "module", "input", "action", "template", "ruleset", "lookup_table"),
        *("property", "constant"),
    }
)


class ConfigurationError(Exception):
    """The configuration cannot be read; the text says where."""


@dataclass(frozen=True)
class Object:
    """An object: what it is, its parameters, and what stands in its body."""

    kind: str
    parameters: dict[str, tuple[str, ...]]
    body: tuple["Object | Setting", ...] = ()

    def one(self, name: str) -> str | None:
        """A parameter's value, if it has exactly one."""
        values = self.parameters.get(name.lower(), ())
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True)
class Setting:
    """A variable and the expression that it is set to, as it is written."""

    variable: str
    expression: str


@dataclass(frozen=True)
class Configuration:
    """Everything that a file says, in order."""

    parts: tuple[Object | Setting, ...]

    def all(self, kind: str) -> tuple[Object, ...]:
        """Every object of a kind, those in bodies included."""
        return tuple(
            each for each in _deep(self.parts) if isinstance(each, Object) and each.kind == kind
        )

    def modules(self) -> frozenset[str]:
        """The names of the modules that are loaded."""
        return frozenset(each.one("load") or "?" for each in self.all("module"))


def parse(text: str) -> Configuration:
    """Read a configuration.

    Raises:
        ConfigurationError: it says something that is not known here.

    """
    reader = _Reader(tuple(_tokens(text)))
    return Configuration(tuple(reader.parts()))


def _deep(parts: tuple[Object | Setting, ...]) -> Iterator[Object | Setting]:
    for each in parts:
        yield each
        if isinstance(each, Object):
            yield from _deep(each.body)


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            line = text.count("\n", 0, place) + 1
            raise ConfigurationError(f"line {line}: {text[place : place + 20]!r}")
        if found.lastgroup != "space":
            yield found[0]
        place = found.end()


@dataclass
class _Reader:
    tokens: tuple[str, ...]
    at: int = field(default=0)

    def parts(self, end: str | None = None) -> Iterator[Object | Setting]:
        while self._peek() != end:
            word = self._take()
            if word == "set":
                yield self._setting()
            elif word.lower() in _OBJECTS:
                yield self._object(word.lower())
            else:
                raise ConfigurationError(f"{word!r} is not known here")
        if end is not None:
            self._expect(end)

    def _object(self, kind: str) -> Object:
        self._expect("(")
        parameters: dict[str, tuple[str, ...]] = {}
        while self._peek() != ")":
            name = self._take().lower()
            self._expect("=")
            if name in parameters:
                raise ConfigurationError(f"{kind}: {name} is said twice")
            parameters[name] = self._values()
        self._expect(")")
        body: tuple[Object | Setting, ...] = ()
        if self._peek() == "{":
            self._expect("{")
            body = tuple(self.parts("}"))
        return Object(kind, parameters, body)

    def _values(self) -> tuple[str, ...]:
        if self._peek() != "[":
            return (self._text(),)
        self._expect("[")
        values = [self._text()]
        while self._peek() == ",":
            self._expect(",")
            values.append(self._text())
        self._expect("]")
        return tuple(values)

    def _setting(self) -> Setting:
        variable = self._take()
        self._expect("=")
        words = []
        while self._peek() != ";":
            words.append(self._take())
        self._expect(";")
        return Setting(variable, "".join(words))

    def _text(self) -> str:
        token = self._take()
        if not token.startswith('"'):
            raise ConfigurationError(f"{token!r} stands where a text was expected")
        return token[1:-1]

    def _peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self) -> str:
        token = self._peek()
        if token is None:
            raise ConfigurationError("it ends in the middle of something")
        self.at += 1
        return token

    def _expect(self, wanted: str) -> None:
        found = self._take()
        if found != wanted:
            raise ConfigurationError(f"{found!r} stands where {wanted!r} was expected")
