"""The firewall: the only way between zones, its log, and the relay for address requests."""

from ringfence.design.model import Design, Flow, Host, HostKind, Service, ZoneKind, ZoneName
from ringfence.render import nft
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

LOG_FILE = "/var/log/ulog/firewall.log"

_ULOGD = f"""\
# Every packet that the rules drop is written here with the place of the drop (SEP-6).
[global]
logfile="stdout"
loglevel=5
plugin="/usr/lib/x86_64-linux-gnu/ulogd/ulogd_inppkt_NFLOG.so"
plugin="/usr/lib/x86_64-linux-gnu/ulogd/ulogd_raw2packet_BASE.so"
plugin="/usr/lib/x86_64-linux-gnu/ulogd/ulogd_filter_IFINDEX.so"
plugin="/usr/lib/x86_64-linux-gnu/ulogd/ulogd_filter_IP2STR.so"
plugin="/usr/lib/x86_64-linux-gnu/ulogd/ulogd_filter_PRINTPKT.so"
plugin="/usr/lib/x86_64-linux-gnu/ulogd/ulogd_output_LOGEMU.so"
stack=drops:NFLOG,base:BASE,names:IFINDEX,addresses:IP2STR,print:PRINTPKT,file:LOGEMU

[drops]
group={nft.LOG_GROUP}

[file]
file="{LOG_FILE}"
sync=1
"""


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The firewall's rules, log daemon and, where phones use DHCP, relay."""
    relay = _relay(design) if Service.DHCP_RELAY in host.services else ()
    return (*_rules(design, host), *_log(design), *relay)


def _rules(design: Design, host: Host) -> tuple[File, ...]:
    crossing = design.crossing()
    pairs = sorted({(flow.from_zone, flow.to_zone) for flow in crossing})
    body = [
        *_zone_pairs(pairs),
        *_anti_spoofing(design),
        *nft.base_chain("forward", _states()),
    ]
    for pair in pairs:
        body += _pair_chain(
            design, *pair, [f for f in crossing if (f.from_zone, f.to_zone) == pair]
        )
    body += nft.own_chains(design, host)
    asked = design.asked_by("SEP-6", "SEP-7", "SEP-8", "PSW-2", "TPS-4")
    return nft.rule_files("Between zones, only the flows of the design", asked, body)


def _zone_pairs(pairs: list[tuple[ZoneName, ZoneName]]) -> list[str]:
    return [
        "map zone_pairs {",
        "  type ifname . ifname : verdict",
        "  elements = {",
        *(f'    "{source}" . "{target}" : jump {source}_{target},' for source, target in pairs),
        "  }",
        "}",
    ]


def _anti_spoofing(design: Design) -> list[str]:
    """A leg passes only its own zone's addresses, and the outside none of ours.

    This comes before routing, where the kernel's own check would drop without a word.
    """
    inside = [zone for zone in design.zones if zone.kind != ZoneKind.OUTSIDE]
    ours = ", ".join(str(zone.subnet) for zone in inside)
    remark = f'comment "sources: {" ".join(design.asked_by("SEP-6"))}"'
    without_address = [
        f'  iifname "{zone.name}" ip saddr 0.0.0.0 udp dport 67 accept {remark}'
        for zone in design.zones_of(ZoneKind.PHONES, ZoneKind.SOFTPHONES)
        if design.dhcp
    ]
    return [
        "",
        "chain sources {",
        "  type filter hook prerouting priority raw",
        *without_address,
        *(
            f'  iifname "{zone.name}" ip saddr != {zone.subnet} jump spoofed {remark}'
            for zone in inside
        ),
        f'  iifname "{ZoneKind.OUTSIDE}" ip saddr {{ {ours} }} jump spoofed {remark}',
        "}",
        "",
        "chain spoofed {",
        *nft.logged_drop("spoofed"),
        "}",
    ]


def _states() -> list[str]:
    return [
        "ct state established,related counter accept",
        "ct state invalid counter drop",
        "iifname . oifname vmap @zone_pairs",
    ]


def _pair_chain(
    design: Design,
    source: ZoneName,
    target: ZoneName,
    crossing: list[Flow],
) -> list[str]:
    rules = (
        f"  {nft.end(design, source, flow.from_hosts, 'ip saddr')} "
        f"{nft.end(design, target, flow.to_hosts, 'ip daddr')} {nft.accept(flow)}"
        for flow in crossing
        if (flow.from_zone, flow.to_zone) == (source, target)
    )
    chain = f"{source}_{target}"
    return ["", f"chain {chain} {{", *rules, *nft.logged_drop(f"{source}-{target}"), "}"]


def _log(design: Design) -> tuple[File, ...]:
    unit = Unit(
        name=Service.FIREWALL_LOG,
        description="Log of what the packet filter drops",
        start="/usr/sbin/ulogd -c /etc/ulogd.conf",
        user="ulog",
        group="ulog",
        capabilities=("CAP_NET_ADMIN",),
        logs_directory="ulog",
        after=(Service.NFTABLES,),
        serves=design.asked_by("SEP-6", "LOG-1"),
    )
    return (File(path="/etc/ulogd.conf", text=_ULOGD), unit_file(unit))


def _relay(design: Design) -> tuple[File, ...]:
    server = design.of_kind(HostKind.SERVICES)[0]
    zones = design.zones_of(ZoneKind.PHONES, ZoneKind.SOFTPHONES)
    relayed = "".join(
        f"interface={zone.name}\ndhcp-relay={zone.gateway},{server.address},{ZoneKind.SERVERS}\n"
        for zone in zones
    )
    text = (
        "# Hands phones' address requests to the address server, and does nothing else (SEP-11).\n"
        "port=0\n"
        "no-resolv\n"
        "no-hosts\n"
        "bind-interfaces\n"
        f"interface={ZoneKind.SERVERS}\n"
        f"{relayed}"
        "except-interface=lo\n"
        "log-dhcp\n"
        "log-facility=-\n"
    )
    path = "/etc/ringfence/dhcp-relay.conf"
    unit = Unit(
        name=Service.DHCP_RELAY,
        description="DHCP relay between the phones' zone and the address server",
        start=f"/usr/sbin/dnsmasq --keep-in-foreground --pid-file --conf-file={path}",
        user="dnsmasq",
        group="nogroup",
        capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE"),
        after=(Service.NFTABLES,),
        serves=design.asked_by("SEP-11"),
    )
    return (File(path=path, text=text), unit_file(unit))
