"""Each question about access switches is answered yes as rendered, and no once it is broken."""

from datetime import UTC, datetime
from functools import cache

import pytest

from ringfence.design.model import Design
from ringfence.guide import Level, known_ids
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.rendered import answer_all, read
from ringfence.probe.switch_questions import SWITCHES
from ringfence.render.catalogue import all_trees
from ringfence.render.files import Tree
from ringfence.site.model import SwitchPlatform
from samples import make_design
from switch_sites import changed, switched_design

NOW = datetime(2026, 6, 1, tzinfo=UTC)
IDS = {question.id for question in SWITCHES}
IOS_XE, EOS, JUNOS, AOS_CX = SwitchPlatform
MEDIUM, HIGHEST = Level.MEDIUM, Level.HIGHEST

NOT_DEMANDED = {
    Level.MINIMUM: {
        "switch-alerts",
        "switch-authenticates-phones",
        "switch-authenticates-all",
    },
    Level.MEDIUM: {"switch-authenticates-all"},
    Level.HIGHEST: set[str](),
}


@cache
def design(level: Level, platform: SwitchPlatform, *, computer: bool = False) -> Design:
    return switched_design(level, platform, computer=computer)


def answers(of: Design, given: tuple[Tree, ...]) -> dict[str, Fact]:
    found = (taken.fact for taken in answer_all(read(of, given), NOW))
    return {fact.question: fact for fact in found if fact.question in IDS}


def wrong(of: Design) -> set[str]:
    found = answers(of, tuple(all_trees(of)))
    return {question for question, fact in found.items() if fact.answer != Answer.YES}


@pytest.mark.parametrize("platform", [IOS_XE, JUNOS])
@pytest.mark.parametrize("level", Level)
def test_as_rendered_every_question_that_the_level_asks_is_answered_yes(
    level: Level, platform: SwitchPlatform
) -> None:
    assert wrong(design(level, platform)) == NOT_DEMANDED[level]


@pytest.mark.parametrize("level", Level)
def test_eos_says_that_it_cannot_lock_a_computer_whose_address_it_does_not_know(
    level: Level,
) -> None:
    of = design(level, EOS)

    fact = answers(of, tuple(all_trees(of)))["switch-addresses"]

    assert wrong(of) == NOT_DEMANDED[level] | {"switch-addresses"}
    assert fact.contrary[0].startswith("sw1 (eos) cannot: ports 6 are not locked to addresses")
    assert set(fact.contrary[1:]) == {"sw1 port 6 does not check packets"}


@pytest.mark.parametrize("level", Level)
def test_aos_cx_says_that_it_cannot_inspect_arp_of_devices_with_set_addresses(
    level: Level,
) -> None:
    of = design(level, AOS_CX)

    fact = answers(of, tuple(all_trees(of)))["switch-addresses"]

    assert wrong(of) == NOT_DEMANDED[level] | {"switch-addresses"}
    assert "cannot: ARP is not inspected in VLANs" in fact.contrary[0]
    assert "sw1 port 7 does not check ARP" in fact.contrary


@pytest.mark.parametrize("platform", SwitchPlatform)
def test_a_computer_behind_a_telephone_is_in_the_data_vlan(platform: SwitchPlatform) -> None:
    found = wrong(design(MEDIUM, platform, computer=True))

    assert "switch-computer-ports" not in found
    assert "switch-no-computers" in found
    assert "switch-vlans" not in found


def test_a_site_without_switches_is_not_seen() -> None:
    found = answers(make_design(), tuple(all_trees(make_design())))

    assert {fact.answer for fact in found.values()} == {Answer.UNSEEN}
    assert {fact.saw for fact in found.values()} == {"the site file names no switches"}


def test_every_question_names_mitigations_of_the_guide() -> None:
    assert {id_ for question in SWITCHES for id_ in question.informs} <= known_ids()


BREAKS: list[tuple[SwitchPlatform, str, str, str]] = [
    # known devices, unused ports, bridges and storms
    (IOS_XE, "switch-devices", "switchport port-security\n", ""),
    (IOS_XE, "switch-devices", "0200.5e00.0001 vlan voice", "0200.5e00.00aa vlan voice"),
    (
        IOS_XE,
        "switch-devices",
        " switchport access vlan 3999\n shutdown",
        " switchport access vlan 3999",
    ),
    (IOS_XE, "switch-devices", "vlan 3999\n shutdown", "vlan 10\n shutdown"),
    (IOS_XE, "switch-devices", " spanning-tree bpduguard enable\n", ""),
    (IOS_XE, "switch-devices", " storm-control multicast level 1.00\n", ""),
    (EOS, "switch-devices", "permit 02:00:5e:00:00:01 ", "permit 02:00:5e:00:00:aa "),
    (EOS, "switch-devices", "   spanning-tree portfast\n", ""),
    (EOS, "switch-devices", "access\n   shutdown", "access\n   no shutdown"),
    (
        JUNOS,
        "switch-devices",
        "accept-source-mac mac-address 02:00:5e:00:00:01",
        "accept-source-mac mac-address 02:00:5e:00:00:aa",
    ),
    (JUNOS, "switch-devices", "set interfaces ge-0/0/3 disable\n", ""),
    (JUNOS, "switch-devices", "set protocols rstp bpdu-block-on-edge\n", ""),
    (AOS_CX, "switch-devices", "permit 0200.5e00.0001 any any", "permit 0200.5e00.00aa any any"),
    (AOS_CX, "switch-devices", "    spanning-tree bpdu-guard\n", ""),
    (AOS_CX, "switch-devices", "    shutdown\n    no routing", "    no shutdown\n    no routing"),
    # senders
    (EOS, "switch-senders", "static 0200.5e02.0001", "static 0200.5e02.0002"),
    # addresses
    (IOS_XE, "switch-addresses", " ip verify source mac-check\n", ""),
    (
        IOS_XE,
        "switch-addresses",
        "ip arp inspection vlan 10,20,30,40",
        "ip arp inspection vlan 10,40",
    ),
    (IOS_XE, "switch-addresses", "vlan 20 10.16.0.10 interface", "vlan 20 10.16.0.99 interface"),
    (IOS_XE, "switch-addresses", "permit ip host 10.16.0.10 mac", "permit ip host 10.16.0.99 mac"),
    (EOS, "switch-addresses", "   address locking ipv4\n", ""),
    (EOS, "switch-addresses", "lease 10.24.0.11 mac", "lease 10.24.0.99 mac"),
    (EOS, "switch-addresses", "   local-interface Vlan30\n", ""),
    (
        JUNOS,
        "switch-addresses",
        "set vlans phones forwarding-options dhcp-security arp-inspection\n",
        "",
    ),
    (
        JUNOS,
        "switch-addresses",
        "set vlans phones forwarding-options dhcp-security ip-source-guard\n",
        "",
    ),
    (JUNOS, "switch-addresses", "static-ip 10.16.0.10 mac", "static-ip 10.16.0.99 mac"),
    (AOS_CX, "switch-addresses", "    ipv4 source-lockdown\n", ""),
    (
        AOS_CX,
        "switch-addresses",
        "ipv4 source-binding 20 10.16.0.10",
        "ipv4 source-binding 20 10.16.0.99",
    ),
    # address servers
    (
        IOS_XE,
        "switch-address-servers",
        "description phone p100001\n",
        "description phone p100001\n ip dhcp snooping trust\n",
    ),
    (IOS_XE, "switch-address-servers", "ip dhcp snooping\n", ""),
    (IOS_XE, "switch-address-servers", " ip dhcp snooping trust\n", ""),
    (
        EOS,
        "switch-address-servers",
        "deny udp any eq bootps any",
        "deny udp any 10.99.0.0/24 eq 67",
    ),
    (EOS, "switch-address-servers", "   ip access-group RF-ACCESS in\n", ""),
    (
        JUNOS,
        "switch-address-servers",
        "group uplinks interface ge-0/0/10.0\n",
        "group uplinks interface ge-0/0/1.0\n",
    ),
    (
        AOS_CX,
        "switch-address-servers",
        "    description phone p100001\n",
        "    description phone p100001\n    dhcpv4-snooping trust\n",
    ),
    (AOS_CX, "switch-address-servers", "    voice\n    dhcpv4-snooping\n", "    voice\n"),
    # alerts
    (IOS_XE, "switch-alerts", "violation restrict\n switchport", "violation protect\n switchport"),
    (IOS_XE, "switch-alerts", "mac address-table notification threshold\n", ""),
    (IOS_XE, "switch-alerts", "logging host 10.16.1.10", "logging host 10.16.2.10"),
    (EOS, "switch-alerts", "deny any any log", "deny any any"),
    (JUNOS, "switch-alerts", "packet-action drop-and-log", "packet-action drop"),
    (AOS_CX, "switch-alerts", "deny any any any log", "deny any any any"),
    # 802.1X
    (IOS_XE, "switch-authenticates-phones", "dot1x system-auth-control\n", ""),
    (IOS_XE, "switch-authenticates-phones", "aaa new-model\n", ""),
    (IOS_XE, "switch-authenticates-phones", " authentication periodic\n", ""),
    (IOS_XE, "switch-authenticates-phones", " authentication port-control auto\n", ""),
    (IOS_XE, "switch-authenticates-phones", "reauthenticate 1800", "reauthenticate 86400"),
    (IOS_XE, "switch-authenticates-phones", "address ipv4 10.16.1.20", "address ipv4 10.16.2.20"),
    (EOS, "switch-authenticates-phones", "   no dot1x port-control force-authorized phone\n", ""),
    (EOS, "switch-authenticates-phones", "   dot1x reauthentication\n", ""),
    (
        JUNOS,
        "switch-authenticates-phones",
        "interface ge-0/0/1.0 reauthentication 1800\n",
        "interface ge-0/0/10.0 reauthentication 1800\n",
    ),
    (
        JUNOS,
        "switch-authenticates-phones",
        "set protocols dot1x authenticator authentication-profile-name RF-RADIUS\n",
        "",
    ),
    (AOS_CX, "switch-authenticates-phones", "        enable\n", ""),
    (
        AOS_CX,
        "switch-authenticates-phones",
        "    aaa authentication port-access auth-mode client-mode\n",
        "",
    ),
    (AOS_CX, "switch-authenticates-phones", "client-limit 1\n", "client-limit 9\n"),
    # VLANs
    (IOS_XE, "switch-vlans", " switchport voice vlan 10", " switchport voice vlan 20"),
    (IOS_XE, "switch-vlans", " switchport access vlan 40", " switchport access vlan 10"),
    (IOS_XE, "switch-vlans", "native vlan 3998", "native vlan 10"),
    (IOS_XE, "switch-vlans", "allowed vlan 10,20,30,40", "allowed vlan 10,20,30,40,3998"),
    (EOS, "switch-vlans", "   switchport phone vlan 10", "   switchport phone vlan 20"),
    (EOS, "switch-vlans", "native vlan 3998", "native vlan 10"),
    (
        JUNOS,
        "switch-vlans",
        "voip interface ge-0/0/1.0 vlan phones",
        "voip interface ge-0/0/1.0 vlan data",
    ),
    (JUNOS, "switch-vlans", "native-vlan-id 3998", "native-vlan-id 10"),
    (AOS_CX, "switch-vlans", "    vlan access 40", "    vlan access 20"),
    (AOS_CX, "switch-vlans", "trunk native 3998", "trunk native 10"),
    # computers behind telephones
    (
        IOS_XE,
        "switch-computer-ports",
        " switchport access vlan 3999\n switchport voice",
        " switchport access vlan 20\n switchport voice",
    ),
    (EOS, "switch-computer-ports", "native vlan 3999", "native vlan 20"),
    (
        JUNOS,
        "switch-computer-ports",
        "set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members parking",
        "set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members servers",
    ),
    (
        AOS_CX,
        "switch-computer-ports",
        "    vlan trunk native 3999\n    vlan trunk allowed 10",
        "    vlan trunk native 20\n    vlan trunk allowed 10,20",
    ),
    (
        IOS_XE,
        "switch-no-computers",
        " switchport access vlan 3999\n switchport voice",
        " switchport access vlan 40\n switchport voice",
    ),
    (
        AOS_CX,
        "switch-no-computers",
        "    vlan trunk native 3999\n    vlan trunk allowed 10",
        "    vlan trunk native 40\n    vlan trunk allowed 10,40",
    ),
    # telephones' management
    (IOS_XE, "switch-closed-phones", " ip access-group RF-ACCESS in\n", ""),
    (IOS_XE, "switch-closed-phones", " deny tcp any 10.24.0.0 0.0.0.255 eq 443\n", ""),
    (EOS, "switch-closed-phones", "eq 161", "eq 162"),
    (
        JUNOS,
        "switch-closed-phones",
        "set interfaces ge-0/0/1 unit 0 family ethernet-switching filter input RF-ACCESS\n",
        "",
    ),
    (JUNOS, "switch-closed-phones", "from destination-port 80\n", "from destination-port 81\n"),
    (AOS_CX, "switch-closed-phones", "    apply access-list ip RF-ACCESS in\n", ""),
    (
        AOS_CX,
        "switch-closed-phones",
        "deny tcp any 10.24.0.0/24 eq 22",
        "deny tcp any 10.24.0.0/24 eq 2222",
    ),
    # the switch's own doors
    (IOS_XE, "switch-doors", " transport input ssh\n", ""),
    (IOS_XE, "switch-doors", "no ip http server\n", ""),
    (IOS_XE, "switch-doors", "no snmp-server\n", ""),
    (IOS_XE, "switch-doors", "ip ssh version 2\n", ""),
    (IOS_XE, "switch-doors", " access-class RF-ADMIN in\n", ""),
    (IOS_XE, "switch-doors", " permit 10.16.1.0 0.0.0.255", " permit 10.0.0.0 0.255.255.255"),
    (EOS, "switch-doors", "management telnet\n   shutdown\n", ""),
    (EOS, "switch-doors", "management api http-commands\n   shutdown\n", ""),
    (EOS, "switch-doors", "   ip access-group RF-ADMIN in\n", ""),
    (JUNOS, "switch-doors", "delete system services telnet\n", ""),
    (JUNOS, "switch-doors", "set system services ssh protocol-version v2\n", ""),
    (JUNOS, "switch-doors", "term others then discard", "term others then accept"),
    (AOS_CX, "switch-doors", "no https-server vrf mgmt\n", ""),
    (AOS_CX, "switch-doors", "apply access-list ip RF-ADMIN control-plane vrf default\n", ""),
]


@pytest.mark.parametrize(
    ("platform", "question", "old", "new"),
    BREAKS,
    ids=[f"{each[0]}-{each[1]}-{place}" for place, each in enumerate(BREAKS)],
)
def test_what_is_broken_in_a_configuration_is_found(
    platform: SwitchPlatform, question: str, old: str, new: str
) -> None:
    of = design(MEDIUM, platform)
    before = answers(of, tuple(all_trees(of)))[question]

    fact = answers(of, changed(of, "sw1", old, new))[question]

    assert fact.answer == Answer.NO
    assert set(fact.contrary) - set(before.contrary)


def test_a_server_on_no_declared_switch_is_found_where_all_must_authenticate() -> None:
    of = switched_design(HIGHEST, IOS_XE)
    ports = tuple(
        port.model_copy(update={"label": ""}) if port.label == "net1" else port
        for port in of.switches[0].ports
    )
    switch = of.switches[0].model_copy(update={"ports": ports})
    of = of.model_copy(update={"switches": (switch,)})

    fact = answers(of, tuple(all_trees(of)))["switch-authenticates-all"]

    assert fact.answer == Answer.NO
    assert "net1 is on no declared switch" in fact.contrary


@pytest.mark.parametrize("platform", SwitchPlatform)
def test_a_line_that_is_not_understood_is_a_fault_and_no_yes(platform: SwitchPlatform) -> None:
    of = design(MEDIUM, platform)
    mark = "#" if platform == JUNOS else "!"

    given = changed(of, "sw1", f"{mark} VLANs", f"feature backdoor\n{mark} VLANs")

    found = answers(of, given)
    assert {fact.answer for fact in found.values()} == {Answer.ERROR}
    assert all("ReadError" in fact.saw for fact in found.values())


def test_a_port_that_is_left_out_is_found() -> None:
    of = design(MEDIUM, IOS_XE)
    text = "interface GigabitEthernet1/0/4\n description unused"

    given = changed(of, "sw1", text, "interface GigabitEthernet1/0/44\n description unused")

    assert "sw1 port 4 is not used as designed" in answers(of, given)["switch-devices"].contrary
