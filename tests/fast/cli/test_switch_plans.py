"""A plan holds the configurations of switches; a lab is made of hosts alone."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ringfence.cli.main import app
from ringfence.deploy.keeping import digest
from ringfence.deploy.lab import lab_spec
from ringfence.deploy.materialise import Keyring, marks
from ringfence.design.model import Design
from ringfence.guide import Level
from ringfence.render.catalogue import all_trees, served, trees
from ringfence.site.model import SwitchPlatform
from switch_sites import switched_design

SITE = """\
organisation: Example
domain: voice.example
country: GB
level: minimum
switches:
  - {name: sw1, platform: ios-xe, ports: 6, uplinks: 1}
  - {name: sw2, platform: junos, ports: 6, uplinks: 1}
phones:
  - {extension: 301, name: A, mac: "02:00:00:00:03:01"}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(SITE)
    return tmp_path


def ringfence(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_a_plan_has_a_tree_for_each_switch(site: Path, tmp_path: Path) -> None:
    code, said = ringfence("plan", site, "--out", tmp_path / "plan", "--json")

    hosts = json.loads(said)["hosts"]
    assert code == 0
    assert hosts["sw1"] == hosts["sw2"] == ["/config/access-switch.cfg"]
    text = (tmp_path / "plan" / "sw1" / "config" / "access-switch.cfg").read_text()
    assert "hostname sw1" in text
    assert (tmp_path / "plan" / "sw1" / "config" / "access-switch.cfg").stat().st_mode & 0o077 == 0


def test_the_table_of_a_plan_lists_switches(site: Path) -> None:
    _, said = ringfence("plan", site)

    assert "access switch, ios-xe" in said


def test_what_switches_cannot_be_is_said_as_a_mistake_in_the_site_file(site: Path) -> None:
    file = site / "site.yaml"
    file.write_text(SITE.replace("level: minimum", "level: highest"))

    code, said = ringfence("check", site)

    assert code == 2
    assert "radius: devices authenticate at their switch port here" in " ".join(said.split())


def test_a_lab_has_hosts_only_and_knows_when_switches_have_changed() -> None:
    design = switched_design(Level.MINIMUM, SwitchPlatform.EOS)
    rendered = tuple(trees(design))
    keys = Keyring(
        issued={name: _Issued() for name in (each.name for each in design.identities)},  # type: ignore[misc]
        secrets=dict.fromkeys(marks(rendered), "x"),
        trust_anchor=b"",
        user_table=b"",
        revoked=b"",
    )

    spec = lab_spec("lab", design, rendered, keys)

    assert {machine.name for machine in spec.machines} == {host.name for host in design.hosts}
    assert digest(all_trees(design)) != digest(all_trees(_moved(design)))


class _Issued:
    certificate = key = b""


def _moved(design: Design) -> Design:
    switch = design.switches[0].model_copy(update={"name": "elsewhere"})
    return design.model_copy(update={"switches": (switch,)})


def test_what_switches_say_counts_among_what_generated_lines_answer() -> None:
    plain = switched_design(Level.MEDIUM)
    switched = switched_design(Level.MEDIUM, SwitchPlatform.IOS_XE)

    assert {"SEP-4", "EAV-2", "EAV-3", "DHC-7"} <= served(switched) - served(plain)
