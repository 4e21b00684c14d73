"""Rule files are read back strictly, and what they let pass is found."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.design.model import HostKind
from ringfence.guide import Level
from ringfence.packets.nftables import Action, RulesError, parse
from ringfence.packets.spans import overlap, spans
from ringfence.render.catalogue import tree
from samples import make_design

HEAD = "table inet ringfence\ndelete table inet ringfence\ntable inet ringfence {\n"


ENTRY = '"a" . "b" : jump x,\n'
MAP = f"map m {{\ntype ifname . ifname : verdict\nelements = {{\n{ENTRY}}}\n}}"


def rules_of(body: str) -> str:
    return f"{HEAD}{body}\n}}\n"


def chain(*rules: str, policy: str = "drop") -> str:
    head = f"type filter hook forward priority filter\npolicy {policy}\n"
    return rules_of("chain forward {\n" + head + "\n".join(rules) + "\n}")


@pytest.mark.parametrize("level", Level)
def test_every_rendered_rule_file_is_understood(level: Level) -> None:
    design = make_design(level=level)
    read = 0
    for host in design.hosts:
        for file in tree(design, host).files:
            if file.path == "/etc/nftables.conf":
                rules = parse(file.text)
                read += 1
                assert all(each.policy == Action.DROP for each in rules.hooked("input"))

    assert read == 1 + 3
    assert design.of_kind(HostKind.FIREWALL)


def test_a_rule_is_read_part_by_part() -> None:
    text = chain(
        'iifname "a" oifname "b" ip saddr != 10.0.0.0/30 ip daddr { 10.0.1.1, 10.0.1.2-10.0.1.9 } '
        "tcp dport 5060-5061 tcp flags & (fin|syn|rst|ack) == syn ct state new counter accept "
        'comment "x: SEP-6"'
    )

    (rule,) = parse(text).chains["forward"].rules

    assert (rule.arriving, rule.leaving, rule.not_from) == ("a", "b", True)
    assert rule.sources == ((0x0A000000, 0x0A000003),)
    assert rule.targets == ((0x0A000101, 0x0A000109),)
    assert (rule.protocol, rule.ports, rule.first_packet) == ("tcp", (5060, 5061), True)
    assert rule.states == {"new"}
    assert rule.comment == "x: SEP-6"
    assert rule.text == text.splitlines()[6].partition(" comment")[0]


def test_a_map_and_what_it_leads_to_are_read() -> None:
    rules = parse(rules_of(MAP + "\nchain x {\ncounter drop\n}"))

    assert rules.maps == {"m": {("a", "b"): "x"}}
    assert (rules.chains["x"].line, rules.chains["x"].rules[0].line) == (10, 11)


@pytest.mark.parametrize(
    "rule",
    [
        "meta mark 1 accept",
        "tcp sport 5060 accept",
        "ip saddr 10.0.0.300 accept",
        "accept drop",
        "jump nowhere",
        "udp dport x accept",
        "ip saddr 10.0.0.1 ip saddr 10.0.0.2 accept",
        "iifname . oifname vmap @nothing",
        'iifname "eth*" accept',
        "ip saddr 10.0.0.9-10.0.0.1 accept",
        "ip saddr { } accept",
        "ip saddr { 10.0.0.1 10.0.0.2 } accept",
        "ip saddr { 10.0.0.1",
        "ip saddr",
        "udp dport 9-5 accept",
        "udp dport 65536 accept",
        "ct state != new accept",
        "ct state new, accept",
        "jump forward",
        "limit rate over 5/second burst 5 packets drop",
    ],
)
def test_what_is_not_understood_is_an_error_never_passed_over(rule: str) -> None:
    with pytest.raises(RulesError):
        parse(chain(rule))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "table inet other {\n}\n",
        HEAD,
        chain("accept") + "table inet more {\n}\n",
        rules_of("set x {\n}"),
        rules_of("chain x {\npolicy drop\n}"),
        rules_of("chain x {\ntype filter hook forwards priority filter\n}"),
        rules_of("chain x {\ntype filter hook forward priority 7\n}"),
        rules_of("chain x {\n" + "type filter hook forward priority filter\n" * 2 + "}"),
        rules_of(MAP.replace(ENTRY, ENTRY * 2) + "\nchain x {\n}"),
        rules_of(MAP + "\n" + MAP + "\nchain x {\n}"),
        rules_of(MAP.replace('"b"', '"b*"') + "\nchain x {\n}"),
        rules_of(MAP),
    ],
)
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RulesError):
        parse(text)


RANGES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)).map(lambda p: (p[0], sum(p))))


@given(RANGES, RANGES)
def test_spans_hold_the_same_numbers_and_know_what_they_share(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    def numbers(ranges: list[tuple[int, int]]) -> set[int]:
        return {number for first, last in ranges for number in range(first, last + 1)}

    joined = spans(one)

    assert numbers(list(joined)) == numbers(one)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(joined))
    assert overlap(joined, spans(other)) == bool(numbers(one) & numbers(other))
