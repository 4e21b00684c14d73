"""Arista EOS 4.3x on campus access switches (720 and 750 series).

Source: the EOS User Manual (IP locking, port security, 802.1X, access lists, storm control), and
for the exact wording of commands the configurations that Arista's own AVD collection renders.
EOS has no trusted ports for DHCP: an access list stops what address servers send from access
ports. IP locking checks IP packets and ARP; an address that this text leases is tied to a MAC
address, and port security ties that to the port. Where a port authenticates devices, a list of
MAC addresses takes the place of port security.
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
_BEFORE = ("an account of role network-admin exists",)
_IN = "   "


def fit(switch: AccessSwitch, asked: Asked) -> Fitted:
    """A port is locked only if the addresses of all its devices are known."""
    said = fitted(switch)
    ports = tuple(_fit_port(old, new) for old, new in zip(switch.ports, said.ports, strict=True))
    unlocked = [
        old.number
        for old, new in zip(switch.ports, ports, strict=True)
        if old.source_guard and not new.source_guard
    ]
    locked = any(port.source_guard for port in ports)
    update = {
        "ports": ports,
        "table_alert": False,
        "doors": switch.doors.model_copy(update={"old_ssh": False}),
        "address_server": switch.address_server if locked else None,
    }
    gaps: tuple[CannotExpress, ...] = ()
    if unlocked:
        why = (
            f"ports {numbers(unlocked)} are not locked to addresses: IP locking takes every "
            "device of a port, and not every address there is known here"
        )
        gaps = gaps_of(unguarded(switch), asked, why)
    return Fitted(switch=said.model_copy(update=update), gaps=gaps)


def _fit_port(old: SwitchPort, new: SwitchPort) -> SwitchPort:
    """What is reserved is leased here as what is set; a lease needs a known device."""
    pairs = (*old.bindings, *old.reserved)
    by_mac = {pair.mac: pair for pair in pairs}
    known = bool(old.known_macs) and set(old.known_macs) == by_mac.keys()
    locked = old.source_guard and old.arp_inspection and known
    return new.model_copy(
        update={
            "bindings": tuple(by_mac[mac] for mac in old.known_macs) if locked else (),
            "source_guard": locked,
            "arp_inspection": locked,
        }
    )


def write(fitting: Fitted, asked: Asked) -> str:
    """The configuration of a switch, as it is pasted in configuration mode."""
    switch = fitting.switch
    page = Page(asked, MARK)
    page.head(about(switch, "Arista EOS 4.3x", _BEFORE))
    page.cannot(fitting.gaps)
    _management(page, switch)
    page.note("VLANs", SEPARATION)
    for vlan in switch.vlans:
        page.add(f"vlan {vlan.number}", f"{_IN}name {vlan.name}")
    _locking(page, switch)
    _access_list(page, switch)
    if switch.radius is not None:
        _authentication(page, switch)
    for port in switch.ports:
        _port(page, switch, port)
    page.add("end")
    return page.text()


def interface(number: int) -> str:
    """The name of a port."""
    return f"Ethernet{number}"


def _management(page: Page, switch: AccessSwitch) -> None:
    doors = switch.doors
    page.note("the switch itself: SSH from the administration only", HARDENING)
    page.add(f"hostname {switch.name}", f"dns domain {switch.domain}")
    if not doors.http:
        page.add("management api http-commands", f"{_IN}shutdown")
    if not doors.telnet:
        page.add("management telnet", f"{_IN}shutdown")
    if not doors.snmp:
        page.add("no snmp-server vrf default")
    if doors.ssh_from is not None:
        page.add("ip access-list standard RF-ADMIN", f"{_IN}10 permit {doors.ssh_from}")
    page.add("management ssh", f"{_IN}idle-timeout 10")
    if doors.ssh_from is not None:
        page.add(f"{_IN}ip access-group RF-ADMIN in")
    page.add(f"{_IN}no shutdown", "no ip routing", "lldp run", "spanning-tree mode rstp")
    page.add(
        f"interface Vlan{switch.management_vlan}",
        f"{_IN}ip address {switch.address}",
        f"{_IN}no shutdown",
        f"ip route 0.0.0.0/0 {switch.gateway}",
    )
    page.note("what happens at the ports is reported", ALERTS)
    page.add("logging trap informational", f"logging host {switch.logging}")
    page.note("the time of the telephone network", TIME)
    page.add(f"ntp server {switch.time}")


def _locking(page: Page, switch: AccessSwitch) -> None:
    """The mode needs a server to ask; it answers nothing, for every address is leased here."""
    if not any(port.source_guard for port in switch.ports):
        return
    page.note("each address belongs to one device; the server named is never needed", ADDRESSES)
    page.add("address locking", f"{_IN}local-interface Vlan{switch.management_vlan}")
    if switch.address_server is not None:
        page.add(f"{_IN}dhcp server ipv4 {switch.address_server}")
    page.add(
        *(
            f"{_IN}lease {pair.address} mac {dotted(pair.mac)}"
            for port in switch.ports
            for pair in port.bindings
        )
    )


def _access_list(page: Page, switch: AccessSwitch) -> None:
    """One list for every access port: no address servers, no management of telephones."""
    lines: list[str] = []
    if any(port.dhcp_guard for port in switch.live_ports):
        page.note("address servers answer through uplinks only", ADDRESSES)
        lines.append("deny udp any eq bootps any")
    if switch.closed:
        page.note("no device reaches the management ports of telephones", CLOSED)
        lines += [
            f"deny {protocol} any {subnet} eq {number}"
            for subnet in switch.closed
            for protocol, number in MANAGEMENT_PORTS
        ]
    if lines:
        page.add("ip access-list RF-ACCESS", *sequenced((*lines, "permit ip any any"), _IN))


def _authentication(page: Page, switch: AccessSwitch) -> None:
    page.note("devices prove who they are: 802.1X; the RADIUS server takes EAP-TLS", AUTHENTICATION)
    page.add(
        f"radius-server host {switch.radius} key 0 {secret(switch)}",
        f"ip radius source-interface Vlan{switch.management_vlan}",
        "aaa authentication dot1x default group radius",
        "dot1x system-auth-control",
        "dot1x protocol lldp bypass",
    )


def _port(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    locked_by_list = port.known_macs and port.authenticated
    if locked_by_list:
        page.note("known devices", devices_of(port))
        page.add(f"mac access-list RF-MACS-{port.number}", *sequenced(_mac_list(port), _IN))
    page.add(
        f"interface {interface(port.number)}", f"{_IN}description {port.use} {port.label}".rstrip()
    )
    match port.use:
        case PortUse.UPLINK:
            page.note("tagged frames only", SEPARATION, _IN)
            page.add(
                f"{_IN}switchport trunk native vlan {port.access_vlan}",
                f"{_IN}switchport trunk allowed vlan {numbers(port.trunk_vlans)}",
                f"{_IN}switchport mode trunk",
            )
        case PortUse.UNUSED:
            page.note("unused", HARDENING, _IN)
            page.add(
                f"{_IN}switchport access vlan {port.access_vlan}", f"{_IN}switchport mode access"
            )
        case PortUse.PHONE | PortUse.SERVER | PortUse.PC:
            _device(page, switch, port)
    page.add(f"{_IN}shutdown" if port.shut else f"{_IN}no shutdown")
    if port.known_macs and not locked_by_list:
        page.add(
            *(
                f"mac address-table static {dotted(mac)} vlan {vlan} "
                f"interface {interface(port.number)}"
                for mac, vlan in zip(port.known_macs, port.device_vlans, strict=False)
            )
        )


def _device(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    page.note("its VLANs", vlans_of(port), _IN)
    page.add(*(f"{_IN}switchport {words}" for words in _vlan_words(port)))
    if port.known_macs:
        page.note("known devices", devices_of(port), _IN)
        page.add(*(f"{_IN}{words}" for words in _known_words(port)))
    if port.bpdu_guard or port.storm_control:
        page.note("no bridge and no storm", HARDENING, _IN)
    if port.storm_control:
        page.add(
            f"{_IN}storm-control broadcast level 1",
            f"{_IN}storm-control multicast level 1",
        )
    if port.bpdu_guard:
        page.add(f"{_IN}spanning-tree portfast", f"{_IN}spanning-tree bpduguard enable")
    if port.source_guard:
        page.note("its own address", ADDRESSES, _IN)
        page.add(f"{_IN}address locking ipv4")
    if port.dhcp_guard or port.closed:
        page.add(f"{_IN}ip access-group RF-ACCESS in")
    if port.authenticated:
        page.note("802.1X", AUTHENTICATION, _IN)
        page.add(*(f"{_IN}{words}" for words in _dot1x_words(switch, port)))


def _vlan_words(port: SwitchPort) -> tuple[str, ...]:
    if port.voice_vlan is None:
        return f"access vlan {port.access_vlan}", "mode access"
    return (
        f"trunk native vlan {port.access_vlan}",
        f"phone vlan {port.voice_vlan}",
        "phone trunk tagged",
        "mode trunk phone",
    )


def _known_words(port: SwitchPort) -> Iterator[str]:
    if port.authenticated:
        yield f"mac access-group RF-MACS-{port.number} in"
        return
    yield "switchport port-security"
    yield f"switchport port-security mac-address maximum {len(port.known_macs)}"
    yield f"switchport port-security violation protect{' log' if port.alerts else ''}"


def _dot1x_words(switch: AccessSwitch, port: SwitchPort) -> Iterator[str]:
    yield "dot1x pae authenticator"
    yield "dot1x reauthentication"
    yield f"dot1x timeout reauth-period {switch.reauthentication}"
    yield "dot1x port-control auto"
    if port.voice_vlan is not None:
        yield "no dot1x port-control force-authorized phone"
    yield "dot1x host-mode multi-host authenticated"


def _mac_list(port: SwitchPort) -> Iterator[str]:
    yield from (f"permit {mac} 00:00:00:00:00:00 any" for mac in port.known_macs)
    yield f"deny any any{' log' if port.alerts else ''}"
