"""Which zones there are follows from the mitigations in force and from what the site has."""

from datetime import timedelta

import pytest

from ringfence.design import SoftphoneError, build
from ringfence.design.model import Design, HostKind, ZoneKind
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.render.catalogue import tree
from ringfence.site.deviations import Change, Deviation
from ringfence.site.model import Location, Site
from samples import TODAY, make_design, make_site


def designed(site: Site) -> Design:
    return build(site, resolve(site, TODAY))


def with_softphone(level: Level) -> Site:
    site = make_site(phones=3, level=level)
    phones = (site.phones[0].model_copy(update={"model": "linphone"}), *site.phones[1:])
    return site.model_copy(update={"phones": phones})


def in_two_places() -> Site:
    site = make_site(phones=4)
    phones = tuple(
        phone.model_copy(update={"at": "annex" if index == 3 else None})
        for index, phone in enumerate(site.phones)
    )
    places = (Location(name="main"), Location(name="annex", title="The annex"))
    return site.model_copy(update={"phones": phones, "locations": places})


def test_gateways_stand_apart_where_sep_2_is_in_force() -> None:
    assert not make_design(level=Level.MINIMUM).zones_of(ZoneKind.GATEWAYS)
    assert make_design(level=Level.MEDIUM).zones_of(ZoneKind.GATEWAYS)


def test_softphones_have_a_zone_of_their_own_where_they_may_be() -> None:
    design = designed(with_softphone(Level.MINIMUM))

    (zone,) = design.zones_of(ZoneKind.SOFTPHONES)
    (softphone,) = (host for host in design.hosts if host.model == "linphone")
    assert softphone.zone == zone.name
    assert softphone.address in zone.subnet
    assert zone.serves == ("SFT-2",)


def test_softphones_are_refused_where_sft_1_is_in_force() -> None:
    with pytest.raises(SoftphoneError, match=r"phones\[0\].model: 'linphone' is a softphone"):
        designed(with_softphone(Level.MEDIUM))


def test_deviations_let_softphones_in_again_into_their_own_zone() -> None:
    approval = {
        "reason": "Staff at home need them.",
        "requested_by": "Ada",
        "approved_by": "Grace",
        "date": TODAY,
        "expires": TODAY + timedelta(days=90),
    }
    site = with_softphone(Level.MEDIUM).model_copy(
        update={
            "deviations": (
                Deviation(mitigation="SFT-1", change=Change.LOWER, **approval),
                Deviation(mitigation="SFT-2", change=Change.RAISE, **approval),
            )
        }
    )

    assert designed(site).zones_of(ZoneKind.SOFTPHONES)


def test_each_location_has_a_phone_vlan_of_its_own() -> None:
    design = designed(in_two_places())

    first, second = design.zones_of(ZoneKind.PHONES)
    assert (first.name, second.name) == ("phones", "phones-annex")
    assert (first.location, second.location) == ("main", "annex")
    assert first.vlan != second.vlan
    assert not first.subnet.overlaps(second.subnet)
    phones = design.of_kind(HostKind.PHONE)
    assert [phone.zone for phone in phones] == ["phones"] * 3 + ["phones-annex"]
    assert all(phone.address in design.zone(phone.zone).subnet for phone in phones)


def test_phones_of_every_location_have_the_same_flows() -> None:
    flows = designed(in_two_places()).flows
    kinds = {
        zone: {
            (flow.to_zone, flow.protocol, str(flow.ports))
            for flow in flows
            if zone == flow.from_zone and flow.to_zone == "servers"
        }
        for zone in ("phones", "phones-annex")
    }

    assert kinds["phones"] == kinds["phones-annex"]
    assert len({flow.name for flow in flows}) == len(flows)


def test_the_address_server_and_its_relay_serve_every_phone_vlan() -> None:
    design = designed(in_two_places())
    (server,) = design.of_kind(HostKind.SERVICES)
    (firewall,) = design.of_kind(HostKind.FIREWALL)
    texts = {
        file.path: file.text for host in (server, firewall) for file in tree(design, host).files
    }

    for zone in design.zones_of(ZoneKind.PHONES):
        assert f'"subnet": "{zone.subnet}"' in texts["/etc/kea/kea-dhcp4.conf"]
        assert f"dhcp-relay={zone.gateway}," in texts["/etc/ringfence/dhcp-relay.conf"]


def test_nobody_moves_when_a_zone_comes_in() -> None:
    without, more = make_design(level=Level.MINIMUM), make_design(level=Level.MEDIUM)

    for zone in without.zones:
        assert more.zone(zone.name).subnet == zone.subnet
        assert more.zone(zone.name).vlan == zone.vlan
