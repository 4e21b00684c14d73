"""chrony: the administration's server is the primary time source, the services' the secondary.

The firewall hands the time on to the DMZ, so that nothing there asks a server of the IPT network.

The guide's figure 3 and its caption; chrony.conf(5).
"""

from typing import assert_never

from ringfence.design.model import Design, Host, HostKind, Service, ZoneKind
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH = "/etc/chrony/chrony.conf"


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The time service's configuration and unit."""
    unit = Unit(
        name=Service.CHRONY,
        description="Time service",
        start=f"/usr/sbin/chronyd -d -U -f {PATH}",
        user="_chrony",
        group="_chrony",
        capabilities=("CAP_NET_BIND_SERVICE", "CAP_SYS_TIME"),
        runtime_directory="chrony",
        state_directory="chrony",
        serves=design.asked_by("SEP-11"),
    )
    return (File(path=PATH, text=_text(design, host)), unit_file(unit))


def _text(design: Design, host: Host) -> str:
    return "\n".join(
        [
            "# Time: administration primary, services secondary (SEP-11).",
            *_sources(design, host),
            *(f"allow {net}" for net in _clients(design, host)),
            "driftfile /var/lib/chrony/chrony.drift",
            "makestep 1 3",
            "cmdport 0",
            "pidfile /run/chrony/chronyd.pid",
            "bindcmdaddress /run/chrony/chronyd.sock",
            "",
        ],
    )


def _sources(design: Design, host: Host) -> list[str]:
    primary = [f"server {s.address} iburst prefer" for s in design.of_kind(HostKind.ADMIN)]
    secondary = [f"server {s.address} iburst" for s in design.of_kind(HostKind.SERVICES)]
    match host.kind:
        case HostKind.ADMIN:
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
        case HostKind.FIREWALL:
            return primary
        case (
            HostKind.PHONE
            | HostKind.PC
            | HostKind.MAIL
            | HostKind.MIRROR
            | HostKind.OUTSIDER
            | HostKind.SEAT
        ):
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
        case HostKind.FIREWALL:
            kinds = (ZoneKind.DMZ,)
        case _:
            kinds = ()
    return [str(zone.subnet) for zone in design.zones_of(*kinds)]
