"""The flows of network services: time and logs, and what stays within the data network."""

from collections.abc import Iterator
from typing import Final

from ringfence.design.flow_parts import FILTERED, named, names_of, port
from ringfence.design.model import (
    Flow,
    Host,
    HostKind,
    Protocol,
    Serves,
    Service,
    ZoneKind,
    ZoneName,
)
from ringfence.design.settings import (
    Logs,
)

NTP: Final = 123
NTS_KEYS: Final = 4460
"""Where a time server proves who it is and hands out keys (RFC 8915, NTS-KE)."""
_End = tuple[ZoneName, tuple[str, ...]]
"""One end of a flow: a zone, and the hosts that are meant, or every one if none is named."""
_OWN: Final[Serves] = ("SEP-11",)
_LOGGED: Final[Serves] = (*FILTERED, "LOG-3", "LOG-4")


def time(phones: tuple[ZoneName, ...], hosts: tuple[Host, ...], *, nts: bool) -> Iterator[Flow]:
    """Phones ask the secondary source; servers the primary, with proof of it if that is wanted.

    The guide's figure 3 and its caption.
    """
    secondary = names_of(hosts, HostKind.SERVICES)
    for zone in phones:
        yield _time(
            named("time-phones", zone),
            (zone, ()),
            (ZoneKind.SERVERS, secondary),
            "phones take the time from the secondary source",
        )
    for flow in _time_of_servers(hosts):
        yield flow
        if nts:
            yield flow.model_copy(
                update={
                    "name": f"{flow.name}-keys",
                    "protocol": Protocol.TCP,
                    "ports": port(NTS_KEYS),
                    "reason": f"{flow.reason}: first it proves who it is, and hands out keys",
                }
            )


def _time_of_servers(hosts: tuple[Host, ...]) -> Iterator[Flow]:
    primary = names_of(hosts, HostKind.ADMIN)
    servers, admin = ZoneKind.SERVERS, ZoneKind.ADMIN
    yield _time(
        "time-servers",
        (servers, ()),
        (admin, primary),
        "servers take the time from the primary source",
    )
    yield _time(
        "time-fallback",
        (servers, ()),
        (servers, names_of(hosts, HostKind.SERVICES)),
        "servers fall back to the secondary source",
    )
    yield _time(
        "time-firewall",
        (admin, names_of(hosts, HostKind.FIREWALL)),
        (admin, primary),
        "the firewall takes the time from the primary source",
    )
    beside = _beside(hosts, primary)
    if beside:
        yield _time(
            "time-admin",
            (admin, beside),
            (admin, primary),
            "the administration's other servers take the time from the primary source",
        )


def _beside(hosts: tuple[Host, ...], primary: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        host.name
        for host in hosts
        if Service.CHRONY in host.services
        and len(host.interfaces) == 1
        and host.zone == ZoneKind.ADMIN
        and host.name not in primary
    )


def _time(name: str, source: _End, target: _End, reason: str) -> Flow:
    return Flow(
        name=name,
        from_zone=source[0],
        from_hosts=source[1],
        to_zone=target[0],
        to_hosts=target[1],
        protocol=Protocol.UDP,
        ports=port(NTP),
        reason=reason,
        serves=(*FILTERED, *_OWN),
        service=Service.CHRONY,
    )


def logs(hosts: tuple[Host, ...], wanted: Logs | None) -> Iterator[Flow]:
    """Every host of the system sends its log to the log server, from the zone it stands in."""
    if wanted is None:
        return
    senders = [
        host for host in hosts if Service.SYSLOG in host.services and host.kind != HostKind.LOG
    ]
    # The firewall has a leg in every zone: it speaks from the one that the log server is in.
    from_zones = {
        host.name: ZoneKind.ADMIN if host.kind == HostKind.FIREWALL else host.zone
        for host in senders
    }
    for zone in dict.fromkeys(from_zones.values()):
        yield Flow(
            name=f"logs-{zone}",
            from_zone=zone,
            from_hosts=tuple(name for name, place in from_zones.items() if place == zone),
            to_zone=ZoneKind.ADMIN,
            to_hosts=names_of(hosts, HostKind.LOG),
            protocol=Protocol.TCP,
            ports=port(wanted.port),
            reason="hosts send what they log to the log server, over TLS",
            serves=_LOGGED,
            service=Service.SYSLOG,
        )


def data(hosts: tuple[Host, ...]) -> Iterator[Flow]:
    """The data network's own services; without them its devices ask the IPT network's."""
    own = names_of(hosts, HostKind.DATA_SERVICES)
    if own:
        target, to_hosts, where = ZoneKind.DATA, own, "the data network's own server"
    else:
        services = names_of(hosts, HostKind.SERVICES)
        target, to_hosts, where = ZoneKind.SERVERS, services, "the IPT network's server"
    serves = _OWN if own else FILTERED
    wanted = [
        ("names-udp", Protocol.UDP, 53, Service.UNBOUND),
        ("names-tcp", Protocol.TCP, 53, Service.UNBOUND),
        ("time", Protocol.UDP, NTP, Service.CHRONY),
    ]
    if any(Service.DHCP_CLIENT in host.services for host in hosts if host.kind == HostKind.PC):
        wanted.append(("addresses", Protocol.UDP, 67, Service.KEA))
    for name, protocol, number, service in wanted:
        what = name.partition("-")[0]
        yield Flow(
            name=f"data-{name}",
            from_zone=ZoneKind.DATA,
            to_zone=target,
            to_hosts=to_hosts,
            protocol=protocol,
            ports=port(number),
            reason=f"data devices get their {what} from {where}",
            serves=serves,
            service=service,
        )
