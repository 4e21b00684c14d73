"""A host's legs, routes and kernel settings, for systemd-networkd and the lab's init alike.

See systemd.network(5), and the kernel's ip-sysctl documentation for each setting.
"""

from ringfence.design.model import Design, Host, HostKind, Mirror, Service, ZoneKind
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

_SYSCTL = {
    "net.ipv4.conf.all.accept_redirects": 0,
    "net.ipv4.conf.all.accept_source_route": 0,
    "net.ipv4.conf.all.rp_filter": 1,
    "net.ipv4.conf.all.secure_redirects": 0,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.accept_redirects": 0,
    "net.ipv4.conf.default.rp_filter": 1,
    "net.ipv4.icmp_echo_ignore_broadcasts": 1,
    "net.ipv4.tcp_syncookies": 1,
    "net.ipv6.conf.all.disable_ipv6": 1,
    "net.ipv6.conf.default.disable_ipv6": 1,
}

_RESOLVING = {ZoneKind.PHONES, ZoneKind.SOFTPHONES, ZoneKind.SERVERS, ZoneKind.DATA}

_LEASE_SCRIPT = """\
#!/bin/sh
# Takes what the address server granted, and nothing it did not.
case "$1" in
  deconfig) ip addr flush dev "$interface" ;;
  bound|renew)
    ip addr replace "$ip/$mask" dev "$interface"
    for gateway in $router; do ip route replace default via "$gateway"; done
    {
      if [ -n "$domain" ]; then echo "search $domain"; fi
      for server in $dns; do echo "nameserver $server"; done
    } > /etc/resolv.conf
    ;;
esac
"""


def files(design: Design, host: Host) -> tuple[File, ...]:
    """Addresses, routes, kernel settings and resolver of one host.

    A phone's kernel is its maker's business: it gets no settings.
    """
    leased = Service.DHCP_CLIENT in host.services
    return (
        *(_leg(design, host, index, leased=leased) for index in range(len(host.interfaces))),
        *(_mirror(design, each, index) for index, each in enumerate(host.mirrors)),
        *(() if host.kind == HostKind.PHONE else (_kernel(host),)),
        *(_lease_client(design, host) if leased else _resolver(design, host)),
    )


def _leg(design: Design, host: Host, index: int, *, leased: bool) -> File:
    leg = host.interfaces[index]
    zone = design.zone(leg.zone)
    static = [f"Address={leg.address}/{zone.subnet.prefixlen}"]
    if host.kind != HostKind.FIREWALL:
        static.append(f"Gateway={zone.gateway}")
    asked = " ".join((*zone.serves, *design.asked_by("DHC-5")))
    text = [
        f"# {zone.title}, VLAN {zone.vlan}: {asked}",
        "[Match]",
        f"Name={leg.name}",
        "",
        "[Network]",
        *(["DHCP=ipv4"] if leased else static),
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        "",
    ]
    return File(path=f"/etc/systemd/network/{index + 10}-{leg.name}.network", text="\n".join(text))


def _mirror(design: Design, mirror: Mirror, index: int) -> File:
    """A device that listens: up, without an address, and not even answering who has one."""
    zone = design.zone(mirror.zone)
    asked = " ".join(design.asked_by("NID-1"))
    text = [
        f"# Copies of all that enters {zone.title}, VLAN {zone.vlan}: {asked}",
        "[Match]",
        f"Name={mirror.name}",
        "",
        "[Link]",
        "ARP=no",
        "",
        "[Network]",
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        "",
    ]
    return File(
        path=f"/etc/systemd/network/{index + 50}-{mirror.name}.network", text="\n".join(text)
    )


def _kernel(host: Host) -> File:
    forward = 1 if host.kind == HostKind.FIREWALL else 0
    settings = {"net.ipv4.ip_forward": forward} | _SYSCTL
    lines = [f"{key} = {value}" for key, value in settings.items()]
    return File(
        path="/etc/sysctl.d/60-ringfence.conf",
        text="\n".join(
            ["# Only the firewall forwards; nobody takes routes from others (SEP-6).", *lines, ""]
        ),
    )


def _resolver(design: Design, host: Host) -> tuple[File, ...]:
    asks = design.zone(host.zone).kind in _RESOLVING
    if not asks or host.kind == HostKind.FIREWALL:
        return (File(path="/etc/resolv.conf", text="# No name service here.\n"),)
    of_data = design.zone(host.zone).kind == ZoneKind.DATA and design.data_apart
    own = design.of_kind(HostKind.DATA_SERVICES if of_data else HostKind.SERVICES)
    servers = [f"nameserver {server.address}" for server in own]
    return (
        File(path="/etc/resolv.conf", text="\n".join([f"search {design.domain}", *servers, ""])),
    )


def _lease_client(design: Design, host: Host) -> tuple[File, ...]:
    """A DHCP client: what a desk phone does by itself at power-on, and a PC too."""
    is_phone = host.kind == HostKind.PHONE
    script = "/etc/softphone/lease" if is_phone else "/etc/ringfence/lease"
    client = f"/usr/sbin/udhcpc --interface eth0 --script {script}"
    unit = Unit(
        name=Service.DHCP_CLIENT,
        description="Address from the address server",
        # The first lease is waited for, so that what starts after this has an address.
        prepare=(f"{client} --now --quit --retries 15 --timeout 1",),
        start=f"{client} --foreground --tryagain 2",
        capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE"),
        serves=design.asked_by(*(("DHC-1", "DHC-2") if is_phone else ("SEP-11",))),
    )
    return (File(path=script, text=_LEASE_SCRIPT, mode=0o755), unit_file(unit))
