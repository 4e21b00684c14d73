"""What the firewall's and the servers' rule sets share: the wording of nftables.

Each file replaces its table in one transaction, drops by default, and logs every drop with the
place where it happened. IPv6 is designed out: no rule accepts it, so the policy drops it.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address

from ringfence.design.model import Design, Flow, Host, HostKind, Serves, Service, ZoneName
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH = "/etc/nftables.conf"

LOG_GROUP = 5
"""The netlink group to which drops are logged; the firewall's log daemon reads it."""

_LOGGED = "limit rate 100/second burst 200 packets log"
_FIRST_PACKET = "tcp flags & (fin|syn|rst|ack) == syn ct state new"


def rule_files(title: str, serves: Serves, body: list[str]) -> tuple[File, ...]:
    """A host's rule set, and the unit that loads it."""
    inner = "\n".join(f"  {line}" if line else "" for line in body)
    text = (
        f"#!/usr/sbin/nft -f\n# {title}: {' '.join(serves)}\n"
        f"table inet ringfence\ndelete table inet ringfence\ntable inet ringfence {{\n{inner}\n}}\n"
    )
    unit = Unit(
        name=Service.NFTABLES,
        description="Packet filter",
        start=f"/usr/sbin/nft -f {PATH}",
        reload=f"/usr/sbin/nft -f {PATH}",
        capabilities=("CAP_NET_ADMIN",),
        oneshot=True,
        serves=serves,
    )
    return (File(path=PATH, text=text, mode=0o640), unit_file(unit))


def base_chain(hook: str, rules: list[str]) -> list[str]:
    """A chain at a hook that lets replies pass, then what the rules say, then nothing."""
    return [
        "",
        f"chain {hook} {{",
        f"  type filter hook {hook} priority filter",
        "  policy drop",
        *(f"  {rule}" for rule in rules),
        *logged_drop(hook),
        "}",
    ]


def logged_drop(place: str) -> list[str]:
    """Log and drop what comes this far; the log has a rate limit, the drop has none."""
    return [f'  {_LOGGED} prefix "RF drop {place} " group {LOG_GROUP}', "  counter drop"]


def own_chains(design: Design, host: Host) -> list[str]:
    """Input and output of one host: replies, loopback, and the flows it is an end of."""
    legs = {leg.zone for leg in host.interfaces}
    states = ("ct state established,related counter accept", "ct state invalid counter drop")
    arriving = [
        f"{_received(design, host, flow)} {accept(flow)}"
        for flow in design.flows
        if _is_end(host, legs, flow.to_zone, flow.to_hosts)
    ]
    leaving = [
        f"{_sent(design, host, flow)} {accept(flow)}"
        for flow in design.flows
        if _is_end(host, legs, flow.from_zone, flow.from_hosts)
    ]
    return [
        *base_chain("input", ['iifname "lo" accept', *states, *arriving]),
        *base_chain("output", ['oifname "lo" accept', *states, *leaving]),
    ]


def end(design: Design, zone: ZoneName, named: tuple[str, ...], selector: str) -> str:
    """Match one end of a flow: its named hosts, or the hosts that the design has in the zone."""
    if (subnet := design.whole_subnet(zone, named)) is not None:
        return f"{selector} {subnet}"
    return f"{selector} {_address_set(design.addresses(zone, named))}"


def accept(flow: Flow) -> str:
    """Match a flow's ports, accept it and say which mitigations it serves."""
    state = f"{_FIRST_PACKET} " if flow.protocol == "tcp" else ""
    remark = f"{flow.name}: {' '.join(flow.serves)}"
    return f'{flow.protocol} dport {flow.ports} {state}counter accept comment "{remark}"'


def _is_end(host: Host, legs: set[ZoneName], zone: ZoneName, named: tuple[str, ...]) -> bool:
    if named:
        return host.name in named
    return zone in legs and host.kind != HostKind.FIREWALL


def _received(design: Design, host: Host, flow: Flow) -> str:
    if _by_leg(host, flow, flow.from_hosts):
        return f'iifname "{flow.from_zone}" ip daddr 255.255.255.255'
    sender = end(design, flow.from_zone, flow.from_hosts, "ip saddr")
    return f"{_leg(host, flow.to_zone, 'ip daddr')}{sender}"


def _sent(design: Design, host: Host, flow: Flow) -> str:
    if _by_leg(host, flow, flow.to_hosts):
        return f'oifname "{flow.to_zone}" {_leg(host, flow.to_zone, "ip saddr")}'.rstrip()
    receiver = end(design, flow.to_zone, flow.to_hosts, "ip daddr")
    return f"{_leg(host, flow.from_zone, 'ip saddr')}{receiver}"


def _leg(host: Host, zone: ZoneName, selector: str) -> str:
    """Match a firewall's own end of a flow: it has an address in every zone."""
    if host.kind != HostKind.FIREWALL:
        return ""
    return next(f"{selector} {leg.address} " for leg in host.interfaces if leg.zone == zone)


def _by_leg(host: Host, flow: Flow, named: tuple[str, ...]) -> bool:
    """Devices that have no address yet are known to the firewall by its leg, and broadcast."""
    return host.kind == HostKind.FIREWALL and flow.from_zone == flow.to_zone and not named


def _address_set(chosen: Iterable[IPv4Address]) -> str:
    """Write addresses as the fewest ranges."""
    spans: list[tuple[int, int]] = []
    for number in sorted({int(address) for address in chosen}):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    texts = [
        str(IPv4Address(first)) if first == last else f"{IPv4Address(first)}-{IPv4Address(last)}"
        for first, last in spans
    ]
    return texts[0] if len(texts) == 1 else f"{{ {', '.join(texts)} }}"
