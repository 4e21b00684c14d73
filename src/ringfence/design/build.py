"""Site x Requirements -> Design. What the design is follows from the mitigations in force."""

from ipaddress import IPv4Network

from ringfence.design.addresses import gateway, subnets
from ringfence.design.flows import flows
from ringfence.design.hosts import hosts
from ringfence.design.model import (
    Design,
    Host,
    HostKind,
    Identity,
    IdentityProfile,
    Media,
    PortSecurity,
    Serves,
    Signalling,
    Zone,
    ZoneKind,
    ZoneName,
)
from ringfence.design.switching import access_switches
from ringfence.design.zones import Plot, plots
from ringfence.policy import Requirements
from ringfence.site.model import Site

_APART: Serves = ("SEP-1", "PSW-4")
_ASKED_BY: dict[ZoneKind, Serves] = {
    ZoneKind.SERVERS: (*_APART, "SEP-2"),
    ZoneKind.GATEWAYS: ("SEP-2", "GWY-2"),
    ZoneKind.SOFTPHONES: ("SFT-2",),
}
_SERVER_KINDS = {HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN}


def build(site: Site, requirements: Requirements) -> Design:
    """Compute the design of a site, in time linear in its size.

    Raises:
        AddressError: the stated subnets or addresses cannot be had.
        SoftphoneError: a phone is a program on a computer, and may not be.
        SwitchError: the switches cannot be configured as demanded.

    """
    laid_out = plots(site, requirements)
    nets = subnets(site, {plot.name: plot.phones for plot in laid_out})
    zones = _zones(laid_out, nets, requirements)
    dhcp = "DHC-3" not in requirements and "ACC-2" not in requirements
    signalling = Signalling(
        mutual="EAI-2" in requirements or "ACC-4" in requirements,
        digest="EAI-1" in requirements,
    )
    media = Media(srtp="EAI-4" in requirements)
    everyone = hosts(site, requirements, zones, dhcp=dhcp)
    ports = _ports(requirements)
    switches = access_switches(site, requirements, zones, everyone, ports, dhcp=dhcp)
    return Design(
        organisation=site.organisation,
        domain=site.domain,
        zones=zones,
        hosts=everyone,
        flows=tuple(
            flow.model_copy(update={"serves": _in_force(flow.serves, requirements)})
            for flow in flows(zones, everyone, switches, signalling, media, dhcp=dhcp)
        ),
        identities=_identities(site, everyone),
        signalling=signalling,
        media=media,
        ports=ports,
        dhcp=dhcp,
        in_force=frozenset(requirements.in_force),
        switches=switches,
    )


def _ports(requirements: Requirements) -> PortSecurity:
    def any_of(*mitigations: str) -> bool:
        return any(id_ in requirements for id_ in mitigations)

    return PortSecurity(
        known_macs=any_of("SEP-4", "EAV-2"),
        bindings=any_of("EAV-2", "ACC-3", "DHC-7"),
        dhcp_guard=any_of("ACC-3", "DHC-7"),
        flood_alert="EAV-3" in requirements,
        authenticated=any_of("SEP-5", "DHC-2", "DHC-6"),
    )


def _in_force(serves: Serves, requirements: Requirements) -> Serves:
    return tuple(id_ for id_ in serves if id_ in requirements)


def _zones(
    laid_out: tuple[Plot, ...],
    nets: dict[ZoneName, IPv4Network],
    requirements: Requirements,
) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            name=plot.name,
            kind=plot.kind,
            title=plot.title,
            location=plot.location,
            vlan=plot.vlan,
            subnet=nets[plot.name],
            gateway=gateway(nets[plot.name]),
            serves=_in_force(_ASKED_BY.get(plot.kind, _APART), requirements),
        )
        for plot in laid_out
    )


def _identities(site: Site, everyone: tuple[Host, ...]) -> tuple[Identity, ...]:
    """One certificate a server, by name, and one a phone, by address-of-record."""
    servers = (
        Identity(name=host.name, profile=IdentityProfile.SERVER, dns=(host.fqdn,))
        for host in everyone
        if host.kind in _SERVER_KINDS
    )
    phones = (
        Identity(
            name=host.name,
            profile=IdentityProfile.PHONE,
            uri=f"sip:{host.extension}@{site.domain}",
        )
        for host in everyone
        if host.kind == HostKind.PHONE
    )
    return (*servers, *phones)
