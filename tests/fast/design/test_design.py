"""The design is a function of the mitigations in force."""

from types import MappingProxyType

import pytest

from ringfence.design import build
from ringfence.design.model import HostKind, IdentityProfile, Service, ZoneKind
from ringfence.guide import Level
from ringfence.policy import Requirements, resolve
from samples import TODAY, make_design, make_site


def test_an_unknown_mitigation_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="SEP-99"):
        assert "SEP-99" in resolve(make_site(), TODAY)


def test_digest_is_demanded_where_the_level_wants_it() -> None:
    assert make_design(level=Level.MINIMUM).signalling.digest
    assert not make_design(level=Level.MEDIUM).signalling.digest


@pytest.mark.parametrize("level", Level)
def test_certificates_and_srtp_are_in_force_at_every_level(level: Level) -> None:
    design = make_design(level=level)

    assert design.signalling.mutual
    assert design.media.srtp


def test_taking_a_mitigation_out_changes_the_design() -> None:
    site = make_site()
    full = resolve(site, TODAY)
    weaker = {id_: why for id_, why in full.in_force.items() if id_ not in {"EAI-2", "ACC-4"}}

    design = build(site, Requirements(MappingProxyType(weaker)))

    assert not design.signalling.mutual


def test_the_highest_level_sets_phones_addresses_by_hand() -> None:
    design = make_design(level=Level.HIGHEST)

    assert not design.running(Service.KEA)
    assert not design.running(Service.DHCP_CLIENT)
    assert not any("dhcp" in flow.name for flow in design.flows)


@pytest.mark.parametrize("level", Level)
def test_no_flow_leads_into_the_data_zone_or_the_outside_or_out_of_them(level: Level) -> None:
    strangers = {ZoneKind.DATA, ZoneKind.OUTSIDE}

    for flow in make_design(level=level).flows:
        assert flow.from_zone == flow.to_zone or not strangers & {flow.from_zone, flow.to_zone}
        assert flow.reason
        assert flow.serves


@pytest.mark.parametrize("level", Level)
def test_lines_name_only_mitigations_in_force(level: Level) -> None:
    design = make_design(level=level)

    assert {id_ for flow in design.flows for id_ in flow.serves} <= design.in_force
    assert design.asked_by("SEP-8") == (("SEP-8",) if level == Level.MINIMUM else ())


def test_every_service_a_flow_reaches_runs_where_the_flow_ends() -> None:
    design = make_design()
    hosts = {host.name: host for host in design.hosts}

    for flow in design.flows:
        for name in flow.to_hosts:
            assert flow.service is None or flow.service in hosts[name].services, flow.name


def test_a_phones_identity_is_its_address_of_record_alone() -> None:
    design = make_design()
    phones = [one for one in design.identities if one.profile == IdentityProfile.PHONE]

    assert [one.uri for one in phones] == [
        f"sip:{host.extension}@office.example" for host in design.of_kind(HostKind.PHONE)
    ]
    assert not any(one.dns for one in phones)


def test_a_sensor_has_an_ear_in_every_zone_where_nid_1_is_in_force() -> None:
    design = make_design(level=Level.MEDIUM)

    (sensor,) = design.of_kind(HostKind.SENSOR)

    assert [mirror.zone for mirror in sensor.mirrors] == [zone.name for zone in design.zones]
    assert [leg.zone for leg in sensor.interfaces] == [ZoneKind.ADMIN]
    devices = [m.mac for m in sensor.mirrors] + [
        leg.mac for host in design.hosts for leg in host.interfaces
    ]
    assert len(set(devices)) == len(devices)
    assert not any(sensor.name in flow.to_hosts for flow in design.flows)


def test_without_nid_1_there_is_no_sensor_and_nobody_elses_place_changes() -> None:
    site = make_site(level=Level.MEDIUM)
    full = resolve(site, TODAY)
    weaker = {id_: why for id_, why in full.in_force.items() if id_ != "NID-1"}

    with_it, without = build(site, full), build(site, Requirements(MappingProxyType(weaker)))

    assert not without.of_kind(HostKind.SENSOR)
    assert without.hosts == tuple(h for h in with_it.hosts if h.kind != HostKind.SENSOR)
    assert not any("ids1" in flow.from_hosts for flow in without.flows)
    assert not make_design(level=Level.MINIMUM).of_kind(HostKind.SENSOR)
