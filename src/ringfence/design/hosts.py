"""The hosts of a design: which machine has which legs, addresses, names and services."""

from ipaddress import IPv4Address, IPv4Network
from typing import assert_never

from ringfence.design.addresses import addresses, gateway
from ringfence.design.model import Host, HostKind, Interface, Service, ZoneName
from ringfence.site.model import Phone, Role, Server, Site, phone_host_name

FIREWALL = "fw"
PC = "pc1"
OUTSIDER = "outside1"

Subnets = dict[ZoneName, IPv4Network]


def hosts(site: Site, nets: Subnets, *, dhcp: bool) -> tuple[Host, ...]:
    """Every host of a site: firewall, servers, the lab's bystanders, then the phones."""
    return (
        _firewall(site, nets, dhcp=dhcp),
        *_servers(site, nets, dhcp=dhcp),
        _bystander(site, PC, HostKind.PC, ZoneName.DATA, nets),
        _bystander(site, OUTSIDER, HostKind.OUTSIDER, ZoneName.OUTSIDE, nets),
        *_phones(site, nets, dhcp=dhcp),
    )


def zone_of(role: Role) -> ZoneName:
    """The zone in which servers of a role stand (the guide's figure 3)."""
    match role:
        case Role.SIP | Role.SERVICES:
            return ZoneName.SERVERS
        case Role.ADMIN:
            return ZoneName.ADMIN
        case _:
            assert_never(role)


def _firewall(site: Site, nets: Subnets, *, dhcp: bool) -> Host:
    relay = (Service.DHCP_RELAY,) if dhcp else ()
    return Host(
        name=FIREWALL,
        fqdn=f"{FIREWALL}.{site.domain}",
        kind=HostKind.FIREWALL,
        interfaces=tuple(
            Interface(name=zone, zone=zone, mac=_mac(gateway(net)), address=gateway(net))
            for zone, net in nets.items()
        ),
        services=(Service.NFTABLES, Service.FIREWALL_LOG, *relay, Service.CHRONY),
    )


def _servers(site: Site, nets: Subnets, *, dhcp: bool) -> tuple[Host, ...]:
    placed = {
        name: address
        for zone in (ZoneName.SERVERS, ZoneName.ADMIN)
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
            interfaces=(_leg(zone_of(server.role), placed[server.name]),),
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


def _phones(site: Site, nets: Subnets, *, dhcp: bool) -> tuple[Host, ...]:
    names = tuple(phone_host_name(phone.extension) for phone in site.phones)
    placed = addresses(nets[ZoneName.PHONES], names, site.addressing.fixed)
    client = (Service.DHCP_CLIENT,) if dhcp else ()
    return tuple(
        _phone(site, phone, placed[phone_host_name(phone.extension)], (*client, Service.SOFTPHONE))
        for phone in site.phones
    )


def _phone(site: Site, phone: Phone, address: IPv4Address, services: tuple[Service, ...]) -> Host:
    name = phone_host_name(phone.extension)
    leg = Interface(name="eth0", zone=ZoneName.PHONES, mac=phone.mac, address=address)
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
