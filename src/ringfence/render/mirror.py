"""What the lab's switch is given so that the sensor gets its copies: rules and their unit.

On real access switches a monitoring session does this (SPAN, port mirroring): everything that is
received in a VLAN goes to the port of the sensor as well. Here nftables hands on a copy of each
frame as it comes in, before any port security, so that what is dropped there is seen too. See
nft(8), the netdev family and its dup statement.
"""

from typing import Final

from ringfence.design.model import Design, Host, HostKind, Interface, Mirror
from ringfence.machine.spec import device_name
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH: Final = "/etc/ringfence/mirror.nft"
UNIT: Final = "mirror"


def files(design: Design) -> tuple[File, ...]:
    """The switch's mirror rules and the unit that loads them; nothing if no sensor is designed."""
    sensors = design.of_kind(HostKind.SENSOR)
    if not sensors:
        return ()
    asked = design.asked_by("NID-1")
    lines = [
        "#!/usr/sbin/nft -f",
        f"# Copies of what comes in at every port of a zone go to the sensor: {' '.join(asked)}",
        "table netdev mirror",
        "delete table netdev mirror",
        "table netdev mirror {",
    ]
    for sensor in sensors:
        for mirror in sensor.mirrors:
            lines += _mirror(design, sensor, mirror)
    lines += ["}", ""]
    unit = Unit(
        name=UNIT,
        description="Copies of frames for the sensor",
        start=f"/usr/sbin/nft -f {PATH}",
        reload=f"/usr/sbin/nft -f {PATH}",
        capabilities=("CAP_NET_ADMIN",),
        oneshot=True,
        serves=asked,
    )
    return (File(path=PATH, text="\n".join(lines), mode=0o640), unit_file(unit))


def watched(design: Design, mirror: Mirror) -> tuple[str, ...]:
    """The switch's ports whose frames a mirror gets: every one in its zone."""
    return tuple(
        port(host, leg)
        for host in design.hosts
        for leg in host.interfaces
        if leg.zone == mirror.zone
    )


def port(host: Host, device: Interface | Mirror) -> str:
    """What the switch calls the port that a device of a host is plugged into."""
    alone = len(host.interfaces) + len(host.mirrors) == 1
    return device_name(host.name, device.name, alone=alone)


def _mirror(design: Design, sensor: Host, mirror: Mirror) -> list[str]:
    listed = ", ".join(f'"{each}"' for each in watched(design, mirror))
    ear = port(sensor, mirror)
    return [
        f"  chain {mirror.name}_copies {{",
        f"    type filter hook ingress devices = {{ {listed} }} priority -500",
        "    policy accept",
        f'    counter dup to "{ear}"',
        "  }",
        f"  chain {mirror.name}_silence {{",
        f'    type filter hook ingress device "{ear}" priority -500',
        "    policy drop",
        "    counter drop",
        "  }",
    ]
