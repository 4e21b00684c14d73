"""Settings for Suricata 7.0: the networks by name, the mirror ports, and where alerts go.

See the manual, chapter "Suricata.yaml". It listens on nothing but the mirror ports: the command
socket is off. Alerts go to the host's log, as the sensor's own do.
"""

from collections.abc import Iterable
from typing import Final

from ringfence.design.model import IPT_KINDS, Design, Host, HostKind, Service, ZoneKind, ZoneName

_HEAD: Final = """\
%YAML 1.1
---
"""
_REST: Final = """\
default-log-dir: /var/log/suricata/
default-rule-path: /etc/suricata/rules
rule-files:
  - ringfence.rules
classification-file: /etc/suricata/classification.config
reference-config-file: /etc/suricata/reference.config
run-as:
  user: suricata
  group: suricata
unix-command:
  enabled: no
logging:
  default-log-level: notice
  outputs:
    - syslog:
        enabled: yes
        facility: local5
outputs:
  - eve-log:
      enabled: yes
      filetype: syslog
      identity: suricata
      facility: local5
      level: Info
      types:
        - alert
livedev:
  use-for-tracking: true
stream:
  memcap: 64mb
  checksum-validation: no
  midstream: true
flow:
  memcap: 128mb
host:
  memcap: 32mb
app-layer:
  protocols:
    tls:
      enabled: yes
    sip:
      enabled: yes
"""


def variable(zone: ZoneName) -> str:
    """What rules call a zone's subnet."""
    return f"${zone.upper().replace('-', '_')}_NET"


def address_groups(design: Design) -> dict[str, str]:
    """The names that rules use for addresses, without the dollar."""
    inside = [zone for zone in design.zones if zone.kind != ZoneKind.OUTSIDE]
    return {
        "HOME_NET": _several(zone.subnet for zone in inside),
        "EXTERNAL_NET": "!$HOME_NET",
        "IPT_NET": _several(zone.subnet for zone in inside if zone.kind in IPT_KINDS),
        **{variable(zone.name)[1:]: _several([zone.subnet]) for zone in design.zones},
        "SIP_SERVERS": _several(host.address for host in design.of_kind(HostKind.SIP)),
        "MEDIA_RELAYS": _several(host.address for host in design.running(Service.RTPENGINE)),
        "ADDRESS_SERVERS": _address_servers(design),
    }


def port_groups(design: Design) -> dict[str, str]:
    """The names that rules use for ports, without the dollar."""
    ports = design.media.ports
    return {
        "SIGNALLING_PORT": str(design.signalling.port),
        "MEDIA_PORTS": f"[{ports.first}:{ports.last}]",
    }


def settings(design: Design, host: Host) -> str:
    """The settings file."""
    lines = [
        f"# Suricata, where it is installed: {' '.join(design.asked_by('NID-1'))}",
        "# Checked against the manual of Suricata 7.0 and by a reader of our own, by no engine.",
        "vars:",
        "  address-groups:",
        *(f'    {name}: "{value}"' for name, value in address_groups(design).items()),
        "  port-groups:",
        *(f'    {name}: "{value}"' for name, value in port_groups(design).items()),
        "af-packet:",
    ]
    for place, mirror in enumerate(host.mirrors):
        lines += [
            f"  - interface: {mirror.name}",
            f"    cluster-id: {99 - place}",
            "    cluster-type: cluster_flow",
            "    defrag: yes",
            "    use-mmap: yes",
            "    tpacket-v3: yes",
            "    checksum-checks: no",
        ]
    return f"{_HEAD}" + "\n".join(lines) + f"\n{_REST}"


def _address_servers(design: Design) -> str:
    """Servers and relays; where nobody may answer, an address that nobody has."""
    found = [host.address for host in design.running(Service.KEA)]
    if found:
        found += [zone.gateway for zone in design.zones_of(ZoneKind.PHONES, ZoneKind.SOFTPHONES)]
    return _several(found or ["0.0.0.0/32"])


def _several(values: Iterable[object]) -> str:
    return f"[{','.join(map(str, values))}]"
