"""Reads what ``aos_cx`` writes back from its text, and no more of the language than that."""

import re
from ipaddress import IPv4Interface
from typing import Final

from ringfence.design.access import (
    NATIVE_VLAN,
    PARKING_VLAN,
    AccessSwitch,
    Binding,
    Doors,
    PortUse,
    SwitchPort,
    Vlan,
)
from ringfence.render.switches.aos_cx import MARK
from ringfence.render.switches.read_aos_cx_ports import read_mac_list, read_port
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
    port_of,
    switch_of,
)
from ringfence.site.model import SwitchPlatform

_PORT: Final = re.compile(r"1/1/([0-9]{1,3})")
_FLAGS: Final = {
    "no https-server vrf default": "no_https_default",
    "no https-server vrf mgmt": "no_https_mgmt",
    "no snmp-server vrf default": "no_snmp_default",
    "no snmp-server vrf mgmt": "no_snmp_mgmt",
    "apply access-list ip RF-ADMIN control-plane vrf default": "ssh_listed",
    "spanning-tree": "spanning_tree",
    "ntp enable": "ntp_on",
    "ntp vrf default": "ntp_here",
    "dhcpv4-snooping": "snooping",
    "port-access port-security enable": "port_security",
    "aaa authentication port-access dot1x authenticator enable": "dot1x_on",
}
_WITHOUT_FACTS: Final = frozenset(
    {
        "ssh server vrf default",
        "no ssh server vrf mgmt",
        "no dhcpv4-snooping option 82",
        "end",
    },
)


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
        self._voice: set[int] = set()
        self._snooped: set[int] = set()
        self._inspected: set[int] = set()
        self._bindings: list[tuple[Binding, int]] = []
        self._mac_lists: dict[str, tuple[tuple[str, ...], bool]] = {}
        self._closed: Denied | None = None

    def take(self, line: Line) -> None:
        """One line of the top level, with what stands below it."""
        match line.words:
            case ("interface", "vlan", "1"):
                if [inner.words for inner in line.inner] != [("shutdown",)]:
                    line.fail("is not shut")
            case ("interface", "vlan", vlan):
                self._management(line, number(line, vlan))
            case ("interface", name):
                self._interface(line, name)
            case ("vlan", vlan):
                self._vlan(line, number(line, vlan))
            case ("access-list", "ip", "RF-ADMIN"):
                self._admin_list(line)
            case ("access-list", "ip", "RF-ACCESS"):
                self._access_list(line)
            case ("access-list", "mac", name):
                self._mac_lists[name] = read_mac_list(line)
            case _ if line.inner:
                line.inner[0].fail("stands below a line that opens nothing")
            case _:
                self._single(line)

    def _single(self, line: Line) -> None:
        match line.words:
            case _ if (fact := _FLAGS.get(" ".join(line.words))) is not None:
                self._all.say(line, fact, True)
            case ("hostname", name):
                self._all.say(line, "name", name)
            case ("domain-name", name):
                self._all.say(line, "domain", name)
            case ("logging", word, "severity", "info"):
                self._all.say(line, "logging", address(line, word))
            case ("ntp", "server", word, "iburst"):
                self._all.say(line, "time", address(line, word))
            case ("ip", "route", "0.0.0.0/0", word):
                self._all.say(line, "gateway", address(line, word))
            case ("radius-server", "host", word, "key", "plaintext", _):
                self._all.say(line, "radius", address(line, word))
            case ("ipv4", "source-binding", vlan, word, mac, name):
                port = _PORT.fullmatch(name)
                if port is None:
                    line.fail("no port")
                pair = Binding(
                    mac=colons(line, mac), vlan=number(line, vlan), address=address(line, word)
                )
                self._bindings.append((pair, int(port[1])))
            case _ if " ".join(line.words) not in _WITHOUT_FACTS:
                line.fail()

    def _interface(self, line: Line, name: str) -> None:
        port = _PORT.fullmatch(name)
        if port is None:
            line.fail("no port")
        if int(port[1]) in self._ports:
            line.fail("said twice")
        self._ports[int(port[1])] = read_port(line, int(port[1]))

    def _management(self, line: Line, vlan: int) -> None:
        self._all.say(line, "management_vlan", vlan)
        for inner in line.inner:
            match inner.words:
                case ("ip", "address", word):
                    self._all.say(inner, "address", IPv4Interface(word))
                case ("no", "shutdown"):
                    pass
                case _:
                    inner.fail()

    def _vlan(self, line: Line, vlan: int) -> None:
        for inner in line.inner:
            match inner.words:
                case ("name", name):
                    self._vlans.append(Vlan(number=vlan, name=name))
                case ("voice",):
                    self._voice.add(vlan)
                case ("dhcpv4-snooping",):
                    self._snooped.add(vlan)
                case ("arp", "inspection"):
                    self._inspected.add(vlan)
                case _:
                    inner.fail()

    def _admin_list(self, line: Line) -> None:
        match [inner.words[1:] for inner in line.inner]:
            case [
                ("permit", "tcp", subnet, "any", "eq", "22"),
                ("deny", "tcp", "any", "any", "eq", "22"),
                ("permit", "any", "any", "any"),
            ]:
                self._all.say(line, "ssh_from", network(line, subnet))
            case _:
                line.fail("is not what limits SSH")

    def _access_list(self, line: Line) -> None:
        denied = Denied()
        for inner in line.inner:
            match inner.words:
                case (_, "deny", protocol, "any", subnet, "eq", port):
                    denied.deny(inner, network(inner, subnet), protocol, port)
                case (_, "permit", "any", "any", "any"):
                    denied.permit_rest(inner)
                case _:
                    inner.fail()
        self._closed = denied

    def switch(self) -> AccessSwitch:
        """The switch, once everything is read."""
        said = self._all
        timers = {each.get("timer") for each in self._ports.values()} - {None}
        return switch_of(
            {
                "name": said.needed("name"),
                "platform": SwitchPlatform.AOS_CX,
                "domain": said.needed("domain"),
                "vlans": tuple(self._vlans),
                "management_vlan": said.needed("management_vlan"),
                "address": said.needed("address"),
                "gateway": said.needed("gateway"),
                "doors": Doors(
                    telnet=False,
                    http=not said.has("no_https_default", "no_https_mgmt"),
                    snmp=not said.has("no_snmp_default", "no_snmp_mgmt"),
                    old_ssh=False,
                    ssh_from=said.get("ssh_from") if said.has("ssh_listed") else None,
                ),
                "logging": said.needed("logging"),
                "time": said.needed("time") if said.has("ntp_on", "ntp_here") else None,
                "radius": said.get("radius"),
                "reauthentication": max(timers, default=None),
                "closed": self._closed.subnets if self._closed else (),
                "ports": tuple(self._finished(each) for each in self._ports.values()),
            }
        )

    def _finished(self, port: PortFacts) -> SwitchPort:
        trunk = port.needed("use") == PortUse.UPLINK
        access, voice, carried = self._port_vlans(port)
        vlans = set(carried) if trunk else {v for v in (voice, access) if v and v != PARKING_VLAN}
        on = not port.get("shut", False)
        macs, alerts = self._known(port)
        snooping = self._all.has("snooping")
        guarded = bool(vlans & self._snooped) if trunk else bool(vlans) and vlans <= self._snooped
        inspected = (
            bool(vlans & self._inspected) if trunk else bool(vlans) and vlans <= self._inspected
        )
        return port_of(
            port,
            shut=port.get("shut", False),
            access_vlan=access,
            voice_vlan=voice,
            trunk_vlans=carried if trunk else (),
            known_macs=macs,
            bindings=tuple(pair for pair, number in self._bindings if number == port.number),
            dhcp_guard=on and snooping and guarded and not port.has("dhcp_trust"),
            source_guard=port.has("source_guard"),
            arp_inspection=on and snooping and inspected and not port.has("arp_trust"),
            alerts=alerts,
            bpdu_guard=port.has("edge", "bpdu_guard") and self._all.has("spanning_tree"),
            storm_control=port.has("broadcast", "multicast"),
            authenticated=self._authenticates(port, len(vlans)),
            closed=port.has("closed")
            and self._closed is not None
            and self._closed.ended
            and bool(self._closed.subnets),
        )

    def _port_vlans(self, port: PortFacts) -> tuple[int, int | None, tuple[int, ...]]:
        """The VLAN of untagged frames, the voice VLAN, and all that are tagged."""
        if port.has("access_vlan") and not port.has("native"):
            return port.get("access_vlan"), None, ()
        if not port.has("native", "allowed") or port.has("access_vlan"):
            raise ReadError(f"port {port.number} has no VLAN")
        native, allowed = port.get("native"), port.get("allowed")
        if port.get("use") == PortUse.UPLINK:
            return native, None, allowed
        tagged = [vlan for vlan in allowed if vlan != native]
        if len(tagged) != 1 or tagged[0] not in self._voice:
            raise ReadError(f"port {port.number} carries other VLANs than that of telephones")
        untagged = native in allowed or native in {NATIVE_VLAN, PARKING_VLAN}
        return native if untagged else PARKING_VLAN, tagged[0], ()

    def _known(self, port: PortFacts) -> tuple[tuple[str, ...], bool]:
        """The devices that alone may send, and whether others are reported."""
        if (name := port.get("mac_list")) is not None:
            return self._mac_lists.get(name, ((), False))
        locked = port.has("security") and self._all.has("port_security")
        if not locked or port.get("most") != len(port.macs):
            return (), False
        return tuple(port.macs), port.has("notify")

    def _authenticates(self, port: PortFacts, devices: int) -> bool:
        return (
            self._all.has("dot1x_on", "radius")
            and port.has("dot1x", "reauth", "timer", "each_device")
            and port.get("clients") == devices
        )
