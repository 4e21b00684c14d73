"""The commands that need neither root nor engines, as a user types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringfence.cli.main import app

RINGFENCE = Path(sys.executable).with_name("ringfence")
BRANCH = Path(__file__).parents[3] / "examples" / "branch"


def ringfence(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_starter_site_is_sound_and_can_be_planned(tmp_path: Path) -> None:
    site = tmp_path / "mine"

    assert ringfence("init", site, "--level", "medium").exit_code == 0
    checked = json.loads(ringfence("check", site, "--json").stdout)
    planned = ringfence("plan", site, "--out", tmp_path / "plan")

    assert checked["ok"]
    assert checked["level"] == "medium"
    assert planned.exit_code == 0, planned.stderr
    assert (tmp_path / "plan" / "sip1" / "etc" / "kamailio" / "kamailio.cfg").exists()


def test_a_starter_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("precious")
    done = ringfence("init", tmp_path)

    assert done.exit_code == 2
    assert (tmp_path / "site.yaml").read_text() == "precious"
    assert "Traceback" not in done.stderr


def test_a_bad_site_file_is_told_by_line_and_ends_with_2(tmp_path: Path) -> None:
    text = (BRANCH / "site.yaml").read_text().replace("level: minimum", "level: minimal")
    (tmp_path / "site.yaml").write_text(text)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "level: minimal" in each)
    told = ringfence("check", tmp_path)
    machine = ringfence("check", tmp_path, "--json")

    assert told.exit_code == machine.exit_code == 2
    assert f"site.yaml:{line}: level: " in told.stderr
    assert "minimum" in told.stderr
    problem = json.loads(machine.stdout)["problems"][0]
    assert (problem["line"], problem["key"]) == (line, "level")


def test_check_counts_what_the_level_demands() -> None:
    report = json.loads(ringfence("check", BRANCH, "--json").stdout)

    assert (report["level"], report["demanded"], report["phones"]) == ("minimum", 86, 8)
    assert not set(report["served"]) & set(report["unserved"])
    assert {"EAI-1", "EAI-4", "SEP-1", "SEP-6"} <= set(report["served"])
    assert "PHY-1" in report["unserved"]
    assert len(report["served"]) + len(report["unserved"]) == 90
    assert {zone["name"] for zone in report["zones"]} == {
        "phones",
        "servers",
        "admin",
        "data",
        "outside",
        "softphones",
    }


def test_a_plan_goes_nowhere_near_what_is_not_a_plan(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    done = ringfence("plan", BRANCH, "--out", tmp_path)

    assert done.exit_code == 2
    assert "not a plan" in done.stderr
    assert (tmp_path / "letter.txt").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("call", BRANCH, "2001", "9999"),
        ("call", BRANCH, "2001", "2001"),
        ("call", BRANCH, "2001", "2002", "--seconds", "0"),
        ("up", BRANCH, "--name", "Not A Name"),
        ("up", "no-such-place"),
        ("fly", BRANCH),
    ],
)
def test_wrong_use_ends_with_2_and_no_traceback(words: tuple[str | Path, ...]) -> None:
    done = ringfence(*words)

    assert done.exit_code == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_without_root_a_lab_is_refused_in_words(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = ringfence(command, BRANCH)

    assert done.exit_code == 2
    assert "labs need root" in done.stderr


def test_a_reader_who_has_seen_enough_breaks_nothing() -> None:
    pipe = f"{RINGFENCE} check {BRANCH} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe], capture_output=True, text=True, check=False
    )

    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_every_command_explains_itself() -> None:
    for command in ("init", "check", "plan", "up", "down", "status", "call", "revoke"):
        done = ringfence(command, "--help")
        assert done.exit_code == 0
        assert len(done.stdout) > 200, command
