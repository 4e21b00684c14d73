"""Packets from a host in every zone to hosts in every other: what passes is what the flows say.

A covering sample, not everything: every designed flow with its ports and their neighbours, every
well-known management port, each protocol, odd flags, fragments and spoofed sources. What the
rules would let pass beyond the sample is for the proof to find.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final

from ringfence.design.model import Flow, Host, HostKind, Zone, ZoneName
from ringfence.probe.fact import Seen
from ringfence.probe.packet import ACK, FIN, RST, SYN, Shape, frame, number_in
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError

_WELL_KNOWN: Final = (
    *(20, 21, 22, 23, 25, 53, 67, 68, 69, 80, 110, 123, 135, 137, 139, 143, 161, 162),
    *(389, 443, 445, 514, 623, 636, 830, 1433, 1720, 1812, 2000, 2049, 2223, 2427, 3306, 3389),
    *(4444, 5038, 5060, 5061, 5062, 5432, 5900, 5985, 6379, 6514, 8080, 8088, 8443, 9100, 10000),
)
_ODD_FLAGS: Final = (ACK, FIN, RST, SYN | ACK, SYN | FIN, 0, 0x29)
_OTHER_PROTOCOLS: Final = ("icmp", "sctp", "gre", "esp")
_BURST: Final = 1000
_SETTLE: Final = 0.15
_HOSTS_A_ZONE: Final = 3


@dataclass(frozen=True)
class Trial:
    """One packet, and whether the flows of the design let it pass."""

    source: Host
    target: Host
    shape: Shape
    allowed: bool

    def __str__(self) -> str:
        """The trial as a person says it."""
        return f"{self.shape} from {self.source.name} to {self.target.name}"


@dataclass
class Cell:
    """What was tried from one zone to another, and what came of it."""

    source: ZoneName
    target: ZoneName
    allowed: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    def count(self, trial: Trial, *, arrived: bool) -> None:
        """Take in one trial."""
        if trial.allowed:
            self.allowed += 1
        else:
            self.refused += 1
        if trial.allowed and not arrived:
            self.wrong.append(f"does not pass: {trial}")
        elif arrived and not trial.allowed:
            self.wrong.append(f"passes: {trial}")


def sweep(system: System) -> tuple[Cell, ...]:
    """Try every pair of zones.

    Raises:
        UnseenError: a zone has no host to stand in.

    """
    cells: list[Cell] = []
    for source in system.design.zones:
        targets = [zone for zone in system.design.zones if zone.name != source.name]
        trials = [trial for target in targets for trial in _trials(system, source, target)]
        cells += _tried(system, source, trials)
    if not cells:
        raise UnseenError("there are no two zones with hosts in them")
    return tuple(cells)


def zone_sweep(system: System) -> Seen:
    """What passes between zones is what the flows of the design say, packet by packet."""
    cells = sweep(system)
    tried = sum(cell.allowed + cell.refused for cell in cells)
    contrary = [f"{c.source} to {c.target}: {words}" for c in cells for words in c.wrong]
    table = "\n".join(
        f"{cell.source} {cell.target} designed={cell.allowed} other={cell.refused} "
        f"wrong={len(cell.wrong)}"
        for cell in cells
    )
    return Seen.against(
        contrary,
        tried,
        yes=f"of {tried} packets between {len(cells)} pairs of zones, exactly the "
        f"{sum(cell.allowed for cell in cells)} that the flows allow arrived",
        no="packets between zones fare otherwise than the flows say",
        exhibits=(("sweep", table.encode()),),
    )


def _tried(system: System, source: Zone, trials: list[Trial]) -> Iterable[Cell]:
    """Send everything from one zone, and count what arrived by the zone it was sent to."""
    cells: dict[ZoneName, Cell] = {}
    for start in range(0, len(trials), _BURST):
        burst = trials[start : start + _BURST]
        arrived = _send(system, source, burst)
        for number, trial in enumerate(burst):
            target = trial.target.zone
            cell = cells.setdefault(target, Cell(source.name, target))
            cell.count(trial, arrived=number in arrived)
    return cells.values()


def _send(system: System, source: Zone, trials: list[Trial]) -> set[int]:
    """Send a packet for each trial; returns the places of those that arrived."""
    gateway = system.gateway_mac(source.name)
    arrived: set[int] = set()
    with ExitStack() as stack:
        senders = {
            host.name: stack.enter_context(contextlib.closing(system.seat(host).open()))
            for host in {trial.source.name: trial.source for trial in trials}.values()
        }
        listeners = [
            stack.enter_context(contextlib.closing(system.seat(host).open()))
            for host in {trial.target.name: trial.target for trial in trials}.values()
        ]
        for number, trial in enumerate(trials):
            seat = system.seat(trial.source)
            senders[trial.source.name].send(
                frame(seat, gateway, trial.target.address, trial.shape, number)
            )
        time.sleep(_SETTLE)
        for listener in listeners:
            with contextlib.suppress(BlockingIOError):
                while True:
                    found = number_in(listener.recv(2048))
                    if found is not None:
                        arrived.add(found)
    return arrived


def _trials(system: System, source: Zone, target: Zone) -> Iterator[Trial]:
    flows = [
        flow
        for flow in system.design.flows
        if (flow.from_zone, flow.to_zone) == (source.name, target.name)
    ]
    senders, receivers = _hosts(system, source), _hosts(system, target)
    for sender in senders:
        for receiver in receivers:
            first = sender is senders[0]
            for shape in _shapes(system, source, flows, whole=first):
                allowed = any(_is_allowed(system, flow, sender, receiver, shape) for flow in flows)
                yield Trial(sender, receiver, shape, allowed)


def _shapes(system: System, source: Zone, flows: list[Flow], *, whole: bool) -> Iterator[Shape]:
    """The packets to try: all of them from one host of a zone, the designed ones from the rest."""
    designed = {port for flow in flows for port in _ends(flow)}
    near = {port + step for port in designed for step in (-1, 1)}
    ports = sorted(designed | near | (set(_WELL_KNOWN) if whole else set()))
    for port in ports:
        if 0 < port < 1 << 16:
            yield Shape("tcp", port)
            yield Shape("udp", port)
    if not whole:
        return
    yield from (Shape(protocol) for protocol in _OTHER_PROTOCOLS)
    for port in sorted(designed) or [5061]:
        yield from (Shape("tcp", port, flags=flags) for flags in _ODD_FLAGS)
        yield Shape("udp", port, later_fragment=True)
        for address in _foreign(system, source):
            yield Shape("tcp", port, spoofed=address)
            yield Shape("udp", port, spoofed=address)


def _ends(flow: Flow) -> set[int]:
    return {flow.ports.first, flow.ports.last, (flow.ports.first + flow.ports.last) // 2}


def _foreign(system: System, source: Zone) -> Iterator[IPv4Address]:
    """Addresses that nobody in a zone may send from: other zones', and one that is not given."""
    yield from (zone.gateway + 9 for zone in system.design.zones if zone.name != source.name)
    yield source.subnet.broadcast_address - 1


def _is_allowed(system: System, flow: Flow, sender: Host, receiver: Host, shape: Shape) -> bool:
    if shape.later_fragment or (shape.protocol == "tcp" and shape.flags != SYN):
        return False
    return (
        flow.protocol == shape.protocol
        and flow.ports.first <= shape.port <= flow.ports.last
        and _may_be_from(system, flow, sender, shape.spoofed)
        and (not flow.to_hosts or receiver.name in flow.to_hosts)
    )


def _may_be_from(system: System, flow: Flow, sender: Host, spoofed: IPv4Address | None) -> bool:
    """Whether a flow takes this source; where it takes every data device, that is any address."""
    if spoofed is None:
        return not flow.from_hosts or sender.name in flow.from_hosts
    subnet = system.design.whole_subnet(flow.from_zone, flow.from_hosts)
    return subnet is not None and spoofed in subnet


def _hosts(system: System, zone: Zone) -> tuple[Host, ...]:
    """The hosts to stand in for a zone: of each kind the first, and no firewall."""
    by_kind: dict[HostKind, Host] = {}
    for host in system.design.hosts:
        if host.kind != HostKind.FIREWALL and host.zone == zone.name:
            by_kind.setdefault(host.kind, host)
    return tuple(by_kind.values())[:_HOSTS_A_ZONE]
