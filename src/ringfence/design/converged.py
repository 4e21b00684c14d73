"""What crosses between telephones and data: by way of a relay, in a DMZ where that is asked for.

The guide's figure 10 and its "Convergence Features".
"""

from collections.abc import Iterator

from ringfence.design.model import (
    Flow,
    Host,
    HostKind,
    PortRange,
    Protocol,
    Serves,
    Service,
    Zone,
    ZoneKind,
    ZoneName,
)
from ringfence.design.settings import (
    Converged,
    MailRoute,
)
from ringfence.policy import Requirements
from ringfence.site.model import Site

_FORBIDDING = ("CNV-1", "SEP-7")
_PASSING: Serves = ("SEP-6", "SEP-8", "SEP-9", "SEP-10", "CNV-3", "CNV-4", "CNV-5")
SUBMISSION_PORT = 465
DIRECTORY_PORT = 443


class ConvergedError(ValueError):
    """The site has services that cross to the data network and may not; for its author."""


def converged(site: Site, requirements: Requirements) -> Converged | None:
    """What crosses, and how it is guarded, as the mitigations in force have it.

    Raises:
        ConvergedError: something is declared to cross where CNV-1 or SEP-7 is in force.

    """
    declared = site.converged
    if declared is None:
        return None
    _refuse(site, requirements)
    mail = None
    if declared.mail is not None:
        host = declared.mail.host
        mail = MailRoute(
            host=host,
            name=declared.mail.name or f"{host}.{site.domain}",
            port=declared.mail.port,
            domains=declared.mail.domains or (site.domain,),
            authority=declared.mail.authority,
        )
    return Converged(
        mail=mail,
        directory=declared.directory,
        readers=declared.readers if declared.directory else (),
        authenticated="CNV-2" in requirements,
        inspected="CNV-5" in requirements or "SEP-9" in requirements,
        scanned="CNV-6" in requirements,
    )


def stands_in_dmz(requirements: Requirements) -> bool:
    """Whether the relay has a DMZ to stand in; otherwise it stands among the servers."""
    return "CNV-3" in requirements or "SEP-10" in requirements


def converged_flows(
    zones: tuple[Zone, ...], hosts: tuple[Host, ...], passing: Converged
) -> Iterator[Flow]:
    """The flows from and to the relay; none leads from telephones to data past it."""
    relay = next(host for host in hosts if host.kind == HostKind.RELAY)
    phones = [zone for zone in zones if zone.kind in {ZoneKind.PHONES, ZoneKind.SOFTPHONES}]
    if passing.mail is not None:
        yield from _mail(relay, hosts, passing.mail)
    if passing.directory:
        for zone in phones:
            yield _directory(relay, zone.name, "telephones look numbers up in the directory")
        yield _directory(relay, ZoneKind.DATA, "data devices look numbers up in the directory")
    if relay.zone == ZoneKind.DMZ:
        yield Flow(
            name="time-dmz",
            from_zone=relay.zone,
            from_hosts=(relay.name,),
            to_zone=relay.zone,
            to_hosts=tuple(host.name for host in hosts if host.kind == HostKind.FIREWALL),
            protocol=Protocol.UDP,
            ports=_port(123),
            reason="the relay takes the time from the firewall, so that it asks no IPT server",
            serves=("SEP-6", "SEP-11"),
            service=Service.CHRONY,
        )


def _mail(relay: Host, hosts: tuple[Host, ...], route: MailRoute) -> Iterator[Flow]:
    yield Flow(
        name="mail-submission",
        from_zone=ZoneKind.SERVERS,
        from_hosts=tuple(host.name for host in hosts if host.kind == HostKind.SIP),
        to_zone=relay.zone,
        to_hosts=(relay.name,),
        protocol=Protocol.TCP,
        ports=_port(SUBMISSION_PORT),
        reason="the SIP server hands mail, such as voice messages, to the relay",
        serves=(*_PASSING, "CNV-2", "CNV-6"),
        service=Service.MAIL_RELAY,
    )
    yield Flow(
        name="mail-delivery",
        from_zone=relay.zone,
        from_hosts=(relay.name,),
        to_zone=ZoneKind.DATA,
        to_hosts=(route.host,),
        protocol=Protocol.TCP,
        ports=_port(route.port),
        reason="the relay passes mail that it has examined to the data network's mail server",
        serves=(*_PASSING, "CNV-6"),
        service=Service.MAIL_STAND_IN,
    )


def _directory(relay: Host, zone: ZoneName, reason: str) -> Flow:
    return Flow(
        name=f"directory-{zone}",
        from_zone=zone,
        to_zone=relay.zone,
        to_hosts=(relay.name,),
        protocol=Protocol.TCP,
        ports=_port(DIRECTORY_PORT),
        reason=reason,
        serves=(*_PASSING, "CNV-2"),
        service=Service.DIRECTORY,
    )


def _refuse(site: Site, requirements: Requirements) -> None:
    forbidding = [id_ for id_ in _FORBIDDING if id_ in requirements]
    if forbidding:
        verb = "is" if len(forbidding) == 1 else "are"
        raise ConvergedError(
            f"converged: {site.converged} would cross between telephones and data, and "
            f"{' and '.join(forbidding)} {verb} in force; take it out, or have "
            "CNV-1 and SEP-7 lowered, and CNV-2, CNV-3, CNV-5, CNV-6, SEP-9 and SEP-10 raised, "
            "by approved deviations"
        )


def _port(number: int) -> PortRange:
    return PortRange(first=number, last=number)
