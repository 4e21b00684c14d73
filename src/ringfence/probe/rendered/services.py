"""Time that proves where it comes from, and the data network's own services, read back."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from ringfence.design.model import HostKind, ZoneKind
from ringfence.packets.spans import of_network
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.reading import HostFiles, Rendered

CHRONY: Final = "/etc/chrony/chrony.conf"
_KEA: Final = "/etc/kea/kea-dhcp4.conf"
_RESOLVER: Final = "/etc/resolv.conf"
_UNBOUND: Final = "/etc/unbound/unbound.conf"
_BELIEVED: Final = (
    "authselectmode require",
    "nosystemcert",
    "ntstrustedcerts /etc/chrony/nts/ca.pem",
)
"""What keeps a host from believing a source that does not prove itself to the site's authority."""


def time_proved(rendered: Rendered) -> Seen:
    """Servers and firewalls believe only time sources that prove who they are."""
    hosts = [
        *rendered.firewalls,
        *(each for each in rendered.servers if each.host.zone != ZoneKind.DMZ),
    ]
    contrary: list[str] = []
    sources = 0
    for each in hosts:
        lines = each.texts[CHRONY].splitlines()
        servers = [line.split() for line in lines if line.startswith(("server ", "pool ", "peer "))]
        sources += len(servers)
        contrary += [
            f"{each.host.name} believes {words[1]} without proof"
            for words in servers
            if "nts" not in words[2:]
        ]
        contrary += [
            f"{each.host.name} does not say {wanted!r}"
            for wanted in _BELIEVED
            if wanted not in lines
        ]
    return Seen.against(
        contrary,
        sources,
        yes=f"{len(hosts)} hosts take the time from {sources} sources that each prove who they "
        "are (NTS) with a certificate of the site, and from no other",
        no="a host believes a time source that proves nothing",
        exhibits=tuple(each.exhibit(CHRONY) for each in hosts),
    )


def data_services(rendered: Rendered) -> Seen:
    """Data devices get addresses, names and time from a server that serves the data zone only."""
    devices = rendered.of_kind(HostKind.PC)
    servers = rendered.of_kind(HostKind.DATA_SERVICES)
    nets = [zone.subnet for zone in rendered.design.zones_of(ZoneKind.DATA)]
    own = {leg.address for each in servers for leg in each.host.interfaces}
    contrary = [] if servers else ["the data network has no services of its own"]
    for each in devices:
        contrary += [
            f"{each.host.name}: {path} names {address}"
            for path, address in _asked(each)
            if address not in own
        ]
    for each in servers:
        contrary += [f"{each.host.name}: {what}" for what in _beyond(each, nets, own)]
    return Seen.against(
        contrary,
        len(devices),
        yes=f"{len(devices)} data devices get addresses, names and time from the data network's "
        "own server, which serves that network and no other",
        no="data devices and the IPT network share a server",
        exhibits=tuple(
            each.exhibit(path)
            for each in (*devices, *servers)
            for path in (CHRONY, _UNBOUND, _KEA, _RESOLVER)
            if path in each.texts
        ),
    )


def _asked(each: HostFiles) -> Iterator[tuple[str, IPv4Address]]:
    """Whom a device is told to ask by its own files; a leased address may bring more."""
    for path, word in ((_RESOLVER, "nameserver"), (CHRONY, "server")):
        for line in each.texts.get(path, "").splitlines():
            words = line.split()
            if words[:1] == [word]:
                yield path, IPv4Address(words[1])


def _beyond(server: HostFiles, nets: list[IPv4Network], own: set[IPv4Address]) -> Iterator[str]:
    """Whom the data network's server serves beside its own network, or sends elsewhere."""
    served = [
        *(("time", net) for net in _words(server, CHRONY, "allow")),
        *(("names", net) for net in _allowed_names(server)),
        *(("addresses", subnet["subnet"]) for subnet in _subnets(server)),
    ]
    for what, net in served:
        if IPv4Network(net) not in nets and of_network(IPv4Network(net)) != _LOOPBACK:
            yield f"gives {what} to {net}"
    for subnet in _subnets(server):
        for option in subnet["option-data"]:
            told = option["name"] in {"domain-name-servers", "ntp-servers"}
            if told and IPv4Address(option["data"]) not in own:
                yield f"sends devices to {option['data']}"


_LOOPBACK: Final = of_network(IPv4Network("127.0.0.0/8"))


def _words(server: HostFiles, path: str, key: str) -> Iterator[str]:
    for line in server.texts.get(path, "").splitlines():
        words = line.split()
        if words[:1] == [key]:
            yield words[1]


def _allowed_names(server: HostFiles) -> Iterator[str]:
    for line in server.texts.get(_UNBOUND, "").splitlines():
        words = line.split()
        if words[:1] == ["access-control:"] and words[2] != "refuse":
            yield words[1]


def _subnets(server: HostFiles) -> list[Any]:
    lines = server.texts.get(_KEA, "").splitlines()
    settings = "\n".join(line for line in lines if not line.startswith("//"))
    found: list[Any] = json.loads(settings)["Dhcp4"]["subnet4"] if settings else []
    return found
