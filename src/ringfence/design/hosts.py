"""The hosts of a design: which machine has which legs, addresses, names and services."""

from ipaddress import IPv4Address, IPv4Network
from typing import assert_never

from ringfence.design.addresses import addresses
from ringfence.design.model import Host, HostKind, Interface, Service, Zone, ZoneKind, ZoneName
from ringfence.design.zones import zone_of_phone
from ringfence.policy import Requirements
from ringfence.site.model import Phone, Role, Server, Site, phone_host_name

FIREWALL = "fw"
PC = "pc1"
OUTSIDER = "outside1"
GATEWAY_SEAT = "seat1"

Subnets = dict[ZoneName, IPv4Network]


def hosts(
    site: Site,
    requirements: Requirements,
    zones: tuple[Zone, ...],
    *,
    dhcp: bool,
) -> tuple[Host, ...]:
    """Every host of a site: firewall, servers, the lab's bystanders, then the phones."""
    nets = {zone.name: zone.subnet for zone in zones}
    return (
        _firewall(site, requirements, zones, dhcp=dhcp),
        *_servers(site, nets, dhcp=dhcp),
        _bystander(site, PC, HostKind.PC, ZoneKind.DATA, nets),
        _bystander(site, OUTSIDER, HostKind.OUTSIDER, ZoneKind.OUTSIDE, nets),
        *(
            _bystander(site, GATEWAY_SEAT, HostKind.SEAT, zone.name, nets)
            for zone in zones
            if zone.kind == ZoneKind.GATEWAYS
        ),
        *_phones(site, requirements, nets, dhcp=dhcp),
    )


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
    site: Site, requirements: Requirements, zones: tuple[Zone, ...], *, dhcp: bool
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
        services=(Service.NFTABLES, Service.FIREWALL_LOG, *more, Service.CHRONY),
    )


def _servers(site: Site, nets: Subnets, *, dhcp: bool) -> tuple[Host, ...]:
    placed = {
        name: address
        for zone in (ZoneKind.SERVERS, ZoneKind.ADMIN)
        for name, address in addresses(
            nets[zone],
            tuple(server.name for server in site.servers if zone_of(server.role) == zone),
            site.addressing.fixed,
        ).items()
    }
    return tuple(
        Host(
            name=server.name,
            fqdn=f"{server.name}.{site.domain}",
            kind=_kind(server),
            interfaces=(_leg(zone_of(server.role), placed[server.name], server.mac),),
            services=_services(server.role, dhcp=dhcp),
        )
        for server in site.servers
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


def _bystander(site: Site, name: str, kind: HostKind, zone: ZoneName, nets: Subnets) -> Host:
    """A machine that is not part of the system: a seat for whoever tests its borders."""
    address = addresses(nets[zone], (name,), {})[name]
    return Host(
        name=name,
        fqdn=f"{name}.{site.domain}",
        kind=kind,
        interfaces=(_leg(zone, address),),
        services=(),
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
