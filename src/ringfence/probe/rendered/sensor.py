"""Where the sensor listens, and that it can do no more, read back from files."""

from collections.abc import Iterator
from typing import Final

from ringfence.design.model import HostKind, Service
from ringfence.machine import netconf, units
from ringfence.packets import mirrors
from ringfence.packets.nftables import RulesError
from ringfence.probe.fact import Answer, Seen
from ringfence.probe.rendered.reading import HostFiles, Rendered
from ringfence.render import mirror as rendering

NO_SENSOR: Final = Seen(Answer.NO, "no host of the design is a sensor", 0)
_NETWORKS: Final = "/etc/systemd/network/"
_LISTENING: Final = frozenset({"CAP_NET_RAW"})


def sensor_mirrors(rendered: Rendered) -> Seen:
    """Every zone's frames are copied to the sensor, which can listen there and no more."""
    sensors = rendered.of_kind(HostKind.SENSOR)
    if not sensors:
        return NO_SENSOR
    contrary = [*_wrong_copies(rendered, sensors)]
    for each in sensors:
        contrary += [f"{each.host.name}: {what}" for what in (*_loud(each), *_privileged(each))]
    text = rendered.switch.get(rendering.PATH, "")
    return Seen.against(
        contrary,
        len(rendered.design.zones),
        yes=f"what enters any of {len(rendered.design.zones)} zones is copied to the sensor, at "
        "ports without an address that take nothing in; it may listen and no more",
        no="the sensor does not hear what it should, or could do more than hear",
        exhibits=((f"switch:{rendering.PATH}", text.encode()),),
    )


def _wrong_copies(rendered: Rendered, sensors: tuple[HostFiles, ...]) -> Iterator[str]:
    try:
        found = mirrors.parse(rendered.switch.get(rendering.PATH, ""))
    except RulesError as error:
        yield f"the switch copies nothing: {error}"
        return
    design = rendered.design
    wanted = {
        rendering.port(each.host, mirror): frozenset(rendering.watched(design, mirror))
        for each in sensors
        for mirror in each.host.mirrors
    }
    heard = {mirror.zone for each in sensors for mirror in each.host.mirrors}
    yield from (f"nobody hears the zone {z.name}" for z in design.zones if z.name not in heard)
    ears: dict[str, frozenset[str]] = {}
    for copies in found.copies:
        ears[copies.ear] = ears.get(copies.ear, frozenset()) | copies.ports
    for ear in sorted(wanted.keys() | ears.keys()):
        ports, got = wanted.get(ear, frozenset()), ears.get(ear, frozenset())
        yield from (
            f"what comes in at {port} is not copied to {ear}" for port in sorted(ports - got)
        )
        yield from (f"what comes in at {port} is copied to {ear}" for port in sorted(got - ports))
    yield from (f"{ear} takes frames in" for ear in sorted(wanted.keys() - found.silent))
    yield from (f"{port} is silenced" for port in sorted(found.silent - wanted.keys()))


def _loud(each: HostFiles) -> Iterator[str]:
    """The mirror ports that are more than an ear."""
    said = [
        netconf.parse(path, text) for path, text in each.texts.items() if path.startswith(_NETWORKS)
    ]
    files = {name: one for one in said for name in one["Match.Name"]}
    for device in sorted(each.mirrors):
        one = files.get(device)
        if one is None:
            yield f"{device} is not brought up"
        elif one.keys() & {"Network.Address", "Network.DHCP", "Network.Gateway"}:
            yield f"{device} has an address, or asks for one"
        elif one.get("Link.ARP") != ["no"] or one.get("Network.LinkLocalAddressing") != ["no"]:
            yield f"{device} answers who has which address"


def _privileged(each: HostFiles) -> Iterator[str]:
    unit = units.parse(Service.SENSOR, each.units[Service.SENSOR])
    if unit.user == "root" or not unit.no_new_privileges:
        yield "the sensor is root, or may become it"
    if unit.bounding != _LISTENING or unit.ambient != _LISTENING:
        yield "the sensor may do something else than listen"
