"""chrony: the administration's server is the primary time source, the services' the secondary.

The guide's figure 3 and its caption; chrony.conf(5). Servers and the firewall take the time with
proof of where it comes from (NTS, RFC 8915); phones, which know no such thing, take it plain. The
firewall hands the time on to the DMZ, so that nothing there asks a server of the IPT network, and
the data network has a source of its own.
"""

from typing import Final, assert_never

from ringfence.design.model import Design, Host, HostKind, Service, ZoneKind
from ringfence.render.files import Deposit, File, Material
from ringfence.render.systemd import Unit, unit_file

PATH: Final = "/etc/chrony/chrony.conf"
COMMAND_SOCKET: Final = "/run/chrony/chronyd.sock"

_KEYS = "/etc/chrony/nts"
_USER = "_chrony"
_SOURCES = frozenset({HostKind.ADMIN, HostKind.SERVICES})
"""The kinds that hand out the time to other servers."""


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The time service's configuration and unit."""
    unit = Unit(
        name=Service.CHRONY,
        description="Time service",
        start=f"/usr/sbin/chronyd -d -U -f {PATH}",
        user=_USER,
        group=_USER,
        capabilities=("CAP_NET_BIND_SERVICE", "CAP_SYS_TIME"),
        runtime_directory="chrony",
        state_directory="chrony",
        after=(Service.DHCP_CLIENT,) if Service.DHCP_CLIENT in host.services else (),
        serves=design.asked_by("SEP-11"),
    )
    return (File(path=PATH, text=_text(design, host)), unit_file(unit))


def deposits(design: Design, host: Host) -> tuple[Deposit, ...]:
    """Whom a host believes about the time; what a source proves itself with."""
    if not _proves(design, host):
        return ()
    own = [("certificate.pem", Material.CERTIFICATE), ("key.pem", Material.PRIVATE_KEY)]
    return (
        Deposit(path=f"{_KEYS}/ca.pem", material=Material.TRUST_ANCHOR, owner=_USER, group=_USER),
        *(
            Deposit(
                path=f"{_KEYS}/{name}", material=material, of=host.name, owner=_USER, group=_USER
            )
            for name, material in own
            if host.kind in _SOURCES
        ),
    )


def _text(design: Design, host: Host) -> str:
    return "\n".join(
        [
            f"# {_title(host)}: {' '.join(design.asked_by('SEP-11'))}".rstrip(": "),
            *_sources(design, host),
            *(_proof(host) if _proves(design, host) else ()),
            *(f"allow {net}" for net in _clients(design, host)),
            "driftfile /var/lib/chrony/chrony.drift",
            "makestep 1 3",
            "cmdport 0",
            "pidfile /run/chrony/chronyd.pid",
            f"bindcmdaddress {COMMAND_SOCKET}",
            "",
        ],
    )


def _title(host: Host) -> str:
    if host.kind in {HostKind.PC, HostKind.DATA_SERVICES}:
        return "The data network's own time"
    return "Time: administration primary, services secondary"


def _proves(design: Design, host: Host) -> bool:
    """Whether time is proved on this host's way, as client or as source."""
    return design.nts and host.kind not in {HostKind.PC, HostKind.DATA_SERVICES}


def _proof(host: Host) -> list[str]:
    return [
        "# Only who proves it with a certificate of the site is believed.",
        "authselectmode require",
        "nosystemcert",
        f"ntstrustedcerts {_KEYS}/ca.pem",
        "ntsdumpdir /var/lib/chrony",
        *(
            [
                f"ntsservercert {_KEYS}/certificate.pem",
                f"ntsserverkey {_KEYS}/key.pem",
            ]
            if host.kind in _SOURCES
            else []
        ),
    ]


def _sources(design: Design, host: Host) -> list[str]:
    nts = " nts" if design.nts else ""
    # Of two sources that differ neither has a majority, so the primary one's word counts.
    primary = [
        f"server {s.address}{nts} iburst prefer trust" for s in design.of_kind(HostKind.ADMIN)
    ]
    secondary = [f"server {s.address}{nts} iburst" for s in design.of_kind(HostKind.SERVICES)]
    match host.kind:
        case HostKind.ADMIN | HostKind.DATA_SERVICES:
            return [
                "# A clock of its own; name the organisation's time sources here.",
                "local stratum 8",
            ]
        case HostKind.SERVICES:
            return [*primary, "local stratum 10"]
        case HostKind.SIP:
            return [*primary, *secondary]
        case HostKind.RELAY if host.zone == ZoneKind.DMZ:
            return [f"server {design.zone(host.zone).gateway} iburst"]
        case HostKind.RELAY:
            return [*primary, *secondary]
        case HostKind.FIREWALL | HostKind.LOG | HostKind.SENSOR:
            return primary
        case HostKind.PC:
            own = design.of_kind(HostKind.DATA_SERVICES) or design.of_kind(HostKind.SERVICES)
            return [f"server {source.address} iburst" for source in own]
        case HostKind.PHONE | HostKind.MAIL | HostKind.MIRROR | HostKind.OUTSIDER | HostKind.SEAT:
            raise ValueError(f"{host.name} has no time service")
        case _:
            assert_never(host.kind)


def _clients(design: Design, host: Host) -> list[str]:
    kinds: tuple[ZoneKind, ...]
    match host.kind:
        case HostKind.ADMIN:
            kinds = (ZoneKind.SERVERS, ZoneKind.ADMIN)
        case HostKind.SERVICES:
            kinds = (ZoneKind.PHONES, ZoneKind.SOFTPHONES, ZoneKind.SERVERS)
            if not design.data_apart:
                kinds = (*kinds, ZoneKind.DATA)
        case HostKind.DATA_SERVICES:
            kinds = (ZoneKind.DATA,)
        case HostKind.FIREWALL:
            kinds = (ZoneKind.DMZ,)
        case _:
            kinds = ()
    return [str(zone.subnet) for zone in design.zones_of(*kinds)]
