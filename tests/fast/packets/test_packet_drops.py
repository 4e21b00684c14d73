"""What is forbidden is looked for; drops without a log and policies that accept are found."""

from collections.abc import Iterator

import pytest

from ringfence.packets.boxes import Box
from ringfence.packets.drops import open_policies, silent_drops
from ringfence.packets.extra import ProofError, forbidden
from ringfence.packets.nftables import parse
from ringfence.packets.packet import ANYWHERE, HERE, STARTING, View, protocols
from ringfence.packets.spans import of_numbers
from ringfence.packets.survey import Survey, survey
from rule_sets import HEAD

LOG = 'limit rate 9/second burst 9 packets log prefix "x " group 5'


def chain(*rules: str, hook: str = "forward", policy: str = "drop", name: str = "") -> str:
    head = f"type filter hook {hook} priority filter\npolicy {policy}"
    return "\n".join([f"chain {name or hook} {{", head, *rules, "}", ""])


def found(*chains: str) -> Survey:
    return survey(parse(f"{HEAD}{''.join(chains)}}}\n"), ["a", "b", "c"])


def to_port(view: View, port: int) -> Iterator[Box | None]:
    ends = {"arriving": view.among("ab"), "leaving": view.not_among("ab")}
    yield view.space.box(**ends, protocol=protocols("tcp"), port=of_numbers([port]))
    yield view.space.box(port=())


def test_a_packet_is_named_for_each_rule_that_lets_forbidden_ones_pass() -> None:
    look = found(chain("tcp dport 1-9 accept", "udp dport 5 accept", "tcp dport 5-20 accept"))

    both = list(forbidden(look, "forward", to_port(look.view, 9)))
    later = list(forbidden(look, "forward", to_port(look.view, 20)))

    assert [each.rule.text for each in both] == ["tcp dport 1-9 accept"]
    assert [each.rule.text for each in later] == ["tcp dport 5-20 accept"]
    assert later[0].packet.arriving in {"a", "b"}
    assert later[0].packet.leaving == "c"
    assert later[0].packet.port == 20
    assert list(forbidden(look, "forward", to_port(look.view, 21))) == []


def test_every_chain_at_a_hook_must_let_a_forbidden_packet_pass() -> None:
    one, other = chain("tcp dport 1-9 accept"), chain("tcp dport 9 drop", "accept", name="other")
    look = found(one, other)

    assert list(forbidden(look, "forward", to_port(look.view, 9))) == []
    assert {each.chain for each in forbidden(look, "forward", to_port(look.view, 8))} == {
        "forward",
        "other",
    }


def test_a_packet_that_fares_otherwise_alone_than_in_a_set_is_a_fault() -> None:
    look = found(chain("tcp dport 9 accept"))
    dropping = found(chain("tcp dport 9 drop"))
    lying = Survey(dropping.rules, look.view, look.reaches)

    with pytest.raises(ProofError, match="was to pass"):
        list(forbidden(lying, "forward", to_port(look.view, 9)))


def test_among_interfaces_are_those_that_are_told_apart() -> None:
    view = View.naming("cab")

    assert view.interfaces == ("a", "b", "c")
    assert view.among(iter("bcx")) == ((1, 2),)
    assert view.not_among("b") == ((0, 0), (2, 3))
    assert view.among("x") == ()


def test_drops_without_a_log_are_found_with_a_packet() -> None:
    look = found(
        chain("ct state invalid drop", "udp dport 9 drop", LOG, "drop"),
        chain(LOG, "drop", hook="input"),
    )

    (silent,) = silent_drops(look, "forward", "input")

    assert silent.packet.protocol_name == "udp"
    assert silent.packet.port == 9
    assert "is dropped without a log by line 8 of forward: udp dport 9 drop" in str(silent)


def test_a_policy_that_drops_what_nothing_logs_is_found() -> None:
    (silent,) = silent_drops(found(chain("udp dport 9 accept")), "forward")

    assert silent.rule.text == "policy drop"


def test_a_policy_that_accepts_is_told_with_the_rule_that_holds() -> None:
    look = found(
        chain("udp dport 9 drop", LOG, "drop", policy="accept"),
        chain("udp dport 9 accept", policy="accept", hook="prerouting"),
        chain("drop", hook="input"),
    )

    held, open_door = open_policies(look, "forward", "prerouting", "input")

    assert "only line 9 keeps " in str(held)
    assert str(open_door) == "the policy of prerouting is to accept, and no rule drops anything"


def test_a_packet_is_shown_as_it_is_seen_at_a_hook() -> None:
    look = found(chain())
    box = look.view.space.box(state=STARTING, protocol=protocols("udp"))
    assert box
    packet = look.view.packet(look.view.space.sample(box))

    assert packet.at("forward") == packet
    assert packet.at("prerouting").leaving == ANYWHERE
    assert str(packet.at("input")) == (
        f"a -> {HERE}: udp from 198.51.100.1 port 1024 to port 22 (new)"
    )
    assert str(packet.at("output")) == (
        f"{HERE} -> a: udp from port 1024 to 198.51.100.1 port 22 (new)"
    )
