"""Mirror rules, read back: which ports of a switch are copied to which other port.

The file that is rendered and the kernel's own listing of it are both understood; nothing else is.
See nft(8), the netdev family.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.packets.nftables import RulesError

_DEVICE = r'"?[a-z0-9][a-z0-9_.-]{0,14}"?'
_HOOK = re.compile(
    rf"type filter hook ingress (?:device ({_DEVICE})"
    rf"|devices = \{{ ({_DEVICE}(?:, {_DEVICE})*) \}}) priority -500"
)
_COPY = re.compile(rf"counter(?: packets \d+ bytes \d+)? dup to ({_DEVICE})")
_SILENCE = re.compile(r"counter(?: packets \d+ bytes \d+)? drop")
_CHAIN = re.compile(r"chain ([a-z][a-z0-9_]*) \{")


@dataclass(frozen=True)
class Copies:
    """What comes in at some ports is copied to another."""

    ports: frozenset[str]
    ear: str


@dataclass(frozen=True)
class Mirrors:
    """Everything that a file of mirror rules does.

    ``silent`` are the ports at which nothing is taken in.
    """

    copies: tuple[Copies, ...]
    silent: frozenset[str]


def parse(text: str) -> Mirrors:
    """Read mirror rules.

    Raises:
        RulesError: something in it is not understood.

    """
    lines = _lines(text)
    if lines[:2] == ["table netdev mirror", "delete table netdev mirror"]:
        lines = lines[2:]
    if lines[:1] != ["table netdev mirror {"] or lines[-1:] != ["}"]:
        raise RulesError("no table of mirror rules")
    copies: list[Copies] = []
    silent: set[str] = set()
    names: set[str] = set()
    for name, hook, policy, rule in _chains(lines[1:-1]):
        if name in names:
            raise RulesError(f"two chains {name}")
        names.add(name)
        devices = _devices(hook)
        if policy == "policy accept" and (copy := _COPY.fullmatch(rule)):
            copies.append(Copies(devices, copy[1].strip('"')))
        elif policy == "policy drop" and _SILENCE.fullmatch(rule):
            silent |= devices
        else:
            raise RulesError(f"chain {name} is no mirror: {policy}; {rule}")
    return Mirrors(tuple(copies), frozenset(silent))


def _lines(text: str) -> list[str]:
    """The lines without comments; a list over several lines is one, as is each statement."""
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    text = re.sub(r"\{([^{}]*),\s*\n([^{}]*)\}", lambda found: re.sub(r"\s+", " ", found[0]), text)
    pieces = (piece.strip() for line in text.splitlines() for piece in line.split(";"))
    return [re.sub(r"\s+", " ", piece) for piece in pieces if piece]


def _chains(lines: list[str]) -> Iterator[tuple[str, str, str, str]]:
    if len(lines) % 5:
        raise RulesError("a chain that is not a hook, a policy and one rule")
    for at in range(0, len(lines), 5):
        head, hook, policy, rule, end = lines[at : at + 5]
        named = _CHAIN.fullmatch(head)
        if named is None or end != "}":
            raise RulesError(f"expected a chain: {head}")
        yield named[1], hook, policy, rule


def _devices(hook: str) -> frozenset[str]:
    found = _HOOK.fullmatch(hook)
    if found is None:
        raise RulesError(f"no hook of a mirror: {hook}")
    return frozenset(word.strip('"') for word in (found[1] or found[2]).split(", "))
