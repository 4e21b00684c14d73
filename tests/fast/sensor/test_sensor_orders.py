"""Orders are read whole or not at all, and say what the design says."""

import json
from typing import Any

import pytest

from dialogues import Watch
from ringfence.guide import Level
from ringfence.sensor.orders import OrdersError, read
from ringfence.sensor.rules import RULES, Kind
from samples import make_design


def said() -> dict[str, Any]:
    from ringfence.render.sensor import orders  # noqa: PLC0415 - beside the text it makes

    watch = Watch("phones")
    found: dict[str, Any] = json.loads(orders(watch.design, watch.sensor))
    return found


def test_every_zone_is_watched_at_a_port_of_its_own() -> None:
    watch = Watch("phones")

    assert [zone.name for zone in watch.orders.zones] == [zone.name for zone in watch.design.zones]
    assert len({zone.device for zone in watch.orders.zones}) == len(watch.design.zones)
    assert {zone.name for zone in watch.orders.zones if not zone.designed} == {"data", "outside"}


def test_a_zone_knows_its_own_hosts_by_both_their_addresses() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)

    assert watch.zone.knows(str(phone.address))
    assert watch.zone.knows(phone.mac)
    assert watch.zone.knows(watch.gateway.mac)
    for stranger in ("10.24.0.99", "02:aa:00:00:00:00", "many", "10.16.0.10"):
        assert not watch.zone.knows(stranger)


def test_every_kind_has_a_rule_and_every_rule_its_words() -> None:
    assert [rule.kind for rule in RULES] == list(Kind)
    assert all(rule.counts and rule.answers and rule.limit.count > 0 for rule in RULES)


def test_limits_for_crowds_grow_with_the_site_and_others_do_not() -> None:
    for rule in RULES:
        small, large = rule.limit_for(3), rule.limit_for(10_000)
        assert (small.count, small.seconds) == (large.count, large.seconds)
        assert bool(rule.per_phone) == (large.crowd > small.crowd)


def test_a_site_where_ports_are_authenticated_has_frames_for_that() -> None:
    plain = make_design(level=Level.MEDIUM)
    ports = plain.ports.model_copy(update={"authenticated": False})

    without = Watch("phones", plain.model_copy(update={"ports": ports})).orders.ethertypes
    asked = plain.ports.model_copy(update={"authenticated": True})
    with_it = Watch("phones", plain.model_copy(update={"ports": asked})).orders.ethertypes

    assert with_it - without == {b"\x88\x8e"}


@pytest.mark.parametrize("key", ["signalling", "limits", "zones", "flows", "ethertypes"])
def test_a_missing_key_is_named(key: str) -> None:
    orders = said()
    del orders[key]

    with pytest.raises(OrdersError, match=f"{key} is missing"):
        read(json.dumps(orders))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("extra",), 1, "not known: extra"),
        (("zones", 0, "extra"), 1, "not known: extra"),
        (("zones", 0, "subnet"), "10.0.0.1/24", "10.0.0.1/24"),
        (("zones", 0, "gateway"), "gateway", "gateway"),
        (("zones", 0, "gateway_mac"), "02:00", "02:00"),
        (("zones", 0, "designed"), "yes", "designed is 'yes'"),
        (("zones", 0, "bindings"), {"10.0.0.1": "x"}, "'x'"),
        (("zones", 1, "device"), "span10", "one device"),
        (("flows", 0, "protocol"), "sctp", "no protocol"),
        (("flows", 0, "first"), 0, "no ports"),
        (("flows", 0, "last"), 1, "no ports"),
        (("flows", 0, "sources"), ["everywhere"], "everywhere"),
        (("limits", "port-scan", "count"), 0, "not a limit"),
        (("limits", "port-scan"), None, "port-scan is None"),
        (("limits", "walk-in"), {}, "not known: walk-in"),
        (("signalling",), True, "signalling is True"),
    ],
)
def test_a_mistake_in_orders_is_named_and_they_are_not_followed(
    path: tuple[Any, ...], value: object, words: str
) -> None:
    orders = said()
    at: Any = orders
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    with pytest.raises(OrdersError) as refusal:
        read(json.dumps(orders))
    assert words in str(refusal.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_what_are_no_orders_is_refused(text: str) -> None:
    with pytest.raises(OrdersError):
        read(text)
