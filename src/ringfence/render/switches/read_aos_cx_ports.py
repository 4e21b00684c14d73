"""What AOS-CX says of one port; see ``read_aos_cx``."""

from typing import Final

from ringfence.render.switches.reading import Line, PortFacts, colons, number, number_list

_STORM: Final = ("1000", "kbps")
_REST: Final = ("deny", "any", "any", "any")


def read_mac_list(line: Line) -> tuple[tuple[str, ...], bool]:
    """A list of MAC addresses: those that may send, and whether the rest is logged."""
    *permits, last = line.inner or [line]
    macs: list[str] = []
    for inner in permits:
        match inner.words:
            case (_, "permit", mac, "any", "any"):
                macs.append(colons(inner, mac))
            case _:
                inner.fail()
    if last.words[1:] not in {_REST, (*_REST, "log")}:
        last.fail("does not end the list")
    return tuple(macs), last.words[-1] == "log"


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
            case ("no", "routing"):
                port.say(inner, "bridged", True)
            case ("vlan", "access", vlan):
                port.say(inner, "access_vlan", number(inner, vlan))
            case ("vlan", "trunk", "native", vlan):
                port.say(inner, "native", number(inner, vlan))
            case ("vlan", "trunk", "allowed", vlans):
                port.say(inner, "allowed", number_list(inner, vlans))
            case ("port-access", "port-security"):
                _port_security(inner, port)
            case ("aaa", "authentication", "port-access", *words):
                _port_access(inner, port, words)
            case _:
                _guard(inner, port)
    return port


def _port_security(line: Line, port: PortFacts) -> None:
    for inner in line.inner:
        match inner.words:
            case ("enable",):
                port.say(inner, "security", True)
            case ("client-limit", most):
                port.say(inner, "most", number(inner, most))
            case ("mac-address", mac):
                port.macs.append(colons(inner, mac))
            case _:
                inner.fail()


def _port_access(line: Line, port: PortFacts, words: list[str]) -> None:
    match words:
        case ["client-limit", most]:
            port.say(line, "clients", number(line, most))
        case ["auth-mode", "client-mode"]:
            port.say(line, "each_device", True)
        case ["dot1x", "authenticator"]:
            for inner in line.inner:
                match inner.words:
                    case ("reauth",):
                        port.say(inner, "reauth", True)
                    case ("reauth-period", seconds):
                        port.say(inner, "timer", number(inner, seconds))
                    case ("enable",):
                        port.say(inner, "dot1x", True)
                    case _:
                        inner.fail()
        case _:
            line.fail()


def _guard(line: Line, port: PortFacts) -> None:
    match line.words:
        case ("rate-limit", "broadcast" | "multicast" as kind, *limit) if tuple(limit) == _STORM:
            port.say(line, kind, True)
        case ("spanning-tree", "port-type", "admin-edge"):
            port.say(line, "edge", True)
        case ("spanning-tree", "bpdu-guard"):
            port.say(line, "bpdu_guard", True)
        case ("ipv4", "source-lockdown"):
            port.say(line, "source_guard", True)
        case ("dhcpv4-snooping", "trust"):
            port.say(line, "dhcp_trust", True)
        case ("arp", "inspection", "trust"):
            port.say(line, "arp_trust", True)
        case ("port-access", "security", "violation", "action", "notify"):
            port.say(line, "notify", True)
        case ("apply", "access-list", "ip", "RF-ACCESS", "in"):
            port.say(line, "closed", True)
        case ("apply", "access-list", "mac", name, "in"):
            port.say(line, "mac_list", name)
        case _:
            line.fail()
