"""What crosses to the data network follows from the site and from the mitigations in force."""

from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from ringfence.design import ConvergedError, build
from ringfence.design.model import (
    IPT_KINDS,
    Design,
    Host,
    HostKind,
    IdentityProfile,
    Service,
    ZoneKind,
)
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.site.deviations import Change, Deviation
from ringfence.site.model import Addressing, Site
from ringfence.site.neighbours import Converged, Definitions, Mail
from samples import TODAY, converged_site, make_design, make_site, without


def designed(site: Site) -> Design:
    return build(site, resolve(site, TODAY))


def relay(design: Design) -> Host:
    (found,) = design.of_kind(HostKind.RELAY)
    return found


def test_without_a_word_in_the_site_file_nothing_crosses() -> None:
    design = make_design(level=Level.MEDIUM)

    assert design.converged is None
    assert not design.zones_of(ZoneKind.DMZ)
    assert not design.of_kind(HostKind.RELAY)


@pytest.mark.parametrize("level", [Level.MINIMUM, Level.MEDIUM])
def test_the_relay_stands_in_a_dmz_and_telephones_and_data_meet_only_there(level: Level) -> None:
    design = designed(converged_site(level))
    ipt = {zone.name for zone in design.zones_of(*IPT_KINDS)}

    (dmz,) = design.zones_of(ZoneKind.DMZ)
    assert (dmz.vlan, relay(design).zone) == (80, dmz.name)
    assert {"SEP-10", "CNV-3"} == set(dmz.serves)
    pairs = {(flow.from_zone, flow.to_zone) for flow in design.flows}
    assert not any({"data"} & set(pair) and ipt & set(pair) for pair in pairs)
    assert {("phones", "dmz"), ("servers", "dmz"), ("data", "dmz"), ("dmz", "data")} <= pairs
    started = [flow for flow in design.flows if flow.from_zone == "dmz" and flow.to_zone in ipt]
    assert {flow.name for flow in started} <= {"logs-dmz"}


def test_a_dmz_moves_nobody() -> None:
    plain, crossing = make_design(level=Level.MEDIUM), designed(converged_site())

    for zone in plain.zones:
        assert crossing.zone(zone.name).subnet == zone.subnet
    addresses = {host.name: host.address for host in crossing.hosts}
    assert all(addresses[host.name] == host.address for host in plain.hosts)


@pytest.mark.parametrize(
    ("declared", "services", "flows"),
    [
        (
            Converged(mail=Mail(to="mail1")),
            {Service.SCANNER, Service.MAIL_RELAY},
            {"mail-submission", "mail-delivery", "time-dmz"},
        ),
        (
            Converged(directory=True),
            {Service.DIRECTORY},
            {"directory-phones", "directory-data", "time-dmz"},
        ),
    ],
)
def test_what_is_not_declared_has_neither_service_nor_flow(
    declared: Converged, services: set[Service], flows: set[str]
) -> None:
    site = make_site(level=Level.MEDIUM).model_copy(update={"converged": declared})
    design = designed(site)
    common = {Service.NFTABLES, Service.CHRONY, Service.NIGHTLY_SCAN, Service.SYSLOG}

    assert set(relay(design).services) - common == services
    found = {flow.name for flow in design.flows if "dmz" in {flow.from_zone, flow.to_zone}}
    assert found == flows | {"logs-dmz"}
    assert bool(design.of_kind(HostKind.MAIL)) == (declared.mail is not None)


def test_at_the_highest_level_nothing_may_cross() -> None:
    with pytest.raises(
        ConvergedError, match=r"mail and the directory would cross .* CNV-1 and SEP"
    ):
        designed(converged_site(Level.HIGHEST))


def test_deviations_let_services_cross_again_and_all_that_guards_them() -> None:
    approval = {
        "reason": "Voice messages are wanted by mail.",
        "requested_by": "Ada",
        "approved_by": "Grace",
        "date": TODAY,
        "expires": TODAY + timedelta(days=90),
    }
    lowered = [Deviation(mitigation=i, change=Change.LOWER, **approval) for i in ("CNV-1", "SEP-7")]
    raised = [
        Deviation(mitigation=id_, change=Change.RAISE, **approval)
        for id_ in ("CNV-2", "CNV-3", "CNV-5", "CNV-6", "SEP-9", "SEP-10")
    ]
    site = converged_site(Level.HIGHEST)

    with pytest.raises(ConvergedError, match="and SEP-7 is in force"):
        designed(site.model_copy(update={"deviations": (lowered[0], *raised)}))
    design = designed(site.model_copy(update={"deviations": (*lowered, *raised)}))

    assert relay(design).zone == ZoneKind.DMZ
    passing = design.converged
    assert passing is not None
    assert passing.authenticated
    assert passing.inspected
    assert passing.scanned


@pytest.mark.parametrize(
    ("taken_out", "still"),
    [
        (("CNV-2",), (False, True, True)),
        (("CNV-5", "SEP-9"), (True, False, True)),
        (("CNV-5",), (True, True, True)),
        (("CNV-6",), (True, True, False)),
    ],
)
def test_each_guard_is_there_because_a_mitigation_asks_for_it(
    taken_out: tuple[str, ...], still: tuple[bool, bool, bool]
) -> None:
    site = converged_site()
    design = build(site, without(site, *taken_out))
    passing = design.converged

    assert passing is not None
    assert (passing.authenticated, passing.inspected, passing.scanned) == still
    assert (Service.SCANNER in relay(design).services) == passing.scanned


def test_without_a_dmz_the_relay_stands_among_the_servers_and_data_reaches_in() -> None:
    site = converged_site()
    design = build(site, without(site, "CNV-3", "SEP-10"))

    assert not design.zones_of(ZoneKind.DMZ)
    assert relay(design).zone == ZoneKind.SERVERS
    pairs = {(flow.from_zone, flow.to_zone) for flow in design.flows}
    assert {("data", "servers"), ("servers", "data")} <= pairs


def test_either_of_the_two_that_ask_for_a_dmz_is_enough() -> None:
    site = converged_site()

    for id_ in ("CNV-3", "SEP-10"):
        assert build(site, without(site, id_)).zones_of(ZoneKind.DMZ)


def test_a_stated_address_is_that_of_the_mail_server_and_pc1_makes_way() -> None:
    net = Addressing.model_validate({"zones": {"data": "10.9.0.0/24"}})
    site = make_site(level=Level.MEDIUM, addressing=net).model_copy(
        update={"converged": Converged(mail=Mail(to="10.9.0.10"))}
    )
    addresses = {host.name: host.address for host in designed(site).hosts}

    assert addresses["mail1"] == IPv4Address("10.9.0.10")
    assert addresses["pc1"] == IPv4Address("10.9.0.11")


def test_neighbours_get_certificates_that_do_what_is_theirs_and_no_more() -> None:
    found = {one.name: one for one in designed(converged_site()).identities}

    assert found["mail1"].profile == IdentityProfile.MAIL_SERVER
    assert found["pc1"].profile == IdentityProfile.READER
    assert found["relay1"].profile == IdentityProfile.SERVER
    assert found["relay1"].dns == ("relay1.office.example",)


def test_every_server_and_the_firewall_scan_themselves_where_that_is_asked_for() -> None:
    site = make_site()
    kinds = {HostKind.FIREWALL, HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN}

    scanning = {host.kind for host in designed(site).running(Service.NIGHTLY_SCAN)}
    assert scanning == kinds
    assert not build(site, without(site, "SML-1")).running(Service.NIGHTLY_SCAN)


def test_definitions_are_fetched_from_a_declared_mirror_and_else_from_nowhere() -> None:
    site = converged_site()
    mirrored = site.model_copy(update={"definitions": Definitions(mirror="mirror1")})

    assert not designed(site).running(Service.DEFINITIONS)
    design = designed(mirrored)
    flows = {flow.from_zone: flow for flow in design.flows if flow.name.startswith("definitions-")}
    assert {zone: flow.from_hosts for zone, flow in flows.items()} == {
        "admin": ("fw", "admin1", "log1", "ids1"),
        "servers": ("sip1", "net1"),
        "dmz": ("relay1",),
    }
    assert {flow.to_hosts for flow in flows.values()} == {("mirror1",)}
    assert not any(flow.to_zone == ZoneKind.OUTSIDE for flow in design.flows)


def test_lines_of_converged_services_name_only_mitigations_in_force() -> None:
    for level in (Level.MINIMUM, Level.MEDIUM):
        design = designed(converged_site(level))
        assert {id_ for flow in design.flows for id_ in flow.serves} <= design.in_force
        assert all(flow.serves and flow.reason for flow in design.flows)
