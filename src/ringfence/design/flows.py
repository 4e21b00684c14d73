"""The flows of the guide's figure 3, as data: who may start what towards whom, and why.

Whatever is not here may not cross. Flows exist only where a service of the design needs them.
"""

from ringfence.design.access import AccessSwitch
from ringfence.design.model import (
    Flow,
    Host,
    HostKind,
    Media,
    PortRange,
    Protocol,
    Serves,
    Service,
    Signalling,
    Zone,
    ZoneKind,
    ZoneName,
)

_FILTERED: Serves = ("SEP-6",)
_PHONES = {ZoneKind.PHONES, ZoneKind.SOFTPHONES}


def flows(
    zones: tuple[Zone, ...],
    hosts: tuple[Host, ...],
    switches: tuple[AccessSwitch, ...],
    signalling: Signalling,
    media: Media,
    *,
    dhcp: bool,
) -> tuple[Flow, ...]:
    """Every flow between hosts of the design, inside a zone or across the firewall."""
    phones = tuple(zone.name for zone in zones if zone.kind in _PHONES)
    return (
        *(flow for zone in phones for flow in _calls(zone, hosts, signalling, media)),
        *(flow for zone in phones if dhcp for flow in _addresses(zone, hosts)),
        *_names((*phones, ZoneKind.SERVERS), hosts),
        *_time(phones, hosts),
        *_switches(switches, hosts),
    )


def _calls(
    zone: ZoneName, hosts: tuple[Host, ...], signalling: Signalling, media: Media
) -> tuple[Flow, ...]:
    sip = _names_of(hosts, HostKind.SIP)
    return (
        Flow(
            name=_named("signalling", zone),
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=sip,
            protocol=Protocol.TCP,
            ports=_port(signalling.port),
            reason="phones register and call through the SIP server, over TLS",
            serves=(*_FILTERED, "PSW-2", "EAI-5"),
            service=Service.KAMAILIO,
        ),
        Flow(
            name=_named("media-in", zone),
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=sip,
            protocol=Protocol.UDP,
            ports=media.ports,
            reason="phones send speech to the media relay",
            serves=(*_FILTERED, "PSW-2", "EAI-4"),
            service=Service.RTPENGINE,
        ),
        Flow(
            name=_named("media-out", zone),
            from_zone=ZoneKind.SERVERS,
            from_hosts=sip,
            to_zone=zone,
            protocol=Protocol.UDP,
            ports=media.phone_ports,
            reason="the media relay sends speech to phones",
            serves=(*_FILTERED, "PSW-2", "EAI-4"),
        ),
    )


def _addresses(zone: ZoneName, hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    firewall = _names_of(hosts, HostKind.FIREWALL)
    services = _names_of(hosts, HostKind.SERVICES)
    serves: Serves = (*_FILTERED, "SEP-11", "ACC-3")
    bootps = _port(67)
    return (
        Flow(
            name=_named("dhcp-request", zone),
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
            name=_named("dhcp-relay", zone),
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
            name=_named("dhcp-answer", zone),
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
            name=_named("dhcp-deliver", zone),
            from_zone=zone,
            from_hosts=firewall,
            to_zone=zone,
            protocol=Protocol.UDP,
            ports=_port(68),
            reason="the relay hands the answer to the phone that asked",
            serves=serves,
        ),
        Flow(
            name=_named("dhcp-renew", zone),
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
    services = _names_of(hosts, HostKind.SERVICES)
    return tuple(
        Flow(
            name=f"names-{zone}-{protocol}",
            from_zone=zone,
            to_zone=ZoneKind.SERVERS,
            to_hosts=services,
            protocol=protocol,
            ports=_port(53),
            reason="IPT hosts resolve the names of this system, and no others",
            serves=(*_FILTERED, "SEP-11"),
            service=Service.UNBOUND,
        )
        for zone in zones
        for protocol in (Protocol.UDP, Protocol.TCP)
    )


def _time(phones: tuple[ZoneName, ...], hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    firewall = _names_of(hosts, HostKind.FIREWALL)
    services = _names_of(hosts, HostKind.SERVICES)
    primary = _names_of(hosts, HostKind.ADMIN)
    serves: Serves = (*_FILTERED, "SEP-11")
    ntp = _port(123)
    return (
        *(
            Flow(
                name=_named("time-phones", zone),
                from_zone=zone,
                to_zone=ZoneKind.SERVERS,
                to_hosts=services,
                protocol=Protocol.UDP,
                ports=ntp,
                reason="phones take the time from the secondary source",
                serves=serves,
                service=Service.CHRONY,
            )
            for zone in phones
        ),
        Flow(
            name="time-servers",
            from_zone=ZoneKind.SERVERS,
            to_zone=ZoneKind.ADMIN,
            to_hosts=primary,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="servers take the time from the primary source",
            serves=serves,
            service=Service.CHRONY,
        ),
        Flow(
            name="time-fallback",
            from_zone=ZoneKind.SERVERS,
            to_zone=ZoneKind.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="servers fall back to the secondary source",
            serves=serves,
            service=Service.CHRONY,
        ),
        Flow(
            name="time-firewall",
            from_zone=ZoneKind.ADMIN,
            from_hosts=firewall,
            to_zone=ZoneKind.ADMIN,
            to_hosts=primary,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="the firewall takes the time from the primary source",
            serves=serves,
            service=Service.CHRONY,
        ),
    )


def _switches(switches: tuple[AccessSwitch, ...], hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    """Switches stand in the administration's zone, so their flows do not cross the firewall."""
    if not switches:
        return ()
    return (
        Flow(
            name="time-switches",
            from_zone=ZoneKind.ADMIN,
            from_hosts=tuple(each.name for each in switches),
            to_zone=ZoneKind.ADMIN,
            to_hosts=_names_of(hosts, HostKind.ADMIN),
            protocol=Protocol.UDP,
            ports=_port(123),
            reason="access switches take the time from the primary source",
            serves=(*_FILTERED, "SEP-11"),
            service=Service.CHRONY,
        ),
    )


def _named(flow: str, zone: ZoneName) -> str:
    """A flow's name; those of further zones of phones end in the zone's."""
    return flow if zone == ZoneKind.PHONES else f"{flow}-{zone.removeprefix('phones-')}"


def _names_of(hosts: tuple[Host, ...], kind: HostKind) -> tuple[str, ...]:
    return tuple(host.name for host in hosts if host.kind == kind)


def _port(number: int) -> PortRange:
    return PortRange(first=number, last=number)
