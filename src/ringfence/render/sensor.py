"""The sensor's program, its orders and its unit.

The orders name what the design names, so that the sensor finds what it does not: in the zones of
the telephone network everything, in others what is aimed at these.
"""

import json
from collections.abc import Iterable
from importlib.resources import files as resources
from ipaddress import IPv4Address
from typing import Final

from ringfence.design.model import (
    IPT_KINDS,
    Design,
    Flow,
    Host,
    HostKind,
    Mirror,
    Service,
    Zone,
    ZoneKind,
    ZoneName,
)
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file
from ringfence.sensor.rules import RULES

USER: Final = "ringfence-sensor"
ORDERS: Final = "/etc/ringfence/sensor.json"
LIBRARY: Final = "/usr/lib/ringfence"
_ENTRY: Final = f"{LIBRARY}/sensor_entry.py"
_MODULES: Final = (
    *("__init__", "alerts", "attempts", "connections", "detector", "frames", "layer2", "media"),
    *("orders", "ring", "rules", "runner", "tables"),
)
_ENTRY_TEXT: Final = f'''\
"""Where the sensor begins."""

import sys

sys.path.insert(0, "{LIBRARY}")

from sensor.runner import main

main()
'''
_ARP, _IPV4, _EAPOL = "0806", "0800", "888e"
_LLDP = "88cc"
"""Switches and phones tell each other their VLANs (IEEE 802.1AB)."""
_SERVING: Final = (Service.KEA, Service.DHCP_RELAY)
_CLOSED: Final = (
    "RestrictAddressFamilies=AF_PACKET AF_UNIX",
    "SystemCallFilter=~sendto sendmsg sendmmsg",
    "MemoryDenyWriteExecute=yes",
)
"""It listens and never speaks, and real hosts see to that."""


def files(design: Design, host: Host) -> tuple[File, ...]:
    """Everything that the sensor runs and reads."""
    asked = design.asked_by("NID-1")
    account = (
        f"# The sensor's own account: {' '.join(asked)}\n"
        f'u {USER} - "Network sensor of Ringfence"\n'
    )
    return (
        File(path="/etc/sysusers.d/ringfence-sensor.conf", text=account),
        File(path=ORDERS, text=orders(design, host), mode=0o640, group=USER),
        File(path=_ENTRY, text=_ENTRY_TEXT),
        *(_module(name) for name in _MODULES),
        unit_file(
            Unit(
                name=Service.SENSOR,
                description="Network sensor",
                start=f"/usr/bin/python3 -I -B {_ENTRY} {ORDERS}",
                user=USER,
                group=USER,
                capabilities=("CAP_NET_RAW",),
                after=(Service.NFTABLES,),
                confined=_CLOSED,
                serves=asked,
            )
        ),
    )


def orders(design: Design, host: Host) -> str:
    """What the design names, and the limits, for ``sensor.orders``."""
    phones = len(design.of_kind(HostKind.PHONE))
    ethertypes = [_IPV4, _ARP, _LLDP, *([_EAPOL] if design.ports.authenticated else [])]
    said = {
        "mitigations": list(design.asked_by("NID-1")),
        "signalling": design.signalling.port,
        "ethertypes": ethertypes,
        "limits": {
            rule.kind: {
                "count": limit.count,
                "seconds": limit.seconds,
                "crowd": limit.crowd,
            }
            for rule in RULES
            for limit in (rule.limit_for(phones),)
        },
        "zones": [_zone(design, mirror) for mirror in host.mirrors],
        "flows": [_flow(design, flow) for flow in design.flows],
    }
    return json.dumps(said, indent=1) + "\n"


def _zone(design: Design, mirror: Mirror) -> dict[str, object]:
    zone = design.zone(mirror.zone)
    designed = zone.kind in IPT_KINDS
    gateway = next(
        leg
        for host in design.of_kind(HostKind.FIREWALL)
        for leg in host.interfaces
        if leg.zone == zone.name
    )
    return {
        "name": zone.name,
        "device": mirror.name,
        "subnet": str(zone.subnet),
        "gateway": str(gateway.address),
        "gateway_mac": gateway.mac,
        "designed": designed,
        "guarded": [
            str(other.subnet)
            for other in design.zones
            if other.name != zone.name and other.kind != ZoneKind.OUTSIDE
        ],
        "bindings": {
            str(leg.address): leg.mac
            for host in design.hosts
            for leg in host.interfaces
            if leg.zone == zone.name and designed
        },
        "address_servers": _address_servers(design, zone, gateway.mac) if designed else None,
    }


def _address_servers(design: Design, zone: Zone, gateway_mac: str) -> list[tuple[str, str]]:
    """Who answers for addresses in a zone: a server in it, or the firewall on its behalf."""
    servers = [leg for host in design.running(Service.KEA) for leg in host.interfaces]
    found = [(leg.mac, str(leg.address)) for leg in servers if leg.zone == zone.name]
    if zone.kind in {ZoneKind.PHONES, ZoneKind.SOFTPHONES} and servers:
        found.append((gateway_mac, str(zone.gateway)))
        found += [(gateway_mac, str(leg.address)) for leg in servers if leg.zone != zone.name]
    return found


def _flow(design: Design, flow: Flow) -> dict[str, object]:
    return {
        "name": flow.name,
        "from": flow.from_zone,
        "to": flow.to_zone,
        "protocol": flow.protocol,
        "first": flow.ports.first,
        "last": flow.ports.last,
        "sources": _ends(design, flow.from_zone, flow.from_hosts),
        "targets": _ends(design, flow.to_zone, flow.to_hosts),
        "media": flow.service == Service.RTPENGINE,
    }


def _ends(design: Design, zone: ZoneName, named: tuple[str, ...]) -> list[str]:
    """The addresses of one end: those of named hosts, or all but the firewall's in the zone."""
    return _spans(
        int(leg.address)
        for host in design.hosts
        if (host.name in named if named else host.kind != HostKind.FIREWALL)
        for leg in host.interfaces
        if leg.zone == zone
    )


def _spans(addresses: Iterable[int]) -> list[str]:
    spans: list[tuple[int, int]] = []
    for number in sorted(set(addresses)):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return [
        str(IPv4Address(first)) if first == last else f"{IPv4Address(first)}-{IPv4Address(last)}"
        for first, last in spans
    ]


def _module(name: str) -> File:
    text = resources("ringfence.sensor").joinpath(f"{name}.py").read_text(encoding="utf-8")
    return File(path=f"{LIBRARY}/sensor/{name}.py", text=text)
