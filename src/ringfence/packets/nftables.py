"""nftables rule files, read back: the part of the language that is rendered, and no more.

A word that is not known is an error, never passed over: what this reader does not understand
must not be believed to be harmless. See nft(8).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Never

from ringfence.packets.spans import Spans, of_network, spans

_TOKEN = re.compile(r'"[^"]*"|==|[{}=,]|[^\s{},]+')
_FIRST_PACKET = ["tcp", "flags", "&", "(fin|syn|rst|ack)", "==", "syn"]
_LIMIT = re.compile(r"[0-9]+/(second|minute)")
_INTERFACE = re.compile(r'"?([A-Za-z0-9_.-]{1,15})"?')
_HOOKS = {"prerouting", "input", "forward", "output"}
_PRIORITIES = {"raw", "filter"}
_LAST_PORT = 65535
STATES = ("new", "untracked", "invalid", "established", "related")
"""What connection tracking can say of a packet; what often goes together stands together."""

_Part = dict[str, Any]
"""Fields of a rule, by name."""


class RulesError(ValueError):
    """A rule file cannot be read; the message names the line."""


class Action(StrEnum):
    """What a rule does with a packet that it matches; ``go_on`` leaves it to the next rule."""

    ACCEPT = "accept"
    DROP = "drop"
    JUMP = "jump"
    LOOK_UP = "vmap"
    GO_ON = "go on"


@dataclass(frozen=True)
class Rule:
    """One rule: what it matches (all of it must hold), and what it does.

    ``not_from`` turns the match of the source address round. ``target`` is the chain of a jump
    or the map of a look-up by incoming and outgoing interface. ``limited`` rules match no more
    than so often. ``text`` is its line, without the comment.
    """

    line: int
    text: str = ""
    action: Action = Action.GO_ON
    target: str | None = None
    arriving: str | None = None
    leaving: str | None = None
    sources: Spans | None = None
    not_from: bool = False
    targets: Spans | None = None
    protocol: str | None = None
    ports: tuple[int, int] | None = None
    first_packet: bool = False
    states: frozenset[str] = frozenset()
    limited: bool = False
    log: str | None = None
    comment: str | None = None


@dataclass
class Chain:
    """Rules in order; a chain with a hook is where packets come in, and its policy their end."""

    name: str
    line: int = 0
    hook: str | None = None
    priority: str | None = None
    policy: Action = Action.ACCEPT
    rules: list[Rule] = field(default_factory=list)


@dataclass
class RuleSet:
    """The one table of a rule file: chains, and maps from a pair of interfaces to a chain."""

    chains: dict[str, Chain] = field(default_factory=dict)
    maps: dict[str, dict[tuple[str, str], str]] = field(default_factory=dict)

    def hooked(self, hook: str) -> tuple[Chain, ...]:
        """The chains at a hook."""
        return tuple(chain for chain in self.chains.values() if chain.hook == hook)


def parse(text: str) -> RuleSet:
    """Read a rule file.

    Raises:
        RulesError: something in it is not understood, or names what is not there.

    """
    found = RuleSet()
    lines = _Lines(text)
    if lines.take() != ["table", "inet", "ringfence"]:
        raise lines.error("expected the table to be named")
    if lines.take() != ["delete", "table", "inet", "ringfence"]:
        raise lines.error("expected the old table to be deleted in the same transaction")
    if lines.take() != ["table", "inet", "ringfence", "{"]:
        raise lines.error("expected the table")
    while (words := lines.take()) != ["}"]:
        match words:
            case ["map", name, "{"] if name not in found.maps:
                found.maps[name] = _map(lines)
            case ["chain", name, "{"] if name not in found.chains:
                found.chains[name] = _chain(name, lines)
            case _:
                raise lines.error("neither a new map nor a new chain")
    if (rest := lines.take_any()) is not None:
        raise lines.error(f"{rest} after the end of the table")
    _demand_whole(found)
    return found


class _Lines:
    """The lines that are no comments, one after the other, as words."""

    def __init__(self, text: str) -> None:
        self.number = 0
        self.text = ""
        self._rest = self._words(text)

    def _words(self, text: str) -> Iterator[list[str]]:
        for number, line in enumerate(text.splitlines(), start=1):
            self.number = number
            if line.strip() and not line.lstrip().startswith("#"):
                self.text = line.strip()
                yield _TOKEN.findall(line)

    def take_any(self) -> list[str] | None:
        """The next line, or nothing at the end."""
        return next(self._rest, None)

    def take(self) -> list[str]:
        """The next line; there must be one."""
        words = self.take_any()
        if words is None:
            raise self.error("the file ends early")
        return words

    def error(self, message: str) -> RulesError:
        """Something that is wrong with the present line."""
        return RulesError(f"line {self.number}: {message}")


def _map(lines: _Lines) -> dict[tuple[str, str], str]:
    if lines.take() != ["type", "ifname", ".", "ifname", ":", "verdict"]:
        raise lines.error("expected a map from two interfaces to a verdict")
    if lines.take() != ["elements", "=", "{"]:
        raise lines.error("expected the map's elements")
    found: dict[tuple[str, str], str] = {}
    while (words := lines.take()) != ["}"]:
        match words:
            case [source, ".", target, ":", "jump", chain, ","]:
                pair = _interface(source, lines), _interface(target, lines)
                if pair in found:
                    raise lines.error(f"{source} . {target} is in the map twice")
                found[pair] = chain
            case _:
                raise lines.error("not an element of a map")
    if lines.take() != ["}"]:
        raise lines.error("expected the end of the map")
    return found


def _chain(name: str, lines: _Lines) -> Chain:
    chain = Chain(name, lines.number)
    while (words := lines.take()) != ["}"]:
        match words:
            case ["type", "filter", "hook", hook, "priority", priority] if not (
                chain.hook or chain.rules
            ):
                if hook not in _HOOKS or priority not in _PRIORITIES:
                    raise lines.error(f"hook {hook} at priority {priority} is not known here")
                chain.hook, chain.priority = hook, priority
            case ["policy", "accept" | "drop" as policy] if chain.hook and not chain.rules:
                chain.policy = Action(policy)
            case _:
                chain.rules.append(_rule(words, lines))
    return chain


def _rule(words: list[str], lines: _Lines) -> Rule:
    found: _Part = {"line": lines.number, "text": lines.text.partition(" comment ")[0]}
    rest = words
    while rest:
        if "action" in found and rest[0] != "comment":
            raise lines.error(f"{' '.join(rest)!r} after the rule's action")
        part, rest = _match(rest, lines) or _effect(rest) or _not_understood(rest, lines)
        if twice := part.keys() & found.keys():
            raise lines.error(f"{', '.join(sorted(twice))} is stated twice")
        found.update(part)
    return Rule(**found)


def _match(words: list[str], lines: _Lines) -> tuple[_Part, list[str]] | None:
    """What a rule matches: one part of it, and the words after that part."""
    match words:
        case ["iifname", name, *rest] if name != ".":
            return {"arriving": _interface(name, lines)}, rest
        case ["oifname", name, *rest]:
            return {"leaving": _interface(name, lines)}, rest
        case ["ip", "saddr", "!=", *rest]:
            sources, rest = _addresses(rest, lines)
            return {"sources": sources, "not_from": True}, rest
        case ["ip", "saddr", *rest]:
            sources, rest = _addresses(rest, lines)
            return {"sources": sources}, rest
        case ["ip", "daddr", *rest]:
            targets, rest = _addresses(rest, lines)
            return {"targets": targets}, rest
        case ["tcp" | "udp" as protocol, "dport", ports, *rest]:
            return {"protocol": protocol, "ports": _ports(ports, lines)}, rest
        case ["ct", "state", state, *rest]:
            states = [state]
            while rest[:1] == [","]:
                states += rest[1:2]
                rest = rest[2:]
            if unknown := set(states) - set(STATES):
                raise lines.error(f"there is no state {', '.join(sorted(unknown))}")
            return {"states": frozenset(states)}, rest
        case _ if words[:6] == _FIRST_PACKET:
            return {"first_packet": True}, words[6:]
        case _:
            return None


def _effect(words: list[str]) -> tuple[_Part, list[str]] | None:
    """What a rule does: one part of it, and the words after that part."""
    match words:
        case ["iifname", ".", "oifname", "vmap", name, *rest]:
            return {"action": Action.LOOK_UP, "target": name.removeprefix("@")}, rest
        case ["limit", "rate", rate, "burst", _, "packets", *rest] if _LIMIT.fullmatch(rate):
            return {"limited": True}, rest
        case ["log", "prefix", prefix, "group", _, *rest]:
            return {"log": _unquoted(prefix)}, rest
        case ["counter", *rest]:
            return {}, rest
        case ["accept" | "drop" as action, *rest]:
            return {"action": Action(action)}, rest
        case ["jump", name, *rest]:
            return {"action": Action.JUMP, "target": name}, rest
        case ["comment", text]:
            return {"comment": _unquoted(text)}, []
        case _:
            return None


def _not_understood(words: list[str], lines: _Lines) -> Never:
    raise lines.error(f"not understood: {' '.join(words)}")


def _addresses(words: list[str], lines: _Lines) -> tuple[Spans, list[str]]:
    if words[:1] != ["{"]:
        return spans(_address_range(word, lines) for word in words[:1] or [""]), words[1:]
    end = words.index("}") if "}" in words else 0
    inside = words[1:end:2]
    if not inside or set(words[2:end:2]) - {","}:
        raise lines.error("not a set of addresses")
    return spans(_address_range(word, lines) for word in inside), words[end + 1 :]


def _address_range(word: str, lines: _Lines) -> tuple[int, int]:
    try:
        if "/" in word:
            return of_network(IPv4Network(word))
        first, _, last = word.partition("-")
        return _range(int(IPv4Address(first)), int(IPv4Address(last or first)), lines)
    except ValueError as error:
        raise lines.error(str(error)) from None


def _ports(word: str, lines: _Lines) -> tuple[int, int]:
    if not re.fullmatch(r"[0-9]{1,5}(-[0-9]{1,5})?", word):
        raise lines.error(f"{word} is no port")
    first, _, last = word.partition("-")
    if int(last or first) > _LAST_PORT:
        raise lines.error(f"{word} is no port")
    return _range(int(first), int(last or first), lines)


def _range(first: int, last: int, lines: _Lines) -> tuple[int, int]:
    if first > last:
        raise lines.error("a range ends before it begins")
    return first, last


def _interface(word: str, lines: _Lines) -> str:
    """An interface's full name: one that ends in a star would stand for many."""
    if (found := _INTERFACE.fullmatch(word)) is None:
        raise lines.error(f"{word} is no name of one interface")
    return found[1]


def _unquoted(word: str) -> str:
    return word.strip('"')


def _demand_whole(found: RuleSet) -> None:
    inner = {name for name, chain in found.chains.items() if chain.hook is None}
    for chain in found.chains.values():
        for rule in chain.rules:
            if rule.action == Action.JUMP and rule.target not in inner:
                raise RulesError(f"line {rule.line}: there is no chain {rule.target!r} to jump to")
            if rule.action == Action.LOOK_UP and rule.target not in found.maps:
                raise RulesError(f"line {rule.line}: there is no map {rule.target!r}")
    for name, entries in found.maps.items():
        for target in entries.values():
            if target not in inner:
                raise RulesError(f"map {name}: there is no chain {target!r} to jump to")
