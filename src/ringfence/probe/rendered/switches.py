"""What the configurations of access switches say, port by port, against hosts and zones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ringfence.design.access import NATIVE_VLAN, PARKING_VLAN, Binding, PortUse, SwitchPort
from ringfence.design.model import IPT_KINDS, Design, Host, HostKind, ZoneKind
from ringfence.guide import MitigationId
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.reading import Rendered, SwitchFile
from ringfence.probe.take import UnseenError
from ringfence.site.model import SwitchPlatform

SHORT: Final = 3600
"""Seconds after which a device must have proved who it is again."""
_UNPLACED: Final = frozenset({HostKind.SENSOR, HostKind.RELAY})
"""A site file has no place for these, so nothing says which port they are at."""


@dataclass(frozen=True)
class Port:
    """A port as a configuration says it, beside the port and the host that it is for."""

    switch: str
    says: SwitchPort
    designed: SwitchPort
    host: Host | None

    def __str__(self) -> str:
        return f"{self.switch} port {self.says.number}"

    @cached_property
    def devices(self) -> frozenset[str]:
        """The MAC addresses that belong here."""
        own = {leg.mac for leg in self.host.interfaces} if self.host else set()
        return frozenset(own | set(self.designed.known_macs))

    @property
    def knows_devices(self) -> bool:
        """Whether exactly the devices that belong here may send."""
        return bool(self.says.known_macs) and set(self.says.known_macs) == self.devices

    @property
    def checks_addresses(self) -> bool:
        """Whether packets and ARP are both checked."""
        return self.says.source_guard and self.says.arp_inspection


Check = Callable[[Port], Iterator[str]]


def devices(rendered: Rendered) -> Seen:
    """Known devices or none, unused ports shut, no bridges and no storms."""
    return _of_ports(
        rendered,
        lambda port: _device_port(port) if port.says.is_live else _closed_port(port),
        yes="access ports take their own devices only, and unused ports are shut",
        no="a port takes what does not belong there",
    )


def _device_port(port: Port) -> Iterator[str]:
    says = port.says
    if not says.known_macs and not says.authenticated:
        yield f"{port} takes every device"
    elif says.known_macs and not port.knows_devices:
        wrong = sorted(set(says.known_macs) ^ port.devices)
        yield f"{port} does not know its devices rightly: {', '.join(wrong)}"
    if not (says.bpdu_guard and says.storm_control):
        yield f"{port} takes bridges or storms"


def _closed_port(port: Port) -> Iterator[str]:
    says = port.says
    if says.use == PortUse.UNUSED and not (says.shut and says.access_vlan == PARKING_VLAN):
        yield f"{port} is unused and open"


def senders(rendered: Rendered) -> Seen:
    """By a list of devices, or by the addresses that belong to them."""
    return _of_ports(
        rendered,
        lambda port: _said(
            not port.says.is_live or port.knows_devices or port.checks_addresses,
            f"{port} lets strangers send",
        ),
        yes="access ports drop frames of devices that do not belong there",
        no="a port lets devices send that do not belong there",
    )


def addresses(rendered: Rendered) -> Seen:
    """Packets and ARP pass with the device's own address only."""
    dhcp = rendered.design.dhcp
    return _of_ports(
        rendered,
        lambda port: _own_address(port, dhcp=dhcp) if port.says.is_live else iter(()),
        yes="packets and ARP pass with the device's own address only",
        no="devices may use other addresses than their own",
        gaps=("ACC-3", "DHC-7"),
    )


def _own_address(port: Port, *, dhcp: bool) -> Iterator[str]:
    if not port.checks_addresses:
        missing = "packets" if not port.says.source_guard else "ARP"
        yield f"{port} does not check {missing}"
    if port.host is None:
        yield from _said(not port.says.bindings, f"{port} binds an address of nobody")
        return
    leg = port.host.interfaces[0]
    own = {(leg.mac, leg.address)}
    bound = {(each.mac, each.address) for each in port.says.bindings}
    leased = dhcp and port.host.kind == HostKind.PHONE
    if bound - own or (not leased and bound != own) or not _in_their_vlans(port):
        yield f"{port} binds other addresses than that of {port.host.name}"


def _in_their_vlans(port: Port) -> bool:
    def fits(binding: Binding) -> bool:
        return binding.vlan in port.says.device_vlans

    return all(map(fits, port.says.bindings))


def address_servers(rendered: Rendered) -> Seen:
    """Access ports drop the answers of address servers, and uplinks do not."""
    dhcp = rendered.design.dhcp

    def check(port: Port) -> Iterator[str]:
        if port.says.is_live:
            yield from _said(port.says.dhcp_guard, f"{port} takes answers of address servers")
        elif port.says.use == PortUse.UPLINK and dhcp:
            yield from _said(not port.says.dhcp_guard, f"{port}, an uplink, drops them")

    return _of_ports(
        rendered,
        check,
        yes="answers of address servers come in through uplinks only",
        no="answers of address servers do not come in where they should",
    )


def alerts(rendered: Rendered) -> Seen:
    """Strangers are reported, to the administration."""
    admin = {host.address for host in rendered.design.of_kind(HostKind.ADMIN)}

    def whole(file: SwitchFile) -> Iterator[str]:
        says = file.says.switch
        if says.logging not in admin:
            yield f"{says.name} reports to {says.logging}, which is not the administration"
        if says.platform == SwitchPlatform.IOS_XE and not says.table_alert:
            yield f"{says.name} does not report a full table of addresses"

    return _of_ports(
        rendered,
        lambda port: _said(
            not port.says.is_live or port.says.alerts, f"{port} does not report strangers"
        ),
        yes="every access port reports strangers to the administration",
        no="strangers are not reported",
        whole=whole,
    )


def authenticates_phones(rendered: Rendered) -> Seen:
    """Telephones' ports demand 802.1X."""
    return _of_ports(
        rendered,
        lambda port: _said(
            port.says.use != PortUse.PHONE or port.says.authenticated, f"{port} demands no 802.1X"
        ),
        yes="every telephone authenticates at its port, and again at short intervals",
        no="telephones do not authenticate at their ports",
        whole=_authentication,
    )


def authenticates_all(rendered: Rendered) -> Seen:
    """Every device authenticates, and the servers are among them."""
    placed = {port.host.name for port in _ports(rendered) if port.host is not None}
    servers = (each.host for each in rendered.servers if each.host.kind not in _UNPLACED)
    away = [host.name for host in servers if host.name not in placed]

    def whole(file: SwitchFile) -> Iterator[str]:
        yield from _authentication(file)
        if file is rendered.switches[0]:
            yield from (f"{name} is on no declared switch" for name in away)

    return _of_ports(
        rendered,
        lambda port: _said(
            not port.says.is_live or port.says.authenticated, f"{port} demands no 802.1X"
        ),
        yes="every device authenticates at its port, and again at short intervals",
        no="devices do not authenticate at their ports",
        whole=whole,
    )


def _authentication(file: SwitchFile) -> Iterator[str]:
    says, designed = file.says.switch, file.designed
    if not any(port.authenticated for port in says.live_ports):
        return
    if says.radius is None or says.radius != designed.radius:
        yield f"{says.name} asks {says.radius or 'nobody'} about devices"
    if says.reauthentication is None or says.reauthentication > SHORT:
        yield f"{says.name} lets a device be for more than {SHORT} s"


def vlans(rendered: Rendered) -> Seen:
    """Every port carries the VLAN of its device's zone; uplinks carry tagged frames only."""
    numbers = {zone.name: zone.vlan for zone in rendered.design.zones}
    data = {zone.vlan for zone in rendered.design.zones_of(ZoneKind.DATA)}

    def check(port: Port) -> Iterator[str]:
        says = port.says
        if says.use == PortUse.UPLINK:
            tagged = says.access_vlan == NATIVE_VLAN and NATIVE_VLAN not in says.trunk_vlans
            yield from _said(tagged, f"{port}, an uplink, carries frames without a tag")
            wanted = set(port.designed.trunk_vlans)
            yield from _said(set(says.trunk_vlans) == wanted, f"{port} carries other VLANs")
        elif says.is_live:
            own = {numbers[port.host.zone]} if port.host is not None else data
            computer = data if port.designed.computer_allowed else set()
            right = set(says.device_vlans) == own | computer
            yield from _said(right, f"{port} carries other VLANs than its device's")

    return _of_ports(
        rendered,
        check,
        yes="every access port carries the VLANs of its devices, and uplinks tagged frames only",
        no="a port carries a VLAN that it should not",
    )


def computer_ports(rendered: Rendered) -> Seen:
    """What a computer behind a telephone sends gets into the data VLAN or nowhere."""
    ipt = {zone.vlan for zone in rendered.design.zones if zone.kind in IPT_KINDS}

    def check(port: Port) -> Iterator[str]:
        says = port.says
        if says.use != PortUse.PHONE:
            return
        yield from _said(says.voice_vlan is not None, f"{port} does not tag the telephone's VLAN")
        apart = says.access_vlan not in ipt and says.access_vlan != says.voice_vlan
        yield from _said(apart, f"{port} lets a computer into a VLAN of the telephone network")

    return _of_ports(
        rendered,
        check,
        yes="telephones' frames are tagged, and a computer behind one is in the data VLAN only",
        no="a computer behind a telephone is in the telephone network",
    )


def no_computers(rendered: Rendered) -> Seen:
    """Untagged frames at a telephone's port lead nowhere."""
    return _of_ports(
        rendered,
        lambda port: _said(
            not port.says.computer_allowed, f"{port} lets a computer send behind the telephone"
        ),
        yes="nothing behind a telephone gets anywhere",
        no="a computer behind a telephone gets somewhere",
    )


def closed_phones(rendered: Rendered) -> Seen:
    """Access ports drop what is meant for telephones' management ports."""
    phones = {zone.subnet for zone in rendered.design.zones_of(ZoneKind.PHONES)}

    def whole(file: SwitchFile) -> Iterator[str]:
        missing = phones - set(file.says.switch.closed)
        yield from (f"{file.designed.name} lets devices manage telephones of {n}" for n in missing)

    return _of_ports(
        rendered,
        lambda port: _said(
            not port.says.is_live or port.says.closed, f"{port} reaches telephones' management"
        ),
        yes="nothing that comes in at an access port reaches telephones' management ports",
        no="devices reach telephones' management ports",
        whole=whole,
    )


def doors(rendered: Rendered) -> Seen:
    """SSH version 2 from the administration, and nothing else."""
    (admin,) = rendered.design.zones_of(ZoneKind.ADMIN)

    def whole(file: SwitchFile) -> Iterator[str]:
        says = file.says.switch.doors
        name = file.designed.name
        yield from _said(not says.telnet, f"{name} takes Telnet")
        yield from _said(not says.http, f"{name} has a web interface")
        yield from _said(not says.snmp, f"{name} takes SNMP")
        yield from _said(not says.old_ssh, f"{name} takes SSH version 1")
        yield from _said(says.ssh_from == admin.subnet, f"{name} takes SSH from elsewhere")

    return _of_ports(
        rendered,
        lambda _: iter(()),
        yes="switches take SSH version 2 from the administration only",
        no="a switch can be reached in other ways than SSH from the administration",
        whole=whole,
    )


def _said(holds: bool, otherwise: str) -> Iterator[str]:
    if not holds:
        yield otherwise


def _of_ports(
    rendered: Rendered,
    check: Check,
    *,
    yes: str,
    no: str,
    whole: Callable[[SwitchFile], Iterator[str]] = lambda _: iter(()),
    gaps: tuple[MitigationId, ...] = (),
) -> Seen:
    """Ask every port, and every switch as a whole; what a platform cannot be told comes first."""
    if not rendered.switches:
        raise UnseenError("the site file names no switches")
    ports = tuple(_ports(rendered))
    contrary = list(dict.fromkeys(_why(rendered, gaps)))
    contrary += [words for file in rendered.switches for words in whole(file)]
    contrary += [words for file in rendered.switches for words in _missing(file)]
    contrary += [words for port in ports for words in check(port)]
    return Seen.against(
        contrary,
        len(ports),
        yes=f"{len(ports)} ports of {len(rendered.switches)} switches: {yes}",
        no=no,
        exhibits=tuple(file.exhibit for file in rendered.switches),
    )


def _why(rendered: Rendered, mitigations: tuple[MitigationId, ...]) -> Iterator[str]:
    for file in rendered.switches:
        for gap in file.says.gaps:
            if gap.mitigation in mitigations:
                yield f"{file.designed.name} ({file.designed.platform}) cannot: {gap.why}"


def _missing(file: SwitchFile) -> Iterator[str]:
    """Ports that the configuration leaves out, adds, or uses for something else."""
    says = {port.number: port.use for port in file.says.switch.ports}
    wanted = {port.number: port.use for port in file.designed.ports}
    for number in sorted(says.keys() | wanted.keys()):
        if says.get(number) != wanted.get(number):
            yield f"{file.designed.name} port {number} is not used as designed"


def _ports(rendered: Rendered) -> Iterator[Port]:
    hosts = _by_name(rendered.design)
    for file in rendered.switches:
        designed = {port.number: port for port in file.designed.ports}
        for says in file.says.switch.ports:
            if (port := designed.get(says.number)) is not None:
                yield Port(file.designed.name, says, port, hosts.get(port.label))


def _by_name(design: Design) -> dict[str, Host]:
    return {host.name: host for host in design.hosts}
