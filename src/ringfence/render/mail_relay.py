"""The mail relay: takes mail from telephony servers, examines it and hands it to the data network.

See docs/converged.md.
"""

from ringfence.design.model import (
    Design,
    Host,
    HostKind,
    Service,
)
from ringfence.design.settings import (
    Converged,
    MailRoute,
)
from ringfence.render import clamav, relay_host
from ringfence.render.files import Deposit, File
from ringfence.render.systemd import STRICT, Unit, unit_file

USER = "proxy"
"""Debian's own account for relays; nothing else runs as it on this host."""
SPOOL = "/var/lib/mail-relay"
AUTHORITY = f"{relay_host.directory_of(Service.MAIL_RELAY)}/mail-authority.pem"
_MOST_MESSAGES, _MOST_BYTES = 5000, 1024**3
_MODULES = (
    "delivery",
    "door",
    "journal",
    "mail_policy",
    "mail_settings",
    "message",
    "peer",
    "refusal",
    "scanner",
    "settings",
    "spool",
    "tls",
)


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The relay's modules, settings and unit, and the mail server's authority if it has its own."""
    passing, route = _route(design)
    unit = Unit(
        name=Service.MAIL_RELAY,
        description="Mail relay between telephones and data",
        start=relay_host.command(Service.MAIL_RELAY, relay_host.settings_of(Service.MAIL_RELAY)),
        user=USER,
        group=USER,
        groups=(clamav.USER,) if passing.scanned else (),
        capabilities=("CAP_NET_BIND_SERVICE",),
        state_directory="mail-relay",
        after=(Service.NFTABLES, *((Service.SCANNER,) if passing.scanned else ())),
        open_files=512,
        sandbox=STRICT,
        serves=design.asked_by("CNV-2", "CNV-3", "CNV-5", "CNV-6", "SEP-9", "SEP-10"),
    )
    foreign = (
        (File(path=AUTHORITY, text=route.authority, mode=0o640, group=USER),)
        if route.authority
        else ()
    )
    return (
        *relay_host.modules(Service.MAIL_RELAY, "mail_server", *_MODULES),
        _settings(design, host, passing, route),
        *foreign,
        unit_file(unit),
    )


def deposits(_design: Design, host: Host) -> tuple[Deposit, ...]:
    """The relay's keys and the revoked certificates."""
    place = relay_host.directory_of(Service.MAIL_RELAY)
    return (
        *relay_host.keys(place, host.name, USER),
        relay_host.revocations(Service.MAIL_RELAY, USER),
    )


def _settings(design: Design, host: Host, passing: Converged, route: MailRoute) -> File:
    senders = " ".join(sip.fqdn for sip in design.of_kind(HostKind.SIP))
    server = next(each for each in design.hosts if each.name == route.host)
    own = f"{relay_host.directory_of(Service.MAIL_RELAY)}/ca.pem"

    def asked(*mitigations: str) -> str:
        return " ".join(design.asked_by(*mitigations))

    return relay_host.settings(
        Service.MAIL_RELAY,
        USER,
        "What may pass from telephones to data by mail, and what may not.",
        {
            "listen": relay_host.listening(host, Service.MAIL_RELAY),
            f"clients\n{asked('CNV-2')}": {
                "certificates": "required" if passing.authenticated else "none",
                "senders": senders,
            },
            f"messages\n{asked('CNV-5', 'SEP-9')}": {
                "from": design.domain,
                "to": " ".join(route.domains),
                "inspect": "yes" if passing.inspected else "no",
            },
            f"scanner\n{asked('CNV-6')}": {
                "socket": clamav.SOCKET if passing.scanned else "none",
            },
            f"deliver\n{asked('CNV-3', 'SEP-10')}": {
                "address": server.address,
                "port": route.port,
                "name": route.name,
                "authorities": f"{own} {AUTHORITY}" if route.authority else own,
            },
            "spool": {"directory": SPOOL, "messages": _MOST_MESSAGES, "bytes": _MOST_BYTES},
        },
    )


def _route(design: Design) -> tuple[Converged, MailRoute]:
    if design.converged is None or design.converged.mail is None:
        raise ValueError("no mail crosses in this design")
    return design.converged, design.converged.mail
