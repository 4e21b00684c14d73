"""What the sensor, and the lab's switch for its sake, are given."""

import re
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml

from ringfence.deploy.lab import lab_spec
from ringfence.deploy.materialise import Keyring
from ringfence.design.model import Design, Host, HostKind, Interface, Mirror
from ringfence.guide import Level
from ringfence.machine import units
from ringfence.machine.spec import port_name
from ringfence.render import lab_switch, mirror
from ringfence.render.catalogue import tree, trees
from ringfence.render.files import File
from ringfence.render.sensor import ORDERS
from ringfence.render.suricata import SETTINGS_PATH
from samples import make_design

NO_KEYS = Keyring(issued={}, secrets={}, trust_anchor=b"", user_table=b"")
MODULES = Path(__file__).parents[3] / "src" / "ringfence" / "sensor"


def sensor_of(design: Design) -> Host:
    (sensor,) = design.of_kind(HostKind.SENSOR)
    return sensor


def files_of(design: Design) -> dict[str, File]:
    return {file.path: file for file in tree(design, sensor_of(design)).files}


@pytest.mark.parametrize("level", [Level.MEDIUM, Level.HIGHEST])
def test_lines_name_only_mitigations_in_force(level: Level) -> None:
    design = make_design(level=level)
    texts = [file.text for file in (*files_of(design).values(), *lab_switch.tree(design).files)]

    named = {id_ for text in texts for id_ in re.findall(r"\b[A-Z]{3}-\d{1,2}\b", text)}

    assert "NID-1" in named
    assert named <= design.in_force


def test_where_no_sensor_is_demanded_the_switch_copies_nothing() -> None:
    assert not lab_switch.tree(make_design(level=Level.MINIMUM)).files


def test_the_sensor_may_listen_and_no_more() -> None:
    files = files_of(make_design(level=Level.MEDIUM))
    text = files["/etc/systemd/system/sensor.service"].text
    unit = units.parse("sensor", text)

    assert unit.bounding == unit.ambient == {"CAP_NET_RAW"}
    assert (unit.user, unit.no_new_privileges) == ("ringfence-sensor", True)
    assert "SystemCallFilter=~sendto sendmsg sendmmsg" in text
    assert (files[ORDERS].mode, files[ORDERS].group) == (0o640, "ringfence-sensor")


def test_every_module_of_the_sensor_is_given_and_runs_by_itself(tmp_path: Path) -> None:
    files = files_of(make_design(level=Level.MEDIUM))
    own = {path.name for path in MODULES.glob("*.py")}
    given = {path.rpartition("/")[2] for path in files if "/ringfence/sensor/" in path}
    for path, file in files.items():
        if path.startswith("/usr/lib/ringfence/"):
            here = tmp_path / path.removeprefix("/usr/lib/ringfence/")
            here.parent.mkdir(exist_ok=True)
            here.write_text(file.text.replace("/usr/lib/ringfence", str(tmp_path)))

    entry = [sys.executable, "-I", "-B", str(tmp_path / "sensor_entry.py"), "/no/orders"]
    done = subprocess.run(entry, capture_output=True, text=True, check=False)

    assert given == own
    assert "sensor: /no/orders: [Errno 2]" in done.stderr


def test_the_switch_calls_ports_what_the_rules_call_them() -> None:
    design = make_design(phones=40, level=Level.MEDIUM)
    bare = tuple(each.model_copy(update={"files": (), "deposits": ()}) for each in trees(design))
    spec = lab_spec("x", design, bare, NO_KEYS)
    machines = {machine.name: machine for machine in spec.machines}

    for host in design.hosts:
        devices: tuple[Interface | Mirror, ...] = (*host.interfaces, *host.mirrors)
        for device in devices:
            own = next(p for p in machines[host.name].ports if p.name == device.name)
            assert mirror.port(host, device) == port_name(machines[host.name], own)
    assert {file.path for file in spec.switch.files} == {
        *(mirror.PATH, "/etc/systemd/system/mirror.service"),
    }


def test_a_site_of_many_phones_is_told_of_as_ranges() -> None:
    text = files_of(make_design(phones=2000, level=Level.MEDIUM))[ORDERS].text

    ends = re.findall(r"10\.24\.\d+\.\d+-10\.24\.\d+\.\d+", text)
    assert ends
    first, last = (IPv4Address(end) for end in ends[0].split("-"))
    assert int(last) - int(first) == 1999


def test_suricata_listens_at_the_mirror_ports_and_takes_no_commands() -> None:
    design = make_design(level=Level.MEDIUM)
    said = yaml.safe_load(files_of(design)[SETTINGS_PATH].text)

    assert [one["interface"] for one in said["af-packet"]] == [
        each.name for each in sensor_of(design).mirrors
    ]
    assert len({one["cluster-id"] for one in said["af-packet"]}) == len(said["af-packet"])
    assert not said["unix-command"]["enabled"]
    assert said["run-as"]["user"] == "suricata"
    assert set(said) == {
        *("vars", "af-packet", "default-log-dir", "default-rule-path", "rule-files"),
        *("classification-file", "reference-config-file", "run-as", "unix-command", "logging"),
        *("outputs", "livedev", "stream", "flow", "host", "app-layer"),
    }
