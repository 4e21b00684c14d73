"""Rule files are read back strictly, and what they let pass is found."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.design.model import HostKind
from ringfence.guide import Level
from ringfence.packets.nftables import Action, RulesError, parse
from ringfence.packets.passing import ends_in_drop, logs_drops, passing
from ringfence.packets.spans import overlap, spans
from ringfence.render.catalogue import tree
from samples import make_design

HEAD = "table inet ringfence\ndelete table inet ringfence\ntable inet ringfence {\n"


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

    assert read == 1 + 3 + len(design.of_kind(HostKind.LOG))
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
    ],
)
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RulesError):
        parse(text)


def test_what_passes_is_followed_through_maps_and_jumps() -> None:
    text = rules_of(
        'map pairs {\ntype ifname . ifname : verdict\nelements = {\n"a" . "b" : jump a_b,\n}\n}\n'
        "chain forward {\ntype filter hook forward priority filter\npolicy drop\n"
        "ct state established,related counter accept\niifname . oifname vmap @pairs\n"
        'limit rate 9/second burst 9 packets log prefix "x " group 5\ncounter drop\n}\n'
        "chain a_b {\nudp dport 53 counter accept\njump more\n}\n"
        'chain more {\ntcp dport 80 counter accept\ncounter drop\niifname "z" accept\n}'
    )
    rules = parse(text)
    forward = rules.chains["forward"]

    found = [(p.arriving, p.leaving, p.rule.ports, p.replies) for p in passing(rules, forward)]

    assert found == [
        (None, None, None, True),
        ("a", "b", (53, 53), False),
        ("a", "b", (80, 80), False),
    ]
    assert ends_in_drop(forward)
    assert logs_drops(forward)
    assert not logs_drops(rules.chains["more"])


def test_a_policy_that_accepts_passes_everything() -> None:
    rules = parse(chain('iifname "a" drop', policy="accept"))

    (everything,) = passing(rules, rules.chains["forward"])

    assert everything.rule.matches_all


def test_jumps_in_a_circle_are_an_error() -> None:
    body = "chain forward {\ntype filter hook forward priority filter\njump a\n}\n"
    rules = parse(rules_of(body + "chain a {\njump b\n}\nchain b {\njump a\n}"))

    with pytest.raises(RulesError, match="circle"):
        list(passing(rules, rules.chains["forward"]))


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
