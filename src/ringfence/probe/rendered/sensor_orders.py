"""What the sensor was told, and Suricata's rules beside it, read back from files."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import yaml

from ringfence.design.model import IPT_KINDS, Design, Flow, HostKind, Service, ZoneKind
from ringfence.packets import suricata
from ringfence.packets.spans import Spans, of_addresses
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.reading import HostFiles, Rendered
from ringfence.probe.rendered.sensor import NO_SENSOR
from ringfence.render import suricata as signatures
from ringfence.render.sensor import ORDERS
from ringfence.sensor import orders
from ringfence.sensor.rules import RULES, Kind


def sensor_orders(rendered: Rendered) -> Seen:
    """The orders name the design's flows and hosts, and Suricata's rules come from one source."""
    sensors = rendered.of_kind(HostKind.SENSOR)
    if not sensors:
        return NO_SENSOR
    contrary: list[str] = []
    for each in sensors:
        read = orders.read(each.texts[ORDERS])
        contrary += [
            f"{each.host.name}: {what}" for what in _wrong_orders(rendered.design, each, read)
        ]
        contrary += [f"{each.host.name}: {what}" for what in _wrong_rules(rendered.design, each)]
    flows = len(rendered.design.flows)
    return Seen.against(
        contrary,
        len(sensors),
        yes=f"the sensor is told of {flows} flows and of every host of the telephone network, "
        f"exactly as designed, and looks for {len(RULES)} kinds of intrusion; Suricata's rules "
        "agree",
        no="the sensor is told something else than was designed",
        exhibits=tuple(
            each.exhibit(path) for each in sensors for path in (ORDERS, signatures.RULES_PATH)
        ),
    )


def _wrong_orders(design: Design, each: HostFiles, read: orders.Orders) -> Iterator[str]:
    phones = len(design.of_kind(HostKind.PHONE))
    for rule in RULES:
        if read.limits[rule.kind] != rule.limit_for(phones):
            yield f"the limit of {rule.kind} is {read.limits[rule.kind]}"
    if read.signalling != design.signalling.port:
        yield f"signalling is looked for at port {read.signalling}"
    wanted = {_as_ordered(design, flow) for flow in design.flows}
    told = set(_flows(each.texts[ORDERS]))
    yield from (f"flow {flow[0]} is not the design's" for flow in sorted(told - wanted))
    yield from (f"flow {flow[0]} is missing" for flow in sorted(wanted - told))
    devices = {mirror.zone: mirror.name for mirror in each.host.mirrors}
    known = {zone.name for zone in design.zones}
    yield from (f"there is no zone {one.name}" for one in read.zones if one.name not in known)
    for zone in design.zones:
        found = next((one for one in read.zones if one.name == zone.name), None)
        if found is None:
            yield f"zone {zone.name} is not watched"
            continue
        designed = zone.kind in IPT_KINDS
        legs = [leg for host in design.hosts for leg in host.interfaces if leg.zone == zone.name]
        bindings = {leg.address.packed: bytes.fromhex(leg.mac.replace(":", "")) for leg in legs}
        gateway = zone.gateway.packed
        if found.device != devices.get(zone.name):
            yield f"zone {zone.name} is looked for at {found.device}"
        if (found.network, found.mask) != _as_numbers(zone.subnet):
            yield f"zone {zone.name} has another subnet"
        if found.designed != designed:
            yield f"zone {zone.name} is taken for {'' if found.designed else 'no '}telephone zone"
        if found.bindings != (bindings if designed else {gateway: bindings[gateway]}):
            yield f"the hosts of zone {zone.name} are others"
        if set(found.guarded) != _others(design, zone.name):
            yield f"zone {zone.name}: what is looked at of the way to other zones is another"
        if designed and found.address_servers != _address_servers(design, zone.name):
            yield f"the address servers of zone {zone.name} are others"


def _as_ordered(design: Design, flow: Flow) -> tuple[Any, ...]:
    def end(zone: str, named: tuple[str, ...]) -> Spans:
        return of_addresses(
            leg.address
            for host in design.hosts
            if (host.name in named if named else host.kind != HostKind.FIREWALL)
            for leg in host.interfaces
            if leg.zone == zone
        )

    return (
        *(flow.name, flow.from_zone, flow.to_zone, str(flow.protocol)),
        *(flow.ports.first, flow.ports.last, flow.service == Service.RTPENGINE),
        *(end(flow.from_zone, flow.from_hosts), end(flow.to_zone, flow.to_hosts)),
    )


def _flows(text: str) -> Iterator[tuple[Any, ...]]:
    """Every flow of the orders, in their own words and not only those that a zone takes up."""
    for said in json.loads(text)["flows"]:
        one = orders.flow(said)
        yield (
            *(one.name, one.from_zone, one.to_zone, said["protocol"]),
            *(one.first, one.last, one.media, one.sources, one.targets),
        )


def _others(design: Design, name: str) -> set[tuple[int, int]]:
    """The subnets that nobody in a zone has a right to, as numbers: all others but the outside."""
    return {
        _as_numbers(zone.subnet)
        for zone in design.zones
        if zone.name != name and zone.kind != ZoneKind.OUTSIDE
    }


def _as_numbers(subnet: IPv4Network) -> tuple[int, int]:
    return int(subnet.network_address), int(subnet.netmask)


def _address_servers(design: Design, name: str) -> frozenset[tuple[bytes, bytes]]:
    zone = design.zone(name)
    servers = [leg for host in design.running(Service.KEA) for leg in host.interfaces]
    gateway = next(
        bytes.fromhex(leg.mac.replace(":", ""))
        for host in design.of_kind(HostKind.FIREWALL)
        for leg in host.interfaces
        if leg.zone == name
    )
    here = {(_mac(leg.mac), leg.address.packed) for leg in servers if leg.zone == name}
    if zone.kind in {ZoneKind.PHONES, ZoneKind.SOFTPHONES} and servers:
        here.add((gateway, zone.gateway.packed))
        here |= {(gateway, leg.address.packed) for leg in servers if leg.zone != name}
    return frozenset(here)


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _wrong_rules(design: Design, each: HostFiles) -> Iterator[str]:
    """Suricata's settings and rules, against the same list of kinds."""
    said = yaml.safe_load(each.texts[signatures.SETTINGS_PATH])
    names = frozenset({*said["vars"]["address-groups"], *said["vars"]["port-groups"]})
    rules = suricata.parse(each.texts[signatures.RULES_PATH], names)
    devices = {one["interface"] for one in said["af-packet"]}
    if devices != each.mirrors:
        yield f"Suricata listens at {', '.join(sorted(devices)) or 'nothing'}"
    if said["rule-files"] != [signatures.RULES_PATH.rpartition("/")[2]]:
        yield "Suricata reads other rules"
    if said["unix-command"]["enabled"]:
        yield "Suricata takes commands"
    kinds = {rule.kind for rule in rules}
    missing = set(Kind) - set(signatures.CANNOT) - {Kind(kind) for kind in kinds}
    yield from (f"Suricata has no rule for {kind}" for kind in sorted(missing))
    if rules != signatures.signatures(design):
        yield "Suricata's rules are not those of the list"
