"""What a configuration says is what it was written from, whatever the switch."""

import re
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.design.access import (
    NATIVE_VLAN,
    PARKING_VLAN,
    AccessSwitch,
    Binding,
    Doors,
    PortUse,
    SwitchPort,
    Vlan,
)
from ringfence.design.model import Serves
from ringfence.guide import Level
from ringfence.render.switches.catalogue import PLATFORMS, parse
from ringfence.render.switches.reading import ReadError
from ringfence.site.model import SwitchPlatform
from switch_sites import switch_text, switched_design

PHONES, SERVERS, ADMIN, DATA = 10, 20, 30, 40
NAMES = {PHONES: "phones", SERVERS: "servers", ADMIN: "admin", DATA: "data"}


def all_in_force(*mitigations: str) -> Serves:
    return mitigations


def mac(number: int) -> str:
    return f"02:00:5e:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


@st.composite
def switches(draw: st.DrawFn) -> AccessSwitch:
    """A switch of any platform whose ports all have the same demands, as a design makes them."""
    known, checked, guarded, alerts, edge, closed = (draw(st.booleans()) for _ in range(6))
    authenticated = draw(st.booleans())
    demands = {
        "dhcp_guard": checked or guarded,
        "source_guard": checked,
        "arp_inspection": checked,
        "alerts": alerts and known,
        "bpdu_guard": edge,
        "storm_control": edge,
        "authenticated": authenticated,
        "closed": closed,
    }
    uses = draw(st.lists(st.sampled_from(list(PortUse)), min_size=1, max_size=12))
    uses.sort(key=lambda use: use == PortUse.UPLINK)
    ports = tuple(
        _port(draw, number, use, demands, known=known, checked=checked)
        for number, use in enumerate(uses, start=1)
    )
    carried = {ADMIN} | {vlan for port in ports for vlan in port.device_vlans}
    ports = tuple(
        port.model_copy(update={"trunk_vlans": tuple(sorted(carried))})
        if port.use == PortUse.UPLINK
        else port
        for port in ports
    )
    numbers = sorted(carried | {NATIVE_VLAN, PARKING_VLAN})
    own = NAMES | {NATIVE_VLAN: "native", PARKING_VLAN: "parking"}
    return AccessSwitch(
        name=draw(st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)),
        platform=draw(st.sampled_from(SwitchPlatform)),
        domain="voice.example",
        vlans=tuple(Vlan(number=number, name=own[number]) for number in numbers),
        management_vlan=ADMIN,
        address=IPv4Interface((0x0A100100 + draw(st.integers(2, 254)), 24)),
        gateway=IPv4Address("10.16.1.1"),
        doors=Doors(
            telnet=draw(st.booleans()),
            http=draw(st.booleans()),
            snmp=draw(st.booleans()),
            old_ssh=draw(st.booleans()),
            ssh_from=draw(st.sampled_from([None, IPv4Network("10.16.1.0/24")])),
        ),
        logging=IPv4Address("10.16.1.10"),
        time=IPv4Address("10.16.1.11"),
        radius=IPv4Address("10.16.1.20"),
        reauthentication=draw(st.integers(60, 65535)),
        address_server=IPv4Address("10.16.0.11"),
        closed=tuple(
            draw(
                st.sampled_from(
                    [
                        (IPv4Network("10.24.0.0/24"),),
                        (IPv4Network("10.24.0.0/22"), IPv4Network("10.25.0.0/16")),
                    ]
                )
            )
        )
        if closed
        else (),
        table_alert=draw(st.booleans()),
        ports=ports,
    )


def _port(
    draw: st.DrawFn,
    number: int,
    use: PortUse,
    demands: dict[str, bool],
    *,
    known: bool,
    checked: bool,
) -> SwitchPort:
    if use == PortUse.UPLINK:
        return SwitchPort(number=number, use=use, access_vlan=NATIVE_VLAN)
    if use == PortUse.UNUSED:
        return SwitchPort(number=number, use=use, shut=True, access_vlan=PARKING_VLAN)
    voice = PHONES if use == PortUse.PHONE else None
    plain = st.sampled_from([SERVERS, DATA])
    access = draw(st.sampled_from([DATA, PARKING_VLAN]) if voice else plain)
    vlans = [vlan for vlan in (voice, access) if vlan and vlan != PARKING_VLAN]
    macs = [mac(1000 * number + place) for place in range(len(vlans))]
    pairs = tuple(
        Binding(mac=m, vlan=vlan, address=IPv4Address(0x0A180000 + 1000 * number + place))
        for place, (m, vlan) in enumerate(zip(macs, vlans, strict=True))
        if checked and draw(st.booleans())
    )
    field = "bindings" if draw(st.booleans()) else "reserved"
    return SwitchPort(
        number=number,
        use=use,
        label=draw(st.sampled_from(["", "p2001", "sip1"])),
        access_vlan=access,
        voice_vlan=voice,
        known_macs=tuple(macs) if known else (),
        **demands,
        **{field: pairs},
    )


@settings(max_examples=300, deadline=None)
@given(switches())
def test_parsing_what_was_written_gives_the_switch_again(switch: AccessSwitch) -> None:
    platform = PLATFORMS[switch.platform]
    fitted = platform.fit(switch, all_in_force)

    parsed = platform.parse(platform.write(fitted, all_in_force))

    assert parsed.switch == fitted.switch
    assert parsed.gaps == fitted.gaps


@settings(max_examples=200, deadline=None)
@given(switches())
def test_what_a_platform_leaves_out_it_says(switch: AccessSwitch) -> None:
    fitted = PLATFORMS[switch.platform].fit(switch, all_in_force)

    weaker = [
        (old, new)
        for old, new in zip(switch.ports, fitted.switch.ports, strict=True)
        if (old.source_guard, old.arp_inspection) != (new.source_guard, new.arp_inspection)
    ]
    assert bool(weaker) == bool(fitted.gaps)
    for old, new in zip(switch.ports, fitted.switch.ports, strict=True):
        same = (
            *("known_macs", "access_vlan", "voice_vlan", "dhcp_guard", "alerts", "shut"),
            *("authenticated", "closed", "bpdu_guard", "storm_control"),
        )
        assert all(getattr(old, name) == getattr(new, name) for name in same)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("platform", SwitchPlatform)
def test_no_line_can_go_without_being_missed(platform: SwitchPlatform, level: Level) -> None:
    """But for those that only say how something is done, or repeat a default."""
    design = switched_design(level, platform, computer=level != Level.HIGHEST)
    lines = switch_text(design).splitlines()
    whole = parse(platform, "\n".join(lines)).switch

    unmissed = {
        line.strip()
        for place, line in enumerate(lines)
        if not line.strip().startswith(("!", "#"))
        and reads_alike(platform, "\n".join(lines[:place] + lines[place + 1 :]), whole)
    }

    assert {line for line in unmissed if not line.startswith(MANNERS[platform])} == set()


MANNERS: dict[SwitchPlatform, tuple[str, ...]] = {
    SwitchPlatform.IOS_XE: (
        *("service timestamps", "aaa authentication login", "aaa authorization exec", "aaa new"),
        *("no ip routing", "vtp mode", "no cdp run", "lldp run", "spanning-tree mode"),
        *("exec-timeout", "line con", "no ip address", "logging trap", "no shutdown", "end"),
        *(
            "ip dhcp snooping database",
            "no ip dhcp snooping information",
            "ip arp inspection validate",
            "key ",
        ),
        *("ip radius source-interface", "switchport nonegotiate", "authentication violation"),
    ),
    SwitchPlatform.EOS: (
        *("idle-timeout", "no ip routing", "lldp run", "spanning-tree mode", "logging trap"),
        *("ip radius source-interface", "dot1x protocol lldp", "no shutdown", "end"),
    ),
    SwitchPlatform.JUNOS: (
        *("set system services ssh root-login", "set protocols lldp", "set system processes"),
        *("set access profile RF-RADIUS authentication-order", "set access radius-server"),
        *("set protocols rstp interface ge-0/0/10", "set protocols rstp interface ge-0/0/11"),
    ),
    SwitchPlatform.AOS_CX: (
        *("ssh server", "no ssh server", "no dhcpv4-snooping option", "no routing", "end"),
        "no shutdown",
    ),
}
"""Lines whose absence the facts do not show."""


def reads_alike(platform: SwitchPlatform, text: str, whole: AccessSwitch) -> bool:
    try:
        return parse(platform, text).switch == whole
    except ReadError:
        return False


@pytest.mark.parametrize("platform", SwitchPlatform)
@pytest.mark.parametrize("level", Level)
def test_remarks_name_only_mitigations_in_force(level: Level, platform: SwitchPlatform) -> None:
    design = switched_design(level, platform, computer=level != Level.HIGHEST)

    named = set(re.findall(r"\b[A-Z]{3}-[0-9]{1,2}\b", switch_text(design)))
    assert named
    assert named <= design.in_force


@pytest.mark.parametrize("platform", SwitchPlatform)
def test_every_block_follows_a_remark(platform: SwitchPlatform) -> None:
    """Between two remarks stand at most as many lines as one thing takes."""
    text = switch_text(switched_design(Level.HIGHEST, platform))
    mark = "#" if platform == SwitchPlatform.JUNOS else "!"

    assert text.startswith(mark)
    since = 0
    for line in text.splitlines():
        since = 0 if line.strip().startswith(mark) else since + 1
        assert since <= 30, line


@pytest.mark.parametrize("platform", SwitchPlatform)
@pytest.mark.parametrize("text", ["", "hostname x\n", "  stray\n"])
def test_a_text_that_is_no_configuration_is_refused(platform: SwitchPlatform, text: str) -> None:
    with pytest.raises(ReadError):
        parse(platform, text)
