"""The flows of the guide's figure 3, as data: who may start what towards whom, and why.

Whatever is not here may not cross. Flows exist only where a service of the design needs them.
"""

from collections.abc import Iterator

from ringfence.design import service_flows
from ringfence.design.access import AccessSwitch
from ringfence.design.converged import converged_flows
from ringfence.design.flow_parts import FILTERED, named, names_of, port
from ringfence.design.model import (
    Flow,
    Host,
    HostKind,
    Media,
    Protocol,
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
)

MIRROR_PORT = 80
"""Definitions are signed by their makers, and checked, so plain HTTP will do."""
_PHONES = {ZoneKind.PHONES, ZoneKind.SOFTPHONES}


def flows(
    zones: tuple[Zone, ...],
    hosts: tuple[Host, ...],
    signalling: Signalling,
    media: Media,
    *,
    switches: tuple[AccessSwitch, ...],
    logs: Logs | None,
    passing: Converged | None,
    dhcp: bool,
    nts: bool,
) -> tuple[Flow, ...]:
    """Every flow between hosts of the design, inside a zone or across the firewall."""
    phones = tuple(zone.name for zone in zones if zone.kind in _PHONES)
    return (
        *(flow for zone in phones for flow in _calls(zone, hosts, signalling, media)),
        *(flow for zone in phones if dhcp for flow in _addresses(zone, hosts)),
        *_names((*phones, ZoneKind.SERVERS), hosts),
        *service_flows.time(phones, hosts, nts=nts),
        *service_flows.logs(hosts, logs),
        *service_flows.data(hosts),
        *(converged_flows(zones, hosts, passing) if passing is not None else ()),
        *_definitions(hosts),
        *_switches(switches, hosts),
    )


def _calls(
    zone: ZoneName, hosts: tuple[Host, ...], signalling: Signalling, media: Media
) -> tuple[Flow, ...]:
    sip = names_of(hosts, HostKind.SIP)
    return (
        Flow(
            name=named("signalling", zone),
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=sip,
            protocol=Protocol.TCP,
            ports=port(signalling.port),
            reason="phones register and call through the SIP server, over TLS",
            serves=(*FILTERED, "PSW-2", "EAI-5"),
            service=Service.KAMAILIO,
        ),
        Flow(
            name=named("media-in", zone),
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=sip,
            protocol=Protocol.UDP,
            ports=media.ports,
            reason="phones send speech to the media relay",
            serves=(*FILTERED, "PSW-2", "EAI-4"),
            service=Service.RTPENGINE,
        ),
        Flow(
            name=named("media-out", zone),
            from_zone=ZoneKind.SERVERS,
            from_hosts=sip,
            to_zone=zone,
            protocol=Protocol.UDP,
            ports=media.phone_ports,
            reason="the media relay sends speech to phones",
            serves=(*FILTERED, "PSW-2", "EAI-4"),
        ),
    )


def _addresses(zone: ZoneName, hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    firewall = names_of(hosts, HostKind.FIREWALL)
    services = names_of(hosts, HostKind.SERVICES)
    serves: Serves = (*FILTERED, "SEP-11", "ACC-3")
    bootps = port(67)
    return (
        Flow(
            name=named("dhcp-request", zone),
            from_zone=zone,
            to_zone=zone,
            to_hosts=firewall,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="a phone without an address asks by broadcast; the firewall relays it",
            serves=serves,
            service=Service.DHCP_RELAY,
        ),
        Flow(
            name=named("dhcp-relay", zone),
            from_zone=zone,
            from_hosts=firewall,
            to_zone=ZoneKind.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="the relay, speaking from the phones' zone, asks the address server",
            serves=serves,
            service=Service.KEA,
        ),
        Flow(
            name=named("dhcp-answer", zone),
            from_zone=ZoneKind.SERVERS,
            from_hosts=services,
            to_zone=zone,
            to_hosts=firewall,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="the address server answers to the relay's leg in the phones' zone",
            serves=serves,
            service=Service.DHCP_RELAY,
        ),
        Flow(
            name=named("dhcp-deliver", zone),
            from_zone=zone,
            from_hosts=firewall,
            to_zone=zone,
            protocol=Protocol.UDP,
            ports=port(68),
            reason="the relay hands the answer to the phone that asked",
            serves=serves,
        ),
        Flow(
            name=named("dhcp-renew", zone),
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="a phone with an address renews it at the address server itself",
            serves=serves,
            service=Service.KEA,
        ),
    )


def _names(zones: tuple[ZoneName, ...], hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    services = names_of(hosts, HostKind.SERVICES)
    return tuple(
        Flow(
            name=f"names-{zone}-{protocol}",
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=services,
            protocol=protocol,
            ports=port(53),
            reason="IPT hosts resolve the names of this system, and no others",
            serves=(*FILTERED, "SEP-11"),
            service=Service.UNBOUND,
        )
        for zone in zones
        for protocol in (Protocol.UDP, Protocol.TCP)
    )


def _definitions(hosts: tuple[Host, ...]) -> Iterator[Flow]:
    """Where a mirror is declared, servers fetch definitions from it, and from nowhere else."""
    mirror = names_of(hosts, HostKind.MIRROR)
    asking: dict[ZoneName, list[str]] = {}
    for host in hosts:
        if mirror and Service.DEFINITIONS in host.services:
            # The firewall asks from its leg in the mirror's own zone.
            zone = ZoneKind.ADMIN if host.kind == HostKind.FIREWALL else host.zone
            asking.setdefault(zone, []).append(host.name)
    for zone, names in asking.items():
        yield Flow(
            name=f"definitions-{zone}",
            from_zone=zone,
            from_hosts=tuple(names),
            to_zone=ZoneKind.ADMIN,
            to_hosts=mirror,
            protocol=Protocol.TCP,
            ports=port(MIRROR_PORT),
            reason="servers fetch signed malware definitions from the mirror",
            serves=(*FILTERED, "SML-1"),
        )


def _switches(switches: tuple[AccessSwitch, ...], hosts: tuple[Host, ...]) -> Iterator[Flow]:
    """Switches stand in the administration's zone, so their flows do not cross the firewall."""
    if switches:
        yield Flow(
            name="time-switches",
            from_zone=ZoneKind.ADMIN,
            from_hosts=tuple(each.name for each in switches),
            to_zone=ZoneKind.ADMIN,
            to_hosts=names_of(hosts, HostKind.ADMIN),
            protocol=Protocol.UDP,
            ports=port(service_flows.NTP),
            reason="access switches take the time from the primary source",
            serves=(*FILTERED, "SEP-11"),
            service=Service.CHRONY,
        )
