"""The hosts of a design: which machine has which legs, addresses, names and services."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import assert_never

from ringfence.design.addresses import addresses
from ringfence.design.converged import stands_in_dmz
from ringfence.design.model import (
    Host,
    HostKind,
    Interface,
    Mirror,
    Service,
    Zone,
    ZoneKind,
    ZoneName,
)
from ringfence.design.zones import zone_of_phone
from ringfence.policy import Requirements
from ringfence.site.model import (
    LOG_SERVER,
    Phone,
    Role,
    Server,
    Site,
    phone_host_name,
    stated_addresses,
)
from ringfence.site.neighbours import DATA_DEVICE, RELAY_NAME

FIREWALL = "fw"
SENSOR = "ids1"
PC = DATA_DEVICE
OUTSIDER = "outside1"
DATA_SERVER = "data1"
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
    """Every host of a site: firewall, servers, sensor, relay, bystanders, then the phones."""
    nets = {zone.name: zone.subnet for zone in zones}
    servers = _named_servers(site, requirements)
    guard = _guard(site, requirements)
    placed = _placed(site, servers, requirements, nets)
    system = (
        _firewall(site, requirements, zones, guard, dhcp=dhcp),
        *_servers(site, servers, placed, guard, dhcp=dhcp),
        *_sensor(site, requirements, zones, placed, guard),
        *_relay(site, requirements, placed, guard),
    )
    if any(host.kind == HostKind.LOG for host in system):
        system = tuple(_sending_its_log(host) for host in system)
    return (
        *system,
        *_bystanders(site, requirements, placed, dhcp=dhcp),
        *_phones(site, requirements, nets, dhcp=dhcp),
    )


def _named_servers(site: Site, requirements: Requirements) -> tuple[Server, ...]:
    """The site's servers, and the log server where it is demanded and not among them."""
    named = any(server.role == Role.LOG for server in site.servers)
    if named or "LOG-3" not in requirements:
        return site.servers
    return (*site.servers, Server(name=LOG_SERVER, role=Role.LOG))


def _sending_its_log(host: Host) -> Host:
    return host.model_copy(update={"services": (*host.services, Service.SYSLOG)})


def _placed(
    site: Site, servers: tuple[Server, ...], requirements: Requirements, nets: Subnets
) -> Places:
    """The zone and address of every host but the firewall and the phones.

    The sensor's place behind the servers is kept whether there is one or not, and so is that of
    the data network's own server.
    """
    wanted = {server.name: zone_of(server.role) for server in servers}
    wanted[SENSOR] = ZoneKind.ADMIN
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
        DATA_SERVER: (ZoneKind.DATA, HostKind.DATA_SERVICES),
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
        case Role.ADMIN | Role.LOG:
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
    site: Site,
    servers: tuple[Server, ...],
    placed: Places,
    guard: tuple[Service, ...],
    *,
    dhcp: bool,
) -> tuple[Host, ...]:
    return tuple(
        Host(
            name=server.name,
            fqdn=f"{server.name}.{site.domain}",
            kind=_kind(server),
            interfaces=(_leg(*placed[server.name], server.mac),),
            services=(*_services(server.role, dhcp=dhcp), *guard),
        )
        for server in servers
    )


def _sensor(
    site: Site,
    requirements: Requirements,
    zones: tuple[Zone, ...],
    placed: Places,
    guard: tuple[Service, ...],
) -> tuple[Host, ...]:
    """The sensor: administered like a server, and with an ear in every zone (NID-1).

    The guide wants sensors at strategic points of both networks. Those are the zones themselves:
    all that crosses from one to another enters both, and what stays inside one is seen as well.
    """
    if "NID-1" not in requirements:
        return ()
    return (
        Host(
            name=SENSOR,
            fqdn=f"{SENSOR}.{site.domain}",
            kind=HostKind.SENSOR,
            interfaces=(_leg(*placed[SENSOR]),),
            services=(Service.NFTABLES, Service.CHRONY, Service.SENSOR, *guard),
            mirrors=tuple(
                Mirror(name=f"span{zone.vlan}", zone=zone.name, mac=_mirror_mac(zone.vlan))
                for zone in zones
            ),
        ),
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
        case Role.LOG:
            return HostKind.LOG
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
        case Role.LOG:
            return (*common, Service.LOG_KEEPER)
        case _:
            assert_never(role)


def _bystanders(
    site: Site, requirements: Requirements, placed: Places, *, dhcp: bool
) -> Iterator[Host]:
    """A PC, the data network's own services, and seats for whoever tests the borders.

    The data network has names, addresses and time of its own for the sake of SEP-11. Without it a
    PC asks the IPT network's, unless nothing may pass to there, or nothing unseen (SEP-7, SEP-9).
    """
    apart = any(id_ in requirements for id_ in ("SEP-11", "SEP-7", "SEP-9"))
    leased = dhcp and apart
    services: dict[HostKind, tuple[Service, ...]] = {
        HostKind.PC: (*((Service.DHCP_CLIENT,) if leased else ()), Service.CHRONY),
        HostKind.DATA_SERVICES: (
            *(Service.UNBOUND, Service.CHRONY),
            *((Service.KEA,) if leased else ()),
        ),
        HostKind.MAIL: (Service.MAIL_STAND_IN,),
    }
    for name, (_, kind) in _beside(site).items():
        if name in placed and (apart or kind != HostKind.DATA_SERVICES):
            yield Host(
                name=name,
                fqdn=f"{name}.{site.domain}",
                kind=kind,
                interfaces=(_leg(*placed[name]),),
                services=services.get(kind, ()),
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


def _leg(zone: ZoneName, address: IPv4Address, mac: str | None = None) -> Interface:
    return Interface(name="eth0", zone=zone, mac=mac or _mac(address), address=address)


def _mac(address: IPv4Address) -> str:
    """A locally administered MAC address made from the IP address, for lab machines."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x52, *address.packed))


def _mirror_mac(vlan: int) -> str:
    """A locally administered MAC address that no host of the design has."""
    return ":".join(f"{byte:02x}" for byte in (0x06, 0x52, 0, 0, *vlan.to_bytes(2, "big")))
