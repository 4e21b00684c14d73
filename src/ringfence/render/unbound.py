"""unbound: the names of this system for IPT hosts, and no other names. See unbound.conf(5).

The data network has a name server of its own, for its own names.
"""

from ipaddress import IPv4Network

from ringfence.design.model import SERVER_KINDS, Design, Host, HostKind, Service, ZoneKind
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH = "/etc/unbound/unbound.conf"


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The name server's configuration and unit."""
    unit = Unit(
        name=Service.UNBOUND,
        description=f"Name server of the {_network(host)} network",
        start=f"/usr/sbin/unbound -d -p -c {PATH}",
        user="unbound",
        group="unbound",
        capabilities=("CAP_NET_BIND_SERVICE",),
        runtime_directory="unbound",
        serves=design.asked_by("SEP-11"),
    )
    return (File(path=PATH, text=_text(design, host)), unit_file(unit))


def _network(host: Host) -> str:
    return "data" if host.kind == HostKind.DATA_SERVICES else "IPT"


def _clients(design: Design, host: Host) -> list[IPv4Network]:
    if host.kind == HostKind.DATA_SERVICES:
        kinds: tuple[ZoneKind, ...] = (ZoneKind.DATA,)
    else:
        kinds = (ZoneKind.PHONES, ZoneKind.SOFTPHONES, ZoneKind.SERVERS)
        if not design.data_apart:
            kinds = (*kinds, ZoneKind.DATA)
    return [zone.subnet for zone in design.zones_of(*kinds)]


def _names(design: Design, host: Host) -> list[str]:
    domain = design.domain
    of_data = host.kind == HostKind.DATA_SERVICES
    named = (
        design.of_kind(HostKind.DATA_SERVICES) + design.of_kind(HostKind.PC)
        if of_data
        else tuple(each for each in design.hosts if each.kind in SERVER_KINDS)
    )
    services = [
        f'  local-data: "_sips._tcp.{domain}. IN SRV 10 0 {design.signalling.port} {sip.fqdn}."'
        for sip in design.of_kind(HostKind.SIP)
        if not of_data
    ]
    return [
        *(f'  local-data: "{each.fqdn}. IN A {each.address}"' for each in named),
        *services,
    ]


def _text(design: Design, host: Host) -> str:
    network = _network(host)
    asked = " ".join(design.asked_by("SEP-11"))
    refusing = " ".join(design.asked_by("TPS-4", "SML-2"))
    return "\n".join(
        [
            f"# The {network} network's own names, answered to its own hosts only: {asked}",
            "server:",
            f"  interface: {host.address}",
            "  interface: 127.0.0.1",
            '  username: ""',
            '  chroot: ""',
            '  pidfile: ""',
            "  use-syslog: no",
            "  do-ip6: no",
            "  hide-identity: yes",
            "  hide-version: yes",
            '  module-config: "iterator"',
            "  access-control: 0.0.0.0/0 refuse",
            "  access-control: 127.0.0.0/8 allow",
            *(f"  access-control: {net} allow" for net in _clients(design, host)),
            f"  # Nothing is asked of the Internet, all other names are refused: {refusing}",
            '  local-zone: "." always_refuse',
            f'  local-zone: "{design.domain}." static',
            *_names(design, host),
            "remote-control:",
            "  control-enable: no",
            "",
        ],
    )
