"""The flows of a design as what a packet filter is to let pass."""

from collections.abc import Iterable, Iterator

from ringfence.design.model import Design, Flow, Host, ZoneName
from ringfence.packets.allowed import Allowed
from ringfence.packets.spans import Spans, of_addresses, of_network, spans

_LOOPBACK = Allowed("loopback", arriving="lo")


def crossing(design: Design) -> tuple[Allowed, ...]:
    """What the firewalls let pass from zone to zone."""
    return tuple(
        Allowed(
            flow.name,
            arriving=flow.from_zone,
            leaving=flow.to_zone,
            sources=sources,
            targets=targets,
            protocol=flow.protocol,
            ports=(flow.ports.first, flow.ports.last),
        )
        for flow, sources, targets in _with_ends(design, design.crossing())
    )


def received(design: Design, host: Host) -> tuple[Allowed, ...]:
    """What a server with one leg accepts, whatever address of its own it is sent to."""
    flows = (
        flow
        for flow in design.flows
        if host.name in flow.to_hosts or (not flow.to_hosts and flow.to_zone == host.zone)
    )
    return (
        _LOOPBACK,
        *(
            Allowed(
                flow.name,
                sources=sources,
                protocol=flow.protocol,
                ports=(flow.ports.first, flow.ports.last),
            )
            for flow, sources, _ in _with_ends(design, flows)
        ),
    )


def _with_ends(design: Design, flows: Iterable[Flow]) -> Iterator[tuple[Flow, Spans, Spans]]:
    """Flows with the addresses of their ends; a zone's are gathered once, for it may be large."""
    known: dict[tuple[ZoneName, tuple[str, ...]], Spans] = {}

    def ends(zone: ZoneName, hosts: tuple[str, ...]) -> Spans:
        if (zone, hosts) not in known:
            known[zone, hosts] = _addresses(design, zone, hosts)
        return known[zone, hosts]

    for flow in flows:
        yield flow, ends(flow.from_zone, flow.from_hosts), ends(flow.to_zone, flow.to_hosts)


def _addresses(design: Design, zone: ZoneName, named: tuple[str, ...]) -> Spans:
    if (subnet := design.whole_subnet(zone, named)) is not None:
        return spans([of_network(subnet)])
    return of_addresses(design.addresses(zone, named))
