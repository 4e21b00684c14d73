"""Pictures for a terminal: the zone map."""

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from ringfence.design.model import Design, HostKind, Zone

_SHOWN = 4


def zone_map(design: Design) -> RenderableType:
    """The zones of a design, each with its hosts, joined by the firewall."""
    firewall = design.of_kind(HostKind.FIREWALL)[0]
    legs = " | ".join(leg.name for leg in firewall.interfaces)
    return Group(
        Columns([_panel(design, zone) for zone in design.zones]),
        Text(f"        joined only by {firewall.name}, with a leg in each: {legs}\n"),
    )


def _panel(design: Design, zone: Zone) -> Panel:
    hosts = [
        host for host in design.hosts if host.kind != HostKind.FIREWALL and host.zone == zone.name
    ]
    lines = [f"{host.name} {host.address}" for host in hosts[:_SHOWN]]
    if len(hosts) > _SHOWN:
        lines.append(f"and {len(hosts) - _SHOWN} more")
    title = f"{zone.title} (VLAN {zone.vlan})"
    return Panel(Text("\n".join([str(zone.subnet), *lines])), title=title, width=30)
