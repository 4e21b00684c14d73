"""What the sensor of a running system hears, what it raises, and what leaves it in peace."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Final

from ringfence.design.model import HostKind, Service
from ringfence.machine.inside import Machine
from ringfence.packets import mirrors
from ringfence.packets.nftables import RulesError
from ringfence.probe.fact import Answer, Seen
from ringfence.probe.running.intruders import Attack, attacks
from ringfence.probe.running.system import System
from ringfence.render import lab_switch
from ringfence.render import mirror as rendering

PATIENCE: Final = 5.0
"""Seconds within which an alert must be there."""
_A_ROUND: Final = 65.0
"""Seconds in which the sensor gives an account of the last minute, and some."""
_ROUNDS: Final = 10
_ALL: Final = 1_000_000
_NONE: Final = Seen(Answer.NO, "no host of the design is a sensor", 0)
_ALERT: Final = re.compile(r"ALERT kind=(\S+) source=(\S+) target=(\S+) count=\d+ zone=(\S+)$")
_WATCHED: Final = re.compile(
    r"WATCHED zone=(\S+) seconds=\d+ frames=(\d+) lost=(\d+) alerts=(\d+)$"
)


def mirrors_in_force(system: System) -> Seen:
    """The switch's kernel copies what its file says, and nothing has left a mirror port."""
    sensors = system.design.of_kind(HostKind.SENSOR)
    if not sensors:
        return _NONE
    text = next(
        file.text for file in lab_switch.tree(system.design).files if file.path == rendering.PATH
    )
    listing = system.lab.switch.run(["nft", "list", "table", "netdev", "mirror"]).stdout
    contrary: list[str] = []
    try:
        if _canonical(mirrors.parse(listing)) != _canonical(mirrors.parse(text)):
            contrary.append("the switch copies otherwise than its file says")
    except RulesError as error:
        contrary.append(f"the switch does not copy as its file says: {error}")
    for host in sensors:
        links = system.machine(host).run(["ip", "-j", "-s", "address", "show"], check=True).stdout
        found = {link["ifname"]: link for link in json.loads(links)}
        for mirror in host.mirrors:
            contrary += [f"{mirror.name} {what}" for what in _loud(found.get(mirror.name))]
    return Seen.against(
        contrary,
        sum(len(host.mirrors) for host in sensors),
        yes="the switch copies as its file says; the sensor's mirror ports have no address, "
        "answer nothing and have sent nothing",
        no="the sensor does not hear what it should, or is not silent",
        exhibits=(("switch: nft list table netdev mirror", listing.encode()),),
    )


def intruders_seen(system: System) -> Seen:
    """Each attack that does no harm raises its alert, with the name of who attacks."""
    return attacked(system, tuple(attacks(system)), PATIENCE)


def attacked(system: System, tried: tuple[Attack, ...], patience: float) -> Seen:
    """Try attacks, one after the other, and see which raise their alert in time."""
    sensors = system.design.of_kind(HostKind.SENSOR)
    if not sensors:
        return _NONE
    machine = system.machine(sensors[0])
    contrary: list[str] = []
    raised: list[str] = []
    for attack in tried:
        before = len(_lines(machine))
        attack.act()
        line = _awaited(machine, before, attack, patience)
        if line is None:
            contrary.append(f"{attack.name} from {attack.seat} raised no alert in {patience:g} s")
        else:
            raised.append(line)
    kinds = sorted({attack.kind for attack in tried})
    return Seen.against(
        contrary,
        len(tried),
        yes=f"{len(tried)} attacks of {len(kinds)} kinds were each told within {patience:g} s, "
        f"with kind and source: {', '.join(kinds)}",
        no="an attack was not told",
        exhibits=(("the sensor's alerts", "\n".join(raised).encode()),),
    )


def sensor_quiet(system: System) -> Seen:
    """A call raises nothing, and neither does a minute in which nobody attacks."""
    sensors = system.design.of_kind(HostKind.SENSOR)
    if not sensors:
        return _NONE
    placed = system.placed_call
    contrary = [f"a call raised: {line}" for line in placed.alerts]
    if not placed.report.answered:
        return Seen(Answer.UNSEEN, f"the call was not answered: {placed.report.reason}", 0)
    machine = system.machine(sensors[0])
    zones = len(sensors[0].mirrors)
    quiet = _quiet_round(machine, zones)
    if quiet is None:
        seen = len(_lines(machine))
        _wait(lambda: any(_rounds(_lines(machine)[seen:], zones)), _A_ROUND)
        quiet = _quiet_round(machine, zones)
    if quiet is None:
        last = [line for line in _lines(machine) if _ALERT.search(line)][-3:]
        contrary += [f"no minute was quiet: {line}" for line in last or ["no account was given"]]
    if not any(sum(one.values()) for one in _frames(machine, zones)):
        contrary.append("the sensor has seen no frame at all")
    return Seen.against(
        contrary,
        1 + zones,
        yes="a call raised no alert, nor did a minute in which "
        f"{sum((quiet or {}).values())} frames passed in {zones} zones",
        no="the sensor raises alerts without an intruder, or is blind",
    )


def _awaited(machine: Machine, before: int, attack: Attack, patience: float) -> str | None:
    def found() -> str | None:
        for line in _lines(machine)[before:]:
            told = _ALERT.search(line)
            if told and (told[1], told[2], told[4]) == (attack.kind, attack.source, attack.zone):
                return line
        return None

    _wait(lambda: found() is not None, patience)
    return found()


def _wait(until: Callable[[], bool], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not until() and time.monotonic() < deadline:
        time.sleep(0.05)


def _quiet_round(machine: Machine, zones: int) -> dict[str, int] | None:
    """The frames of each zone in the last minute, of some, that raised and lost nothing."""
    for one in reversed(list(_rounds(_lines(machine), zones))[-_ROUNDS:]):
        if not any(lost or alerts for _, lost, alerts in one.values()):
            return {zone: frames for zone, (frames, _, _) in one.items()}
    return None


def _frames(machine: Machine, zones: int) -> Iterator[dict[str, int]]:
    for one in _rounds(_lines(machine), zones):
        yield {zone: frames for zone, (frames, _, _) in one.items()}


def _rounds(lines: tuple[str, ...], zones: int) -> Iterator[dict[str, tuple[int, int, int]]]:
    """The accounts of each minute that are whole: one of every zone."""
    one: dict[str, tuple[int, int, int]] = {}
    for line in lines:
        if account := _WATCHED.search(line):
            if account[1] in one:
                one = {}
            one[account[1]] = (int(account[2]), int(account[3]), int(account[4]))
            if len(one) == zones:
                yield one
                one = {}


def _lines(machine: Machine) -> tuple[str, ...]:
    return machine.log_tail(Service.SENSOR, _ALL)


def _canonical(found: mirrors.Mirrors) -> tuple[object, ...]:
    return frozenset(found.copies), found.silent


def _loud(link: dict[str, object] | None) -> Iterator[str]:
    if link is None:
        yield "is not there"
        return
    flags = link["flags"]
    if link["addr_info"]:
        yield "has an address"
    if not isinstance(flags, list) or "NOARP" not in flags or "UP" not in flags:
        yield "is down, or answers who has which address"
    sent = link["stats64"]
    if not isinstance(sent, dict) or sent["tx"]["packets"]:
        yield "has sent something"
