"""Kea: an address for each phone that the site file names, and for nobody else.

Kea Administrator Reference Manual 2.2, "The DHCPv4 Server". There are no pools, only
reservations by MAC address, so an unknown device gets no answer (ACC-1, ACC-3). The data network
has a server of its own, with a pool for whatever computer comes along.
"""

import json

from ringfence.design.model import Design, Host, HostKind, Service, Zone, ZoneKind
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH = "/etc/kea/kea-dhcp4.conf"
CONTROL_SOCKET = "/run/kea/kea4-ctrl-socket"


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The DHCP server's configuration and unit."""
    of_data = host.kind == HostKind.DATA_SERVICES
    own = () if of_data else ("ACC-1", "ACC-3", "DHC-1", "DHC-2")
    asked = design.asked_by("SEP-11", *own)
    unit = Unit(
        name=Service.KEA,
        description=f"Address server of the {'data network' if of_data else 'IPT phones'}",
        start=f"/usr/sbin/kea-dhcp4 -c {PATH}",
        user="_kea",
        group="_kea",
        # Whoever has no address yet is heard, and answered, by a raw socket only.
        capabilities=("CAP_NET_BIND_SERVICE", *(("CAP_NET_RAW",) if of_data else ())),
        environment=("KEA_PIDFILE_DIR=/run/kea", "KEA_LOCKFILE_DIR=/run/kea"),
        runtime_directory="kea",
        state_directory="kea",
        serves=asked,
    )
    says = "Addresses for the data network's devices, from a server of their own:"
    if not of_data:
        says = (
            "Addresses for IPT phones only, from a server of their own; no pools, so a device\n"
            "// that the site file does not name gets nothing:"
        )
    content = json.dumps(_configuration(design, host), indent=1, ensure_ascii=False)
    text = f"// {says} {' '.join(asked)}\n{content}\n"
    return (
        File(path=PATH, text=text, mode=0o640, group="_kea"),
        unit_file(unit),
    )


def _configuration(design: Design, host: Host) -> object:
    of_data = host.kind == HostKind.DATA_SERVICES
    phones = design.zones_of(ZoneKind.PHONES, ZoneKind.SOFTPHONES)
    return {
        "Dhcp4": {
            # Phones' requests come through the relay only, so no raw socket is needed.
            "interfaces-config": {
                "interfaces": [f"eth0/{host.address}"],
                "dhcp-socket-type": "raw" if of_data else "udp",
            },
            "control-socket": {"socket-type": "unix", "socket-name": CONTROL_SOCKET},
            "lease-database": {
                "type": "memfile",
                "persist": True,
                "name": "/var/lib/kea/kea-leases4.csv",
            },
            "host-reservation-identifiers": ["hw-address"],
            "match-client-id": False,
            "reservations-in-subnet": True,
            "valid-lifetime": 3600,
            "loggers": [
                {"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]},
            ],
            "subnet4": [_data_subnet(design, host)]
            if of_data
            else [_subnet(design, host, zone) for zone in phones],
        },
    }


def _subnet(design: Design, host: Host, zone: Zone) -> object:
    return {
        "id": zone.vlan,
        "subnet": str(zone.subnet),
        "relay": {"ip-addresses": [str(zone.gateway)]},
        "option-data": _options(design, host, zone),
        "reservations": _reservations(design, zone, HostKind.PHONE),
    }


def _data_subnet(design: Design, host: Host) -> object:
    """The upper half of the data network is for whatever computer comes along."""
    zone = design.zone(host.zone)
    first, last = zone.subnet[zone.subnet.num_addresses // 2], zone.subnet[-2]
    return {
        "id": zone.vlan,
        "subnet": str(zone.subnet),
        "pools": [{"pool": f"{first} - {last}"}],
        "option-data": _options(design, host, zone),
        "reservations": _reservations(design, zone, HostKind.PC),
    }


def _options(design: Design, host: Host, zone: Zone) -> list[object]:
    return [
        {"name": "routers", "data": str(zone.gateway)},
        {"name": "domain-name-servers", "data": str(host.address)},
        {"name": "ntp-servers", "data": str(host.address)},
        {"name": "domain-name", "data": design.domain},
    ]


def _reservations(design: Design, zone: Zone, kind: HostKind) -> list[object]:
    return [
        {"hw-address": leg.mac, "ip-address": str(leg.address)}
        for host in design.of_kind(kind)
        for leg in host.interfaces
        if leg.zone == zone.name
    ]
