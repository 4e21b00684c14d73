"""unbound: the names of this system for IPT hosts, and no other names. See unbound.conf(5)."""

from ringfence.design.model import SERVER_KINDS, Design, Host, HostKind, Service, ZoneKind
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH = "/etc/unbound/unbound.conf"


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The name server's configuration and unit."""
    unit = Unit(
        name=Service.UNBOUND,
        description="Name server of the IPT network",
        start=f"/usr/sbin/unbound -d -p -c {PATH}",
        user="unbound",
        group="unbound",
        capabilities=("CAP_NET_BIND_SERVICE",),
        runtime_directory="unbound",
        serves=design.asked_by("SEP-11"),
    )
    return (File(path=PATH, text=_text(design, host)), unit_file(unit))


def _text(design: Design, host: Host) -> str:
    kinds = (ZoneKind.PHONES, ZoneKind.SOFTPHONES, ZoneKind.SERVERS)
    clients = [zone.subnet for zone in design.zones_of(*kinds)]
    domain = design.domain
    names = [
        f'  local-data: "{server.fqdn}. IN A {server.address}"'
        for server in design.hosts
        if server.kind in SERVER_KINDS
    ]
    services = [
        f'  local-data: "_sips._tcp.{domain}. IN SRV 10 0 {design.signalling.port} {sip.fqdn}."'
        for sip in design.of_kind(HostKind.SIP)
    ]
    return "\n".join(
        [
            "# The IPT network's own names, answered to IPT hosts only (SEP-11).",
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
            *(f"  access-control: {net} allow" for net in clients),
            "  # Nothing is asked of the Internet: all other names are refused (TPS-4 SML-2).",
            '  local-zone: "." always_refuse',
            f'  local-zone: "{domain}." static',
            *names,
            *services,
            "remote-control:",
            "  control-enable: no",
            "",
        ],
    )
