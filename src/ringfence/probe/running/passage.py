"""Whether packets pass between telephones and data: sent for real, and listened for."""

import secrets
import time
from collections.abc import Iterator
from typing import Final

from ringfence.design.model import IPT_KINDS, SERVER_KINDS, Flow, Host, HostKind, ZoneKind
from ringfence.probe.fact import Seen
from ringfence.probe.frames import Packet, Taps
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError

_PORTS: Final = (
    *(("tcp", port) for port in (22, 25, 80, 443, 445, 465, 587, 3389, 5060, 5061, 8080)),
    *(("udp", port) for port in (53, 67, 123, 161, 5060, 16384, 30000)),
)
_SETTLE: Final = 0.5
_TOKEN: Final = 16


def nothing_past_the_relay(system: System) -> Seen:
    """No packet from a telephone or IPT server reaches a data device, and none comes back."""
    _demand_that_something_passes(system)
    ipt, data = list(_ipt(system)), list(_data(system))
    sent: dict[bytes, str] = {}
    with _taps(system, *ipt, *data) as taps:
        for source, target in (*_pairs(ipt, data), *_pairs(data, ipt)):
            for protocol, port in _PORTS:
                token = secrets.token_bytes(_TOKEN)
                packet = Packet(source.address, target.address, protocol, port)
                _send(taps, system, source, packet, token)
                sent[token] = f"{source.name} -> {target.name} {protocol} {port}"
        time.sleep(_SETTLE)
        heard = taps.heard()
    contrary = [f"arrived: {what}" for token, what in sent.items() if token in heard]
    return Seen.against(
        contrary,
        len(sent),
        yes=f"of {len(sent)} packets between {len(ipt)} hosts of the IPT network and {len(data)} "
        "data devices, sent past the hosts' own filters, none arrived",
        no="packets pass directly between the IPT network and data devices",
    )


def _demand_that_something_passes(system: System) -> None:
    """Where what is allowed does not arrive either, nothing would be shown."""
    for flow in system.design.flows:
        ends = list(_ends(system, flow))
        if flow.from_zone == flow.to_zone or flow.protocol != "tcp" or not ends:
            continue
        source, target = ends[0]
        token = secrets.token_bytes(_TOKEN)
        with _taps(system, source, target) as taps:
            packet = Packet(source.address, target.address, flow.protocol, flow.ports.first)
            _send(taps, system, source, packet, token)
            time.sleep(_SETTLE)
            if token in taps.heard():
                return
    raise UnseenError("packets that may pass do not arrive either, so nothing is shown")


def _ends(system: System, flow: Flow) -> Iterator[tuple[Host, Host]]:
    phones = {phone.name for phone in system.free_phones}
    for source in system.design.hosts:
        for target in system.design.hosts:
            if (
                source.name in phones
                and source.zone == flow.from_zone
                and target.name in flow.to_hosts
                and target.kind != HostKind.FIREWALL
            ):
                yield source, target


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


def _pairs(some: list[Host], others: list[Host]) -> Iterator[tuple[Host, Host]]:
    return ((one, other) for one in some for other in others)


def _taps(system: System, *hosts: Host) -> Taps:
    return Taps((system.machine(host), host.interfaces[0].name) for host in hosts)


def _send(taps: Taps, system: System, source: Host, packet: Packet, token: bytes) -> None:
    firewall = system.design.of_kind(HostKind.FIREWALL)[0]
    gateway = next(leg.mac for leg in firewall.interfaces if leg.zone == source.zone)
    own = source.interfaces[0].mac
    taps.send(source.name, packet.frame(_bytes(gateway), _bytes(own), token))


def _bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
