"""Which ports a running switch joins, and to whom it hands frames."""

import json
import os
import socket
import time
from typing import Final

from ringfence.design.model import Host
from ringfence.probe.fact import Answer, Seen
from ringfence.probe.packet import Seat
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError

_EXPERIMENTAL: Final = 0x88B5
"""The EtherType that IEEE 802 keeps for local experiments: no host acts on it."""
_FRAMES: Final = 20
_SETTLE: Final = 0.3
_TOGETHER: Final = 3


def ports_on_vlans(system: System) -> Seen:
    """Every host's port is plugged into its zone's bridge, and into no other."""
    listing = system.lab.switch.run(["ip", "-j", "link", "show"], check=True).stdout
    masters = {link["ifname"]: link.get("master") for link in json.loads(listing)}
    contrary: list[str] = []
    expected: dict[str, str] = {}
    for host in system.design.hosts:
        for leg in host.interfaces:
            expected[system.lab.port(host.name, leg.name)] = leg.zone
    for port, zone in expected.items():
        if masters.get(port) != zone:
            contrary.append(f"{port} is plugged into {masters.get(port) or 'nothing'}, not {zone}")
    known = {"lo", *(zone.name for zone in system.design.zones), *expected}
    contrary += [f"{name} is plugged in and nobody's" for name in masters if name not in known]
    return Seen.against(
        contrary,
        len(expected),
        yes=f"{len(expected)} ports are each on the VLAN of their zone, and nothing else is "
        "plugged in",
        no="a port is not on the VLAN of its zone",
        exhibits=(("switch: ip link", listing.encode()),),
    )


def switched(system: System) -> Seen:
    """Frames from one phone to another reach that one, and no third."""
    phones = _three_together(system)
    speaker, hearer, third = (system.seat(phone) for phone in phones)
    token = os.urandom(16)
    with speaker.open() as one, hearer.open() as other, third.open() as outside:
        other.send(_frame(hearer, speaker, b"here"))  # from now on the switch knows its port
        time.sleep(_SETTLE)
        for _ in range(_FRAMES):
            one.send(_frame(speaker, hearer, token))
        time.sleep(_SETTLE)
        reached, overheard = _count(other, token), _count(outside, token)
    if reached == 0:
        raise UnseenError("frames from one phone to another did not arrive at all")
    saw = (
        f"of {_FRAMES} frames from {phones[0].name} to {phones[1].name}, {reached} reached it and "
        f"{overheard} reached {phones[2].name}"
    )
    return Seen(Answer.NO if overheard else Answer.YES, saw, _FRAMES)


def _three_together(system: System) -> list[Host]:
    """Three phones of one zone: one speaks, one hears, one must not."""
    for zone in system.design.zones:
        phones = [phone for phone in system.free_phones if phone.zone == zone.name]
        if len(phones) >= _TOGETHER:
            return phones[:_TOGETHER]
    raise UnseenError("it takes three phones on one switch")


def _frame(source: Seat, target: Seat, payload: bytes) -> bytes:
    ends = bytes.fromhex((target.mac + source.mac).replace(":", ""))
    return (ends + _EXPERIMENTAL.to_bytes(2, "big") + payload).ljust(60, b"\0")


def _count(listening: socket.socket, token: bytes) -> int:
    count = 0
    while True:
        try:
            frame = listening.recv(2048)
        except BlockingIOError:
            return count
        count += token in frame
