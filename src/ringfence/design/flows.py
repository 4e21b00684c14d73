"""The flows of the guide's figure 3, as data: who may start what towards whom, and why.

Whatever is not here may not cross. Flows exist only where a service of the design needs them.
"""

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
    ZoneName,
)

_FILTERED: Serves = ("SEP-6",)


def flows(
    hosts: tuple[Host, ...],
    signalling: Signalling,
    media: Media,
    *,
    dhcp: bool,
) -> tuple[Flow, ...]:
    """Every flow between hosts of the design, inside a zone or across the firewall."""
    return (
        *_calls(hosts, signalling, media),
        *(_addresses(hosts) if dhcp else ()),
        *_names(hosts),
        *_time(hosts),
    )


def _calls(hosts: tuple[Host, ...], signalling: Signalling, media: Media) -> tuple[Flow, ...]:
    sip = _names_of(hosts, HostKind.SIP)
    return (
        Flow(
            name="signalling",
            from_zone=ZoneName.PHONES,
            to_zone=ZoneName.SERVERS,
            to_hosts=sip,
            protocol=Protocol.TCP,
            ports=_port(signalling.port),
            reason="phones register and call through the SIP server, over TLS",
            serves=(*_FILTERED, "PSW-2", "EAI-5"),
            service=Service.KAMAILIO,
        ),
        Flow(
            name="media-in",
            from_zone=ZoneName.PHONES,
            to_zone=ZoneName.SERVERS,
            to_hosts=sip,
            protocol=Protocol.UDP,
            ports=media.ports,
            reason="phones send speech to the media relay",
            serves=(*_FILTERED, "PSW-2", "EAI-4"),
            service=Service.RTPENGINE,
        ),
        Flow(
            name="media-out",
            from_zone=ZoneName.SERVERS,
            from_hosts=sip,
            to_zone=ZoneName.PHONES,
            protocol=Protocol.UDP,
            ports=media.phone_ports,
            reason="the media relay sends speech to phones",
            serves=(*_FILTERED, "PSW-2", "EAI-4"),
        ),
    )


def _addresses(hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    firewall = _names_of(hosts, HostKind.FIREWALL)
    services = _names_of(hosts, HostKind.SERVICES)
    serves: Serves = (*_FILTERED, "SEP-11", "ACC-3")
    bootps = _port(67)
    return (
        Flow(
            name="dhcp-request",
            from_zone=ZoneName.PHONES,
            to_zone=ZoneName.PHONES,
            to_hosts=firewall,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="a phone without an address asks by broadcast; the firewall relays it",
            serves=serves,
            service=Service.DHCP_RELAY,
        ),
        Flow(
            name="dhcp-relay",
            from_zone=ZoneName.PHONES,
            from_hosts=firewall,
            to_zone=ZoneName.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="the relay, speaking from the phones' zone, asks the address server",
            serves=serves,
            service=Service.KEA,
        ),
        Flow(
            name="dhcp-answer",
            from_zone=ZoneName.SERVERS,
            from_hosts=services,
            to_zone=ZoneName.PHONES,
            to_hosts=firewall,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="the address server answers to the relay's leg in the phones' zone",
            serves=serves,
            service=Service.DHCP_RELAY,
        ),
        Flow(
            name="dhcp-deliver",
            from_zone=ZoneName.PHONES,
            from_hosts=firewall,
            to_zone=ZoneName.PHONES,
            protocol=Protocol.UDP,
            ports=_port(68),
            reason="the relay hands the answer to the phone that asked",
            serves=serves,
        ),
        Flow(
            name="dhcp-renew",
            from_zone=ZoneName.PHONES,
            to_zone=ZoneName.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=bootps,
            reason="a phone with an address renews it at the address server itself",
            serves=serves,
            service=Service.KEA,
        ),
    )


def _names(hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    services = _names_of(hosts, HostKind.SERVICES)
    return tuple(
        Flow(
            name=f"names-{zone}-{protocol}",
            from_zone=zone,
            to_zone=ZoneName.SERVERS,
            to_hosts=services,
            protocol=protocol,
            ports=_port(53),
            reason="IPT hosts resolve the names of this system, and no others",
            serves=(*_FILTERED, "SEP-11"),
            service=Service.UNBOUND,
        )
        for zone in (ZoneName.PHONES, ZoneName.SERVERS)
        for protocol in (Protocol.UDP, Protocol.TCP)
    )


def _time(hosts: tuple[Host, ...]) -> tuple[Flow, ...]:
    firewall = _names_of(hosts, HostKind.FIREWALL)
    services = _names_of(hosts, HostKind.SERVICES)
    primary = _names_of(hosts, HostKind.ADMIN)
    serves: Serves = (*_FILTERED, "SEP-11")
    ntp = _port(123)
    return (
        Flow(
            name="time-phones",
            from_zone=ZoneName.PHONES,
            to_zone=ZoneName.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="phones take the time from the secondary source",
            serves=serves,
            service=Service.CHRONY,
        ),
        Flow(
            name="time-servers",
            from_zone=ZoneName.SERVERS,
            to_zone=ZoneName.ADMIN,
            to_hosts=primary,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="servers take the time from the primary source",
            serves=serves,
            service=Service.CHRONY,
        ),
        Flow(
            name="time-fallback",
            from_zone=ZoneName.SERVERS,
            to_zone=ZoneName.SERVERS,
            to_hosts=services,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="servers fall back to the secondary source",
            serves=serves,
            service=Service.CHRONY,
        ),
        Flow(
            name="time-firewall",
            from_zone=ZoneName.ADMIN,
            from_hosts=firewall,
            to_zone=ZoneName.ADMIN,
            to_hosts=primary,
            protocol=Protocol.UDP,
            ports=ntp,
            reason="the firewall takes the time from the primary source",
            serves=serves,
            service=Service.CHRONY,
        ),
    )


def _names_of(hosts: tuple[Host, ...], kind: HostKind) -> tuple[str, ...]:
    return tuple(host.name for host in hosts if host.kind == kind)


def _port(number: int) -> PortRange:
    return PortRange(first=number, last=number)
