"""Junos 22 and later on EX switches with Enhanced Layer 2 Software (EX2300, EX3400, EX4x00).

Source: the Junos Security Services Guide ("Port Security": DHCP snooping, ARP inspection, IP
source guard, static addresses in ``dhcp-security`` groups, MAC limiting), the User Access guide
(802.1X), the Ethernet Switching guide (VoIP VLANs, storm control, BPDU protection), and DISA's
STIG for EX switches, which shows the same statements. Access interfaces of a VLAN with
``dhcp-security`` are untrusted and trunks trusted unless a group says otherwise.
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
    Fitted,
    Page,
    about,
    devices_of,
    fitted,
    secret,
    vlans_of,
)

MARK = "#"
_KEPT = (
    "/var/tmp/dhcp-snooping.db",  # noqa: S108 - a path of the switch, which nobody else uses
    "write-interval 60",
)
_BEFORE = (
    "an account of class super-user and a root password exist",
    "load set terminal, then commit confirmed",
)


def fit(switch: AccessSwitch, asked: Asked) -> Fitted:
    """Everything can be said, but for a table of MAC addresses that fills up."""
    del asked
    return Fitted(switch=fitted(switch).model_copy(update={"table_alert": False}))


def write(fitting: Fitted, asked: Asked) -> str:
    """The configuration of a switch, as ``load set terminal`` takes it."""
    switch = fitting.switch
    page = Page(asked, MARK)
    page.head(about(switch, "Junos 22 or later on EX (ELS)", _BEFORE))
    page.cannot(fitting.gaps)
    _management(page, switch)
    page.note("VLANs", SEPARATION)
    page.add(*(f"set vlans {vlan.name} vlan-id {vlan.number}" for vlan in switch.vlans))
    _addresses(page, switch)
    if switch.closed:
        page.note("no device reaches the management ports of telephones", CLOSED)
        page.add(*_access_list(switch))
    if switch.radius is not None:
        _authentication(page, switch)
    for port in switch.ports:
        _port(page, switch, port)
    return page.text()


def interface(number: int) -> str:
    """The name of a port; Junos counts from nought."""
    return f"ge-0/0/{number - 1}"


def _management(page: Page, switch: AccessSwitch) -> None:
    doors = switch.doors
    page.note("the switch itself: SSH from the administration only", HARDENING)
    page.add(f"set system host-name {switch.name}", f"set system domain-name {switch.domain}")
    if not doors.telnet:
        page.add("delete system services telnet")
    if not doors.http:
        page.add("delete system services web-management")
    if not doors.snmp:
        page.add("delete snmp")
    page.add("set system services ssh root-login deny")
    if not doors.old_ssh:
        page.add("set system services ssh protocol-version v2")
    if doors.ssh_from is not None:
        page.add(*_ssh_filter(f"{doors.ssh_from}"))
    net = switch.vlan_name(switch.management_vlan)
    page.add(
        f"set vlans {net} l3-interface irb.{switch.management_vlan}",
        f"set interfaces irb unit {switch.management_vlan} family inet address {switch.address}",
        f"set routing-options static route 0.0.0.0/0 next-hop {switch.gateway}",
        "set protocols lldp interface all",
        "set protocols lldp-med interface all",
        "set protocols rstp bpdu-block-on-edge",
        "set forwarding-options storm-control-profiles RF-STORM all bandwidth-percentage 1",
    )
    page.note("what happens at the ports is reported", ALERTS)
    page.add(f"set system syslog host {switch.logging} any notice")
    page.note("the time of the telephone network", TIME)
    page.add(f"set system ntp server {switch.time}")


def _ssh_filter(subnet: str) -> Iterator[str]:
    command = "set firewall family inet filter RF-ADMIN term"
    yield f"{command} ssh from source-address {subnet}"
    for term, action in (("ssh", "accept"), ("others", "discard")):
        yield f"{command} {term} from protocol tcp"
        yield f"{command} {term} from destination-port ssh"
        yield f"{command} {term} then {action}"
    yield f"{command} rest then accept"
    yield "set interfaces lo0 unit 0 family inet filter input RF-ADMIN"


def _addresses(page: Page, switch: AccessSwitch) -> None:
    """Snooping, inspection and source guard, VLAN by VLAN."""
    snooped = _vlans(switch, "dhcp_guard")
    if not snooped:
        return
    inspected, guarded = _vlans(switch, "arp_inspection"), _vlans(switch, "source_guard")
    uplinks = [port for port in switch.ports if port.use == PortUse.UPLINK]
    page.note("address servers answer through uplinks only; addresses are checked", ADDRESSES)
    page.add(*(f"set system processes dhcp-service dhcp-snooping-file {each}" for each in _KEPT))
    for vlan in sorted(snooped):
        command = f"set vlans {switch.vlan_name(vlan)} forwarding-options dhcp-security"
        words = [
            *(["arp-inspection"] if vlan in inspected else []),
            *(["ip-source-guard"] if vlan in guarded else []),
            *(["group uplinks overrides trusted"] if uplinks else []),
            *(f"group uplinks interface {interface(port.number)}.0" for port in uplinks),
        ]
        page.add(*(f"{command} {each}" for each in words) if words else (command,))


def _vlans(switch: AccessSwitch, fact: str) -> frozenset[int]:
    """The VLANs of the ports of which something holds."""
    ports = (port for port in switch.live_ports if getattr(port, fact))
    return frozenset(vlan for port in ports for vlan in port.device_vlans)


def _access_list(switch: AccessSwitch) -> Iterator[str]:
    command = "set firewall family ethernet-switching filter RF-ACCESS term"
    for subnet in switch.closed:
        for protocol, number in MANAGEMENT_PORTS:
            term = f"{command} {protocol}-{number}-{subnet.network_address}-{subnet.prefixlen}"
            yield f"{term} from ip-destination-address {subnet}"
            yield f"{term} from ip-protocol {protocol}"
            yield f"{term} from destination-port {number}"
            yield f"{term} then discard"
    yield f"{command} rest then accept"


def _authentication(page: Page, switch: AccessSwitch) -> None:
    page.note("devices prove who they are: 802.1X; the RADIUS server takes EAP-TLS", AUTHENTICATION)
    page.add(
        f'set access radius-server {switch.radius} secret "{secret(switch)}"',
        f"set access radius-server {switch.radius} source-address {switch.address.ip}",
        "set access profile RF-RADIUS authentication-order radius",
        f"set access profile RF-RADIUS radius authentication-server {switch.radius}",
        "set protocols dot1x authenticator authentication-profile-name RF-RADIUS",
    )


def _port(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    name = interface(port.number)
    bridging = f"set interfaces {name} unit 0 family ethernet-switching"
    described = f"{port.use} {port.label}".rstrip()
    asked = {PortUse.UPLINK: SEPARATION, PortUse.UNUSED: HARDENING}.get(port.use, vlans_of(port))
    page.note(f"port {port.number}", asked)
    page.add(f'set interfaces {name} description "{described}"')
    if port.shut:
        page.add(f"set interfaces {name} disable")
    if port.use == PortUse.UPLINK:
        page.add(
            f"set interfaces {name} native-vlan-id {port.access_vlan}",
            f"{bridging} interface-mode trunk",
            *(f"{bridging} vlan members {switch.vlan_name(vlan)}" for vlan in port.trunk_vlans),
            f"set protocols rstp interface {name}",
        )
        return
    page.add(
        f"{bridging} interface-mode access",
        f"{bridging} vlan members {switch.vlan_name(port.access_vlan)}",
    )
    if port.is_live:
        _device(page, switch, port)


def _device(page: Page, switch: AccessSwitch, port: SwitchPort) -> None:
    name = interface(port.number)
    bridging = f"set interfaces {name} unit 0 family ethernet-switching"
    options = f"set switch-options interface {name}.0 interface-mac-limit"
    if port.voice_vlan is not None:
        voice = switch.vlan_name(port.voice_vlan)
        page.add(f"set switch-options voip interface {name}.0 vlan {voice}")
    if port.known_macs:
        page.note("known devices", devices_of(port))
        page.add(
            *(
                f"set interfaces {name} unit 0 accept-source-mac mac-address {mac}"
                for mac in port.known_macs
            ),
            f"{options} {len(port.known_macs)}",
            f"{options} packet-action {'drop-and-log' if port.alerts else 'drop'}",
        )
    if port.bpdu_guard or port.storm_control:
        page.note("no bridge and no storm", HARDENING)
    if port.storm_control:
        page.add(f"{bridging} storm-control RF-STORM")
    if port.bpdu_guard:
        page.add(f"set protocols rstp interface {name} edge")
    if port.closed:
        page.add(f"{bridging} filter input RF-ACCESS")
    if port.bindings:
        page.note("its own address", ADDRESSES)
    for pair in port.bindings:
        group = (
            f"set vlans {switch.vlan_name(pair.vlan)} forwarding-options dhcp-security group bound"
        )
        page.add(f"{group} interface {name}.0 static-ip {pair.address} mac {pair.mac}")
    if port.authenticated:
        page.note("802.1X", AUTHENTICATION)
        command = f"set protocols dot1x authenticator interface {name}.0"
        several = len(port.device_vlans) > 1
        page.add(
            f"{command} supplicant {'multiple' if several else 'single-secure'}",
            f"{command} reauthentication {switch.reauthentication}",
        )
