"""Kea: an address for each phone that the site file names, and for nobody else.

Kea Administrator Reference Manual 2.2, "The DHCPv4 Server". There are no pools, only
reservations by MAC address, so an unknown device gets no answer (ACC-1, ACC-3).
"""

import json

from ringfence.design.model import Design, Host, HostKind, Service, Zone, ZoneKind
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH = "/etc/kea/kea-dhcp4.conf"
CONTROL_SOCKET = "/run/kea/kea4-ctrl-socket"


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The DHCP server's configuration and unit."""
    asked = design.asked_by("SEP-11", "ACC-1", "ACC-3", "DHC-1", "DHC-2")
    unit = Unit(
        name=Service.KEA,
        description="Address server of the IPT phones",
        start=f"/usr/sbin/kea-dhcp4 -c {PATH}",
        user="_kea",
        group="_kea",
        capabilities=("CAP_NET_BIND_SERVICE",),
        environment=("KEA_PIDFILE_DIR=/run/kea", "KEA_LOCKFILE_DIR=/run/kea"),
        runtime_directory="kea",
        state_directory="kea",
        serves=asked,
    )
    head = (
        "// Addresses for IPT phones only, from a server of their own; no pools, so a device\n"
        f"// that the site file does not name gets nothing: {' '.join(asked)}\n"
    )
    text = head + json.dumps(_configuration(design, host), indent=1, ensure_ascii=False) + "\n"
    return (
        File(path=PATH, text=text, mode=0o640, group="_kea"),
        unit_file(unit),
    )


def _configuration(design: Design, host: Host) -> object:
    return {
        "Dhcp4": {
            # Requests come through the relay only, so no raw socket is needed.
            "interfaces-config": {
                "interfaces": [f"eth0/{host.address}"],
                "dhcp-socket-type": "udp",
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
            "subnet4": [
                _subnet(design, host, zone)
                for zone in design.zones_of(ZoneKind.PHONES, ZoneKind.SOFTPHONES)
            ],
        },
    }


def _subnet(design: Design, host: Host, zone: Zone) -> object:
    return {
        "id": zone.vlan,
        "subnet": str(zone.subnet),
        "relay": {"ip-addresses": [str(zone.gateway)]},
        "option-data": [
            {"name": "routers", "data": str(zone.gateway)},
            {"name": "domain-name-servers", "data": str(host.address)},
            {"name": "ntp-servers", "data": str(host.address)},
            {"name": "domain-name", "data": design.domain},
        ],
        "reservations": [
            {"hw-address": leg.mac, "ip-address": str(leg.address)}
            for phone in design.of_kind(HostKind.PHONE)
            for leg in phone.interfaces
            if leg.zone == zone.name
        ],
    }
