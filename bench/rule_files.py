"""Rule files of any size in the manner of the rendered ones, and what they are to let pass."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import permutations
from typing import Final

from ringfence.packets.allowed import Allowed

ZONES: Final = 12
_LOG: Final = "limit rate 100/second burst 200 packets log"
_FIRST: Final = "tcp flags & (fin|syn|rst|ack) == syn ct state new "


@dataclass(frozen=True)
class RuleFile:
    """A rule file and the flows of which it was made."""

    text: str
    wanted: tuple[Allowed, ...]


def make(rules: int) -> RuleFile:
    """A firewall between twelve zones with so many rules for flows, shared out among all pairs.

    Flows of a pair have different ports and overlapping hosts, as those of a design have.
    """
    zones = [f"zone{number}" for number in range(ZONES)]
    subnets = {zone: IPv4Network((f"10.{number}.0.0", 16)) for number, zone in enumerate(zones)}
    pairs = list(permutations(zones, 2))
    wanted: dict[tuple[str, str], list[Allowed]] = {pair: [] for pair in pairs}
    for number in range(rules):
        pair = pairs[number % len(pairs)]
        wanted[pair].append(_flow(number, pair, subnets, len(wanted[pair])))
    chains = [_chain(pair, flows) for pair, flows in wanted.items()]
    text = (
        "table inet ringfence\ndelete table inet ringfence\ntable inet ringfence {\n"
        f"{_map(pairs)}{_sources(subnets)}{_FORWARD}{''.join(chains)}}}\n"
    )
    return RuleFile(text, tuple(flow for flows in wanted.values() for flow in flows))


def _flow(number: int, pair: tuple[str, str], subnets: dict[str, IPv4Network], nth: int) -> Allowed:
    first, last = (int(subnets[end].network_address) + 10 for end in pair)
    return Allowed(
        f"flow{number}",
        *pair,
        sources=((first + nth % 7, first + nth % 7 + 200),),
        targets=((last + nth % 5, last + nth % 5 + nth % 3),),
        protocol="udp" if nth % 2 else "tcp",
        ports=(1000 + 100 * nth, 1000 + 100 * nth + (nth % 4) * 20),
    )


def _chain(pair: tuple[str, str], flows: list[Allowed]) -> str:
    lines = "".join(
        f"ip saddr {_range(flow.sources[0])} ip daddr {_range(flow.targets[0])} "
        f"{flow.protocol} dport {flow.ports[0]}-{flow.ports[1]} "
        f"{_FIRST if flow.protocol == 'tcp' else ''}"
        f'counter accept comment "{flow.name}: SEP-6"\n'
        for flow in flows
    )
    name = "_".join(pair)
    return f'chain {name} {{\n{lines}{_LOG} prefix "RF {name} " group 5\ncounter drop\n}}\n'


def _map(pairs: list[tuple[str, str]]) -> str:
    entries = "".join(f'"{one}" . "{other}" : jump {one}_{other},\n' for one, other in pairs)
    return f"map pairs {{\ntype ifname . ifname : verdict\nelements = {{\n{entries}}}\n}}\n"


def _sources(subnets: dict[str, IPv4Network]) -> str:
    guards = "".join(
        f'iifname "{zone}" ip saddr != {subnet} jump spoofed\n' for zone, subnet in subnets.items()
    )
    return (
        f"chain sources {{\ntype filter hook prerouting priority raw\n{guards}}}\n"
        f'chain spoofed {{\n{_LOG} prefix "RF spoofed " group 5\ncounter drop\n}}\n'
    )


_FORWARD: Final = (
    "chain forward {\ntype filter hook forward priority filter\npolicy drop\n"
    "ct state established,related counter accept\nct state invalid counter drop\n"
    f'iifname . oifname vmap @pairs\n{_LOG} prefix "RF forward " group 5\ncounter drop\n}}\n'
)


def _range(ends: tuple[int, int]) -> str:
    return f"{IPv4Address(ends[0])}-{IPv4Address(ends[1])}"
