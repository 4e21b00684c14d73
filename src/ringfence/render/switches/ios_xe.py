"""Cisco IOS-XE 17.x on Catalyst 9000 access switches.

Source: the Security Configuration Guide and the command references for the Catalyst 9300, IOS XE
17.x (port security, IEEE 802.1X, DHCP snooping, dynamic ARP inspection with ARP access lists for
set addresses, IP source guard with ``mac-check``, storm control). Two things they say shaped
this text: source guard needs DHCP snooping on the VLAN of untagged frames too, and port security
beside 802.1X is not recommended in general, though supported. It is kept, because 802.1X says who
may send and port security which device that is.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import groupby

from ringfence.design.access import (
    MANAGEMENT_PORTS,
    PARKING_VLAN,
    AccessSwitch,
    Binding,
    PortUse,
    SwitchPort,
)
from ringfence.render.switches.text import (
    ADDRESSES,
    ALERTS,
    AUTHENTICATION,
    CLOSED,
    HARDENING,
    SEPARATION,
    TIME,
    Asked,
    Fitted,
    Page,
    about,
    devices_of,
    dotted,
    fitted,
    numbers,
    secret,
    vlans_of,
)

MARK = "!"
_BEFORE = (
    "an account of privilege 15 exists (aaa new-model asks for one)",
    "SSH has a key (crypto key generate ec keysize 384)",
    "with 802.1X, the RADIUS server marks telephones with device-traffic-class=voice",
)


def fit(switch: AccessSwitch, asked: Asked) -> Fitted:
    """Everything can be said."""
    del asked
    return Fitted(switch=fitted(switch))


def write(fitting: Fitted, asked: Asked) -> str:
    """The configuration of a switch, as it is pasted in configuration mode."""
    switch = fitting.switch
    page = Page(asked, MARK)
    page.head(about(switch, "Cisco IOS-XE 17.x (Catalyst 9000)", _BEFORE))
    page.cannot(fitting.gaps)
    _management(page, switch)
    _vlans(page, switch)
    _addresses(page, switch)
    if switch.table_alert:
        page.note("a full table of MAC addresses is reported", ALERTS)
        page.add("mac address-table notification threshold")
    if switch.closed:
        _closed(page, switch)
    if switch.radius is not None:
        _authentication(page, switch)
    for port in switch.ports:
        _port(page, switch, port)
    page.add("end")
    return page.text()


def interface(number: int) -> str:
    """The name of a port."""
    return f"GigabitEthernet1/0/{number}"


def _management(page: Page, switch: AccessSwitch) -> None:
    net = switch.address.network
    page.note("the switch itself: SSH from the administration only", HARDENING)
    page.add(
        f"hostname {switch.name}",
        f"ip domain name {switch.domain}",
        "service timestamps log datetime msec show-timezone",
        "aaa new-model",
        "aaa authentication login default local",
        "aaa authorization exec default local",
    )
    doors = switch.doors
    if not doors.http:
        page.add("no ip http server", "no ip http secure-server")
    if not doors.snmp:
        page.add("no snmp-server")
    if not doors.old_ssh:
        page.add("ip ssh version 2")
    page.add("no ip routing", "vtp mode transparent", "no cdp run", "lldp run")
    page.add("spanning-tree mode rapid-pvst")
    if doors.ssh_from is not None:
        page.add("ip access-list standard RF-ADMIN", f" permit {_wild(doors.ssh_from)}")
    page.add("line vty 0 31", " exec-timeout 10 0")
    if not doors.telnet:
        page.add(" transport input ssh")
    if doors.ssh_from is not None:
        page.add(" access-class RF-ADMIN in")
    page.add("line con 0", " exec-timeout 10 0")
    page.add("interface Vlan1", " no ip address", " shutdown")
    page.add(
        f"interface Vlan{switch.management_vlan}",
        f" ip address {switch.address.ip} {net.netmask}",
        " no shutdown",
        f"ip default-gateway {switch.gateway}",
    )
    page.note("what happens at the ports is reported", ALERTS)
    page.add("logging trap informational", f"logging host {switch.logging}")
    page.note("the time of the telephone network", TIME)
    page.add(f"ntp server {switch.time}")


def _vlans(page: Page, switch: AccessSwitch) -> None:
    page.note("VLANs", SEPARATION)
    for vlan in switch.vlans:
        page.add(f"vlan {vlan.number}", f" name {vlan.name}")


def _addresses(page: Page, switch: AccessSwitch) -> None:
    """Snooping, ARP inspection and the table of set addresses."""
    guarded = [port for port in switch.live_ports if port.dhcp_guard]
    if guarded:
        page.note("address servers answer through uplinks only", ADDRESSES)
        page.add("ip dhcp snooping", f"ip dhcp snooping vlan {numbers(_snooped(guarded))}")
        page.add("no ip dhcp snooping information option")
        page.add("ip dhcp snooping database flash:dhcp-snooping.db")
    inspected = {v for port in switch.live_ports if port.arp_inspection for v in port.device_vlans}
    if inspected:
        page.note("ARP is inspected", ADDRESSES)
        page.add("ip arp inspection validate src-mac dst-mac ip")
        page.add(f"ip arp inspection vlan {numbers(inspected)}")
    bound = [(binding, port) for port in switch.ports for binding in port.bindings]
    if bound:
        page.note("set addresses", ADDRESSES)
        page.add(
            *(
                f"ip source binding {dotted(binding.mac)} vlan {binding.vlan} {binding.address} "
                f"interface {interface(port.number)}"
                for binding, port in bound
            )
        )
    for vlan, pairs in _by_vlan(binding for binding, _ in bound):
        if vlan in inspected:
            page.add(f"arp access-list RF-VLAN{vlan}")
            page.add(*(f" permit ip host {p.address} mac host {dotted(p.mac)}" for p in pairs))
            page.add(f"ip arp inspection filter RF-VLAN{vlan} vlan {vlan}")


def _snooped(guarded: list[SwitchPort]) -> Iterator[int]:
    for port in guarded:
        yield from port.device_vlans
        # Source guard works only where the untagged VLAN is snooped as well.
        yield port.access_vlan


def _by_vlan(bindings: Iterator[Binding]) -> Iterator[tuple[int, list[Binding]]]:
    in_order = sorted(bindings, key=lambda each: each.vlan)
    for vlan, pairs in groupby(in_order, key=lambda each: each.vlan):
        yield vlan, list(pairs)


def _closed(page: Page, switch: AccessSwitch) -> None:
    page.note("no device reaches the management ports of telephones", CLOSED)
    page.add("ip access-list extended RF-ACCESS")
    page.add(
        *(
            f" deny {protocol} any {_wild(subnet)} eq {number}"
            for subnet in switch.closed
            for protocol, number in MANAGEMENT_PORTS
        ),
        " permit ip any any",
    )


def _authentication(page: Page, switch: AccessSwitch) -> None:
    page.note("devices prove who they are: 802.1X; the RADIUS server takes EAP-TLS", AUTHENTICATION)
    page.add(
        "aaa authentication dot1x default group radius",
        "aaa authorization network default group radius",
        "radius server RF-RADIUS",
        f" address ipv4 {switch.radius} auth-port 1812 acct-port 1813",
        f" key {secret(switch)}",
        f"ip radius source-interface Vlan{switch.management_vlan}",
        "dot1x system-auth-control",
    )


def _port(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    page.add(
        f"interface {interface(port.number)}", f" description {port.use} {port.label}".rstrip()
    )
    match port.use:
        case PortUse.UPLINK:
            _uplink(page, switch, port)
        case PortUse.UNUSED:
            page.note("unused", HARDENING, " ")
            page.add(" switchport mode access", f" switchport access vlan {port.access_vlan}")
        case PortUse.PHONE | PortUse.SERVER | PortUse.PC:
            _device(page, switch, port)
    page.add(" shutdown" if port.shut else " no shutdown")


def _uplink(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    page.note("tagged frames only", SEPARATION, " ")
    page.add(
        " switchport mode trunk",
        " switchport nonegotiate",
        f" switchport trunk native vlan {port.access_vlan}",
        f" switchport trunk allowed vlan {numbers(port.trunk_vlans)}",
    )
    if any(each.dhcp_guard for each in switch.live_ports):
        page.add(" ip dhcp snooping trust")
    if any(each.arp_inspection for each in switch.live_ports):
        page.add(" ip arp inspection trust")


def _device(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    page.note("its VLANs", vlans_of(port), " ")
    page.add(
        " switchport mode access",
        " switchport nonegotiate",
        f" switchport access vlan {port.access_vlan}",
    )
    if port.voice_vlan is not None:
        page.add(f" switchport voice vlan {port.voice_vlan}")
    if port.known_macs:
        page.note("known devices", devices_of(port), " ")
        page.add(*_port_security(port))
    if port.bpdu_guard or port.storm_control:
        page.note("no bridge and no storm", HARDENING, " ")
    if port.storm_control:
        page.add(" storm-control broadcast level 1.00", " storm-control multicast level 1.00")
    if port.bpdu_guard:
        page.add(" spanning-tree portfast", " spanning-tree bpduguard enable")
    if port.source_guard:
        page.note("its own address", ADDRESSES, " ")
        page.add(" ip verify source mac-check")
    if port.closed:
        page.add(" ip access-group RF-ACCESS in")
    if port.authenticated:
        page.note("802.1X", AUTHENTICATION, " ")
        mode = "single-host" if port.voice_vlan is None else "multi-domain"
        page.add(
            f" authentication host-mode {mode}",
            " authentication violation restrict",
            " authentication periodic",
            f" authentication timer reauthenticate {switch.reauthentication}",
            " authentication port-control auto",
            " dot1x pae authenticator",
        )


def _port_security(port: SwitchPort) -> Iterator[str]:
    command = " switchport port-security"
    yield f"{command} maximum {len(port.known_macs)}"
    if port.voice_vlan is None:
        yield from (f"{command} mac-address {dotted(mac)}" for mac in port.known_macs)
    else:
        voice, *computers = port.known_macs
        yield f"{command} maximum 1 vlan voice"
        yield f"{command} mac-address {dotted(voice)} vlan voice"
        if port.access_vlan != PARKING_VLAN:
            yield f"{command} maximum {len(computers)} vlan access"
            yield from (f"{command} mac-address {dotted(mac)} vlan access" for mac in computers)
    yield f"{command} violation {'restrict' if port.alerts else 'protect'}"
    yield command


def _wild(subnet: IPv4Network) -> str:
    """A subnet as access lists write it: with a wildcard mask."""
    return f"{subnet.network_address} {subnet.hostmask}"
