"""Rendered rules let exactly the flows pass; what is changed in them is found, with a packet."""

import re
from dataclasses import replace
from datetime import date
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.design import build
from ringfence.design.model import SERVER_KINDS, Design, HostKind, ZoneKind, ZoneName
from ringfence.guide import Level
from ringfence.packets import extra as extra_module
from ringfence.packets import proof as proof_module
from ringfence.packets.allowed import Allowed
from ringfence.packets.extra import ProofError
from ringfence.packets.nftables import Action, parse
from ringfence.packets.packet import Packet
from ringfence.packets.proof import Proof, prove
from ringfence.packets.spans import Spans, of_addresses, of_network
from ringfence.packets.trace import Limits, trace
from ringfence.policy import resolve
from ringfence.render.catalogue import tree
from ringfence.site import load_site
from rule_sets import INSIDE, RULE_SETS, UNIVERSE, Line, Rules
from samples import make_design

EXAMPLES = Path(__file__).parents[3] / "examples"
LOOPBACK = Allowed("loopback", arriving="lo")


def rule_text(design: Design, name: str) -> str:
    host = next(host for host in design.hosts if host.name == name)
    files = {file.path: file.text for file in tree(design, host).files}
    return files.get("/etc/nftables.conf", "")


def firewall_of(design: Design) -> str:
    return design.of_kind(HostKind.FIREWALL)[0].name


def ends(design: Design, zone: ZoneName, named: tuple[str, ...]) -> Spans:
    if zone == ZoneKind.DATA and not named:
        return (of_network(design.zone(zone).subnet),)
    hosts = (
        leg.address
        for host in design.hosts
        if (host.name in named if named else host.kind != HostKind.FIREWALL)
        for leg in host.interfaces
        if leg.zone == zone
    )
    return of_addresses([*hosts, *(s.address.ip for s in design.switches if s.name in named)])


def crossing(design: Design) -> tuple[Allowed, ...]:
    wall = firewall_of(design)
    return tuple(
        Allowed(
            flow.name,
            flow.from_zone,
            flow.to_zone,
            ends(design, flow.from_zone, flow.from_hosts),
            ends(design, flow.to_zone, flow.to_hosts),
            flow.protocol,
            (flow.ports.first, flow.ports.last),
        )
        for flow in design.flows
        if flow.from_zone != flow.to_zone and wall not in (*flow.from_hosts, *flow.to_hosts)
    )


def received(design: Design, name: str) -> tuple[Allowed, ...]:
    zone = next(host.zone for host in design.hosts if host.name == name)
    return (
        LOOPBACK,
        *(
            Allowed(
                flow.name,
                sources=ends(design, flow.from_zone, flow.from_hosts),
                protocol=flow.protocol,
                ports=(flow.ports.first, flow.ports.last),
                invalid=True,
            )
            for flow in design.flows
            if name in flow.to_hosts or (not flow.to_hosts and flow.to_zone == zone)
        ),
    )


def sent(design: Design, name: str) -> tuple[Allowed, ...]:
    zone = next(host.zone for host in design.hosts if host.name == name)
    return (
        Allowed("loopback", leaving="lo"),
        *(
            Allowed(
                flow.name,
                targets=ends(design, flow.to_zone, flow.to_hosts),
                protocol=flow.protocol,
                ports=(flow.ports.first, flow.ports.last),
                invalid=True,
            )
            for flow in design.flows
            if name in flow.from_hosts or (not flow.from_hosts and flow.from_zone == zone)
        ),
    )


def proved(text: str, wanted: tuple[Allowed, ...], hook: str = "forward") -> Proof:
    return prove(parse(text), wanted, hook)


@pytest.mark.parametrize("phones", [1, 40])
@pytest.mark.parametrize("level", Level)
def test_a_rendered_firewall_passes_exactly_its_flows(level: Level, phones: int) -> None:
    design = make_design(phones=phones, level=level)

    found = proved(rule_text(design, firewall_of(design)), crossing(design))

    assert [*found.contrary(), *found.idle()] == []
    assert found.exact


@pytest.mark.parametrize("site", sorted(each.name for each in EXAMPLES.iterdir()))
def test_the_rules_of_the_examples_pass_exactly_their_flows(site: str) -> None:
    declared = load_site(EXAMPLES / site)
    design = build(declared, resolve(declared, date(2026, 11, 24)))

    proofs: list[Proof] = []
    for host in design.hosts:
        text = rule_text(design, host.name)
        if host.kind == HostKind.FIREWALL:
            proofs.append(proved(text, crossing(design)))
        elif text:
            proofs.append(proved(text, received(design, host.name), "input"))
            proofs.append(proved(text, sent(design, host.name), "output"))

    assert len(proofs) == 1 + 2 * sum(host.kind in SERVER_KINDS for host in design.hosts)
    assert [words for each in proofs for words in each.contrary()] == []
    # The firewall hears the address server's answers for every zone of phones by the same rule.
    idle = [each.rule.comment or "" for proof in proofs for each in proof.shadowed]
    assert {comment.partition(":")[0].partition("-")[0] for comment in idle} <= {"dhcp"}
    assert not any(each.unreachable for each in proofs)


@pytest.mark.parametrize("kind", [HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN])
@pytest.mark.parametrize("level", Level)
def test_a_rendered_server_accepts_and_sends_exactly_its_flows(
    level: Level, kind: HostKind
) -> None:
    design = make_design(level=level)
    name = design.of_kind(kind)[0].name
    text = rule_text(design, name)

    for hook, wanted in (("input", received(design, name)), ("output", sent(design, name))):
        found = proved(text, wanted, hook)
        assert [*found.contrary(), *found.idle()] == []


@pytest.mark.parametrize("level", Level)
def test_a_flow_less_is_a_packet_too_many_and_a_rule_less_a_packet_too_few(level: Level) -> None:
    design = make_design(level=level)
    text, wanted = rule_text(design, firewall_of(design)), crossing(design)

    for flow in wanted:
        (extra,) = proved(text, tuple(each for each in wanted if each != flow)).extra
        assert extra.rule.comment
        assert extra.rule.comment.startswith(f"{flow.name}:")
        assert (extra.packet.arriving, extra.packet.leaving) == (flow.arriving, flow.leaving)
        less = re.sub(rf'\n.*ip saddr .* ip daddr .*"{flow.name}: .*"', "", text, count=1)
        found = proved(less, wanted)
        assert [(each.flow, each.part) for each in found.missing] == [(flow.name, "first packets")]
        assert not found.extra


TCP_FLAGS = "tcp flags & (fin|syn|rst|ack) == syn ct state new "
LAST_DROP = 'limit rate 100/second burst 200 packets log prefix "RF drop phones-servers " group 5'

TOO_MUCH = [
    ("tcp dport 5061", "tcp dport 5060-5061", "port 5060 (new)"),
    ("udp dport 30000-39999", "udp dport 30000-40000", "port 40000 (new)"),
    ("ip daddr 10.16.0.11 udp dport 123", "udp dport 123", "phones -> servers: udp"),
    ("udp dport 30000-39999 counter", "counter", "phones -> servers: "),
    (TCP_FLAGS, "", "tcp without SYN"),
    ("tcp flags & (fin|syn|rst|ack) == syn ", "", "tcp without SYN"),
    ('"servers" . "phones" :', '"data" . "phones" :', "data -> phones: udp from 10.16.0.10"),
    ('"servers" . "admin" :', '"servers" . "outside" :', "servers -> outside: udp"),
    ("ct state invalid counter drop", "", "(invalid)"),
    ("established,related counter", "established,new counter", "(new)"),
    ("established,related counter", "established,untracked counter", "(untracked)"),
    ("ct state established,related counter accept", "accept", "line 39 of forward"),
    ("iifname . oifname vmap", 'iifname "data" accept\niifname . oifname vmap', "data -> "),
    (LAST_DROP, f"udp dport 161 accept\n{LAST_DROP}", "port 161"),
    (LAST_DROP, f"meta\n{LAST_DROP}".replace("meta", "tcp dport 22 accept"), "port 22"),
    (
        LAST_DROP,
        f"limit rate 1/second burst 5 packets udp dport 69 accept\n{LAST_DROP}",
        "as often as its limit lets it",
    ),
]


@pytest.mark.parametrize(("old", "new", "words"), TOO_MUCH, ids=[each[1] for each in TOO_MUCH])
def test_what_passes_beyond_the_flows_is_found_with_a_packet(
    old: str, new: str, words: str
) -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    assert old in text

    extra = proved(text.replace(old, new, 1), crossing(design)).extra

    assert any(words in str(each) for each in extra), [str(each) for each in extra]
    assert not any(is_flow(each.packet, crossing(design)) for each in extra)


TOO_LITTLE = [
    ("tcp dport 5061", "tcp dport 5062", "signalling: of its first packets"),
    ("udp dport 30000-39999", "udp dport 30000-39998", "to 10.16.0.10 port 39999 (new)"),
    ("ip saddr 10.24.0.10-10.24.0.12", "ip saddr 10.24.0.10-10.24.0.11", "from 10.24.0.12"),
    ("ct state established,related counter accept", "", "of its replies"),
    ("ct state established,related counter accept", "ct state related accept", "later packets"),
    ("saddr != 10.24.0.0/24", "saddr != 10.24.0.0/29", "of spoofed: counter drop"),
    ("iifname . oifname vmap", "udp dport 53 drop\niifname . oifname vmap", "udp dport 53 drop"),
    (
        "iifname . oifname vmap",
        "limit rate 5/second burst 5 packets udp dport 53 drop\niifname . oifname vmap",
        "names-phones-udp: of its first packets",
    ),
    ("iifname . oifname vmap @zone_pairs", "", "media-out: of its first packets"),
]


@pytest.mark.parametrize(("old", "new", "words"), TOO_LITTLE, ids=[each[1] for each in TOO_LITTLE])
def test_what_the_flows_lack_is_found_with_a_packet(old: str, new: str, words: str) -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    assert old in text

    missing = proved(text.replace(old, new, 1), crossing(design)).missing

    assert any(words in str(each) for each in missing), [str(each) for each in missing]


def is_flow(packet: Packet, wanted: tuple[Allowed, ...]) -> bool:
    """Whether a packet may start one of the flows, said without any sets."""
    return any(
        (each.arriving, each.leaving) == (packet.arriving, packet.leaving)
        and any(first <= int(packet.source) <= last for first, last in each.sources)
        and any(first <= int(packet.target) <= last for first, last in each.targets)
        and each.ports[0] <= packet.port <= each.ports[1]
        and not packet.ipv6
        and (
            (packet.state == "new" and packet.opening)
            if each.protocol == "tcp"
            else packet.state in {"new", "untracked"}
        )
        and packet.protocol == {"tcp": 6, "udp": 17}[each.protocol or ""]
        for each in wanted
    )


def test_without_a_drop_and_with_a_policy_that_accepts_everything_else_passes() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design)).replace("policy drop", "policy accept")
    forward = text[text.index("chain forward") : text.index("chain phones_servers")]

    open_door = text.replace(forward, forward.replace("    counter drop\n", ""))

    assert proved(text, crossing(design)).exact
    (extra,) = proved(open_door, crossing(design)).extra
    assert extra.rule.text == "policy accept"
    assert extra.stopped is None


def test_without_a_chain_at_the_hook_everything_passes() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design)).replace("hook forward", "hook output")
    text = re.sub("iifname . oifname vmap @zone_pairs", "", text)

    (extra,) = proved(text, crossing(design)).extra

    assert "passes by forward: there is no chain" in str(extra)


def test_a_packet_that_an_earlier_chain_stops_is_told_of_and_so_is_the_chain() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    wide = text.replace("ip saddr 10.24.0.10-10.24.0.12 ip daddr 10.16.0.10", "ip daddr 10.16.0.10")

    passing = proved(wide, crossing(design)).extra[0]
    stopped = proved(
        text.replace('"servers" . "phones" :', '"data" . "phones" :'), crossing(design)
    ).extra[0]

    assert passing.stopped is None
    assert passing.packet.source in design.zone(ZoneKind.PHONES).subnet or passing.packet.ipv6
    assert stopped.stopped
    assert "were it not for line 28 before" in str(stopped)


def test_a_rule_that_adds_nothing_is_named_with_the_one_that_takes_its_packets() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    line = next(each for each in text.splitlines() if "signalling:" in each)
    lines = text.replace(line, f"{line}\n{line.replace('5061', '5061-5062')}\n{line}").splitlines()

    found = proved("\n".join(lines), crossing(design))

    (shadowed,) = found.shadowed
    assert "adds nothing" in str(shadowed)
    assert shadowed.by
    assert (shadowed.rule.line, shadowed.by.line) == (
        lines.index(line) + 3,
        lines.index(line) + 1,
    )


def test_a_rule_that_matches_nothing_is_named() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    odd = 'iifname "data" udp dport 9 accept'

    shadowed = proved(text.replace(LAST_DROP, f"{odd}\n{LAST_DROP}"), crossing(design)).shadowed

    line = text.splitlines().index(f"    {LAST_DROP}") + 1
    assert [str(each) for each in shadowed] == [
        f"line {line} of phones_servers: {odd} adds nothing: it matches none"
    ]


def test_chains_that_nothing_leads_to_are_named() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))

    found = proved(re.sub('.*"servers" . "admin" : .*\n', "", text), crossing(design))

    assert found.unreachable == ("servers_admin",)
    assert "nothing leads to chain servers_admin" in list(found.idle())


def test_a_second_chain_at_the_hook_can_only_take_away() -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    second = "  chain more {\n    type filter hook forward priority filter\n"
    with_second = text.replace("  chain forward {", f"{second}    %s\n  }}\n\n  chain forward {{")

    assert proved(with_second % "counter accept", crossing(design)).exact
    lost = proved(with_second % "udp dport 123 ct state new drop", crossing(design)).missing
    assert {each.flow for each in lost} == {"time-phones", "time-servers"}


def test_a_flow_of_nobody_asks_for_nothing() -> None:
    design = make_design()
    nobody = Allowed("nobody", ZoneKind.DATA, ZoneKind.SERVERS, (), (), "tcp", (22, 22))

    assert proved(rule_text(design, firewall_of(design)), (*crossing(design), nobody)).exact


@pytest.mark.parametrize("accepted", [True, False])
def test_a_witness_that_does_not_do_as_the_proof_says_is_a_fault(
    accepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = make_design()
    text = rule_text(design, firewall_of(design))
    action = Action.ACCEPT if accepted else Action.DROP
    rule = replace(parse(text).chains["forward"].rules[0], action=action)
    liar = trace(parse(text), UNIVERSE[0], "forward", limits=Limits.OPEN)
    assert liar
    for module in (extra_module, proof_module):
        monkeypatch.setattr(module, "trace", lambda *_, **__: replace(liar, rule=rule))
    broken = text.replace("tcp dport 5061", "tcp dport 5062")

    with pytest.raises(ProofError):
        proved(broken, crossing(design) if accepted else ())


def test_a_witness_of_every_kind_reads_as_a_sentence() -> None:
    packet = Packet(
        "a", "b", IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"), 6, 1024, 22, "new", True, False
    )

    assert str(packet) == "a -> b: tcp SYN from 10.0.0.1 port 1024 to 10.0.0.2 port 22 (new)"
    assert str(replace(packet, protocol=1)) == "a -> b: icmp from 10.0.0.1 to 10.0.0.2 (new)"
    assert str(replace(packet, protocol=47, ipv6=True)) == (
        "a -> b: protocol 47 from IPv6 to IPv6 (new)"
    )


WANTED = st.lists(
    st.builds(
        Allowed,
        name=st.uuids().map(str),
        arriving=st.sampled_from(["a", "b"]),
        leaving=st.just("b"),
        sources=st.sampled_from([((int(INSIDE), int(INSIDE)),), ((0, 2**32 - 1),)]),
        protocol=st.sampled_from(["tcp", "udp"]),
        ports=st.sampled_from([(1, 9), (5, 60), (40, 60), (0, 65535)]),
    ),
    max_size=4,
).map(tuple)


@given(RULE_SETS, WANTED)
@settings(max_examples=60, deadline=None)
def test_a_proof_finds_what_a_look_at_every_packet_finds(
    made: Rules, wanted: tuple[Allowed, ...]
) -> None:
    replies = {"established", "related"}
    seen = {packet: made.ends(packet, "forward") for packet in UNIVERSE}

    found = proved(str(made), wanted)

    too_many = [
        packet
        for packet, ended in seen.items()
        if "accept" in ended and packet.state not in replies and not is_flow(packet, wanted)
    ]
    too_few = [
        packet
        for packet in UNIVERSE
        if packet.state == "new"
        and is_flow(packet, wanted)
        and made.ends(packet, "prerouting", "forward") != {"accept"}
    ]
    # Ports and protocols that no rule names are not in the universe: the proof may find more.
    assert found.extra or not too_many
    assert bool(too_few) <= any(each.part == "first packets" for each in found.missing)
    for extra in found.extra:
        assert "accept" in made.ends(extra.packet, "forward")
    for missing in found.missing:
        assert made.ends(missing.packet, "prerouting", "forward") != {"accept"}


def test_what_may_start_a_flow_need_not_all_pass() -> None:
    flow = Allowed("flow", "a", "b", protocol="udp", ports=(5, 5), invalid=True)
    text = str(
        Rules({"forward": (Line(states=("new",), action="accept"),)}, {"forward": "drop"}, {})
    )

    parts = {each.part for each in proved(text, (flow,)).missing}

    assert parts == {"later packets", "replies"}
