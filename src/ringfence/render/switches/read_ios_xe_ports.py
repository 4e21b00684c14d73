"""What IOS-XE says of one port; see ``read_ios_xe``."""

from ringfence.design.access import PARKING_VLAN, PortUse, SwitchPort
from ringfence.render.switches.reading import Line, PortFacts, colons, number, number_list


def read_port(line: Line, number_: int) -> PortFacts:
    """What the block of an interface says."""
    port = PortFacts(number_)
    for inner in line.inner:
        match inner.words:
            case ("description", *words):
                port.describe(inner, words)
            case ("shutdown",):
                port.say(inner, "shut", True)
            case ("no", "shutdown"):
                port.say(inner, "shut", False)
            case ("switchport", "port-security", *words):
                _port_security(inner, port, words)
            case ("switchport", *words):
                _switchport(inner, port, words)
            case ("authentication" | "dot1x", *_):
                _authentication(inner, port)
            case _:
                _guard(inner, port)
    return port


def _switchport(line: Line, port: PortFacts, words: list[str]) -> None:
    match words:
        case ["mode", "access" | "trunk" as mode]:
            port.say(line, "mode", mode)
        case ["nonegotiate"]:
            port.say(line, "nonegotiate", True)
        case ["access", "vlan", vlan]:
            port.say(line, "access", number(line, vlan))
        case ["voice", "vlan", vlan]:
            port.say(line, "voice", number(line, vlan))
        case ["trunk", "native", "vlan", vlan]:
            port.say(line, "native", number(line, vlan))
        case ["trunk", "allowed", "vlan", vlans]:
            port.say(line, "allowed", number_list(line, vlans))
        case _:
            line.fail()


def _port_security(line: Line, port: PortFacts, words: list[str]) -> None:
    match words:
        case []:
            port.say(line, "security", True)
        case ["maximum", most]:
            port.say(line, "most", number(line, most))
        case ["maximum", most, "vlan", "voice" | "access" as kind]:
            port.say(line, f"most_{kind}", number(line, most))
        case ["mac-address", mac]:
            port.macs.append(colons(line, mac))
        case ["mac-address", mac, "vlan", "voice"]:
            port.macs.insert(0, colons(line, mac))
        case ["mac-address", mac, "vlan", "access"]:
            port.macs.append(colons(line, mac))
        case ["violation", "restrict" | "protect" as how]:
            port.say(line, "violation", how)
        case _:
            line.fail()


def _guard(line: Line, port: PortFacts) -> None:
    match line.words:
        case ("storm-control", "broadcast" | "multicast" as kind, "level", "1.00"):
            port.say(line, kind, True)
        case ("spanning-tree", "portfast"):
            port.say(line, "edge", True)
        case ("spanning-tree", "bpduguard", "enable"):
            port.say(line, "bpdu_guard", True)
        case ("ip", "verify", "source", "mac-check"):
            port.say(line, "source_guard", True)
        case ("ip", "dhcp", "snooping", "trust"):
            port.say(line, "dhcp_trust", True)
        case ("ip", "arp", "inspection", "trust"):
            port.say(line, "arp_trust", True)
        case ("ip", "access-group", "RF-ACCESS", "in"):
            port.say(line, "closed", True)
        case _:
            line.fail()


def _authentication(line: Line, port: PortFacts) -> None:
    match line.words:
        case ("authentication", "host-mode", "single-host" | "multi-domain" as mode):
            port.say(line, "host_mode", mode)
        case ("authentication", "violation", "restrict"):
            port.say(line, "auth_violation", True)
        case ("authentication", "periodic"):
            port.say(line, "periodic", True)
        case ("authentication", "timer", "reauthenticate", seconds):
            port.say(line, "timer", number(line, seconds))
        case ("authentication", "port-control", "auto"):
            port.say(line, "port_control", True)
        case ("dot1x", "pae", "authenticator"):
            port.say(line, "authenticator", True)
        case _:
            line.fail()


def is_locked(port: PortFacts, bare: SwitchPort) -> bool:
    """Whether port security is on, and has no room for more devices than those that are named."""
    if not port.has("security", "violation") or port.get("most") != len(port.macs):
        return False
    if bare.use != PortUse.PHONE and not port.has("voice"):
        return True
    computers = len(port.macs) - 1
    wanted = computers if bare.access_vlan != PARKING_VLAN else None
    return (port.get("most_voice"), port.get("most_access")) == (1, wanted)
