"""Reads what ``ios_xe`` writes back from its text, and no more of the language than that."""

import re
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from ringfence.design.access import (
    AccessSwitch,
    Binding,
    Doors,
    SwitchPort,
    Vlan,
)
from ringfence.render.switches.ios_xe import MARK
from ringfence.render.switches.read_ios_xe_ports import is_locked, read_port
from ringfence.render.switches.reading import (
    Denied,
    Facts,
    Line,
    Parsed,
    PortFacts,
    ReadError,
    address,
    blocks,
    colons,
    gaps,
    network,
    number,
    number_list,
    port_of,
    switch_of,
)
from ringfence.site.model import SwitchPlatform

_PORT: Final = re.compile(r"GigabitEthernet1/0/([0-9]{1,3})")
_FLAGS: Final = {
    "no ip http server": "no_http",
    "no ip http secure-server": "no_https",
    "no snmp-server": "no_snmp",
    "ip ssh version 2": "ssh_2",
    "mac address-table notification threshold": "table_alert",
    "ip dhcp snooping": "snooping",
    "aaa new-model": "aaa",
    "dot1x system-auth-control": "dot1x_on",
    "aaa authentication dot1x default group radius": "dot1x_methods",
    "aaa authorization network default group radius": "dot1x_network",
}
_ADDRESSES: Final = {
    "ip default-gateway": "gateway",
    "logging host": "logging",
    "ntp server": "time",
}
_WITHOUT_FACTS: Final = frozenset(
    {
        "service timestamps log datetime msec show-timezone",
        "aaa authentication login default local",
        "aaa authorization exec default local",
        "no ip routing",
        "vtp mode transparent",
        "no cdp run",
        "lldp run",
        "spanning-tree mode rapid-pvst",
        "logging trap informational",
        "no ip dhcp snooping information option",
        "ip dhcp snooping database flash:dhcp-snooping.db",
        "ip arp inspection validate src-mac dst-mac ip",
        "end",
    },
)
"""Lines that are demanded of no port, or only say how something is done."""
_SWITCH_WIDE_802_1X: Final = ("aaa", "dot1x_on", "dot1x_methods", "dot1x_network", "radius")


def parse(text: str) -> Parsed:
    """Read a switch's configuration.

    Raises:
        ReadError: something in it is not understood, or is not there.

    """
    reader = _Reader()
    for line in blocks(text, MARK):
        reader.take(line)
    return Parsed(switch=reader.switch(), gaps=gaps(text, MARK))


class _Reader:
    def __init__(self) -> None:
        self._all = Facts()
        self._ports: dict[int, PortFacts] = {}
        self._vlans: list[Vlan] = []
        self._bindings: list[tuple[Binding, int]] = []
        self._arp_lists: dict[str, set[tuple[str, IPv4Address]]] = {}
        self._arp_filters: dict[int, str] = {}
        self._closed: Denied | None = None
        self._addresses: dict[int, IPv4Interface] = {}

    def take(self, line: Line) -> None:
        """One line of the top level, with what stands below it."""
        match line.words:
            case ("interface", name):
                self._interface(line, name)
            case ("vlan", vlan):
                self._vlan(line, number(line, vlan))
            case ("line", "vty", "0", "31"):
                self._terminal(line)
            case ("line", "con", "0"):
                _demand_inner(line, "exec-timeout 10 0")
            case ("ip", "access-list", "standard", "RF-ADMIN"):
                self._admin_list(line)
            case ("ip", "access-list", "extended", "RF-ACCESS"):
                self._access_list(line)
            case ("arp", "access-list", name):
                self._arp_list(line, name)
            case ("radius", "server", "RF-RADIUS"):
                self._radius(line)
            case _ if line.inner:
                line.inner[0].fail("stands below a line that opens nothing")
            case _:
                self._single(line)

    def _single(self, line: Line) -> None:
        match line.words:
            case _ if (fact := _FLAGS.get(" ".join(line.words))) is not None:
                self._all.say(line, fact, True)
            case (*start, word) if (fact := _ADDRESSES.get(" ".join(start))) is not None:
                self._all.say(line, fact, address(line, word))
            case ("hostname", name):
                self._all.say(line, "name", name)
            case ("ip", "domain", "name", name):
                self._all.say(line, "domain", name)
            case ("ip", "radius", "source-interface", name):
                self._all.say(line, "radius_source", name)
            case _:
                self._about_addresses(line)

    def _about_addresses(self, line: Line) -> None:
        match line.words:
            case ("ip", "dhcp", "snooping", "vlan", vlans):
                self._all.say(line, "snooped", frozenset(number_list(line, vlans)))
            case ("ip", "arp", "inspection", "vlan", vlans):
                self._all.say(line, "inspected", frozenset(number_list(line, vlans)))
            case ("ip", "arp", "inspection", "filter", name, "vlan", vlan):
                self._arp_filters[number(line, vlan)] = name
            case ("ip", "source", "binding", mac, "vlan", vlan, word, "interface", name):
                port = _PORT.fullmatch(name)
                if port is None:
                    line.fail("no port")
                pair = Binding(
                    mac=colons(line, mac), vlan=number(line, vlan), address=address(line, word)
                )
                self._bindings.append((pair, int(port[1])))
            case _ if " ".join(line.words) in _WITHOUT_FACTS:
                pass
            case _:
                line.fail()

    def _interface(self, line: Line, name: str) -> None:
        if port := _PORT.fullmatch(name):
            if int(port[1]) in self._ports:
                line.fail("said twice")
            self._ports[int(port[1])] = read_port(line, int(port[1]))
        elif name == "Vlan1":
            _demand_inner(line, "no ip address", "shutdown")
        elif name.startswith("Vlan"):
            self._management(line, number(line, name.removeprefix("Vlan")))
        else:
            line.fail()

    def _management(self, line: Line, vlan: int) -> None:
        for inner in line.inner:
            match inner.words:
                case ("ip", "address", word, mask):
                    self._addresses[vlan] = IPv4Interface(f"{address(inner, word)}/{mask}")
                case ("no", "shutdown"):
                    pass
                case _:
                    inner.fail()

    def _vlan(self, line: Line, vlan: int) -> None:
        match [inner.words for inner in line.inner]:
            case [("name", name)]:
                self._vlans.append(Vlan(number=vlan, name=name))
            case _:
                line.fail()

    def _terminal(self, line: Line) -> None:
        for inner in line.inner:
            match inner.words:
                case ("exec-timeout", "10", "0"):
                    pass
                case ("transport", "input", "ssh"):
                    self._all.say(inner, "ssh_only", True)
                case ("access-class", "RF-ADMIN", "in"):
                    self._all.say(inner, "ssh_listed", True)
                case _:
                    inner.fail()

    def _admin_list(self, line: Line) -> None:
        for inner in line.inner:
            match inner.words:
                case ("permit", word, wildcard):
                    self._all.say(inner, "ssh_from", network(inner, word, wildcard))
                case _:
                    inner.fail()

    def _access_list(self, line: Line) -> None:
        denied = Denied()
        for inner in line.inner:
            match inner.words:
                case ("deny", protocol, "any", word, wildcard, "eq", port):
                    denied.deny(inner, network(inner, word, wildcard), protocol, port)
                case ("permit", "ip", "any", "any"):
                    denied.permit_rest(inner)
                case _:
                    inner.fail()
        self._closed = denied

    def _arp_list(self, line: Line, name: str) -> None:
        found = self._arp_lists.setdefault(name, set())
        for inner in line.inner:
            match inner.words:
                case ("permit", "ip", "host", word, "mac", "host", mac):
                    found.add((colons(inner, mac), address(inner, word)))
                case _:
                    inner.fail()

    def _radius(self, line: Line) -> None:
        for inner in line.inner:
            match inner.words:
                case ("address", "ipv4", word, "auth-port", "1812", "acct-port", "1813"):
                    self._all.say(inner, "radius", address(inner, word))
                case ("key", _):
                    self._all.say(inner, "radius_key", True)
                case _:
                    inner.fail()

    def switch(self) -> AccessSwitch:
        """The switch, once everything is read."""
        said = self._all
        if len(self._addresses) != 1:
            raise ReadError(f"{len(self._addresses)} VLANs have an address instead of one")
        ((management, own),) = self._addresses.items()
        ports = tuple(self._finished(each) for each in self._ports.values())
        timers = {each.get("timer") for each in self._ports.values()} - {None}
        listed = said.get("ssh_listed", False)
        return switch_of(
            {
                "name": said.needed("name"),
                "platform": SwitchPlatform.IOS_XE,
                "domain": said.needed("domain"),
                "vlans": tuple(self._vlans),
                "management_vlan": management,
                "address": own,
                "gateway": said.needed("gateway"),
                "doors": Doors(
                    telnet=not said.has("ssh_only"),
                    http=not said.has("no_http", "no_https"),
                    snmp=not said.has("no_snmp"),
                    old_ssh=not said.has("ssh_2"),
                    ssh_from=said.get("ssh_from") if listed else None,
                ),
                "logging": said.needed("logging"),
                "time": said.needed("time"),
                "radius": said.get("radius"),
                "reauthentication": max(timers, default=None),
                "closed": self._closed.subnets if self._closed else (),
                "table_alert": said.get("table_alert", False),
                "ports": ports,
            }
        )

    def _finished(self, port: PortFacts) -> SwitchPort:
        bindings = tuple(pair for pair, number in self._bindings if number == port.number)
        trunk = port.get("mode") == "trunk"
        access = port.get("native" if trunk else "access")
        if access is None or not port.has("mode"):
            raise ReadError(f"port {port.number} has no mode or no VLAN")
        macs = tuple(port.macs)
        bare = SwitchPort(
            number=port.number,
            use=port.needed("use"),
            access_vlan=access,
            voice_vlan=port.get("voice"),
        )
        vlans = frozenset(bare.device_vlans or (access,))
        if trunk:
            vlans = frozenset(port.get("allowed", ()))
        open_port = trunk or not port.get("shut", False)
        return port_of(
            port,
            shut=port.get("shut", False),
            access_vlan=access,
            voice_vlan=port.get("voice"),
            trunk_vlans=port.get("allowed", ()),
            known_macs=macs if is_locked(port, bare) else (),
            bindings=bindings,
            dhcp_guard=open_port and self._snoops(port, vlans, any_of=trunk),
            source_guard=port.get("source_guard", False) and self._all.has("snooping"),
            arp_inspection=open_port and self._inspects(port, vlans, bindings, any_of=trunk),
            alerts=port.get("violation") == "restrict" and port.has("security"),
            bpdu_guard=port.has("edge", "bpdu_guard"),
            storm_control=port.has("broadcast", "multicast"),
            authenticated=self._authenticates(port),
            closed=port.has("closed") and self._closed is not None and self._closed.ended,
        )

    def _snoops(self, port: PortFacts, vlans: frozenset[int], *, any_of: bool) -> bool:
        snooped = self._all.get("snooped", frozenset()) if self._all.has("snooping") else ()
        covered = bool(vlans & set(snooped)) if any_of else vlans <= set(snooped)
        return covered and not port.has("dhcp_trust")

    def _inspects(
        self,
        port: PortFacts,
        vlans: frozenset[int],
        bindings: tuple[Binding, ...],
        *,
        any_of: bool,
    ) -> bool:
        inspected = self._all.get("inspected", frozenset())
        covered = bool(vlans & inspected) if any_of else vlans <= inspected
        if not covered or port.has("arp_trust"):
            return False
        own = {(pair.mac, pair.address, pair.vlan) for pair in bindings}
        everyone = {(pair.mac, pair.address) for pair, _ in self._bindings}
        lists = {vlan: self._listed(vlan) for vlan in vlans}
        known = all((mac, ip) in lists.get(vlan, ()) for mac, ip, vlan in own)
        return known and all(listed <= everyone for listed in lists.values())

    def _listed(self, vlan: int) -> set[tuple[str, IPv4Address]]:
        name = self._arp_filters.get(vlan)
        return self._arp_lists.get(name, set()) if name is not None else set()

    def _authenticates(self, port: PortFacts) -> bool:
        return self._all.has(*_SWITCH_WIDE_802_1X) and port.has(
            "host_mode", "periodic", "timer", "port_control", "authenticator"
        )


def _demand_inner(line: Line, *wanted: str) -> None:
    if [" ".join(inner.words) for inner in line.inner] != list(wanted):
        line.fail()
