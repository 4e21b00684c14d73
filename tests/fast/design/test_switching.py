"""What a switch port is to do follows from who sits there and from the mitigations in force."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from ringfence.design import AddressError, SwitchError, build
from ringfence.design.access import NATIVE_VLAN, PARKING_VLAN, PortUse, SwitchPort
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.render.catalogue import tree, trees
from ringfence.site.model import Addressing, Site, Switch, SwitchPlatform
from samples import TODAY, make_design, make_site
from switch_sites import COMPUTER, OWN_PORT, switched_design, switched_site

IOS_XE = SwitchPlatform.IOS_XE
PHONE, FREE, OWN, SERVER, UPLINK = 1, 4, 6, 7, 11


def ports(level: Level, *, computer: bool = False, without: str = "") -> dict[int, SwitchPort]:
    design = switched_design(level, IOS_XE, computer=computer, without=without.split())
    return {port.number: port for port in design.switches[0].ports}


def test_a_site_without_switches_has_none() -> None:
    design = make_design()

    assert design.switches == ()
    assert not any(flow.name == "time-switches" for flow in design.flows)


def test_every_port_has_the_vlans_of_who_sits_there() -> None:
    found = ports(Level.MEDIUM)

    assert (found[PHONE].use, found[PHONE].voice_vlan) == (PortUse.PHONE, 10)
    assert found[PHONE].access_vlan == PARKING_VLAN
    assert (found[SERVER].use, found[SERVER].label, found[SERVER].access_vlan) == (
        *(PortUse.SERVER, "sip1", 20),
    )
    assert (found[OWN].use, found[OWN].access_vlan) == (PortUse.PC, 40)
    assert (found[FREE].use, found[FREE].shut) == (PortUse.UNUSED, True)
    assert (found[UPLINK].use, found[UPLINK].access_vlan) == (PortUse.UPLINK, NATIVE_VLAN)
    assert found[UPLINK].trunk_vlans == (10, 20, 30, 40)


def test_an_uplink_carries_no_vlan_that_nobody_behind_it_needs() -> None:
    design = switched_design(Level.MEDIUM, IOS_XE, SwitchPlatform.EOS)

    assert design.switches[1].ports[-1].trunk_vlans == (30,)
    assert [vlan.number for vlan in design.switches[1].vlans] == [30, NATIVE_VLAN, PARKING_VLAN]


def test_a_computer_behind_a_phone_is_in_the_data_vlan() -> None:
    with_one, without = ports(Level.MEDIUM, computer=True), ports(Level.MEDIUM)

    assert with_one[PHONE].access_vlan == 40
    assert with_one[PHONE].computer_allowed
    assert with_one[PHONE].known_macs == ("02:00:5e:00:00:00", COMPUTER)
    assert without[PHONE].known_macs == ("02:00:5e:00:00:00",)
    assert not without[PHONE].computer_allowed
    assert without[OWN].known_macs == (OWN_PORT,)


def test_a_computer_behind_a_phone_is_refused_where_eth_2_is_in_force() -> None:
    site = switched_site(Level.HIGHEST, IOS_XE, computer=True)

    with pytest.raises(SwitchError, match=r"phones\[0\].computer: ETH-2 is in force"):
        build(site, resolve(site, TODAY))


def test_set_addresses_are_bound_and_leased_ones_reserved() -> None:
    leased, fixed = ports(Level.MEDIUM), ports(Level.HIGHEST)

    (pair,) = leased[PHONE].reserved
    assert (pair.mac, pair.vlan, str(pair.address)) == ("02:00:5e:00:00:00", 10, "10.24.0.10")
    assert leased[PHONE].bindings == ()
    assert [str(each.address) for each in fixed[PHONE].bindings] == ["10.24.0.10"]
    assert [str(each.address) for each in leased[SERVER].bindings] == ["10.16.0.10"]
    assert leased[OWN].bindings == leased[OWN].reserved == ()


@pytest.mark.parametrize(
    ("without", "gone"),
    [
        ("SEP-4 EAV-2", {"known_macs", "alerts", "bpdu_guard", "storm_control"}),
        ("EAV-2 ACC-3 DHC-7", {"source_guard", "arp_inspection", "dhcp_guard", "reserved"}),
        ("EAV-3", {"alerts"}),
        ("DHC-2", {"authenticated"}),
        ("PWB-1 SNM-3", {"closed"}),
    ],
)
def test_what_is_not_in_force_is_not_at_the_port(without: str, gone: set[str]) -> None:
    whole, weaker = ports(Level.MEDIUM)[PHONE], ports(Level.MEDIUM, without=without)[PHONE]

    changed = {
        name for name in SwitchPort.model_fields if getattr(whole, name) != getattr(weaker, name)
    }
    missed = {name for name in gone if not getattr(weaker, name)}
    assert missed == gone
    assert changed <= gone


def test_where_only_telephones_must_authenticate_others_need_not() -> None:
    medium, highest = ports(Level.MEDIUM), ports(Level.HIGHEST)

    assert medium[PHONE].authenticated
    assert not medium[SERVER].authenticated
    assert highest[SERVER].authenticated
    assert highest[OWN].authenticated
    assert not highest[UPLINK].authenticated


def test_devices_must_have_somebody_to_authenticate_them() -> None:
    site = switched_site(Level.HIGHEST, IOS_XE)
    nobody = site.model_copy(update={"radius": None})
    elsewhere = site.model_copy(update={"radius": IPv4Address("10.16.0.20")})

    with pytest.raises(SwitchError, match="state the address of the RADIUS server"):
        build(nobody, resolve(nobody, TODAY))
    with pytest.raises(SwitchError, match=r"10\.16\.0\.20 lies outside 10\.16\.1\.0/24"):
        build(elsewhere, resolve(elsewhere, TODAY))


def test_nobody_is_asked_where_nobody_must_authenticate() -> None:
    site = switched_site(Level.MINIMUM, IOS_XE).model_copy(update={"radius": None})

    assert build(site, resolve(site, TODAY)).switches[0].radius is None


def with_switches(count: int, addressing: Addressing) -> Site:
    site = make_site(addressing=addressing)
    switches = tuple(Switch(name=f"s{n}", platform=IOS_XE) for n in range(count))
    return site.model_copy(update={"switches": switches})


def test_switches_have_addresses_from_the_end_so_that_no_server_moves() -> None:
    fixed = Addressing(fixed={"s1": IPv4Address("10.16.1.254")})
    site = with_switches(3, fixed)
    design = build(site, resolve(site, TODAY))

    found = [str(each.address) for each in design.switches]
    assert found == ["10.16.1.253/24", "10.16.1.254/24", "10.16.1.252/24"]
    assert [host.address for host in design.hosts] == [
        host.address for host in build(make_site(), resolve(make_site(), TODAY)).hosts
    ]


def test_too_many_switches_for_the_administration_are_refused_in_words() -> None:
    site = with_switches(260, Addressing())
    wide = with_switches(260, Addressing(zones={"admin": IPv4Network("10.20.0.0/20")}))

    with pytest.raises(AddressError, match="too few addresses for 260 switches"):
        build(site, resolve(site, TODAY))
    assert len({each.address for each in build(wide, resolve(wide, TODAY)).switches}) == 260


@pytest.mark.parametrize("address", ["10.16.1.10", "10.16.0.77"])
def test_an_address_that_a_switch_cannot_have_is_refused(address: str) -> None:
    site = with_switches(1, Addressing(fixed={"s0": IPv4Address(address)}))

    with pytest.raises(AddressError, match="not a free address"):
        build(site, resolve(site, TODAY))


def test_the_primary_time_source_lets_switches_in_and_nobody_else_does() -> None:
    design = switched_design(Level.MEDIUM, IOS_XE)
    texts = {
        each.host: file.text
        for each in trees(design)
        for file in each.files
        if file.path == "/etc/nftables.conf"
    }
    address = str(design.switches[0].address.ip)

    assert {host for host, text in texts.items() if address in text} == {"admin1"}
    assert f"ip saddr {address} udp dport 123 counter accept" in texts["admin1"]


def test_a_server_with_a_stated_mac_address_has_it() -> None:
    design = switched_design(Level.MEDIUM, IOS_XE)
    (sip,) = (host for host in design.hosts if host.name == "sip1")

    assert sip.interfaces[0].mac == "02:00:5e:03:00:07"
    assert tree(design, sip).host == "sip1"
