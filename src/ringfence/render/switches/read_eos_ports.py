"""What EOS says of one port; see ``read_eos``."""

from ringfence.render.switches.reading import (
    Line,
    PortFacts,
    ReadError,
    colons,
    number,
    number_list,
)


class MacList:
    """A list of MAC addresses: those that may send, and whether the rest is logged."""

    def __init__(self, line: Line) -> None:
        macs: list[str] = []
        self.logged = False
        ended = False
        for inner in line.inner:
            match inner.words:
                case (_, "permit", mac, "00:00:00:00:00:00", "any") if not ended:
                    macs.append(colons(inner, mac))
                case (_, "deny", "any", "any", *rest) if not ended and rest in ([], ["log"]):
                    ended = True
                    self.logged = bool(rest)
                case _:
                    inner.fail()
        self.macs = tuple(macs) if ended else ()


def vlans_of(port: PortFacts) -> dict[str, object]:
    """The VLANs of a port, by the mode that it is in."""
    match port.get("mode"):
        case "access":
            vlans = {"access_vlan": port.get("access_vlan"), "voice_vlan": None}
        case "trunk phone":
            vlans = {"access_vlan": port.get("native"), "voice_vlan": port.get("voice_vlan")}
            if not port.has("tagged"):
                raise ReadError(f"port {port.number}: a telephone's frames are not tagged")
        case "trunk":
            allowed = port.get("allowed", ())
            vlans = {"access_vlan": port.get("native"), "trunk_vlans": allowed, "voice_vlan": None}
        case _:
            vlans = {}
    if vlans.get("access_vlan") is None:
        raise ReadError(f"port {port.number} has no VLAN")
    return vlans


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
            case ("switchport", *words):
                _switchport(inner, port, words)
            case ("dot1x" | "no", *_):
                _dot1x(inner, port)
            case _:
                _guard(inner, port)
    return port


def _switchport(line: Line, port: PortFacts, words: list[str]) -> None:
    match words:
        case ["mode", *mode]:
            port.say(line, "mode", " ".join(mode))
        case ["access", "vlan", vlan]:
            port.say(line, "access_vlan", number(line, vlan))
        case ["trunk", "native", "vlan", vlan]:
            port.say(line, "native", number(line, vlan))
        case ["trunk", "allowed", "vlan", vlans]:
            port.say(line, "allowed", number_list(line, vlans))
        case ["phone", "vlan", vlan]:
            port.say(line, "voice_vlan", number(line, vlan))
        case ["phone", "trunk", "tagged"]:
            port.say(line, "tagged", True)
        case ["port-security"]:
            port.say(line, "security", True)
        case ["port-security", "mac-address", "maximum", most]:
            port.say(line, "most", number(line, most))
        case ["port-security", "violation", "protect"]:
            port.say(line, "violation", "silent")
        case ["port-security", "violation", "protect", "log"]:
            port.say(line, "violation", "log")
        case _:
            line.fail()


def _guard(line: Line, port: PortFacts) -> None:
    match line.words:
        case ("storm-control", "broadcast" | "multicast" as kind, "level", "1"):
            port.say(line, kind, True)
        case ("spanning-tree", "portfast"):
            port.say(line, "edge", True)
        case ("spanning-tree", "bpduguard", "enable"):
            port.say(line, "bpdu_guard", True)
        case ("address", "locking", "ipv4"):
            port.say(line, "locked", True)
        case ("ip", "access-group", "RF-ACCESS", "in"):
            port.say(line, "access_list", True)
        case ("mac", "access-group", name, "in"):
            port.say(line, "mac_list", name)
        case _:
            line.fail()


def _dot1x(line: Line, port: PortFacts) -> None:
    match line.words:
        case ("dot1x", "pae", "authenticator"):
            port.say(line, "pae", True)
        case ("dot1x", "reauthentication"):
            port.say(line, "reauthentication", True)
        case ("dot1x", "timeout", "reauth-period", seconds):
            port.say(line, "timer", number(line, seconds))
        case ("dot1x", "port-control", "auto"):
            port.say(line, "port_control", True)
        case ("no", "dot1x", "port-control", "force-authorized", "phone"):
            port.say(line, "phones_too", True)
        case ("dot1x", "host-mode", "multi-host", "authenticated"):
            port.say(line, "each_device", True)
        case _:
            line.fail()
