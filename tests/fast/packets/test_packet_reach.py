"""What a rule set accepts, as sets, is what it does with packets one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.packets.nftables import Action, RulesError, parse
from ringfence.packets.packet import ELSEWHERE, Packet, View
from ringfence.packets.packet_set import PacketSet
from ringfence.packets.reach import Reach, Share
from ringfence.packets.survey import survey
from ringfence.packets.trace import Limits, trace
from rule_sets import HEAD, RULE_SETS, STATES, UNIVERSE, Rules

HOOKS = ("prerouting", "forward")


def chain(*rules: str, policy: str = "drop", hook: str = "forward", more: str = "") -> str:
    head = f"type filter hook {hook} priority filter\npolicy {policy}\n"
    return f"{HEAD}chain {hook} {{\n{head}" + "\n".join(rules) + f"\n}}\n{more}}}\n"


def point(view: View, packet: Packet) -> tuple[int, ...]:
    names = (*view.interfaces, ELSEWHERE)
    numbers = {
        "arriving": names.index(packet.arriving if packet.arriving in names else ELSEWHERE),
        "leaving": names.index(packet.leaving if packet.leaving in names else ELSEWHERE),
        "state": STATES.index(packet.state),
        "port": packet.port,
        "protocol": packet.protocol,
        "target": int(packet.target),
        "source": int(packet.source),
        "opening": int(packet.opening),
        "family": int(packet.ipv6),
        "source_port": packet.source_port,
    }
    return tuple(numbers[field.name] for field in view.space.fields)


def inside(found: PacketSet, view: View) -> set[Packet]:
    return {packet for packet in UNIVERSE if found.contains(point(view, packet))}


@given(RULE_SETS)
@settings(max_examples=60, deadline=None)
def test_sets_say_what_happens_to_every_packet_however_limits_stand(made: Rules) -> None:
    found = survey(parse(str(made)))
    view = found.view
    ends = {packet: made.ends(packet, *HOOKS) for packet in UNIVERSE}

    assert inside(found.may(*HOOKS), view) == {
        packet for packet, ended in ends.items() if "accept" in ended
    }
    assert inside(found.surely(*HOOKS), view) == {
        packet for packet, ended in ends.items() if ended == {"accept"}
    }


@given(RULE_SETS, st.data())
@settings(max_examples=60, deadline=None)
def test_a_packet_sent_alone_ends_as_the_sets_say(made: Rules, data: st.DataObject) -> None:
    rules = parse(str(made))

    for packet in data.draw(st.lists(st.sampled_from(UNIVERSE), min_size=20, max_size=20)):
        ended = made.ends(packet, *HOOKS)
        lucky = trace(rules, packet, *HOOKS, limits=Limits.OPEN)
        unlucky = trace(rules, packet, *HOOKS, limits=Limits.SHUT)
        assert lucky is not None
        assert unlucky is not None
        assert lucky.accepted == ("accept" in ended)
        assert unlucky.accepted == ("drop" not in ended)


@given(RULE_SETS)
@settings(max_examples=60, deadline=None)
def test_a_rule_without_share_can_be_left_out(made: Rules) -> None:
    found = survey(parse(str(made)))
    shares = [share for each in found.reaches for share in each.shares]
    useful = {share.rule.line for share in shares if share.some}
    idle = {share.rule.line for share in shares if share.rule.text != "policy drop"} - useful
    idle -= {each.chain.line for each in found.reaches}
    lines = [line for number, line in enumerate(str(made).splitlines(), 1) if number not in idle]

    less = survey(parse("\n".join(lines)), found.view.interfaces)

    for hook in HOOKS:
        assert less.may(hook) == found.may(hook)
        assert less.surely(hook) == found.surely(hook)


def only_chain(text: str) -> Reach:
    (found,) = survey(parse(text)).at("forward")
    return found


def only_share(text: str, action: Action) -> Share:
    return next(each for each in only_chain(text).shares if each.rule.action == action)


def test_the_first_rule_that_decides_takes_the_packets() -> None:
    found = only_chain(chain("tcp dport 1-9 drop", "tcp dport 5-20 accept", "tcp dport 7-8 accept"))

    taken, added, shadowed, policy = found.shares

    assert taken.some
    assert not taken.accepted
    assert added.accepted == (found.view.space.box(port=((10, 20),), protocol=((6, 6),)),)
    assert shadowed.some is None
    assert shadowed.seen
    assert policy.rule.text == "policy drop"


def test_a_rule_with_a_limit_that_accepts_may_accept_and_takes_nothing_away() -> None:
    found = survey(parse(chain("limit rate 9/second burst 9 packets accept")))

    assert found.may("forward") == found.view.everything
    assert found.surely("forward").is_empty()


def test_a_rule_with_a_limit_that_drops_may_let_pass() -> None:
    found = survey(parse(chain("limit rate 9/second burst 9 packets drop", "udp dport 5 accept")))

    assert not found.may("forward").is_empty()
    assert found.surely("forward").is_empty()


def test_a_drop_without_a_log_is_silent_and_one_of_invalid_packets_may_be() -> None:
    log = 'limit rate 9/second burst 9 packets log prefix "x " group 5'

    assert only_share(chain("udp dport 9 drop", log, "drop"), Action.DROP).silent
    assert not only_share(chain(log, "drop"), Action.DROP).silent
    assert not only_share(chain("ct state invalid drop"), Action.DROP).silent
    assert only_share(chain('log prefix "x " group 5 drop'), Action.DROP).silent is None


def test_a_hook_without_a_chain_accepts_all() -> None:
    found = survey(parse(chain("drop")))

    assert found.may("input") == found.view.everything


def test_ipv6_passes_rules_that_name_no_address_and_no_others() -> None:
    found = survey(parse(chain("ip saddr != 10.0.0.1 accept", "udp dport 53 accept")))
    box = found.view.space.box(family=((1, 1),))
    assert box

    passing = found.may("forward").intersect(PacketSet(found.view.space, (box,)))

    names = [field.name for field in found.view.space.fields]
    parts = [dict(zip(names, each, strict=True)) for each in passing.boxes]
    assert {(each["port"], each["protocol"]) for each in parts} == {(((53, 53),), ((17, 17),))}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (chain("oifname x accept", hook="input"), "input does not know"),
        (chain("oifname x accept", hook="prerouting"), "prerouting does not know"),
        (chain("iifname x accept", hook="output"), "output does not know"),
        (
            chain("accept")
            .replace("forward priority filter", "output priority raw")
            .replace("accept", "ct state new accept"),
            "states are not known",
        ),
        (chain("jump a", more="chain a {\njump b\n}\nchain b {\njump a\n}\n"), "in a circle"),
    ],
)
def test_what_a_hook_does_not_know_is_an_error(text: str, words: str) -> None:
    rules = parse(text)

    with pytest.raises(RulesError, match=words):
        survey(rules)


def test_an_interface_that_the_view_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        View.naming(["a"]).interface("b")
