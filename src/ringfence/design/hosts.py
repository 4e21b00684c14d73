"""The hosts of a design: which machine has which legs, addresses, names and services."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import assert_never

from ringfence.design.addresses import addresses
from ringfence.design.converged import stands_in_dmz
from ringfence.design.model import Host, HostKind, Interface, Service, Zone, ZoneKind, ZoneName
from ringfence.design.zones import zone_of_phone
from ringfence.policy import Requirements
from ringfence.site.model import Phone, Role, Server, Site, phone_host_name, stated_addresses
from ringfence.site.neighbours import DATA_DEVICE, RELAY_NAME

FIREWALL = "fw"
PC = DATA_DEVICE
OUTSIDER = "outside1"
GATEWAY_SEAT = "seat1"

Subnets = dict[ZoneName, IPv4Network]
Places = dict[str, tuple[ZoneName, IPv4Address]]


def hosts(
    site: Site,
    requirements: Requirements,
    zones: tuple[Zone, ...],
    *,
    dhcp: bool,
) -> tuple[Host, ...]:
    """Every host of a site: firewall, servers, relay, the lab's bystanders, then the phones."""
    nets = {zone.name: zone.subnet for zone in zones}
    guard = _guard(site, requirements)
    placed = _placed(site, requirements, nets)
    return (
        _firewall(site, requirements, zones, guard, dhcp=dhcp),
        *_servers(site, placed, guard, dhcp=dhcp),
        *_relay(site, requirements, placed, guard),
        *_bystanders(site, placed),
        *_phones(site, requirements, nets, dhcp=dhcp),
    )


def _placed(site: Site, requirements: Requirements, nets: Subnets) -> Places:
    """The zone and address of every host but the firewall and the phones."""
    wanted = {server.name: zone_of(server.role) for server in site.servers}
    if site.converged is not None:
        dmz = stands_in_dmz(requirements)
        wanted[RELAY_NAME] = ZoneKind.DMZ if dmz else ZoneKind.SERVERS
    wanted |= {name: zone for name, (zone, _) in _beside(site).items() if zone in nets}
    stated = stated_addresses(site)
    return {
        name: (zone, address)
        for zone in dict.fromkeys(wanted.values())
        for name, address in addresses(
            nets[zone], tuple(name for name, at in wanted.items() if at == zone), stated
        ).items()
    }


def _beside(site: Site) -> dict[str, tuple[ZoneKind, HostKind]]:
    """The machines that are no part of the system: others', and seats for who tests its borders."""
    found = {
        PC: (ZoneKind.DATA, HostKind.PC),
        OUTSIDER: (ZoneKind.OUTSIDE, HostKind.OUTSIDER),
        GATEWAY_SEAT: (ZoneKind.GATEWAYS, HostKind.SEAT),
    }
    if site.converged is not None and site.converged.mail is not None:
        found[site.converged.mail.host] = (ZoneKind.DATA, HostKind.MAIL)
    if site.definitions is not None:
        found[site.definitions.host] = (ZoneKind.ADMIN, HostKind.MIRROR)
    return found


def _guard(site: Site, requirements: Requirements) -> tuple[Service, ...]:
    """What guards every server and the firewall against malicious software."""
    if "SML-1" not in requirements:
        return ()
    return (Service.NIGHTLY_SCAN, *((Service.DEFINITIONS,) if site.definitions else ()))


def zone_of(role: Role) -> ZoneName:
    """The zone in which servers of a role stand (the guide's figure 3)."""
    match role:
        case Role.SIP | Role.SERVICES:
            return ZoneKind.SERVERS
        case Role.ADMIN:
            return ZoneKind.ADMIN
        case _:
            assert_never(role)


def _firewall(
    site: Site,
    requirements: Requirements,
    zones: tuple[Zone, ...],
    guard: tuple[Service, ...],
    *,
    dhcp: bool,
) -> Host:
    more: tuple[Service, ...] = (Service.DHCP_RELAY,) if dhcp else ()
    more += (Service.PRIORITIES,) if "DOS-3" in requirements else ()
    return Host(
        name=FIREWALL,
        fqdn=f"{FIREWALL}.{site.domain}",
        kind=HostKind.FIREWALL,
        interfaces=tuple(
            Interface(name=zone.name, zone=zone.name, mac=_mac(zone.gateway), address=zone.gateway)
            for zone in zones
        ),
        services=(Service.NFTABLES, Service.FIREWALL_LOG, *more, Service.CHRONY, *guard),
    )


def _servers(
    site: Site, placed: Places, guard: tuple[Service, ...], *, dhcp: bool
) -> tuple[Host, ...]:
    return tuple(
        Host(
            name=server.name,
            fqdn=f"{server.name}.{site.domain}",
            kind=_kind(server),
            interfaces=(_leg(*placed[server.name]),),
            services=(*_services(server.role, dhcp=dhcp), *guard),
        )
        for server in site.servers
    )


def _relay(
    site: Site, requirements: Requirements, placed: Places, guard: tuple[Service, ...]
) -> tuple[Host, ...]:
    """The one way between telephones and data, if anything crosses at all."""
    if site.converged is None:
        return ()
    mail = site.converged.mail is not None
    return (
        Host(
            name=RELAY_NAME,
            fqdn=f"{RELAY_NAME}.{site.domain}",
            kind=HostKind.RELAY,
            interfaces=(_leg(*placed[RELAY_NAME]),),
            services=(
                Service.NFTABLES,
                Service.CHRONY,
                *((Service.SCANNER,) if mail and "CNV-6" in requirements else ()),
                *((Service.MAIL_RELAY,) if mail else ()),
                *((Service.DIRECTORY,) if site.converged.directory else ()),
                *guard,
            ),
        ),
    )


def _kind(server: Server) -> HostKind:
    match server.role:
        case Role.SIP:
            return HostKind.SIP
        case Role.SERVICES:
            return HostKind.SERVICES
        case Role.ADMIN:
            return HostKind.ADMIN
        case _:
            assert_never(server.role)


def _services(role: Role, *, dhcp: bool) -> tuple[Service, ...]:
    common = (Service.NFTABLES, Service.CHRONY)
    match role:
        case Role.SIP:
            return (*common, Service.RTPENGINE, Service.KAMAILIO)
        case Role.SERVICES:
            return (*common, Service.UNBOUND, *((Service.KEA,) if dhcp else ()))
        case Role.ADMIN:
            return common
        case _:
            assert_never(role)


def _bystanders(site: Site, placed: Places) -> Iterator[Host]:
    for name, (_, kind) in _beside(site).items():
        if name in placed:
            yield Host(
                name=name,
                fqdn=f"{name}.{site.domain}",
                kind=kind,
                interfaces=(_leg(*placed[name]),),
                services=(Service.MAIL_STAND_IN,) if kind == HostKind.MAIL else (),
            )


def _phones(
    site: Site,
    requirements: Requirements,
    nets: Subnets,
    *,
    dhcp: bool,
) -> tuple[Host, ...]:
    client = (Service.DHCP_CLIENT,) if dhcp else ()
    zones = {
        phone_host_name(phone.extension): zone_of_phone(site, requirements, phone)
        for phone in site.phones
    }
    named: dict[ZoneName, list[str]] = {}
    for name, zone in zones.items():
        named.setdefault(zone, []).append(name)
    placed = {
        name: address
        for zone, names in named.items()
        for name, address in addresses(nets[zone], tuple(names), site.addressing.fixed).items()
    }
    return tuple(
        _phone(site, phone, zones[name], placed[name], (*client, Service.SOFTPHONE))
        for name, phone in zip(zones, site.phones, strict=True)
    )


def _phone(
    site: Site,
    phone: Phone,
    zone: ZoneName,
    address: IPv4Address,
    services: tuple[Service, ...],
) -> Host:
    name = phone_host_name(phone.extension)
    leg = Interface(name="eth0", zone=zone, mac=phone.mac, address=address)
    return Host(
        name=name,
        fqdn=f"{name}.{site.domain}",
        kind=HostKind.PHONE,
        interfaces=(leg,),
        services=services,
        extension=phone.extension,
        display_name=phone.name,
        model=phone.model,
    )


def _leg(zone: ZoneName, address: IPv4Address) -> Interface:
    return Interface(name="eth0", zone=zone, mac=_mac(address), address=address)


def _mac(address: IPv4Address) -> str:
    """A locally administered MAC address made from the IP address, for lab machines."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x52, *address.packed))
