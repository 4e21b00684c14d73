"""Rules for Suricata, written and read back: the part of the language that is rendered.

A keyword that is not known, a value of the wrong form, a sid that comes twice or a variable that
nobody defines is an error. What is accepted here follows the manual of Suricata 7.0 (chapters
"Rules Format", "Meta", "Header", "Payload", "Flow", "Thresholding" and "SIP Keywords"). No
Suricata could be installed where this was written, so no engine has judged it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

from ringfence.packets.nftables import RulesError

_PROTOCOLS: Final = {"ip", "tcp", "udp", "icmp", "sip"}
_CLASSES: Final = {
    *("attempted-recon", "network-scan", "attempted-dos", "denial-of-service", "bad-unknown"),
    *("policy-violation", "misc-attack", "protocol-command-decode"),
}
_TRACKS: Final = "by_src|by_dst|by_both|by_rule"
_VALUES: Final = {
    "msg": r'"[A-Za-z0-9 ,:.()-]+"',
    "flow": r"(to_server|to_client|stateless)(,(established|not_established))?",
    "tcp.flags": r"S,CE",
    "itype": r"\d+",
    "app-layer-protocol": r"!?(tls|sip)",
    "sip.method": None,
    "content": r'"(?:[A-Za-z0-9 :./-]|\|[0-9a-f]{2}(?: [0-9a-f]{2})*\|)+"',
    "startswith": None,
    "nocase": None,
    "offset": r"\d+",
    "depth": r"\d+",
    "threshold": rf"type (both|limit), track ({_TRACKS}), count \d+, seconds \d+",
    "classtype": "|".join(sorted(_CLASSES)),
    "metadata": r"kind [a-z-]+",
    "sid": r"1[0-9]{6}",
    "rev": r"\d+",
}
"""Every keyword that may stand in a rule, and the form of its value; None if it has none."""
_NEEDED: Final = ("msg", "threshold", "classtype", "metadata", "sid", "rev")
_MODIFIERS: Final = {"startswith", "nocase", "offset", "depth"}
_NAME: Final = re.compile(r"\$[A-Z][A-Z0-9_]*")
_HEAD: Final = re.compile(r"alert (\S+) (\S+) (\S+) -> (\S+) (\S+) \((.*)\)")
_OPTION: Final = re.compile(r'([a-z.-]+)(?::((?:"[^"]*"|[^";])*))?; ?')
_HIGHEST_PORT: Final = 65535

Options = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Signature:
    """One rule: an alert about packets of a protocol from some place to another."""

    protocol: str
    source: str
    source_port: str
    target: str
    target_port: str
    options: Options

    def __str__(self) -> str:
        """The rule as Suricata reads it."""
        options = " ".join(
            f"{word};" if value is None else f"{word}:{value};" for word, value in self.options
        )
        return (
            f"alert {self.protocol} {self.source} {self.source_port} -> "
            f"{self.target} {self.target_port} ({options})"
        )

    def value(self, keyword: str) -> str:
        """The value of a keyword; raises KeyError if the rule does not have it."""
        for word, value in self.options:
            if word == keyword:
                return value or ""
        raise KeyError(keyword)

    @property
    def kind(self) -> str:
        """The kind of intrusion that it looks for."""
        return self.value("metadata").removeprefix("kind ")


def parse(text: str, variables: frozenset[str]) -> tuple[Signature, ...]:
    """Read rules; ``variables`` are the names that the settings define, without the dollar.

    Raises:
        RulesError: a line is not understood, or names what is not there.

    """
    found: list[Signature] = []
    sids: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        try:
            signature = _signature(line, variables)
        except RulesError as error:
            raise RulesError(f"line {number}: {error}") from None
        if (sid := signature.value("sid")) in sids:
            raise RulesError(f"line {number}: sid {sid} comes twice")
        sids.add(sid)
        found.append(signature)
    return tuple(found)


def _signature(line: str, variables: frozenset[str]) -> Signature:
    head = _HEAD.fullmatch(line)
    if head is None:
        raise RulesError(f"no rule: {line[:60]}")
    protocol, source, source_port, target, target_port, text = head.groups()
    if protocol not in _PROTOCOLS:
        raise RulesError(f"no protocol: {protocol}")
    for place in (source, target):
        _demand(place, variables, _is_network)
    for port in (source_port, target_port):
        _demand(port, variables, _is_port)
    options = tuple(_options(text))
    words = [word for word, _ in options]
    for word in _NEEDED:
        if words.count(word) != 1:
            raise RulesError(f"{words.count(word)} times {word}")
    for before, word in zip(["", *words], words, strict=False):
        if word in _MODIFIERS and before not in {"content", *_MODIFIERS}:
            raise RulesError(f"{word} does not follow a content")
    return Signature(protocol, source, source_port, target, target_port, options)


def _options(text: str) -> Iterator[tuple[str, str | None]]:
    at = 0
    while at < len(text):
        option = _OPTION.match(text, at)
        if option is None:
            raise RulesError(f"no option: {text[at : at + 40]}")
        word, value = option.groups()
        if word not in _VALUES:
            raise RulesError(f"not known: {word}")
        form = _VALUES[word]
        if (form is None) != (value is None) or (form and not re.fullmatch(form, value or "")):
            raise RulesError(f"{word} is {value}")
        yield word, value
        at = option.end()


def _demand(place: str, variables: frozenset[str], is_one: Callable[[str], bool]) -> None:
    """An address or port: any, one, a variable, several in brackets, or none of these."""
    plain = place.removeprefix("!")
    if plain == "any" and plain == place:
        return
    parts = plain[1:-1].split(",") if plain[:1] == "[" and plain[-1:] == "]" else [plain]
    for part in parts:
        if _NAME.fullmatch(part):
            if part[1:] not in variables:
                raise RulesError(f"nobody defines {part}")
        elif not is_one(part):
            raise RulesError(f"neither an address nor a port: {place}")


def _is_network(text: str) -> bool:
    try:
        IPv4Network(text)
    except ValueError:
        return False
    return True


def _is_port(text: str) -> bool:
    ports = text.split(":")
    return len(ports) in {1, 2} and all(
        port.isdigit() and int(port) <= _HIGHEST_PORT for port in ports
    )
