"""Whether speech comes first on the running firewall: its queues, and a marked packet."""

import contextlib
import time
from typing import Final

import dpkt

from ringfence.design.model import Flow, Host, HostKind, Service
from ringfence.probe.fact import Seen
from ringfence.probe.packet import Shape, frame, number_in
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError
from ringfence.render.priorities import DATA, SIGNALLING, SPEECH, TELEPHONY

_EF: Final = 46
_CLASSES: Final = (SPEECH, SIGNALLING, TELEPHONY, DATA)
_SETTLE: Final = 0.2


def speech_first(system: System) -> Seen:
    """A packet of speech arrives marked EF, another does not, and the queues are there."""
    contrary: list[str] = []
    firewalls = system.design.of_kind(HostKind.FIREWALL)
    if not all(Service.PRIORITIES in each.services for each in firewalls):
        contrary.append("a firewall has no priorities")
    for each in firewalls:
        for leg in each.interfaces:
            shown = system.machine(each).run(["tc", "class", "show", "dev", leg.name]).stdout
            if not all(f"class htb {one} parent 1:1 " in shown for one in _CLASSES):
                contrary.append(f"{each.name}: the leg {leg.name} has no queues")
    speech = _flow(system, Service.RTPENGINE)
    other = _flow(system, Service.CHRONY)
    marks = {flow.name: _mark(system, flow) for flow in (speech, other)}
    if marks[speech.name] != _EF:
        contrary.append(f"speech arrives with the mark {marks[speech.name]}, not EF")
    if marks[other.name] == _EF:
        contrary.append(f"{other.name} arrives with the mark of speech")
    return Seen.against(
        contrary,
        len(marks),
        yes="speech arrives marked EF and other packets do not; every leg has its queues",
        no="speech does not come first",
    )


def _flow(system: System, service: Service) -> Flow:
    for flow in system.design.crossing():
        if flow.service == service and flow.protocol == "udp":
            return flow
    raise UnseenError(f"no flow of the design leads to {service}")


def _mark(system: System, flow: Flow) -> int:
    """The differentiated services code point with which a packet of a flow arrives."""
    source = _end(system, flow.from_zone, flow.from_hosts)
    target = _end(system, flow.to_zone, flow.to_hosts)
    number = int(time.time()) & 0xFFFF
    with contextlib.ExitStack() as stack:
        sender = stack.enter_context(contextlib.closing(system.seat(source).open()))
        listener = stack.enter_context(contextlib.closing(system.seat(target).open()))
        gateway = system.gateway_mac(flow.from_zone)
        shape = Shape("udp", flow.ports.first)
        sender.send(frame(system.seat(source), gateway, target.address, shape, number))
        time.sleep(_SETTLE)
        with contextlib.suppress(BlockingIOError):
            while True:
                data = listener.recv(2048)
                if number_in(data) == number:
                    return int(dpkt.ethernet.Ethernet(data).data.tos) >> 2
    raise UnseenError(f"a packet of {flow.name} did not arrive")


def _end(system: System, zone: str, named: tuple[str, ...]) -> Host:
    for host in system.design.hosts:
        if (
            host.kind != HostKind.FIREWALL
            and host.zone == zone
            and host.name in (named or {host.name})
        ):
            return host
    raise UnseenError(f"the zone {zone} has no host")
