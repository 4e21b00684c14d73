"""Which function answers which question about rendered files: the one explicit list."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from ringfence.probe.fact import Seen, Taken
from ringfence.probe.questions import RENDERED
from ringfence.probe.rendered import (
    addresses,
    filters,
    hosts,
    logs,
    priorities,
    relay,
    sensor,
    sensor_orders,
    services,
    sip,
    switches,
)
from ringfence.probe.rendered.reading import Rendered
from ringfence.probe.take import take

ANSWERS: Final[Mapping[str, Callable[[Rendered], Seen]]] = {
    "crossing-flows": filters.crossing_flows,
    "ipt-and-data": filters.ipt_and_data,
    "inside-and-outside": filters.inside_and_outside,
    "dhcp-client-port": filters.dhcp_client_port,
    "phone-management-ports": filters.phone_management_ports,
    "own-filters": filters.own_filters,
    "zone-subnets": addresses.zone_subnets,
    "reserved-addresses": addresses.reserved_addresses,
    "no-dhcp": addresses.no_dhcp,
    "phones-static": addresses.phones_static,
    "critical-static": addresses.critical_static,
    "own-services": addresses.own_services,
    "signalling-encrypted": sip.signalling_encrypted,
    "client-certificates": sip.client_certificates,
    "media-encrypted": sip.media_encrypted,
    "challenge": sip.challenge,
    "no-automatic-registration": sip.no_automatic_registration,
    "confined-services": hosts.confined_services,
    "priorities": priorities.priorities,
    "logs-forwarded": logs.logs_forwarded,
    "log-senders": logs.log_senders,
    "time-proved": services.time_proved,
    "data-services": services.data_services,
    "no-softphones": hosts.no_softphones,
    "softphones-apart": hosts.softphones_apart,
    "sensor-mirrors": sensor.sensor_mirrors,
    "sensor-orders": sensor_orders.sensor_orders,
    "by-way-of-the-relay": relay.by_way_of_the_relay,
    "relay-certificates": relay.relay_certificates,
    "relay-examines": relay.relay_examines,
    "relay-scans": relay.relay_scans,
    "switch-devices": switches.devices,
    "switch-doors": switches.doors,
    "switch-senders": switches.senders,
    "switch-addresses": switches.addresses,
    "switch-address-servers": switches.address_servers,
    "switch-alerts": switches.alerts,
    "switch-authenticates-phones": switches.authenticates_phones,
    "switch-authenticates-all": switches.authenticates_all,
    "switch-vlans": switches.vlans,
    "switch-computer-ports": switches.computer_ports,
    "switch-no-computers": switches.no_computers,
    "switch-closed-phones": switches.closed_phones,
}


def answer_all(
    rendered: Rendered, now: datetime, only: Collection[str] | None = None
) -> Iterator[Taken]:
    """Answer every question that rendered files answer, or only those with some ids."""
    for question in RENDERED:
        if only is not None and question.id not in only:
            continue
        yield take(question, partial(ANSWERS[question.id], rendered), rendered.state, now)
