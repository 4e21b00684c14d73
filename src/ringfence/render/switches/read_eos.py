"""Reads what ``eos`` writes back from its text, and no more of the language than that."""

import re
from ipaddress import IPv4Interface
from typing import Final

from ringfence.design.access import AccessSwitch, Binding, Doors, SwitchPort, Vlan
from ringfence.render.switches.eos import MARK
from ringfence.render.switches.read_eos_ports import MacList, read_port, vlans_of
from ringfence.render.switches.reading import (
    Denied,
    Facts,
    Line,
    Parsed,
    PortFacts,
    address,
    blocks,
    colons,
    gaps,
    network,
    number,
    port_of,
    switch_of,
)
from ringfence.site.model import SwitchPlatform

_PORT: Final = re.compile(r"Ethernet([0-9]{1,3})")
_FLAGS: Final = {
    "no snmp-server vrf default": "no_snmp",
    "aaa authentication dot1x default group radius": "dot1x_methods",
    "dot1x system-auth-control": "dot1x_on",
}
_ADDRESSES: Final = {
    "ip route 0.0.0.0/0": "gateway",
    "logging host": "logging",
    "ntp server": "time",
}
_WITHOUT_FACTS: Final = frozenset(
    {
        "no ip routing",
        "lldp run",
        "spanning-tree mode rstp",
        "logging trap informational",
        "dot1x protocol lldp bypass",
        "end",
    },
)
_SWITCH_WIDE_802_1X: Final = ("dot1x_on", "dot1x_methods", "radius")


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
        self._leases: dict[str, list[str]] = {}
        self._static_macs: dict[int, list[tuple[str, int]]] = {}
        self._mac_lists: dict[str, MacList] = {}
        self._access_list: Denied | None = None
        self._no_servers = False

    def take(self, line: Line) -> None:
        """One line of the top level, with what stands below it."""
        match line.words:
            case ("interface", name):
                self._interface(line, name)
            case ("vlan", vlan):
                self._vlan(line, number(line, vlan))
            case ("management", "api", "http-commands"):
                self._shut(line, "no_http")
            case ("management", "telnet"):
                self._shut(line, "no_telnet")
            case ("management", "ssh"):
                self._ssh(line)
            case ("ip", "access-list", "standard", "RF-ADMIN"):
                self._admin_list(line)
            case ("ip", "access-list", "RF-ACCESS"):
                self._read_access_list(line)
            case ("mac", "access-list", name):
                self._mac_lists[name] = MacList(line)
            case ("address", "locking"):
                self._locking(line)
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
            case ("dns", "domain", name):
                self._all.say(line, "domain", name)
            case ("mac", "address-table", "static", mac, "vlan", vlan, "interface", name):
                port = _PORT.fullmatch(name)
                if port is None:
                    line.fail("no port")
                entry = (colons(line, mac), number(line, vlan))
                self._static_macs.setdefault(int(port[1]), []).append(entry)
            case ("radius-server", "host", word, "key", "0", _):
                self._all.say(line, "radius", address(line, word))
            case ("ip", "radius", "source-interface", name):
                self._all.say(line, "radius_source", name)
            case _ if " ".join(line.words) not in _WITHOUT_FACTS:
                line.fail()

    def _shut(self, line: Line, fact: str) -> None:
        if [inner.words for inner in line.inner] != [("shutdown",)]:
            line.fail("is not shut")
        self._all.say(line, fact, True)

    def _ssh(self, line: Line) -> None:
        for inner in line.inner:
            match inner.words:
                case ("idle-timeout", "10") | ("no", "shutdown"):
                    pass
                case ("ip", "access-group", "RF-ADMIN", "in"):
                    self._all.say(inner, "ssh_listed", True)
                case _:
                    inner.fail()

    def _admin_list(self, line: Line) -> None:
        for inner in line.inner:
            match inner.words:
                case (_, "permit", subnet):
                    self._all.say(inner, "ssh_from", network(inner, subnet))
                case _:
                    inner.fail()

    def _read_access_list(self, line: Line) -> None:
        denied = Denied()
        for inner in line.inner:
            match inner.words:
                case (_, "deny", "udp", "any", "eq", "bootps", "any") if not denied.ended:
                    self._no_servers = True
                case (_, "deny", protocol, "any", subnet, "eq", port):
                    denied.deny(inner, network(inner, subnet), protocol, port)
                case (_, "permit", "ip", "any", "any"):
                    denied.permit_rest(inner)
                case _:
                    inner.fail()
        self._access_list = denied

    def _locking(self, line: Line) -> None:
        self._all.say(line, "locking", True)
        for inner in line.inner:
            match inner.words:
                case ("local-interface", name):
                    self._all.say(inner, "local_interface", name)
                case ("dhcp", "server", "ipv4", word):
                    self._all.say(inner, "address_server", address(inner, word))
                case ("lease", word, "mac", mac):
                    address(inner, word)
                    self._leases.setdefault(colons(inner, mac), []).append(word)
                case _:
                    inner.fail()

    def _interface(self, line: Line, name: str) -> None:
        if port := _PORT.fullmatch(name):
            if int(port[1]) in self._ports:
                line.fail("said twice")
            self._ports[int(port[1])] = read_port(line, int(port[1]))
        elif name.startswith("Vlan"):
            self._all.say(line, "management_vlan", number(line, name.removeprefix("Vlan")))
            for inner in line.inner:
                match inner.words:
                    case ("ip", "address", word):
                        self._all.say(inner, "address", IPv4Interface(word))
                    case ("no", "shutdown"):
                        pass
                    case _:
                        inner.fail()
        else:
            line.fail()

    def _vlan(self, line: Line, vlan: int) -> None:
        match [inner.words for inner in line.inner]:
            case [("name", name)]:
                self._vlans.append(Vlan(number=vlan, name=name))
            case _:
                line.fail()

    def switch(self) -> AccessSwitch:
        """The switch, once everything is read."""
        said = self._all
        timers = {each.get("timer") for each in self._ports.values()} - {None}
        return switch_of(
            {
                "name": said.needed("name"),
                "platform": SwitchPlatform.EOS,
                "domain": said.needed("domain"),
                "vlans": tuple(self._vlans),
                "management_vlan": said.needed("management_vlan"),
                "address": said.needed("address"),
                "gateway": said.needed("gateway"),
                "doors": Doors(
                    telnet=not said.has("no_telnet"),
                    http=not said.has("no_http"),
                    snmp=not said.has("no_snmp"),
                    old_ssh=False,
                    ssh_from=said.get("ssh_from") if said.has("ssh_listed") else None,
                ),
                "logging": said.needed("logging"),
                "time": said.needed("time"),
                "radius": said.get("radius"),
                "reauthentication": max(timers, default=None),
                "address_server": said.get("address_server"),
                "closed": self._access_list.subnets if self._access_list else (),
                "ports": tuple(self._finished(each) for each in self._ports.values()),
            }
        )

    def _finished(self, port: PortFacts) -> SwitchPort:
        vlans = vlans_of(port)
        macs, alerts = self._known(
            port, SwitchPort(**vlans, number=port.number, use=port.needed("use"))
        )
        locked = port.has("locked") and self._all.has("locking", "local_interface")
        listed = port.has("access_list") and self._access_list is not None
        return port_of(
            port,
            **vlans,
            shut=port.get("shut", False),
            known_macs=macs,
            bindings=self._bindings(macs, vlans) if locked else (),
            dhcp_guard=listed and self._no_servers,
            source_guard=locked,
            arp_inspection=locked,
            alerts=alerts,
            bpdu_guard=port.has("edge", "bpdu_guard"),
            storm_control=port.has("broadcast", "multicast"),
            authenticated=self._authenticates(port),
            closed=listed
            and self._access_list is not None
            and self._access_list.ended
            and bool(self._access_list.subnets),
        )

    def _known(self, port: PortFacts, bare: SwitchPort) -> tuple[tuple[str, ...], bool]:
        """The devices that alone may send, and whether others are reported."""
        if (name := port.get("mac_list")) is not None:
            mac_list = self._mac_lists.get(name)
            return (mac_list.macs, mac_list.logged) if mac_list else ((), False)
        static = self._static_macs.get(port.number, [])
        known = {vlan: mac for mac, vlan in static}
        macs = tuple(known[vlan] for vlan in bare.device_vlans if vlan in known)
        locked = port.has("security", "violation") and port.get("most") == len(static) == len(macs)
        return (macs, port.get("violation") == "log") if locked else ((), False)

    def _bindings(self, macs: tuple[str, ...], vlans: dict[str, object]) -> tuple[Binding, ...]:
        inside = [vlan for vlan in (vlans["voice_vlan"], vlans["access_vlan"]) if vlan]
        return tuple(
            Binding.model_validate({"mac": mac, "vlan": vlan, "address": leased})
            for mac, vlan in zip(macs, inside, strict=False)
            for leased in self._leases.get(mac, ())
        )

    def _authenticates(self, port: PortFacts) -> bool:
        phone = port.get("voice_vlan") is None or port.has("phones_too")
        return (
            phone
            and self._all.has(*_SWITCH_WIDE_802_1X)
            and port.has("pae", "reauthentication", "timer", "port_control", "each_device")
        )
