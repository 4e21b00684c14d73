"""Subnets and addresses: derived, stated, stable."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.design.addresses import AddressError, addresses
from ringfence.design.addresses import subnets as subnets_of
from ringfence.design.model import ZoneKind, ZoneName
from ringfence.design.zones import plots
from ringfence.policy import resolve
from ringfence.site.model import Addressing, Site
from samples import TODAY, make_site


def subnets(site: Site) -> dict[ZoneName, IPv4Network]:
    laid_out = plots(site, resolve(site, TODAY))
    return subnets_of(site, {plot.name: plot.phones for plot in laid_out})


@settings(max_examples=30, deadline=None)
@given(phones=st.integers(min_value=1, max_value=2000))
def test_zones_never_overlap_and_hold_their_phones(phones: int) -> None:
    nets = subnets(make_site(phones))

    listed = list(nets.values())
    assert set(nets) == {"phones", "servers", "admin", "data", "outside"}
    assert not any(a.overlaps(b) for i, a in enumerate(listed) for b in listed[i + 1 :])
    assert nets[ZoneKind.PHONES].num_addresses > phones + 12


def test_adding_phones_moves_nobody() -> None:
    before = subnets(make_site(200))
    after = subnets(make_site(1900))

    assert after[ZoneKind.SERVERS] == before[ZoneKind.SERVERS]
    assert after[ZoneKind.PHONES].network_address == before[ZoneKind.PHONES].network_address


def test_a_stated_subnet_is_kept_and_the_others_avoid_it() -> None:
    data = IPv4Network("10.16.0.0/24")
    nets = subnets(make_site(addressing=Addressing(zones={"data": data})))

    assert nets[ZoneKind.DATA] == data
    assert not nets[ZoneKind.SERVERS].overlaps(data)


def test_a_phones_subnet_too_small_is_refused_in_words() -> None:
    tight = Addressing(zones={"phones": IPv4Network("10.1.0.0/28")})

    with pytest.raises(AddressError, match="too small for 10 phones"):
        subnets(make_site(10, addressing=tight))


def test_a_supernet_without_room_is_refused() -> None:
    tight = Addressing(supernet=IPv4Network("10.1.0.0/26"))

    with pytest.raises(AddressError, match="no room"):
        subnets(make_site(100, addressing=tight))


def test_a_stated_address_is_given_and_nobody_else_gets_it() -> None:
    net = IPv4Network("10.0.0.0/24")
    stated = IPv4Address("10.0.0.11")

    given_out = addresses(net, ("a", "b", "c"), {"c": stated})

    assert given_out["c"] == stated
    assert len(set(given_out.values())) == 3


@pytest.mark.parametrize("address", ["10.0.1.5", "10.0.0.0", "10.0.0.1", "10.0.0.255"])
def test_an_address_that_hosts_cannot_have_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="not an address for hosts"):
        addresses(IPv4Network("10.0.0.0/24"), ("a",), {"a": IPv4Address(address)})


def test_one_address_for_two_hosts_is_refused() -> None:
    twice = IPv4Address("10.0.0.20")

    with pytest.raises(AddressError, match="twice"):
        addresses(IPv4Network("10.0.0.0/24"), ("a", "b"), {"a": twice, "b": twice})
