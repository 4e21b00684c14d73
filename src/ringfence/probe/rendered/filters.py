"""What the packet filters let pass, read back from their text and held against the flows."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from ringfence.design.model import IPT_KINDS, Design, Flow, HostKind, ZoneKind, ZoneName
from ringfence.packets.nftables import Action, Chain, Rule, RuleSet
from ringfence.packets.passing import Passing, ends_in_drop, logs_drops, passing
from ringfence.packets.spans import (
    EVERY_ADDRESS,
    Spans,
    of_addresses,
    of_network,
    overlap,
    shown,
    spans,
)
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.reading import RULES, HostFiles, Rendered

MANAGEMENT_PORTS: Final = {22: "SSH", 23: "Telnet", 80: "web", 161: "SNMP", 443: "web"}
_DHCP_CLIENT: Final = 68


class Crossing(NamedTuple):
    """New packets that may pass: from where to where, whose, to whom, and on which ports."""

    arriving: str | None
    leaving: str | None
    sources: Spans
    targets: Spans
    protocol: str | None
    ports: tuple[int, int] | None
    first_packet: bool

    def __str__(self) -> str:
        """The crossing as a person says it."""
        ports = "every port" if self.ports is None else "-".join(map(str, sorted({*self.ports})))
        ends = f"{self.arriving or 'anywhere'} -> {self.leaving or 'anywhere'}"
        hosts = f"{shown(self.sources)} -> {shown(self.targets)}"
        return f"{ends} ({hosts}) {self.protocol or 'every protocol'} {ports}"


def crossing_flows(rendered: Rendered) -> Seen:
    """Exactly the flows of the design pass; the rest is dropped and logged."""
    contrary: list[str] = []
    found = 0
    for firewall in rendered.firewalls:
        rules = firewall.rules
        passes = set(crossings(rules))
        wanted = {_of_flow(rendered.design, flow): flow for flow in _between(rendered.design)}
        found += len(passes)
        contrary += [f"passes and is no flow: {each}" for each in passes - wanted.keys()]
        contrary += [f"does not pass: {wanted[each].name}" for each in wanted.keys() - passes]
        contrary += _loose_ends(rules)
        contrary += _unguarded(rendered.design, rules)
    return Seen.against(
        contrary,
        len(rendered.firewalls),
        yes=f"{found} flows pass the firewall, all of them the design's, new connections by their "
        "first packet only; the rest is dropped and logged",
        no="the firewall's rules are not those of the design",
        exhibits=_exhibits(rendered.firewalls),
    )


def _nothing_where(
    rendered: Rendered,
    unwanted: Callable[[Crossing], bool],
    yes: str,
    no: str,
) -> Seen:
    """Nothing that a firewall lets pass is of an unwanted kind."""
    passes = [each for firewall in rendered.firewalls for each in crossings(firewall.rules)]
    contrary = [str(each) for each in passes if unwanted(each)]
    return Seen.against(contrary, len(rendered.firewalls), yes, no, _exhibits(rendered.firewalls))


def ipt_and_data(rendered: Rendered) -> Seen:
    """Nothing passes between the IPT zones and the data zone, nor meets in a zone between."""
    ipt, data = zone_names(rendered, *IPT_KINDS), zone_names(rendered, ZoneKind.DATA)
    passes = [each for firewall in rendered.firewalls for each in crossings(firewall.rules)]
    contrary = [str(each) for each in passes if joins(each, ipt, data) or joins(each, data, ipt)]
    for zone in zone_names(rendered, ZoneKind.DMZ):
        here = frozenset({zone})
        sides = [
            any(joins(each, side, here) or joins(each, here, side) for each in passes)
            for side in (ipt, data)
        ]
        if all(sides):
            contrary.append(f"telephones and data meet in the zone {zone}")
    return Seen.against(
        contrary,
        len(rendered.firewalls),
        yes="no rule of the firewall lets anything pass between the IPT zones and the data zone",
        no="something passes between the IPT zones and the data zone",
        exhibits=_exhibits(rendered.firewalls),
    )


def inside_and_outside(rendered: Rendered) -> Seen:
    """Nothing passes between the inside and the outside, either way."""
    outside = zone_names(rendered, ZoneKind.OUTSIDE)
    inside = zone_names(rendered, *ZoneKind) - outside
    return _nothing_where(
        rendered,
        lambda each: joins(each, inside, outside) or joins(each, outside, inside),
        yes="no rule of the firewall lets anything pass between the inside and the outside",
        no="the firewall lets something pass between the inside and the outside",
    )


def dhcp_client_port(rendered: Rendered) -> Seen:
    """No packet crosses to the DHCP client port."""
    return _nothing_where(
        rendered,
        lambda each: each.protocol in {None, "udp"} and _has_port(each, _DHCP_CLIENT),
        yes="no rule of the firewall lets a packet cross to UDP port 68",
        no="the firewall lets packets cross to UDP port 68",
    )


def phone_management_ports(rendered: Rendered) -> Seen:
    """No zone reaches the management ports of phones."""
    phones = zone_names(rendered, ZoneKind.PHONES, ZoneKind.SOFTPHONES)
    return _nothing_where(
        rendered,
        lambda each: (
            (each.leaving is None or each.leaving in phones)
            and any(_has_port(each, port) for port in MANAGEMENT_PORTS)
        ),
        yes="no rule of the firewall lets another zone reach ports "
        f"{', '.join(map(str, MANAGEMENT_PORTS))} of phones",
        no="the firewall lets another zone reach management ports of phones",
    )


def own_filters(rendered: Rendered) -> Seen:
    """Every server accepts its own services only, from those who may use them."""
    contrary: list[str] = []
    for server in rendered.servers:
        name = server.host.name
        chains = server.rules.hooked("input")
        contrary += [f"{name}: {each}" for each in _loose_chains(chains, 1)]
        accepted = {
            (each.rule.sources, each.rule.protocol, each.rule.ports)
            for chain in chains
            for each in passing(server.rules, chain)
            if not each.replies and each.arriving != "lo"
        }
        wanted = {
            (_ends(rendered.design, flow.from_zone, flow.from_hosts), flow.protocol, _ports(flow))
            for flow in rendered.design.flows
            if name in flow.to_hosts or (not flow.to_hosts and flow.to_zone == server.host.zone)
        }
        contrary += [
            f"{name} accepts {protocol} {ports} from {shown(sources or EVERY_ADDRESS)}"
            for sources, protocol, ports in accepted - wanted
        ]
        contrary += [f"{name} does not accept {p} {q}" for _, p, q in wanted - accepted]
    return Seen.against(
        contrary,
        len(rendered.servers),
        yes=f"the filters of {len(rendered.servers)} servers accept their designed services only",
        no="a server's filter is not that of the design",
        exhibits=_exhibits(rendered.servers),
    )


def crossings(rules: RuleSet) -> Iterator[Crossing]:
    """Every way by which new packets may pass."""
    for chain in rules.hooked("forward"):
        for each in passing(rules, chain):
            if not each.replies:
                yield _crossing(each)


def _crossing(each: Passing) -> Crossing:
    rule = each.rule
    return Crossing(
        each.arriving,
        each.leaving,
        EVERY_ADDRESS if rule.sources is None or rule.not_from else rule.sources,
        EVERY_ADDRESS if rule.targets is None else rule.targets,
        rule.protocol,
        rule.ports,
        rule.first_packet and rule.states == {"new"},
    )


def _between(design: Design) -> Iterator[Flow]:
    """The flows that cross from zone to zone without beginning or ending at a firewall."""
    walls = {host.name for host in design.of_kind(HostKind.FIREWALL)}
    for flow in design.flows:
        if flow.from_zone != flow.to_zone and not walls & {*flow.from_hosts, *flow.to_hosts}:
            yield flow


def _of_flow(design: Design, flow: Flow) -> Crossing:
    return Crossing(
        flow.from_zone,
        flow.to_zone,
        _ends(design, flow.from_zone, flow.from_hosts),
        _ends(design, flow.to_zone, flow.to_hosts),
        flow.protocol,
        _ports(flow),
        flow.protocol == "tcp",
    )


def _ends(design: Design, zone: ZoneName, named: tuple[str, ...]) -> Spans:
    if (subnet := design.whole_subnet(zone, named)) is not None:
        return (of_network(subnet),)
    return of_addresses(
        leg.address
        for host in design.hosts
        if (host.name in named if named else host.kind != HostKind.FIREWALL)
        for leg in host.interfaces
        if leg.zone == zone
    )


def _ports(flow: Flow) -> tuple[int, int]:
    return flow.ports.first, flow.ports.last


def _loose_ends(rules: RuleSet) -> Iterator[str]:
    """What keeps the rest from being dropped and logged."""
    forward = rules.hooked("forward")
    yield from _loose_chains(forward, 1)
    jumped = {target for entries in rules.maps.values() for target in entries.values()}
    for name in sorted(jumped):
        if not logs_drops(rules.chains[name]):
            yield f"what chain {name} does not accept is not logged and dropped"


def _loose_chains(chains: tuple[Chain, ...], wanted: int) -> Iterator[str]:
    if len(chains) != wanted:
        yield f"{len(chains)} chains at the hook instead of {wanted}"
    for chain in chains:
        if chain.policy != Action.DROP:
            yield f"the policy of {chain.name} is not to drop"
        if not (ends_in_drop(chain) and logs_drops(chain)):
            yield f"what {chain.name} does not accept is not logged and dropped"


def _unguarded(design: Design, rules: RuleSet) -> Iterator[str]:
    """The zones from which packets with another zone's address would pass."""
    guards = [rule for chain in rules.hooked("prerouting") for rule in chain.rules]
    inside = [zone for zone in design.zones if zone.kind != ZoneKind.OUTSIDE]
    ours = spans(of_network(zone.subnet) for zone in inside)
    for zone in inside:
        own = (of_network(zone.subnet),)
        if not any(
            rule.arriving == zone.name and rule.not_from and rule.sources == own
            for rule in guards
            if _drops(rules, rule)
        ):
            yield f"sources that are not of zone {zone.name} pass from it"
    if not any(
        rule.arriving == ZoneKind.OUTSIDE and not rule.not_from and rule.sources == ours
        for rule in guards
        if _drops(rules, rule)
    ):
        yield "sources of the inside pass from the outside"


def _drops(rules: RuleSet, rule: Rule) -> bool:
    if rule.protocol is not None or rule.states or rule.limited:
        return False
    if rule.action == Action.JUMP and rule.target is not None:
        return ends_in_drop(rules.chains[rule.target])
    return rule.action == Action.DROP


def zone_names(rendered: Rendered, *kinds: ZoneKind) -> frozenset[ZoneName]:
    """The names of the zones of some kinds."""
    return frozenset(zone.name for zone in rendered.design.zones_of(*kinds))


def joins(each: Crossing, source: frozenset[ZoneName], target: frozenset[ZoneName]) -> bool:
    """Whether it leads from one of these zones to one of those; no zone stands for any."""
    return (each.arriving is None or each.arriving in source) and (
        each.leaving is None or each.leaving in target
    )


def _has_port(each: Crossing, port: int) -> bool:
    return each.ports is None or overlap((each.ports,), ((port, port),))


def _exhibits(hosts: tuple[HostFiles, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple(host.exhibit(RULES) for host in hosts)
