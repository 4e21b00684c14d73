"""Settings and rules for Suricata, for sites whose traffic is more than one core of Python reads.

They come from the same list as the sensor's own limits (``sensor/rules.py``). What Suricata 7.0
cannot see is said in the file, kind by kind. No package of it was at hand, so the text was checked
against the manual and by a strict reader (``packets/suricata.py``), and by no engine.
"""

from collections.abc import Iterator
from typing import Final

from ringfence.design.model import IPT_KINDS, Design, Host, HostKind, Zone
from ringfence.packets.suricata import Options, Signature
from ringfence.render.files import File
from ringfence.render.suricata_settings import address_groups, settings, variable
from ringfence.sensor.rules import RULES, SCANNERS, SIP_REQUESTS, Kind, Limit

RULES_PATH: Final = "/etc/suricata/rules/ringfence.rules"
SETTINGS_PATH: Final = "/etc/suricata/suricata.yaml"
_ACCOUNT: Final = "/etc/sysusers.d/ringfence-suricata.conf"
_FIRST_SID: Final = 1700000
"""From 1000000 to 1999999 is kept for rules of one's own."""
_SIDS_A_KIND: Final = 100
_SYN: Options = (("flow", "stateless"), ("tcp.flags", "S,CE"))
_TO_SERVER: Options = (("flow", "to_server"),)

CANNOT: Final = {
    Kind.SLOW_DRIP: "a rule sees packets, and this is their absence",
    Kind.ARP_BINDING: "its rules do not see ARP",
    Kind.DUPLICATE_ADDRESS: "its rules do not see ARP",
    Kind.ARP_FLOOD: "its rules do not see ARP",
    Kind.DHCP_STARVATION: "its thresholds count packets, not clients",
    Kind.MAC_FLOOD: "its rules do not see MAC addresses",
    Kind.FOREIGN_SOURCE: "its rules do not see at which mirror port a packet came in",
}
"""Kinds that stay with our own sensor, and why."""

_PARTLY: Final = {
    Kind.PORT_SCAN: "counts attempts, not ports",
    Kind.ADDRESS_SCAN: "counts attempts, not addresses",
    Kind.SLOW_SCAN: "counts attempts, not ports and addresses",
    Kind.ICMP_SWEEP: "counts echo requests, not addresses",
    Kind.TLS_REFUSED: "sees refusals of TLS 1.2 only: those of TLS 1.3 are encrypted",
    Kind.DHCP_SERVER: "knows servers by IP address only",
}


def files(design: Design, host: Host) -> tuple[File, ...]:
    """Settings, rules, and the account that Suricata drops its privileges to."""
    asked = " ".join(design.asked_by("NID-1"))
    account = f'# Suricata, where it is installed: {asked}\nu suricata - "Suricata"\n'
    return (
        File(path=SETTINGS_PATH, text=settings(design, host), mode=0o640),
        File(path=RULES_PATH, text=_text(design, asked), mode=0o640),
        File(path=_ACCOUNT, text=account),
    )


def signatures(design: Design) -> tuple[Signature, ...]:
    """Every rule, in the order of kinds."""
    made = _Maker(design)
    return tuple(signature for rule in RULES for signature in made.of(rule.kind))


def _text(design: Design, asked: str) -> str:
    lines = [
        f"# What Suricata watches for: {asked}",
        "# Checked against the manual of Suricata 7.0 and by a reader of our own, by no engine.",
        "# What crosses from zone to zone is seen in both, so its packets count twice.",
    ]
    made = _Maker(design)
    for rule in RULES:
        lines += ["", f"# {rule.kind}: {rule.answers}."]
        if rule.kind in CANNOT:
            lines.append(f"# Not here: {CANNOT[rule.kind]}. Our own sensor sees it.")
        elif rule.kind in _PARTLY:
            lines.append(f"# Our own sensor sees more: this {_PARTLY[rule.kind]}.")
        lines += [str(signature) for signature in made.of(rule.kind)]
    return "\n".join([*lines, ""])


class _Maker:
    """Makes the rules of one design."""

    def __init__(self, design: Design) -> None:
        phones = len(design.of_kind(HostKind.PHONE))
        self._design = design
        self._limits = {rule.kind: rule.limit_for(phones) for rule in RULES}
        self._designed = [zone for zone in design.zones if zone.kind in IPT_KINDS]

    def of(self, kind: Kind) -> tuple[Signature, ...]:
        """The rules for one kind."""
        first = _FIRST_SID + list(Kind).index(kind) * _SIDS_A_KIND
        return tuple(
            Signature(
                *head,
                (
                    ("msg", f'"RINGFENCE {kind}"'),
                    *match,
                    ("threshold", threshold),
                    ("classtype", _CLASS[kind]),
                    ("metadata", f"kind {kind}"),
                    ("sid", str(first + place)),
                    ("rev", "1"),
                ),
            )
            for place, (head, match, threshold) in enumerate(self._rules(kind, self._limits[kind]))
        )

    def _rules(self, kind: Kind, limit: Limit) -> Iterator["_Match"]:
        yield from self._of_attempts(kind, limit)
        yield from _of_sip(kind, limit)
        yield from _of_floods(kind, limit)

    def _of_attempts(self, kind: Kind, limit: Limit) -> Iterator["_Match"]:
        """What no flow names."""
        match kind:
            case Kind.PORT_SCAN:
                yield from _each(self._strange(), _threshold("by_both", limit))
            case Kind.ADDRESS_SCAN | Kind.SLOW_SCAN:
                yield from _each(self._strange(), _threshold("by_src", limit))
            case Kind.UNNAMED_TRAFFIC:
                yield from _each(self._strange(), _threshold("by_src", limit))
                yield from _each(self._elsewhere(), _threshold("by_src", limit))
            case Kind.ICMP_SWEEP:
                head = ("icmp", "any", "any", "$HOME_NET", "any")
                yield head, (("itype", "8"),), _threshold("by_src", limit)
            case _:
                return

    def _strange(self) -> Iterator[tuple["_Head", Options]]:
        """Ports that no flow from a zone names, and everything from the other networks."""
        for zone in self._designed:
            for protocol, match in (("tcp", _SYN), ("udp", _TO_SERVER)):
                ports = sorted(self._named(zone, protocol))
                listed = f"![{','.join(ports)}]" if ports else "any"
                yield (protocol, variable(zone.name), "any", "any", listed), match
        for protocol, match in (("tcp", _SYN), ("udp", _TO_SERVER)):
            yield (protocol, "!$IPT_NET", "any", "$IPT_NET", "any"), match

    def _elsewhere(self) -> Iterator[tuple["_Head", Options]]:
        """Ports that flows name, at hosts that they do not."""
        for zone in self._designed:
            for protocol, match in (("tcp", _SYN), ("udp", _TO_SERVER)):
                for port, targets in sorted(self._named(zone, protocol).items()):
                    listed = f"![{','.join(sorted(targets))}]"
                    yield (protocol, variable(zone.name), "any", listed, port), match

    def _named(self, zone: Zone, protocol: str) -> dict[str, set[str]]:
        """The ports that flows from a zone name, each with the places that may be asked there."""
        found: dict[str, set[str]] = {}
        for flow in self._design.flows:
            if flow.from_zone == zone.name and flow.protocol == protocol:
                port = str(flow.ports).replace("-", ":")
                found.setdefault(port, set()).update(self._places(flow.to_zone, flow.to_hosts))
                if port in {"67", "68"}:
                    found[port].add("255.255.255.255")
        return found

    def _places(self, zone: str, named: tuple[str, ...]) -> Iterator[str]:
        if not named:
            yield variable(zone)
            return
        for host in self._design.hosts:
            if host.name in named:
                yield from (str(leg.address) for leg in host.interfaces if leg.zone == zone)


_Head = tuple[str, str, str, str, str]
_Match = tuple[_Head, Options, str]

_SIGNALLING: Final[_Head] = ("tcp", "any", "any", "$SIP_SERVERS", "$SIGNALLING_PORT")
_HELLO: Final[Options] = (
    ("flow", "to_server,established"),
    ("content", '"|16 03|"'),
    ("startswith", None),
    ("content", '"|01|"'),
    ("offset", "5"),
    ("depth", "1"),
)
_CLASS: Final = dict.fromkeys(Kind, "bad-unknown") | {
    Kind.PORT_SCAN: "network-scan",
    Kind.ADDRESS_SCAN: "network-scan",
    Kind.SLOW_SCAN: "network-scan",
    Kind.ICMP_SWEEP: "network-scan",
    Kind.SIP_SCAN: "attempted-recon",
    Kind.SIP_FLOOD: "attempted-dos",
    Kind.TLS_FLOOD: "attempted-dos",
    Kind.CONNECTION_FLOOD: "attempted-dos",
    Kind.DHCP_SERVER: "misc-attack",
    Kind.MEDIA_WITHOUT_CALL: "misc-attack",
    Kind.UNNAMED_TRAFFIC: "policy-violation",
}


def _threshold(track: str, limit: Limit, *, twice: bool = False) -> str:
    """One alert a window, once the count is reached in it, or twice it."""
    count = (2 if twice else 1) * limit.count
    form = "limit" if count == 1 else "both"
    return f"type {form}, track {track}, count {count}, seconds {limit.seconds}"


def _each(found: Iterator[tuple[_Head, Options]], threshold: str) -> Iterator["_Match"]:
    return ((head, match, threshold) for head, match in found)


def _of_sip(kind: Kind, limit: Limit) -> Iterator["_Match"]:
    """Signalling that can be read, and speech."""
    one = _threshold("by_src", limit)
    match kind:
        case Kind.SIP_SCAN:
            yield from _each(_clear_sip(), one)
            yield from _each(_scanners(), _threshold("by_src", Limit(1, limit.seconds)))
        case Kind.SIP_FLOOD:
            for method in ("INVITE", "REGISTER"):
                named: Options = (("sip.method", None), ("content", f'"{method}"'))
                yield ("sip", "any", "any", "$HOME_NET", "any"), (*_TO_SERVER, *named), one
        case Kind.MEDIA_WITHOUT_CALL:
            lonely: Options = (("flow", "to_server,not_established"),)
            yield ("udp", "any", "any", "$MEDIA_RELAYS", "$MEDIA_PORTS"), lonely, one
        case _:
            return


def _of_floods(kind: Kind, limit: Limit) -> Iterator["_Match"]:
    """Connections and handshakes, and answers of false address servers."""
    one = _threshold("by_src", limit, twice=True)
    crowd = _threshold("by_dst", Limit(limit.crowd, limit.seconds), twice=True)
    match kind:
        case Kind.TLS_REFUSED:
            alert: Options = (("content", '"|15 03 03 00 02 02|"'), ("startswith", None))
            head = ("tcp", "$SIP_SERVERS", "$SIGNALLING_PORT", "any", "any")
            refused = _threshold("by_dst", limit, twice=True)
            yield head, (("flow", "to_client,established"), *alert), refused
        case Kind.TLS_FLOOD:
            yield from ((_SIGNALLING, _HELLO, each) for each in (one, crowd))
        case Kind.CONNECTION_FLOOD:
            head = ("tcp", "any", "any", "$HOME_NET", "any")
            yield from ((head, _SYN, each) for each in (one, crowd))
        case Kind.DHCP_SERVER:
            reply: Options = (("content", '"|02|"'), ("startswith", None))
            head = ("udp", "!$ADDRESS_SERVERS", "67", "any", "[67,68]")
            yield head, reply, _threshold("by_src", limit)
        case _:
            return


def _clear_sip() -> Iterator[tuple[_Head, Options]]:
    """Requests that can be read, over UDP and TCP, and the TLS port without TLS."""
    for word in SIP_REQUESTS:
        begins: Options = (("content", f'"{word}sip:"'), ("startswith", None))
        for protocol, flow in (("udp", "to_server"), ("tcp", "to_server,established")):
            yield (protocol, "any", "any", "any", "any"), (("flow", flow), *begins)
    yield ("tcp", "any", "any", "any", "5060"), _SYN
    yield _SIGNALLING, (("flow", "to_server,established"), ("app-layer-protocol", "!tls"))


def _scanners() -> Iterator[tuple[_Head, Options]]:
    for name in SCANNERS:
        yield (
            ("udp", "any", "any", "$HOME_NET", "any"),
            (("flow", "to_server"), ("content", f'"{name}"'), ("nocase", None)),
        )


__all__ = ["CANNOT", "RULES_PATH", "SETTINGS_PATH", "address_groups", "files", "signatures"]
