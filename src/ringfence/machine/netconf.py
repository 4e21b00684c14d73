"""A machine's addresses and kernel settings, from the files that a real host reads.

Standard library only: it runs inside every machine. See systemd.network(5), sysctl.d(5).
"""

from __future__ import annotations

import os

_KNOWN = {
    "Match": {"Name"},
    "Link": {"ARP", "RequiredForOnline"},
    "Network": {
        "Address",
        "DHCP",
        "DNS",
        "Description",
        "Domains",
        "Gateway",
        "IPv6AcceptRA",
        "LinkLocalAddressing",
    },
    "Route": {"Destination", "Gateway"},
}


class NetworkError(Exception):
    """A .network or sysctl file that cannot be obeyed: which, and why."""


def ip_commands(files: dict[str, str], devices: list[str]) -> list[str]:
    """Commands for ``ip -batch`` that bring up every device as the .network files ask.

    As with systemd-networkd the first file that matches a device, by file name, is the one
    that counts. Raises NetworkError for a directive that is not known here.
    """
    networks = [parse(name, files[name]) for name in sorted(files)]
    links = ["link set dev lo up"]
    routes = []
    for device in devices:
        said = next((said for said in networks if device in said.get("Match.Name", ())), {})
        links += [
            f"link set dev {device} arp off" for each in said.get("Link.ARP", ()) if _no(each)
        ]
        links.append(f"link set dev {device} up")
        links += [f"address add {each} dev {device}" for each in said.get("Network.Address", ())]
        routes += [
            f"route add default via {each} dev {device}" for each in said.get("Network.Gateway", ())
        ]
        routes += [
            f"route add {destination} via {gateway} dev {device}"
            for destination, gateway in zip(
                said.get("Route.Destination", ()), said.get("Route.Gateway", ()), strict=True
            )
        ]
    return links + routes


def parse(name: str, text: str) -> dict[str, list[str]]:
    """What a .network file says: ``Section.Key`` -> every value; NetworkError if not known."""
    said: dict[str, list[str]] = {}
    section = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or key not in _KNOWN.get(section, ()):
            raise NetworkError(f"{name}, line {number}: not known to the lab's init: {line}")
        values = value.split() if section in {"Match", "Network"} else [value]
        said.setdefault(f"{section}.{key}", []).extend(values)
    if "Match.Name" not in said:
        raise NetworkError(f"{name}: a [Match] with Name= is needed")
    if len(said.get("Route.Destination", ())) != len(said.get("Route.Gateway", ())):
        raise NetworkError(f"{name}: each [Route] needs Destination= and Gateway=")
    return said


def _no(word: str) -> bool:
    return word.lower() in {"no", "false", "off", "0"}


def settings(files: dict[str, str]) -> list[tuple[str, str]]:
    """The kernel settings of sysctl.d files, in order, as (path below /proc/sys, value).

    Raises NetworkError for a line that is no setting.
    """
    found = []
    for name in sorted(files):
        for number, raw in enumerate(files[name].splitlines(), start=1):
            line = raw.strip().removeprefix("-")
            if not line or line[0] in "#;":
                continue
            key, equals, value = (part.strip() for part in line.partition("="))
            if not equals or not key or "*" in key or ".." in key:
                raise NetworkError(f"{name}, line {number}: not a setting: {line}")
            slash, dot = key.find("/"), key.find(".")
            dotted = slash < 0 or 0 <= dot < slash
            found.append((key.replace(".", "/") if dotted else key, value))
    return found


def apply_settings(wanted: list[tuple[str, str]]) -> list[str]:
    """Set what belongs to this machine's network; return a line for each that was not set."""
    missed = []
    for path, value in wanted:
        if not path.startswith("net/"):
            missed.append(f"{path} = {value}: not set, it would change the whole real machine")
            continue
        try:
            fd = os.open(f"/proc/sys/{path}", os.O_WRONLY)
        except OSError as error:
            missed.append(f"{path} = {value}: not set, {error.strerror}")
            continue
        try:
            os.write(fd, value.encode())
        except OSError as error:
            missed.append(f"{path} = {value}: not set, {error.strerror}")
        finally:
            os.close(fd)
    return missed
