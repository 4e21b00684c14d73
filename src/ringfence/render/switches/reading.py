"""What the readers of all platforms share: lines, blocks by indentation, and facts said once.

A line that is not known is an error, never passed over: what is not understood must not be
believed to be harmless.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from ringfence.design.access import MANAGEMENT_PORTS, AccessSwitch, PortUse, SwitchPort
from ringfence.render.switches.text import CannotExpress

_CANNOT = re.compile(r"cannot ([A-Z]{3}-[0-9]{1,2}): (.+)")


class ReadError(ValueError):
    """A configuration cannot be read; the message names the line."""


class Parsed(BaseModel):
    """What a configuration says of its switch, and what it says that it cannot say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    switch: AccessSwitch
    gaps: tuple[CannotExpress, ...]


class Line(NamedTuple):
    """A line, as words, and the lines that stand deeper below it."""

    number: int
    words: tuple[str, ...]
    inner: list["Line"]

    def fail(self, why: str = "not understood") -> NoReturn:
        """End the reading here."""
        raise ReadError(f"line {self.number}: {why}: {' '.join(self.words)}")


def blocks(text: str, mark: str) -> list[Line]:
    """The lines that are no remarks, each with those that are indented further."""
    top: list[Line] = []
    open_blocks: list[tuple[int, list[Line]]] = [(-1, top)]
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if not stripped or stripped.startswith(mark):
            continue
        indent = len(raw) - len(raw.lstrip())
        while open_blocks[-1][0] >= indent:
            open_blocks.pop()
        line = Line(number, tuple(stripped.split()), [])
        open_blocks[-1][1].append(line)
        open_blocks.append((indent, line.inner))
    return top


def gaps(text: str, mark: str) -> tuple[CannotExpress, ...]:
    """What the remarks say that the platform cannot be told."""
    remarks = (line.removeprefix(mark).strip() for line in text.splitlines() if line[:1] == mark)
    found = (_CANNOT.fullmatch(remark) for remark in remarks)
    return tuple(CannotExpress(mitigation=each[1], why=each[2]) for each in found if each)


class Facts:
    """Facts by name, each said once."""

    def __init__(self) -> None:
        self._said: dict[str, Any] = {}

    def say(self, line: Line, name: str, value: object) -> None:
        """Note a fact; saying it again is an error."""
        if name in self._said:
            line.fail("said twice")
        self._said[name] = value

    def get(self, name: str, otherwise: Any = None) -> Any:
        """A fact, or something else if it was not said."""
        return self._said.get(name, otherwise)

    def has(self, *names: str) -> bool:
        """Whether all of these were said."""
        return all(name in self._said for name in names)

    def needed(self, name: str) -> Any:
        """A fact without which there is no switch."""
        if name not in self._said:
            raise ReadError(f"nothing says {name.replace('_', ' ')}")
        return self._said[name]


class PortFacts(Facts):
    """What is said of one port."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.macs: list[str] = []

    def describe(self, line: Line, words: Iterable[str]) -> None:
        """Take in a description: the use of the port, and whom it serves."""
        first, *rest = words
        try:
            self.say(line, "use", PortUse(first))
        except ValueError:
            line.fail("no use of a port")
        self.say(line, "label", " ".join(rest))


def port_of(facts: PortFacts, **more: object) -> SwitchPort:
    """The port that its facts make, with those that follow from others."""
    return SwitchPort(
        number=facts.number, use=facts.needed("use"), label=facts.needed("label"), **_typed(more)
    )


def switch_of(values: Mapping[str, object]) -> AccessSwitch:
    """The switch that the facts make; raises ReadError if they make none."""
    try:
        return AccessSwitch(**_typed(values))
    except ValidationError as error:
        raise ReadError(f"these facts make no switch: {error}") from None


def _typed(values: Mapping[str, object]) -> dict[str, Any]:
    return dict(values)


class Denied:
    """An access list that keeps devices from telephones' management ports, as it is read."""

    def __init__(self) -> None:
        self._ports: dict[IPv4Network, set[tuple[str, int]]] = {}
        self.ended = False

    def deny(self, line: Line, subnet: IPv4Network, protocol: str, port: str) -> None:
        """One line that denies."""
        if self.ended or not port.isdecimal():
            line.fail()
        self._ports.setdefault(subnet, set()).add((protocol, int(port)))

    def permit_rest(self, line: Line) -> None:
        """The line that permits everything else, which must be the last."""
        if self.ended:
            line.fail("said twice")
        self.ended = True

    @property
    def subnets(self) -> tuple[IPv4Network, ...]:
        """The subnets of which every management port is denied."""
        wanted = set(MANAGEMENT_PORTS)
        return tuple(sorted(net for net, ports in self._ports.items() if ports >= wanted))


def colons(line: Line, mac: str) -> str:
    """A MAC address as six groups of two digits."""
    digits = re.sub(r"[:.]", "", mac)
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        line.fail("no MAC address")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def address(line: Line, word: str) -> IPv4Address:
    """An IPv4 address."""
    try:
        return IPv4Address(word)
    except ValueError:
        line.fail("no IPv4 address")


def network(line: Line, word: str, mask: str | None = None) -> IPv4Network:
    """A subnet with a prefix length, or with a mask of either kind."""
    try:
        return IPv4Network(word if mask is None else f"{word}/{mask}")
    except ValueError:
        line.fail("no IPv4 subnet")


def number(line: Line, word: str) -> int:
    """A whole number."""
    if not word.isdecimal():
        line.fail("no number")
    return int(word)


def number_list(line: Line, word: str) -> tuple[int, ...]:
    """Numbers separated by commas."""
    return tuple(number(line, each) for each in word.split(","))
