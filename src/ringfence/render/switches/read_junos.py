"""Reads what ``junos`` writes back from its text, and no more of the language than that."""

import re
from ipaddress import IPv4Interface
from typing import Final

from ringfence.design.access import (
    AccessSwitch,
    Binding,
    Doors,
    PortUse,
    SwitchPort,
    Vlan,
)
from ringfence.render.switches.junos import MARK
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
    switch_of,
)
from ringfence.site.model import SwitchPlatform

_PORT: Final = re.compile(r"ge-0/0/([0-9]{1,3})(?:\.0)?")
_WITHOUT_FACTS: Final = frozenset(
    {
        "set system services ssh root-login deny",
        "set system processes dhcp-service dhcp-snooping-file /var/tmp/dhcp-snooping.db",
        "set system processes dhcp-service dhcp-snooping-file write-interval 60",
        "set protocols lldp interface all",
        "set protocols lldp-med interface all",
        "set access profile RF-RADIUS authentication-order radius",
    },
)
_STORM_PROFILE: Final = (
    "set forwarding-options storm-control-profiles RF-STORM all bandwidth-percentage 1"
)
_SSH_FILTER: Final = {
    "ssh": {"from protocol tcp", "from destination-port ssh", "then accept"},
    "others": {"from protocol tcp", "from destination-port ssh", "then discard"},
    "rest": {"then accept"},
}
_SWITCH_WIDE_802_1X: Final = ("radius", "radius_profile", "dot1x_profile")


def parse(text: str) -> Parsed:
    """Read a switch's configuration.

    Raises:
        ReadError: something in it is not understood, or is not there.

    """
    reader = _Reader()
    for line in blocks(text, MARK):
        if line.inner:
            line.inner[0].fail("is indented")
        reader.take(line)
    return Parsed(switch=reader.switch(), gaps=gaps(text, MARK))


class _Security:
    """What is said of addresses in one VLAN."""

    def __init__(self) -> None:
        self.inspected = False
        self.guarded = False
        self.trusts = False
        self.trusted: set[int] = set()
        self.bindings: list[tuple[int, str, str]] = []


class _Reader:
    def __init__(self) -> None:
        self._all = Facts()
        self._ports: dict[int, PortFacts] = {}
        self._members: dict[int, list[str]] = {}
        self._vlans: dict[str, int] = {}
        self._security: dict[str, _Security] = {}
        self._ssh_terms: dict[str, set[str]] = {}
        self._terms: dict[str, dict[str, str]] = {}
        self._l3: dict[str, int] = {}

    def take(self, line: Line) -> None:
        """One statement."""
        match line.words:
            case ("set", "interfaces", "irb", "unit", vlan, "family", "inet", "address", word):
                self._all.say(line, "management_vlan", number(line, vlan))
                self._all.say(line, "address", IPv4Interface(word))
            case ("set", "interfaces", "lo0", *rest):
                if rest != ["unit", "0", "family", "inet", "filter", "input", "RF-ADMIN"]:
                    line.fail()
                self._all.say(line, "ssh_listed", True)
            case ("set", "interfaces", name, *rest):
                self._interface(line, self._port(line, name), rest)
            case ("set", "vlans", name, *rest):
                self._vlan(line, name, rest)
            case ("set", "switch-options", *rest):
                self._options(line, rest)
            case ("set", "protocols", *rest):
                self._protocols(line, rest)
            case ("set", "firewall", "family", family, "filter", name, "term", term, *rest):
                self._filter(line, family, name, term, rest)
            case ("set", "access", *rest):
                self._access(line, rest)
            case _:
                self._system(line)

    def _system(self, line: Line) -> None:
        say = self._all.say
        match line.words:
            case ("set", "system", "host-name", name):
                say(line, "name", name)
            case ("set", "system", "domain-name", name):
                say(line, "domain", name)
            case ("delete", "system", "services", "telnet"):
                say(line, "no_telnet", True)
            case ("delete", "system", "services", "web-management"):
                say(line, "no_http", True)
            case ("delete", "snmp"):
                say(line, "no_snmp", True)
            case ("set", "system", "services", "ssh", "protocol-version", "v2"):
                say(line, "ssh_2", True)
            case ("set", "system", "syslog", "host", word, "any", "notice"):
                say(line, "logging", address(line, word))
            case ("set", "system", "ntp", "server", word):
                say(line, "time", address(line, word))
            case ("set", "routing-options", "static", "route", "0.0.0.0/0", "next-hop", word):
                say(line, "gateway", address(line, word))
            case _ if " ".join(line.words) == _STORM_PROFILE:
                say(line, "storm_profile", True)
            case _ if " ".join(line.words) in _WITHOUT_FACTS:
                pass
            case _:
                line.fail()

    def _port(self, line: Line, name: str) -> PortFacts:
        found = _PORT.fullmatch(name)
        if found is None:
            line.fail("no port")
        place = int(found[1]) + 1
        return self._ports.setdefault(place, PortFacts(place))

    def _interface(self, line: Line, port: PortFacts, rest: list[str]) -> None:
        match rest:
            case ["description", *words]:
                text = " ".join(words)
                if not re.fullmatch(r'"[^"]*"', text):
                    line.fail()
                port.describe(line, text.strip('"').split())
            case ["disable"]:
                port.say(line, "shut", True)
            case ["native-vlan-id", vlan]:
                port.say(line, "native", number(line, vlan))
            case ["unit", "0", "accept-source-mac", "mac-address", mac]:
                port.macs.append(colons(line, mac))
            case ["unit", "0", "family", "ethernet-switching", *words]:
                self._bridging(line, port, words)
            case _:
                line.fail()

    def _bridging(self, line: Line, port: PortFacts, words: list[str]) -> None:
        match words:
            case ["interface-mode", "access" | "trunk" as mode]:
                port.say(line, "mode", mode)
            case ["vlan", "members", name]:
                self._members.setdefault(port.number, []).append(name)
            case ["storm-control", "RF-STORM"]:
                port.say(line, "storm_control", True)
            case ["filter", "input", "RF-ACCESS"]:
                port.say(line, "closed", True)
            case _:
                line.fail()

    def _vlan(self, line: Line, name: str, rest: list[str]) -> None:
        match rest:
            case ["vlan-id", vlan] if name not in self._vlans:
                self._vlans[name] = number(line, vlan)
            case ["l3-interface", unit]:
                self._l3[name] = number(line, unit.removeprefix("irb."))
            case ["forwarding-options", "dhcp-security", *words]:
                self._about_addresses(line, self._security.setdefault(name, _Security()), words)
            case _:
                line.fail()

    def _about_addresses(self, line: Line, security: _Security, words: list[str]) -> None:
        match words:
            case []:
                pass
            case ["arp-inspection"]:
                security.inspected = True
            case ["ip-source-guard"]:
                security.guarded = True
            case ["group", "uplinks", "overrides", "trusted"]:
                security.trusts = True
            case ["group", "uplinks", "interface", name]:
                security.trusted.add(self._port(line, name).number)
            case ["group", "bound", "interface", name, "static-ip", word, "mac", mac]:
                port = self._port(line, name).number
                security.bindings.append((port, colons(line, mac), str(address(line, word))))
            case _:
                line.fail()

    def _options(self, line: Line, rest: list[str]) -> None:
        match rest:
            case ["voip", "interface", name, "vlan", vlan]:
                self._port(line, name).say(line, "voice", vlan)
            case ["interface", name, "interface-mac-limit", "packet-action", action]:
                if action not in {"drop", "drop-and-log"}:
                    line.fail()
                self._port(line, name).say(line, "action", action)
            case ["interface", name, "interface-mac-limit", most]:
                self._port(line, name).say(line, "most", number(line, most))
            case _:
                line.fail()

    def _protocols(self, line: Line, rest: list[str]) -> None:
        match rest:
            case ["rstp", "bpdu-block-on-edge"]:
                self._all.say(line, "bpdu_block", True)
            case ["rstp", "interface", name]:
                self._port(line, name).say(line, "rstp", True)
            case ["rstp", "interface", name, "edge"]:
                self._port(line, name).say(line, "edge", True)
            case ["dot1x", "authenticator", "authentication-profile-name", "RF-RADIUS"]:
                self._all.say(line, "dot1x_profile", True)
            case ["dot1x", "authenticator", "interface", name, "supplicant", how]:
                if how not in {"multiple", "single-secure"}:
                    line.fail()
                self._port(line, name).say(line, "supplicant", how)
            case ["dot1x", "authenticator", "interface", name, "reauthentication", seconds]:
                self._port(line, name).say(line, "timer", number(line, seconds))
            case _ if " ".join(line.words) in _WITHOUT_FACTS:
                pass
            case _:
                line.fail()

    def _filter(self, line: Line, family: str, name: str, term: str, rest: list[str]) -> None:
        match family, name, rest:
            case "inet", "RF-ADMIN", ["from", "source-address", subnet] if term == "ssh":
                self._all.say(line, "ssh_from", network(line, subnet))
            case "inet", "RF-ADMIN", _:
                self._ssh_terms.setdefault(term, set()).add(" ".join(rest))
            case "ethernet-switching", "RF-ACCESS", ["from", what, value]:
                self._terms.setdefault(term, {})[what] = value
            case "ethernet-switching", "RF-ACCESS", ["then", action]:
                self._terms.setdefault(term, {})["then"] = action
            case _:
                line.fail()

    def _access(self, line: Line, rest: list[str]) -> None:
        match rest:
            case ["radius-server", word, "secret", _]:
                self._all.say(line, "radius", address(line, word))
            case ["radius-server", word, "source-address", source]:
                address(line, word)
                self._all.say(line, "radius_source", address(line, source))
            case ["profile", "RF-RADIUS", "radius", "authentication-server", word]:
                self._all.say(line, "radius_profile", address(line, word))
            case _ if " ".join(line.words) in _WITHOUT_FACTS:
                pass
            case _:
                line.fail()

    def switch(self) -> AccessSwitch:
        """The switch, once everything is read."""
        said = self._all
        timers = {each.get("timer") for each in self._ports.values()} - {None}
        management = said.needed("management_vlan")
        if [(self._number(name), unit) for name, unit in self._l3.items()] != [(management,) * 2]:
            raise ReadError("the address of the switch is in another VLAN than its interface")
        limited = said.has("ssh_listed") and self._ssh_terms == _SSH_FILTER
        closed = self._closed()
        return switch_of(
            {
                "name": said.needed("name"),
                "platform": SwitchPlatform.JUNOS,
                "domain": said.needed("domain"),
                "vlans": tuple(Vlan(number=n, name=name) for name, n in self._vlans.items()),
                "management_vlan": management,
                "address": said.needed("address"),
                "gateway": said.needed("gateway"),
                "doors": Doors(
                    telnet=not said.has("no_telnet"),
                    http=not said.has("no_http"),
                    snmp=not said.has("no_snmp"),
                    old_ssh=not said.has("ssh_2"),
                    ssh_from=said.get("ssh_from") if limited else None,
                ),
                "logging": said.needed("logging"),
                "time": said.needed("time"),
                "radius": said.get("radius"),
                "reauthentication": max(timers, default=None),
                "closed": closed.subnets,
                "ports": tuple(
                    self._finished(self._ports[place], closed) for place in sorted(self._ports)
                ),
            }
        )

    def _closed(self) -> Denied:
        """The filter for devices; its terms are asked in the order in which they came."""
        denied = Denied()
        for term, said in self._terms.items():
            line = Line(0, ("filter", "RF-ACCESS", "term", term), [])
            match said:
                case {"then": "accept", **rest} if not rest:
                    denied.permit_rest(line)
                case {
                    "ip-destination-address": subnet,
                    "ip-protocol": protocol,
                    "destination-port": port,
                    "then": "discard",
                }:
                    denied.deny(line, network(line, subnet), protocol, port)
                case _:
                    line.fail()
        return denied

    def _number(self, name: str) -> int:
        if name not in self._vlans:
            raise ReadError(f"there is no VLAN {name}")
        return self._vlans[name]

    def _finished(self, port: PortFacts, closed: Denied) -> SwitchPort:
        members = self._members.get(port.number, [])
        trunk = port.needed("mode") == "trunk"
        if not trunk and len(members) != 1:
            raise ReadError(f"port {port.number} has {len(members)} VLANs for untagged frames")
        voice = port.get("voice")
        access = port.needed("native") if trunk else self._number(members[0])
        bare = SwitchPort(
            number=port.number,
            use=port.needed("use"),
            shut=port.get("shut", False),
            access_vlan=access,
            voice_vlan=self._number(voice) if voice else None,
            trunk_vlans=tuple(sorted(map(self._number, members))) if trunk else (),
        )
        locked = port.has("most", "action") and port.get("most") == len(port.macs)
        security = [self._security.get(name) for name in self._names(bare)]
        return bare.model_copy(
            update={
                "label": port.needed("label"),
                "known_macs": tuple(port.macs) if locked else (),
                "bindings": self._bindings(port.number),
                "dhcp_guard": self._guards(bare, security, [bool(each) for each in security]),
                "source_guard": self._guards(
                    bare, security, [each is not None and each.guarded for each in security]
                ),
                "arp_inspection": self._guards(
                    bare, security, [each is not None and each.inspected for each in security]
                ),
                "alerts": locked and port.get("action") == "drop-and-log",
                "bpdu_guard": port.has("edge") and self._all.has("bpdu_block"),
                "storm_control": port.has("storm_control") and self._all.has("storm_profile"),
                "authenticated": self._authenticates(port),
                "closed": port.has("closed") and closed.ended and bool(closed.subnets),
            }
        )

    def _names(self, port: SwitchPort) -> list[str]:
        vlans = set(port.trunk_vlans or port.device_vlans)
        return [name for name, vlan in self._vlans.items() if vlan in vlans]

    def _guards(
        self, port: SwitchPort, security: list[_Security | None], holds: list[bool]
    ) -> bool:
        """Whether something that is said of VLANs holds at a port: trusted ports are let be."""
        if port.shut:
            return False
        trusted = [
            each is not None and each.trusts and port.number in each.trusted for each in security
        ]
        if port.use == PortUse.UPLINK:
            return any(hold and not trust for hold, trust in zip(holds, trusted, strict=True))
        return bool(holds) and all(holds) and not any(trusted)

    def _bindings(self, port: int) -> tuple[Binding, ...]:
        return tuple(
            Binding.model_validate({"mac": mac, "vlan": self._number(name), "address": word})
            for name, security in self._security.items()
            for where, mac, word in security.bindings
            if where == port
        )

    def _authenticates(self, port: PortFacts) -> bool:
        return (
            self._all.has(*_SWITCH_WIDE_802_1X)
            and self._all.get("radius") == self._all.get("radius_profile")
            and port.has("supplicant", "timer")
        )
