"""Mirror rules, read back from the file and from the kernel's own listing."""

import pytest

from ringfence.design.model import HostKind
from ringfence.guide import Level
from ringfence.packets.mirrors import Copies, Mirrors, parse
from ringfence.packets.nftables import RulesError
from ringfence.render import lab_switch, mirror
from samples import make_design

FILE = """\
#!/usr/sbin/nft -f
# Copies
table netdev mirror
delete table netdev mirror
table netdev mirror {
  chain a_copies {
    type filter hook ingress devices = { "p1", "fw.phones" } priority -500
    policy accept
    counter dup to "ids1.span10"
  }
  chain a_silence {
    type filter hook ingress device "ids1.span10" priority -500
    policy drop
    counter drop
  }
}
"""
LISTING = """\
table netdev mirror {
\tchain a_copies {
\t\ttype filter hook ingress devices = { fw.phones,
\t\t\t\t\t\t    p1 } priority -500; policy accept;
\t\tcounter packets 12 bytes 800 dup to "ids1.span10"
\t}

\tchain a_silence {
\t\ttype filter hook ingress device "ids1.span10" priority -500; policy drop;
\t\tcounter packets 0 bytes 0 drop
\t}
}
"""
READ = Mirrors((Copies(frozenset({"p1", "fw.phones"}), "ids1.span10"),), frozenset({"ids1.span10"}))


@pytest.mark.parametrize("text", [FILE, LISTING])
def test_the_file_and_the_kernels_listing_say_the_same(text: str) -> None:
    assert parse(text) == READ


@pytest.mark.parametrize("level", [Level.MEDIUM, Level.HIGHEST])
def test_what_is_rendered_is_read_back_as_designed(level: Level) -> None:
    design = make_design(phones=40, level=level)
    (sensor,) = design.of_kind(HostKind.SENSOR)
    (text,) = (f.text for f in lab_switch.tree(design).files if f.path == mirror.PATH)

    found = parse(text)

    assert found.silent == {mirror.port(sensor, each) for each in sensor.mirrors}
    assert found.copies == tuple(
        Copies(frozenset(mirror.watched(design, each)), mirror.port(sensor, each))
        for each in sensor.mirrors
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hook ingress devices", "hook egress devices"),
        ("priority -500\n    policy accept", "priority 0\n    policy accept"),
        ("counter dup to", "counter fwd to"),
        ("counter dup to", "ether type arp counter dup to"),
        ("policy drop", "policy accept"),
        ("    counter drop\n", "    counter drop\n    counter drop\n"),
        ("chain a_silence", "chain a_copies"),
        ("table netdev mirror {", "table netdev other {"),
        ('device "ids1.span10"', "device $ear"),
        ("}\n}\n", "}\n"),
    ],
)
def test_what_is_not_understood_is_an_error(old: str, new: str) -> None:
    assert old in FILE

    with pytest.raises(RulesError):
        parse(FILE.replace(old, new))


def test_nothing_is_no_mirror() -> None:
    with pytest.raises(RulesError):
        parse("")
