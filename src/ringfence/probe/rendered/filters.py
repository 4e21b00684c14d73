"""What the packet filters let pass, read back from their text and proved against the flows."""

from collections.abc import Callable, Iterator
from typing import Final

from ringfence.design.model import IPT_KINDS, Design, ZoneKind, ZoneName
from ringfence.packets.boxes import Box
from ringfence.packets.drops import open_policies, silent_drops
from ringfence.packets.extra import forbidden
from ringfence.packets.packet import IPV4, STARTING, View, protocols
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.proof import prove
from ringfence.packets.spans import EVERY_ADDRESS, Spans, minus, of_network, of_numbers, spans
from ringfence.packets.survey import Survey, survey
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.reading import RULES, HostFiles, Rendered
from ringfence.probe.rendered.wanted import crossing, received

MANAGEMENT_PORTS: Final = {22: "SSH", 23: "Telnet", 80: "web", 161: "SNMP", 443: "web"}
_ADDRESS_SERVER: Final = of_numbers([67])
_ADDRESS_CLIENT: Final = of_numbers([68])
_NO_ADDRESS: Final = of_numbers([0])
_EVERY_PORT: Final = ((0, 2**16 - 1),)
_EVERY_PROTOCOL: Final = ((0, 2**8 - 1),)

_Boxes = Iterator[Box | None]


def crossing_flows(rendered: Rendered) -> Seen:
    """Exactly the flows of the design pass; the rest is dropped and logged."""
    contrary: list[str] = []
    idle: list[str] = []
    wanted = crossing(rendered.design)
    for firewall in rendered.firewalls:
        proof = prove(firewall.rules, wanted)
        found = _survey(rendered, firewall)
        contrary += proof.contrary()
        contrary += map(str, open_policies(found, "forward"))
        contrary += map(str, silent_drops(found, "prerouting", "forward"))
        contrary += _spoofed(rendered.design, found)
        idle += proof.idle()
    return Seen.against(
        contrary,
        len(rendered.firewalls),
        yes=f"{len(wanted)} flows pass the firewall, all of them the design's and nothing else, "
        "new connections by their first packet only; the rest is dropped and logged"
        + (f"; {len(idle)} rules are there for nothing" if idle else ""),
        no="the firewall's rules are not those of the design",
        exhibits=(
            *_exhibits(rendered.firewalls),
            *([("rules that are there for nothing", "\n".join(idle).encode())] if idle else []),
        ),
    )


def ipt_and_data(rendered: Rendered) -> Seen:
    """Nothing passes between the IPT zones and the data zone, nor do they meet in a DMZ."""
    contrary: list[str] = []
    for firewall in rendered.firewalls:
        contrary += directly(rendered, firewall)
        contrary += _meeting(rendered, firewall)
    return Seen.against(
        contrary,
        len(rendered.firewalls),
        yes="no rule of the firewall lets anything pass between the IPT zones and the data zone",
        no="something passes between the IPT zones and the data zone",
        exhibits=_exhibits(rendered.firewalls),
    )


def directly(rendered: Rendered, firewall: HostFiles) -> Iterator[str]:
    """What passes between the IPT zones and the data zone, with no other zone between."""
    found = _survey(rendered, firewall)
    ipt, data = _sides(rendered, found.view)
    yield from map(str, forbidden(found, "forward", _between(found.view, ipt, data)))


def out_of_dmz(rendered: Rendered, firewall: HostFiles) -> Iterator[str]:
    """What the DMZ starts towards the IPT zones, but for its log to the log server's zone."""
    found = _survey(rendered, firewall)
    view = found.view
    admin = ZoneKind.ADMIN
    logs = rendered.design.logs
    tcp, log_port = protocols("tcp"), of_numbers((logs.port,) if logs else ())
    dmz = view.among(_names(rendered, ZoneKind.DMZ))
    beyond = view.among(_names(rendered, *IPT_KINDS - {admin}))
    ways = {"arriving": dmz, "leaving": view.among(_names(rendered, admin))}
    started = [
        _starting(view, arriving=dmz, leaving=beyond),
        _starting(view, **ways, protocol=minus(_EVERY_PROTOCOL, tcp)),
        _starting(view, **ways, protocol=tcp, port=minus(_EVERY_PORT, log_port)),
    ]
    yield from map(str, forbidden(found, "forward", started))


def into_dmz_beside(
    rendered: Rendered, firewall: HostFiles, ports: tuple[int, ...]
) -> Iterator[str]:
    """What comes to the DMZ from telephones and data, and is not TCP to one of these ports."""
    found = _survey(rendered, firewall)
    view = found.view
    dmz = view.among(_names(rendered, ZoneKind.DMZ))
    wanted = of_numbers(ports)
    for side in _sides(rendered, view):
        ways = {"arriving": side, "leaving": dmz}
        others = [
            _starting(view, **ways, protocol=minus(_EVERY_PROTOCOL, protocols("tcp"))),
            _starting(view, **ways, protocol=protocols("tcp"), port=minus(_EVERY_PORT, wanted)),
        ]
        yield from map(str, forbidden(found, "forward", others))


def _meeting(rendered: Rendered, firewall: HostFiles) -> Iterator[str]:
    """The zones between in which telephones and data meet."""
    found = _survey(rendered, firewall)
    for zone in rendered.design.zones_of(ZoneKind.DMZ):
        here = found.view.among([zone.name])
        if all(
            any(forbidden(found, "forward", _between(found.view, side, here)))
            for side in _sides(rendered, found.view)
        ):
            yield f"telephones and data meet in the zone {zone.name}"


def _sides(rendered: Rendered, view: View) -> tuple[Spans, Spans]:
    ipt, data = _names(rendered, *IPT_KINDS), _names(rendered, ZoneKind.DATA)
    return view.among(ipt), view.among(data)


def inside_and_outside(rendered: Rendered) -> Seen:
    """Nothing passes between the inside and the outside, either way."""
    outside = _names(rendered, ZoneKind.OUTSIDE)
    return _nothing_where(
        rendered,
        lambda view: _between(view, view.not_among(outside), view.among(outside)),
        yes="no rule of the firewall lets anything pass between the inside and the outside",
        no="the firewall lets something pass between the inside and the outside",
    )


def dhcp_client_port(rendered: Rendered) -> Seen:
    """No packet crosses to the DHCP client port."""
    return _nothing_where(
        rendered,
        lambda view: iter([_starting(view, protocol=protocols("udp"), port=_ADDRESS_CLIENT)]),
        yes="no rule of the firewall lets a packet cross to UDP port 68",
        no="the firewall lets packets cross to UDP port 68",
    )


def phone_management_ports(rendered: Rendered) -> Seen:
    """No zone reaches the management ports of phones."""
    phones = _names(rendered, ZoneKind.PHONES, ZoneKind.SOFTPHONES)
    ports = of_numbers(MANAGEMENT_PORTS)
    return _nothing_where(
        rendered,
        lambda view: iter(
            [
                _starting(
                    view, leaving=view.among(phones), protocol=protocols("tcp", "udp"), port=ports
                )
            ]
        ),
        yes="no rule of the firewall lets another zone reach ports "
        f"{', '.join(map(str, MANAGEMENT_PORTS))} of phones",
        no="the firewall lets another zone reach management ports of phones",
    )


def from_elsewhere(rendered: Rendered, ports: tuple[int, ...]) -> Iterator[str]:
    """The ways by which zones that are not of the IPT network reach ports in it."""
    inside = _names(rendered, *IPT_KINDS)
    for firewall in rendered.firewalls:
        found = _survey(rendered, firewall)
        reached = _starting(
            found.view,
            arriving=found.view.not_among(inside),
            leaving=found.view.among(inside),
            protocol=protocols("tcp", "udp"),
            port=of_numbers(ports),
        )
        yield from map(str, forbidden(found, "forward", [reached]))


def own_filters(rendered: Rendered) -> Seen:
    """Every server accepts its own services only, from those who may use them."""
    contrary: list[str] = []
    for server in rendered.servers:
        found = [
            *prove(server.rules, received(rendered.design, server.host), "input").contrary(),
            *map(str, open_policies(survey(server.rules), "input")),
            *map(str, silent_drops(survey(server.rules), "input")),
        ]
        contrary += [f"{server.host.name}: {each}" for each in found]
    return Seen.against(
        contrary,
        len(rendered.servers),
        yes=f"the filters of {len(rendered.servers)} servers accept their designed services only",
        no="a server's filter is not that of the design",
        exhibits=_exhibits(rendered.servers),
    )


def _nothing_where(
    rendered: Rendered, unwanted: Callable[[View], _Boxes], yes: str, no: str
) -> Seen:
    """No packet that a firewall's rules alone let pass is of an unwanted kind."""
    contrary: list[str] = []
    for firewall in rendered.firewalls:
        found = _survey(rendered, firewall)
        contrary += map(str, forbidden(found, "forward", unwanted(found.view)))
    return Seen.against(contrary, len(rendered.firewalls), yes, no, _exhibits(rendered.firewalls))


def _between(view: View, some: Spans, others: Spans) -> _Boxes:
    yield _starting(view, arriving=some, leaving=others)
    yield _starting(view, arriving=others, leaving=some)


def _starting(view: View, **given: Spans) -> Box | None:
    """Packets that start something, with these numbers."""
    return view.space.box(state=STARTING, **given)


def _spoofed(design: Design, found: Survey) -> Iterator[str]:
    """Packets that pass the chains before routing with an address of another zone than theirs.

    A phone without an address asks for one from none at all.
    """
    view = found.view
    nets = {zone.name: of_network(zone.subnet) for zone in design.zones}
    ours = spans(nets[zone.name] for zone in design.zones if zone.kind != ZoneKind.OUTSIDE)
    askers = design.zones_of(ZoneKind.PHONES, ZoneKind.SOFTPHONES) if design.dhcp else ()
    asking = view.space.box(
        arriving=view.among(zone.name for zone in askers),
        source=_NO_ADDRESS,
        protocol=protocols("udp"),
        port=_ADDRESS_SERVER,
    )
    allowed = PacketSet.of(view.space, [] if asking is None else [asking])
    for zone in design.zones:
        outside = zone.kind == ZoneKind.OUTSIDE
        foreign = ours if outside else minus(EVERY_ADDRESS, (nets[zone.name],))
        box = view.space.box(arriving=view.among([zone.name]), source=foreign, family=IPV4)
        strange = PacketSet.of(view.space, [] if box is None else [box]).subtract(allowed)
        for each in forbidden(found, "prerouting", strange.boxes):
            yield f"another's address is believed: {each}"


def _survey(rendered: Rendered, firewall: HostFiles) -> Survey:
    zones = rendered.design.zones
    gateways = (int(zone.gateway) for zone in zones)
    return survey(firewall.rules, (zone.name for zone in zones), gateways)


def _names(rendered: Rendered, *kinds: ZoneKind) -> frozenset[ZoneName]:
    return frozenset(zone.name for zone in rendered.design.zones_of(*kinds))


def _exhibits(hosts: tuple[HostFiles, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple(host.exhibit(RULES) for host in hosts)
