"""Aruba AOS-CX 10.10 and later on 6200, 6300 and 6400 access switches.

Source: the AOS-CX 10.10 IP Services Guide (DHCP snooping), the AOS-CX 10.07 IP Services Guide and
Security Guide for the 6200, 6300 and 6400 (IP source lockdown, ARP inspection, port security,
port access), whose commands later releases keep, and the ACL guide. They say that ARP is compared
with addresses that DHCP has leased and with nothing else, that what is bound statically hides
what was leased, and that port security and 802.1X exclude each other on a port. So leased
addresses are left to snooping, and where a port authenticates devices a list of MAC addresses
takes the place of port security.
"""

from collections.abc import Iterator

from ringfence.design.access import MANAGEMENT_PORTS, AccessSwitch, PortUse, SwitchPort
from ringfence.render.switches.text import (
    ADDRESSES,
    ALERTS,
    AUTHENTICATION,
    CLOSED,
    HARDENING,
    SEPARATION,
    TIME,
    Asked,
    CannotExpress,
    Fitted,
    Page,
    about,
    devices_of,
    dotted,
    fitted,
    gaps_of,
    numbers,
    secret,
    sequenced,
    unguarded,
    vlans_of,
)

MARK = "!"
_STORED = (
    "dhcpv4-snooping flash-storage is entered by hand, for it asks back; without it a restart "
    "forgets who has which address"
)
_BEFORE = ("an account of the group administrators exists", _STORED)
_IN = "    "
_STORM = "1000 kbps"


def fit(switch: AccessSwitch, asked: Asked) -> Fitted:
    """ARP is not inspected in VLANs where an address is set by hand."""
    said = fitted(switch)
    by_hand = {pair.vlan for port in said.ports for pair in port.bindings}
    ports = tuple(
        port.model_copy(update={"arp_inspection": False})
        if port.arp_inspection and by_hand & set(port.device_vlans)
        else port
        for port in said.ports
    )
    gaps: tuple[CannotExpress, ...] = ()
    if ports != said.ports:
        why = (
            f"ARP is not inspected in VLANs {numbers(by_hand)}: it would be compared with leased "
            "addresses alone, and devices with set ones would fall silent"
        )
        gaps = gaps_of(unguarded(switch), asked, why)
    doors = switch.doors.model_copy(update={"telnet": False, "old_ssh": False})
    update = {"ports": ports, "table_alert": False, "doors": doors}
    return Fitted(switch=said.model_copy(update=update), gaps=gaps)


def write(fitting: Fitted, asked: Asked) -> str:
    """The configuration of a switch, as it is pasted in configuration mode."""
    switch = fitting.switch
    page = Page(asked, MARK)
    page.head(about(switch, "Aruba AOS-CX 10.10 or later", _BEFORE))
    page.cannot(fitting.gaps)
    _management(page, switch)
    _access_list(page, switch)
    _vlans(page, switch)
    if switch.radius is not None:
        _authentication(page, switch)
    if any(port.known_macs and not port.authenticated for port in switch.ports):
        page.note("port security", HARDENING)
        page.add("port-access port-security enable")
    for port in switch.ports:
        _port(page, switch, port)
    _bindings(page, switch)
    page.add("end")
    return page.text()


def interface(number: int) -> str:
    """The name of a port."""
    return f"1/1/{number}"


def _management(page: Page, switch: AccessSwitch) -> None:
    doors = switch.doors
    page.note("the switch itself: SSH from the administration only", HARDENING)
    page.add(f"hostname {switch.name}", f"domain-name {switch.domain}")
    if not doors.http:
        page.add("no https-server vrf default", "no https-server vrf mgmt")
    if not doors.snmp:
        page.add("no snmp-server vrf default", "no snmp-server vrf mgmt")
    page.add("ssh server vrf default", "no ssh server vrf mgmt")
    if doors.ssh_from is not None:
        lines = (
            f"permit tcp {doors.ssh_from} any eq 22",
            "deny tcp any any eq 22",
            "permit any any any",
        )
        page.add("access-list ip RF-ADMIN", *sequenced(lines, _IN))
        page.add("apply access-list ip RF-ADMIN control-plane vrf default")
    page.add("spanning-tree")
    page.note("what happens at the ports is reported", ALERTS)
    page.add(f"logging {switch.logging} severity info")
    page.note("the time of the telephone network", TIME)
    page.add(f"ntp server {switch.time} iburst", "ntp enable", "ntp vrf default")


def _access_list(page: Page, switch: AccessSwitch) -> None:
    if not switch.closed:
        return
    page.note("no device reaches the management ports of telephones", CLOSED)
    lines = (
        *(
            f"deny {protocol} any {subnet} eq {number}"
            for subnet in switch.closed
            for protocol, number in MANAGEMENT_PORTS
        ),
        "permit any any any",
    )
    page.add("access-list ip RF-ACCESS", *sequenced(lines, _IN))


def _vlans(page: Page, switch: AccessSwitch) -> None:
    voice = {port.voice_vlan for port in switch.ports}
    snooped = {v for port in switch.live_ports if port.dhcp_guard for v in port.device_vlans}
    inspected = {v for port in switch.live_ports if port.arp_inspection for v in port.device_vlans}
    if snooped:
        page.note("address servers answer through uplinks only; ARP is inspected", ADDRESSES)
        page.add("dhcpv4-snooping", "no dhcpv4-snooping option 82")
    page.note("VLANs", SEPARATION)
    for vlan in switch.vlans:
        page.add(f"vlan {vlan.number}", f"{_IN}name {vlan.name}")
        if vlan.number in voice:
            page.add(f"{_IN}voice")
        if vlan.number in snooped:
            page.add(f"{_IN}dhcpv4-snooping")
        if vlan.number in inspected:
            page.add(f"{_IN}arp inspection")
    page.add(
        "interface vlan 1",
        f"{_IN}shutdown",
        f"interface vlan {switch.management_vlan}",
        f"{_IN}ip address {switch.address}",
        f"{_IN}no shutdown",
        f"ip route 0.0.0.0/0 {switch.gateway}",
    )


def _authentication(page: Page, switch: AccessSwitch) -> None:
    page.note("devices prove who they are: 802.1X; the RADIUS server takes EAP-TLS", AUTHENTICATION)
    page.add(
        f"radius-server host {switch.radius} key plaintext {secret(switch)}",
        "aaa authentication port-access dot1x authenticator enable",
    )


def _port(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    if port.known_macs and port.authenticated:
        page.note("known devices", devices_of(port))
        page.add(f"access-list mac RF-MACS-{port.number}", *sequenced(_mac_list(port), _IN))
    page.add(
        f"interface {interface(port.number)}", f"{_IN}description {port.use} {port.label}".rstrip()
    )
    page.add(f"{_IN}shutdown" if port.shut else f"{_IN}no shutdown", f"{_IN}no routing")
    match port.use:
        case PortUse.UPLINK:
            _uplink(page, switch, port)
        case PortUse.UNUSED:
            page.note("unused", HARDENING, _IN)
            page.add(f"{_IN}vlan access {port.access_vlan}")
        case PortUse.PHONE | PortUse.SERVER | PortUse.PC:
            _device(page, switch, port)


def _uplink(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    page.note("tagged frames only", SEPARATION, _IN)
    page.add(
        f"{_IN}vlan trunk native {port.access_vlan}",
        f"{_IN}vlan trunk allowed {numbers(port.trunk_vlans)}",
    )
    if any(each.dhcp_guard for each in switch.live_ports):
        page.add(f"{_IN}dhcpv4-snooping trust")
    if any(each.arp_inspection for each in switch.live_ports):
        page.add(f"{_IN}arp inspection trust")


def _device(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    page.note("its VLANs", vlans_of(port), _IN)
    if port.voice_vlan is None:
        page.add(f"{_IN}vlan access {port.access_vlan}")
    else:
        # Untagged frames pass only if their VLAN is among the allowed ones.
        page.add(f"{_IN}vlan trunk native {port.access_vlan}")
        page.add(f"{_IN}vlan trunk allowed {numbers(port.device_vlans)}")
    if port.known_macs:
        page.note("known devices", devices_of(port), _IN)
        page.add(*(f"{_IN}{words}" for words in _known_words(port)))
    if port.bpdu_guard or port.storm_control:
        page.note("no bridge and no storm", HARDENING, _IN)
    if port.storm_control:
        page.add(f"{_IN}rate-limit broadcast {_STORM}", f"{_IN}rate-limit multicast {_STORM}")
    if port.bpdu_guard:
        page.add(f"{_IN}spanning-tree port-type admin-edge", f"{_IN}spanning-tree bpdu-guard")
    if port.source_guard:
        page.note("its own address", ADDRESSES, _IN)
        page.add(f"{_IN}ipv4 source-lockdown")
    if port.closed:
        page.add(f"{_IN}apply access-list ip RF-ACCESS in")
    if port.authenticated:
        page.note("802.1X", AUTHENTICATION, _IN)
        page.add(
            f"{_IN}aaa authentication port-access client-limit {len(port.device_vlans)}",
            f"{_IN}aaa authentication port-access auth-mode client-mode",
            f"{_IN}aaa authentication port-access dot1x authenticator",
            f"{_IN * 2}reauth",
            f"{_IN * 2}reauth-period {switch.reauthentication}",
            f"{_IN * 2}enable",
        )


def _known_words(port: SwitchPort) -> Iterator[str]:
    if port.authenticated:
        yield f"apply access-list mac RF-MACS-{port.number} in"
        return
    yield "port-access port-security"
    yield f"{_IN}enable"
    yield f"{_IN}client-limit {len(port.known_macs)}"
    yield from (f"{_IN}mac-address {mac}" for mac in port.known_macs)
    if port.alerts:
        yield "port-access security violation action notify"


def _mac_list(port: SwitchPort) -> Iterator[str]:
    yield from (f"permit {dotted(mac)} any any" for mac in port.known_macs)
    yield f"deny any any any{' log' if port.alerts else ''}"


def _bindings(page: Page, switch: AccessSwitch) -> None:
    bound = [(pair, port) for port in switch.ports for pair in port.bindings]
    if bound:
        page.note("set addresses", ADDRESSES)
        page.add(
            *(
                f"ipv4 source-binding {p.vlan} {p.address} {p.mac} {interface(port.number)}"
                for p, port in bound
            )
        )
