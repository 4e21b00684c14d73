"""Site x Requirements -> Design. What the design is follows from the mitigations in force."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from ringfence.design.addresses import gateway, subnets
from ringfence.design.converged import converged
from ringfence.design.flows import flows
from ringfence.design.hosts import hosts
from ringfence.design.model import (
    SERVER_KINDS,
    Design,
    Host,
    HostKind,
    Identity,
    IdentityProfile,
    Media,
    Serves,
    Service,
    Signalling,
    Zone,
    ZoneKind,
    ZoneName,
)
from ringfence.design.settings import (
    Converged,
    Logs,
    PortSecurity,
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
    ZoneKind.DMZ: ("SEP-10", "CNV-3"),
}


def build(site: Site, requirements: Requirements) -> Design:
    """Compute the design of a site, in time linear in its size.

    Raises:
        AddressError: the stated subnets or addresses cannot be had.
        SoftphoneError: a phone is a program on a computer, and may not be.
        ConvergedError: a service crosses to the data network, and may not.
        SwitchError: the switches cannot be configured as demanded.

    """
    passing = converged(site, requirements)
    laid_out = plots(site, requirements)
    nets = subnets(site, {plot.name: plot.phones for plot in laid_out})
    zones = _zones(laid_out, nets, requirements)
    dhcp = "DHC-3" not in requirements and "ACC-2" not in requirements
    signalling = Signalling(
        mutual="EAI-2" in requirements or "ACC-4" in requirements,
        digest="EAI-1" in requirements,
    )
    media = Media(srtp="EAI-4" in requirements)
    nts = "SEP-11" in requirements
    everyone = hosts(site, requirements, zones, dhcp=dhcp)
    logs = _logs(site, requirements, everyone)
    ports = _ports(requirements)
    switches = access_switches(site, requirements, zones, everyone, ports, dhcp=dhcp)
    return Design(
        organisation=site.organisation,
        domain=site.domain,
        zones=zones,
        hosts=everyone,
        flows=tuple(
            flow.model_copy(update={"serves": _in_force(flow.serves, requirements)})
            for flow in flows(
                zones,
                everyone,
                signalling,
                media,
                switches=switches,
                logs=logs,
                passing=passing,
                dhcp=dhcp,
                nts=nts,
            )
        ),
        identities=_identities(site, everyone, passing, nts=nts),
        signalling=signalling,
        media=media,
        ports=ports,
        logs=logs,
        nts=nts,
        dhcp=dhcp,
        in_force=frozenset(requirements.in_force),
        converged=passing,
        switches=switches,
    )


def _logs(site: Site, requirements: Requirements, everyone: tuple[Host, ...]) -> Logs | None:
    if not any(host.kind == HostKind.LOG for host in everyone):
        return None
    return Logs(known_senders="LOG-4" in requirements, keep_days=site.logs.keep_days)


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


def _identities(
    site: Site, everyone: tuple[Host, ...], passing: Converged | None, *, nts: bool
) -> tuple[Identity, ...]:
    """One certificate a server, by name, and one a phone, by address-of-record.

    Who asks a time server knows its address only. Whoever sends a log has a certificate for that
    and nothing else. The data network's mail server and the data devices that may read the
    directory get one each.
    """
    time = {HostKind.ADMIN, HostKind.SERVICES} if nts else set()
    servers = (
        Identity(
            name=host.name,
            profile=IdentityProfile.SERVER,
            dns=(host.fqdn,),
            addresses=(host.address,) if host.kind in time else (),
        )
        for host in everyone
        if host.kind in SERVER_KINDS
    )
    senders = (
        Identity(name=f"log/{host.name}", profile=IdentityProfile.LOG_SENDER, dns=(host.fqdn,))
        for host in everyone
        if Service.SYSLOG in host.services and host.kind != HostKind.LOG
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
    return (*servers, *senders, *phones, *_neighbours(site, passing))


def _neighbours(site: Site, passing: Converged | None) -> Iterator[Identity]:
    if passing is None:
        return
    if passing.mail is not None:
        dns = (passing.mail.name,)
        yield Identity(name=passing.mail.host, profile=IdentityProfile.MAIL_SERVER, dns=dns)
    for name in passing.readers:
        dns = (f"{name}.{site.domain}",)
        yield Identity(name=name, profile=IdentityProfile.READER, dns=dns)
