"""Whether packets pass between telephones and data, whatever the design says: sent for real."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from ringfence.design.model import IPT_KINDS, SERVER_KINDS, Flow, Host, HostKind, ZoneKind
from ringfence.probe.fact import Seen
from ringfence.probe.packet import Shape, frame, number_in
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError

_SHAPES: Final = (
    *(Shape("tcp", port) for port in (22, 25, 80, 443, 445, 465, 587, 3389, 5060, 5061, 8080)),
    *(Shape("udp", port) for port in (53, 67, 123, 161, 5060, 16384, 30000)),
    Shape("icmp"),
)
_SETTLE: Final = 0.3


@dataclass(frozen=True)
class _Trial:
    source: Host
    target: Host
    shape: Shape

    def __str__(self) -> str:
        return f"{self.source.name} -> {self.target.name} {self.shape}"


def nothing_past_the_relay(system: System) -> Seen:
    """No packet from a telephone or IPT server reaches a data device, and none comes back."""
    if not any(_sent(system, [each]) for each in _permitted(system)):
        raise UnseenError("packets that may pass do not arrive either, so nothing is shown")
    ipt, data = list(_ipt(system)), list(_data(system))
    trials = [
        _Trial(source, target, shape)
        for some, others in ((ipt, data), (data, ipt))
        for source in some
        for target in others
        for shape in _SHAPES
    ]
    contrary = [f"arrived: {trials[number]}" for number in sorted(_sent(system, trials))]
    return Seen.against(
        contrary,
        len(trials),
        yes=f"of {len(trials)} packets between {len(ipt)} hosts of the IPT network and {len(data)} "
        "data devices, sent past the hosts' own filters, none arrived",
        no="packets pass directly between the IPT network and data devices",
    )


def _sent(system: System, trials: list[_Trial]) -> set[int]:
    """Send a packet for each trial; returns the places of those that arrived where they should."""
    arrived: set[int] = set()
    with ExitStack() as stack:
        hosts = {each.name: each for trial in trials for each in (trial.source, trial.target)}
        opened = {
            name: stack.enter_context(contextlib.closing(system.seat(host).open()))
            for name, host in hosts.items()
        }
        for number, trial in enumerate(trials):
            seat, gateway = system.seat(trial.source), system.gateway_mac(trial.source.zone)
            packet = frame(seat, gateway, trial.target.address, trial.shape, number)
            opened[trial.source.name].send(packet)
        time.sleep(_SETTLE)
        for name, listener in opened.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    found = number_in(listener.recv(2048))
                    if found is not None and trials[found].target.name == name:
                        arrived.add(found)
    return arrived


def _permitted(system: System) -> Iterator[_Trial]:
    """First packets from phones that flows of the design let pass."""
    phones = system.free_phones
    for flow in system.design.flows:
        for target in _servers(system, flow):
            for phone in phones:
                if phone.zone == flow.from_zone != flow.to_zone:
                    yield _Trial(phone, target, Shape(flow.protocol, flow.ports.first))
                    break


def _servers(system: System, flow: Flow) -> Iterator[Host]:
    for host in system.design.hosts:
        if host.name in flow.to_hosts and host.kind in SERVER_KINDS:
            yield host


def _ipt(system: System) -> Iterator[Host]:
    zones = {zone.name for zone in system.design.zones_of(*IPT_KINDS)}
    yield from system.free_phones[:2]
    for host in system.design.hosts:
        if host.kind in SERVER_KINDS and host.zone in zones:
            yield host


def _data(system: System) -> Iterator[Host]:
    for host in system.design.hosts:
        if host.kind != HostKind.FIREWALL and host.zone == ZoneKind.DATA:
            yield host
