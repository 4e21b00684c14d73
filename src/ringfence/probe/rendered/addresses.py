"""Who has which address and who hands them out, read back from the hosts' own files."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from typing import Any, Final

from ringfence.design.model import SERVER_KINDS, HostKind, Service, ZoneKind, ZoneName
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.filters import from_elsewhere
from ringfence.probe.rendered.reading import HostFiles, Rendered

KEA = "/etc/kea/kea-dhcp4.conf"
_RESOLVER = "/etc/resolv.conf"
_CHRONY = "/etc/chrony/chrony.conf"
_SERVICE_PORTS: Final = (53, 67, 123)
_DHCP_UNITS: Final = {Service.KEA, Service.DHCP_RELAY, Service.DHCP_CLIENT}


def zone_subnets(rendered: Rendered) -> Seen:
    """Every host has addresses of one zone only, and zones do not overlap."""
    subnets = {zone.name: zone.subnet for zone in rendered.design.zones}
    contrary = [
        f"{one} and {other} overlap"
        for one, net in subnets.items()
        for other, second in subnets.items()
        if one < other and net.overlaps(second)
    ]
    fit = _names_of(rendered, ZoneKind.PHONES, ZoneKind.SOFTPHONES)
    unfit = fit | _names_of(rendered, ZoneKind.DATA)
    count = 0
    for each in rendered.hosts.values():
        zones = {_zone_of(rendered, address) for leg in each.legs for address in leg.addresses}
        count += 1
        if None in zones:
            contrary.append(f"{each.host.name} has an address of no zone")
        asks = each.host.kind == HostKind.PC and all(leg.leased for leg in each.legs)
        if len(zones) != 1 and not (asks or each.host.kind == HostKind.FIREWALL):
            contrary.append(f"{each.host.name} has addresses of {len(zones)} zones")
        if each.host.kind in SERVER_KINDS and zones & unfit:
            contrary.append(f"{each.host.name} is a server among phones or data devices")
    for phone in rendered.phones:
        count += 1
        if phone.address and _zone_of(rendered, phone.address) not in fit:
            contrary.append(f"{phone.name} has an address outside the phones' subnets")
    return Seen.against(
        contrary,
        count,
        yes=f"{count} hosts have addresses of one zone each; only the firewall joins them",
        no="a host has an address that its zone does not account for",
        exhibits=_zone_exhibit(rendered),
    )


def reserved_addresses(rendered: Rendered) -> Seen:
    """The address server knows every phone, by MAC address, and nobody else."""
    servers = _address_servers(rendered)
    contrary = [] if servers else ["no host serves addresses"]
    reserved: dict[str, str] = {}
    for server in servers:
        subnets = _subnets(server)
        contrary += _open_doors(server.host.name, subnets)
        reserved |= {
            r["hw-address"]: r["ip-address"] for net in subnets for r in net["reservations"]
        }
    phones = {phone.mac: phone.name for phone in rendered.phones}
    contrary += [
        f"{name} has no reservation" for mac, name in phones.items() if mac not in reserved
    ]
    contrary += [f"{mac} is no phone of the site" for mac in reserved.keys() - phones.keys()]
    contrary += [
        f"{phone.name} does not ask for its address"
        for phone in rendered.phones
        if not phone.leased
    ]
    if len(set(reserved.values())) < len(reserved):
        contrary.append("an address is reserved twice")
    return Seen.against(
        contrary,
        len(phones),
        yes=f"{len(phones)} phones have a reservation each; there is no other way to one",
        no="addresses are not handed out by reservation to every phone and nobody else",
        exhibits=tuple(server.exhibit(KEA) for server in servers),
    )


def no_dhcp(rendered: Rendered) -> Seen:
    """No host serves, relays or asks for addresses."""
    contrary = [
        f"{each.host.name} runs {unit}"
        for each in rendered.hosts.values()
        for unit in each.units.keys() & _DHCP_UNITS
    ]
    contrary += [
        f"{each.host.name}: {leg.device} asks for an address"
        for each in rendered.hosts.values()
        for leg in each.legs
        if leg.leased
    ]
    contrary += [f"{phone.name} asks for an address" for phone in rendered.phones if phone.leased]
    return Seen.against(
        contrary,
        len(rendered.hosts) + len(rendered.phones),
        yes="no host serves, relays or asks for addresses",
        no="addresses are still handed out by DHCP",
        exhibits=_zone_exhibit(rendered),
    )


def phones_static(rendered: Rendered) -> Seen:
    """Every phone has a set address."""
    contrary = [f"{phone.name} has none" for phone in rendered.phones if phone.address is None]
    return Seen.against(
        contrary,
        len(rendered.phones),
        yes=f"{len(rendered.phones)} phones have a set address each",
        no="phones are without a set address",
    )


def critical_static(rendered: Rendered) -> Seen:
    """Every server and firewall has set addresses; every phone a set or a reserved one."""
    critical = (*rendered.servers, *rendered.firewalls)
    contrary = [
        f"{each.host.name}: {leg.device} has no set address"
        for each in critical
        for leg in each.legs
        if leg.leased or not (leg.addresses or leg.device in each.mirrors)
    ]
    reserved = {
        reservation["hw-address"]
        for server in _address_servers(rendered)
        for net in _subnets(server)
        for reservation in net["reservations"]
    }
    contrary += [
        f"{phone.name} has neither a set nor a reserved address"
        for phone in rendered.phones
        if phone.address is None and phone.mac not in reserved
    ]
    return Seen.against(
        contrary,
        len(critical) + len(rendered.phones),
        yes=f"{len(critical)} servers and firewalls have set addresses, and "
        f"{len(rendered.phones)} phones a set or a reserved one",
        no="something critical has no address of its own",
        exhibits=tuple(
            each.exhibit(path)
            for each in critical
            for path in each.texts
            if path.endswith(".network")
        ),
    )


def own_services(rendered: Rendered) -> Seen:
    """IPT hosts ask IPT servers only, which data devices cannot reach."""
    ours = (*rendered.servers, *rendered.firewalls)
    apart = _names_of(rendered, ZoneKind.DATA, ZoneKind.OUTSIDE)
    own = {leg.address for host in ours for leg in host.host.interfaces if leg.zone not in apart}
    asked = [(each, path, word) for each in ours for path, word in _asked(each)]
    contrary = [
        f"{each.host.name}: {path} names {word}" for each, path, word in asked if word not in own
    ]
    for server in _address_servers(rendered):
        options = [o for net in _subnets(server) for o in net["option-data"]]
        contrary += [
            f"{server.host.name}: phones are told of {option['data']}"
            for option in options
            if option["name"] in {"domain-name-servers", "ntp-servers"}
            and IPv4Address(option["data"]) not in own
        ]
    contrary += [
        f"a service of the IPT network is reached from elsewhere: {each}"
        for each in from_elsewhere(rendered, _SERVICE_PORTS)
    ]
    return Seen.against(
        contrary,
        len(asked),
        yes=f"{len(asked)} entries of IPT hosts name IPT servers for names and time; the data "
        "network reaches none of these",
        no="the IPT network and others share a name, address or time server",
        exhibits=tuple(each.exhibit(path) for each, path, _ in asked),
    )


def open_address_servers(rendered: Rendered) -> Iterator[str]:
    """The ways to an address that are open to a device that is not named."""
    for server in _address_servers(rendered):
        yield from _open_doors(server.host.name, _subnets(server))


def phone_addresses(rendered: Rendered, names: frozenset[str]) -> Iterator[tuple[str, IPv4Address]]:
    """The set or reserved address of some phones."""
    reserved = {
        reservation["hw-address"]: IPv4Address(reservation["ip-address"])
        for server in _address_servers(rendered)
        for net in _subnets(server)
        for reservation in net["reservations"]
    }
    for phone in rendered.phones:
        if phone.name in names:
            if phone.address is not None:
                yield phone.name, phone.address.ip
            elif phone.mac in reserved:
                yield phone.name, reserved[phone.mac]


def _address_servers(rendered: Rendered) -> tuple[HostFiles, ...]:
    """The IPT network's address servers; the data network's own is another matter."""
    return tuple(each for each in rendered.servers if KEA in each.texts)


def _subnets(server: HostFiles) -> list[Any]:
    """Kea's subnets; its comments are lines of their own."""
    lines = server.texts[KEA].splitlines()
    settings = json.loads("\n".join(line for line in lines if not line.startswith("//")))
    found: list[Any] = settings["Dhcp4"]["subnet4"]
    return found


def _open_doors(name: str, subnets: list[Any]) -> Iterator[str]:
    for net in subnets:
        if net.get("pools"):
            yield f"{name} hands out addresses of {net['subnet']} to whoever asks"


def _asked(each: HostFiles) -> Iterator[tuple[str, IPv4Address]]:
    """The servers that a host is told to ask: names and time."""
    for path, word in ((_RESOLVER, "nameserver"), (_CHRONY, "server")):
        for line in each.texts.get(path, "").splitlines():
            words = line.split()
            if words[:1] == [word]:
                yield path, IPv4Address(words[1])


def _names_of(rendered: Rendered, *kinds: ZoneKind) -> frozenset[ZoneName]:
    return frozenset(zone.name for zone in rendered.design.zones_of(*kinds))


def _zone_of(rendered: Rendered, address: IPv4Interface) -> ZoneName | None:
    for zone in rendered.design.zones:
        if address.network == zone.subnet:
            return zone.name
    return None


def _zone_exhibit(rendered: Rendered) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        each.exhibit(path)
        for each in (*rendered.firewalls, *rendered.servers)
        for path in each.texts
        if path.endswith(".network")
    )
