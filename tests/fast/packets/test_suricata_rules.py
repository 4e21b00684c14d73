"""Rules for Suricata: what is rendered is read back, and what it does not know is refused."""

import pytest

from ringfence.design.model import Design, HostKind
from ringfence.guide import Level
from ringfence.packets.nftables import RulesError
from ringfence.packets.suricata import parse
from ringfence.render.catalogue import tree
from ringfence.render.suricata import CANNOT, RULES_PATH, signatures
from ringfence.render.suricata_settings import address_groups, port_groups
from ringfence.sensor.rules import RULES, Kind
from samples import make_design

NAMES = frozenset({"HOME_NET", "PORT"})
RULE = (
    'alert tcp $HOME_NET any -> ![10.0.0.1,10.0.0.0/24] [53,5060:5062] (msg:"X y"; '
    'flow:to_server,established; content:"|16 03|"; startswith; content:"A b"; nocase; '
    "threshold:type both, track by_src, count 3, seconds 60; classtype:network-scan; "
    "metadata:kind port-scan; sid:1700001; rev:1;)"
)


def text_of(design: Design) -> str:
    (sensor,) = design.of_kind(HostKind.SENSOR)
    return next(f.text for f in tree(design, sensor).files if f.path == RULES_PATH)


def names_of(design: Design) -> frozenset[str]:
    return frozenset({*address_groups(design), *port_groups(design)})


@pytest.mark.parametrize("level", [Level.MEDIUM, Level.HIGHEST])
def test_what_is_rendered_is_read_back(level: Level) -> None:
    design = make_design(phones=5, level=level)

    assert parse(text_of(design), names_of(design)) == signatures(design)


def test_every_kind_has_rules_or_a_reason_why_not() -> None:
    found = {signature.kind for signature in signatures(make_design(level=Level.MEDIUM))}

    assert found | set(CANNOT) == set(Kind)
    assert not found & set(CANNOT)
    assert all(
        f"# Not here: {why}" in text_of(make_design(level=Level.MEDIUM)) for why in CANNOT.values()
    )


def test_counts_are_those_of_the_one_list() -> None:
    design = make_design(phones=500, level=Level.MEDIUM)
    limits = {rule.kind: rule.limit_for(500) for rule in RULES}

    for signature in signatures(design):
        limit = limits[Kind(signature.kind)]
        count = int(signature.value("threshold").split("count ")[1].split(",")[0])
        assert count in {1, limit.count, 2 * limit.count, 2 * limit.crowd}
        assert signature.value("threshold").endswith(f"seconds {limit.seconds}")


def test_a_rule_is_read_and_written_the_same() -> None:
    (rule,) = parse(f"# why\n\n{RULE}\n", NAMES)

    assert str(rule) == RULE
    assert rule.kind == "port-scan"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("alert tcp", "drop tcp", "no rule"),
        ("alert tcp", "alert sctp", "no protocol"),
        ("$HOME_NET", "$HOUSE_NET", "nobody defines"),
        ("10.0.0.0/24", "10.0.0.1/24", "neither an address"),
        ("10.0.0.1", "10.0.0.300", "neither an address"),
        ("5060:5062", "5060-5062", "neither an address"),
        ("[53", "[70000", "neither an address"),
        ("startswith;", "startswit;", "not known: startswit"),
        ("startswith;", "startswith:1;", "startswith is 1"),
        ("flow:to_server", "flow:to_sever", "flow is to_sever"),
        ("|16 03|", "|16 3|", "content is"),
        ("type both", "type some", "threshold is"),
        ("network-scan", "network-skan", "classtype is"),
        ("sid:1700001", "sid:17", "sid is 17"),
        ("sid:1700001; ", "", "0 times sid"),
        ("rev:1;", "rev:1; rev:2;", "2 times rev"),
        ('content:"|16 03|"; startswith', "startswith", "does not follow a content"),
        ('msg:"X y"', 'msg:"X"y"', "no option"),
        ("; rev:1;)", "; rev:1)", "no option"),
    ],
)
def test_a_mistake_in_a_rule_is_found(old: str, new: str, words: str) -> None:
    assert old in RULE

    with pytest.raises(RulesError, match=f"line 1: .*{words}"):
        parse(RULE.replace(old, new), NAMES)


def test_two_rules_with_one_sid_are_refused() -> None:
    with pytest.raises(RulesError, match="line 2: sid 1700001 comes twice"):
        parse(f"{RULE}\n{RULE}\n", NAMES)
