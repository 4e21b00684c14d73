"""Access switches in a site file: who sits where, and what is said about mistakes."""

from pathlib import Path

import pytest

from ringfence.site import load_site
from ringfence.site.model import Site
from ringfence.site.placing import Seat, place
from site_files import complaints

SWITCHED = """\
organisation: Example
domain: voice.example
country: GB
level: medium
locations:
  - {name: main}
  - {name: annex}
radius: 10.16.1.20
servers:
  - {name: sip1, role: sip, mac: "02:00:00:00:00:01", switch: core1, port: 1}
  - {name: net1, role: services}
  - {name: admin1, role: admin}
switches:
  - {name: core1, platform: ios-xe, ports: 8, uplinks: 2}
  - name: annex1
    platform: aos-cx
    location: annex
    ports: 4
    uplinks: 1
    computers: {2: "02:00:00:00:00:aa"}
phones:
  - {extension: 301, name: A, mac: "02:00:00:00:03:01"}
  - {extension: 302, name: B, mac: "02:00:00:00:03:02", switch: core1, port: 2}
  - {extension: 303, name: C, mac: "02:00:00:00:03:03", at: annex}
  - {extension: 304, name: D, mac: "02:00:00:00:03:04", at: annex, computer: "02:00:00:00:00:bb"}
  - {extension: 305, name: E, mac: "02:00:00:00:03:05", switch: core1}
"""


def loaded(directory: Path, text: str = SWITCHED) -> Site:
    assert complaints(directory, text) == []
    return load_site(directory)


def test_devices_go_where_they_say_and_the_others_around_them(tmp_path: Path) -> None:
    seats = place(loaded(tmp_path)).seats

    assert seats == {
        "sip1": Seat("core1", 1),
        "p302": Seat("core1", 2),
        "p305": Seat("core1", 3),
        "p301": Seat("core1", 4),
        "p303": Seat("annex1", 1),
        "p304": Seat("annex1", 3),
    }


def test_a_site_without_switches_places_nobody(tmp_path: Path) -> None:
    before, _, rest = SWITCHED.partition("switches:")
    text = before.replace(", switch: core1, port: 1", "") + "phones:" + rest.partition("phones:")[2]
    text = text.replace(", switch: core1, port: 2", "").replace(", switch: core1", "")

    assert place(loaded(tmp_path, text)).seats == {}


MISTAKES = [
    ("core1, port: 2}", "core2, port: 2}", "23: phones[1].switch: no switch 'core2'; did you mean"),
    (
        "core1, port: 2}",
        "core1, port: 7}",
        "23: phones[1].port: port 7 of 'core1' is an uplink; de",
    ),
    (
        "core1, port: 2}",
        "core1, port: 9}",
        "23: phones[1].port: port 9 of 'core1' is not there; de",
    ),
    (
        "core1, port: 2}",
        "core1, port: 1}",
        "23: phones[1].port: port 1 of 'core1' is used already ",
    ),
    (
        "core1, port: 2}",
        "core1, port: x}",
        "23: phones[1].port: 'x' is not the number of a port, f",
    ),
    (", switch: core1, port: 2}", ", port: 2}", "23: phones[1].port: a port is stated and no swit"),
    (
        'annex, computer: "02:00:00:00:00:bb"',
        "annex, switch: annex1, port: 2",
        "25: phones[3].port: p",
    ),
    (
        "ports: 4",
        "ports: 3",
        "25: phones[3]: no free port is left on annex1 for this phone and 0 mo",
    ),
    ("location: annex", "location: main", "24: phones[2]: no switch is declared at 'annex', where"),
    ("location: annex", "location: anex", "17: switches[1].location: no location 'anex'; did you "),
    ("name: annex1", "name: core1", "15: switches[1].name: 'core1' is used already (first on line"),
    ("name: annex1", "name: sip1", "15: switches[1].name: 'sip1' is the name of another host"),
    ("name: annex1", "name: p303", "15: switches[1].name: 'p303' is the name of another host"),
    (
        "uplinks: 2",
        "uplinks: 8",
        "14: switches[0].uplinks: 8 uplinks leave none of 8 ports for devi",
    ),
    (
        "ports: 8",
        "ports: 4000",
        "14: switches[0].ports: '4000' is not a number of ports, up to 512",
    ),
    (
        "aos-cx",
        "aoscx",
        "16: switches[1].platform: 'aoscx' is no choice here; did you mean 'aos-cx'?",
    ),
    (
        "00:00:aa",
        "03:04",
        "20: switches[1].computers.2: '02:00:00:03:04' is not a MAC address such",
    ),
    (
        '{2: "02:00:00:00:00:aa"}',
        '{2: "02:00:00:00:03:03"}',
        "20: switches[1].computers.2: '02:00:00",
    ),
    (
        '{2: "02:00:00:00:00:aa"}',
        '{4: "02:00:00:00:00:aa"}',
        "20: switches[1].computers.4: port 4 of",
    ),
    ("00:00:bb", "00:00:aa", "is used already"),
    (
        "core1, port: 1}",
        "core1}",
        "10: servers[0]: a server on a switch states switch, port and mac",
    ),
    ("10.16.1.20", "10.16.1", "8: radius: '10.16.1' is not an IPv4 address such as '10.16.1.10'"),
]


@pytest.mark.parametrize(("good", "bad", "complaint"), MISTAKES)
def test_a_mistake_about_switches_is_named_with_its_line(
    tmp_path: Path, good: str, bad: str, complaint: str
) -> None:
    assert good in SWITCHED

    said = complaints(tmp_path, SWITCHED.replace(good, bad, 1))

    assert any(complaint in line for line in said), said
    assert all(line.startswith("site.yaml:") for line in said)


def test_a_port_without_any_switch_declared_is_a_mistake(tmp_path: Path) -> None:
    before, _, rest = SWITCHED.partition("switches:")
    said = complaints(tmp_path, before + "phones:" + rest.partition("phones:")[2])

    assert "site.yaml:10: servers[0].switch: the site states no switches" in said
    assert any("phones[1].switch: the site states no switches" in line for line in said)


def test_a_phone_list_may_say_where_phones_sit(tmp_path: Path) -> None:
    (tmp_path / "phones.csv").write_text(
        "extension,name,mac,switch,port,computer\n"
        "301,A,02:00:00:00:03:01,core1,5,\n"
        "302,B,02:00:00:00:03:02,core1,5,02:00:00:00:00:bb\n"
    )
    text = SWITCHED.partition("phones:")[0] + "phones: phones.csv\n"

    (said,) = complaints(tmp_path, text)

    assert said.startswith("phones.csv:3: port: port 5 of 'core1' is used already")


def test_a_switchs_own_address_may_be_fixed(tmp_path: Path) -> None:
    site = loaded(tmp_path, SWITCHED + "addressing: {fixed: {annex1: 10.16.1.77}}\n")

    assert str(site.addressing.fixed["annex1"]) == "10.16.1.77"
