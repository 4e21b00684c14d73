"""The commands about what is known, as people and programs use them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringfence.cli.main import app
from ringfence.probe.questions import RENDERED

BRANCH = Path(__file__).parents[3] / "examples" / "branch"
WORD, OTHER = "a passphrase for tests", "another one for the second"


def ringfence(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answered(*arguments: object, code: int = 0) -> dict[str, object]:
    result = ringfence(*arguments, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def secret(path: Path, word: str) -> Path:
    path.write_text(f"{word}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of its own, and a passphrase at hand for its evidence log."""
    shutil.copytree(BRANCH, tmp_path / "office", ignore=shutil.ignore_patterns("evidence"))
    word = secret(tmp_path / "word", WORD)
    monkeypatch.setenv("RINGFENCE_PASSPHRASE_FILE", str(word))
    return tmp_path / "office"


def test_the_guide_lists_164_mitigations_with_their_levels() -> None:
    found = answered("guide")

    mitigations = found["mitigations"]
    assert isinstance(mitigations, list)
    assert len(mitigations) == 164
    assert found["demanded"] == {"minimum": 86, "medium": 122, "highest": 122}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("sep-6", "SEP-6  "),
        ("SEP", "SEP-11 "),
        ("push-to-talk", "MIC-3"),
        ("", "all sections"),
    ],
)
def test_the_guide_is_browsed_by_id_section_and_words(wanted: str, expected: str) -> None:
    result = ringfence("guide", *([wanted] if wanted else []))

    assert result.exit_code == 0
    assert (expected in result.stdout) or (not wanted and "Telnet" in result.stdout)


def test_the_guide_suggests_what_may_be_meant() -> None:
    result = ringfence("guide", "SEPP-1")

    assert result.exit_code == 2
    assert "did you mean 'SEP-1'?" in result.stderr


def test_a_design_is_assessed_without_a_lab_and_falls_short() -> None:
    found = answered("assess", BRANCH, "--design", code=1)

    rows = found["mitigations"]
    assert isinstance(rows, list)
    verdicts = {row["id"]: row["verdict"] for row in rows}
    assert found["scope"] == "design"
    assert len(verdicts) == 164
    assert verdicts["SEP-6"] == "satisfied"
    assert verdicts["PHY-1"] == "not-tested"
    assert verdicts["GWY-1"] == "not-applicable"
    for row in rows:
        if row["verdict"] == "satisfied":
            assert row["facts"] or row["attestation"]


def test_one_mitigation_shows_what_it_stands_on() -> None:
    told = ringfence("assess", BRANCH, "SEP-6", "--design")

    assert told.exit_code == 0
    assert "crossing-flows" in told.stdout
    assert "looked at: fw:/etc/nftables.conf" in told.stdout


def test_an_unknown_mitigation_is_misuse() -> None:
    result = ringfence("assess", BRANCH, "SEP-99")

    assert result.exit_code == 2
    assert "did you mean" in result.stderr


def test_what_was_seen_is_recorded_once_a_log_was_begun(site: Path) -> None:
    begun = answered("evidence", "init", site)
    first = answered("assess", site, "--design", code=1)
    second = answered("assess", site, "--design", code=1)
    listed = answered("evidence", "show", site)

    assert len(str(begun["fingerprint"])) == 64
    assert first["recorded"] == len(RENDERED) + 1  # the rendered state is new
    assert second["recorded"] == len(RENDERED)
    statements = listed["statements"]
    assert isinstance(statements, list)
    assert [each["kind"] for each in statements[:3]] == ["key", "rendered-state", "fact"]
    assert len(statements) == 1 + 1 + 2 * len(RENDERED)


def test_a_log_is_begun_once_and_only_with_a_long_passphrase(site: Path, tmp_path: Path) -> None:
    short = secret(tmp_path / "short", "too short")

    refused = ringfence("evidence", "init", site, "--passphrase-file", short)
    answered("evidence", "init", site)
    again = ringfence("evidence", "init", site)

    assert refused.exit_code == again.exit_code == 2
    assert "15" in refused.stderr
    assert "already" in again.stderr


def test_a_passphrase_that_others_can_read_is_not_taken(site: Path, tmp_path: Path) -> None:
    word = secret(tmp_path / "open", WORD)
    word.chmod(0o644)

    result = ringfence("evidence", "init", site, "--passphrase-file", word)

    assert result.exit_code == 2
    assert "chmod 600" in result.stderr


def test_an_attestation_satisfies_and_its_photograph_is_kept(site: Path, tmp_path: Path) -> None:
    photo = tmp_path / "door.jpg"
    photo.write_bytes(b"a picture of a door")
    answered("evidence", "init", site)

    said = ("--by", "Ada Whitcombe", "--role", "caretaker", "--scope", "Room 0.12")
    answered("attest", site, "phy-1", *said, "--observed", "Both locked.", "--evidence", photo)
    row = answered("assess", site, "PHY-1", "--design", "--no-record")

    assert row["verdict"] == "satisfied"
    assert "Ada Whitcombe (caretaker)" in str(row["because"])
    digests = [path.name for path in (site / "evidence" / "exhibits").iterdir()]
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("SEP-4",), "nobody's word stands in for that"),
        (("PHY-1",), "missing or too short: --by, --role, --observed, --scope"),
        (("PHY-1", "--expires", "2099-01-01"), "at most"),
        (("PHY-1", "--seen-on", "2099-01-01"), "still to come"),
        (("PHY-1", "--expires", "tomorrow"), "not a date"),
        (("PHY-1", "--evidence", "/no/such/file"), "No such file"),
        (("PHY-99",), "no mitigation"),
    ],
)
def test_what_cannot_be_attested_is_refused_in_words(
    site: Path, arguments: tuple[str, ...], words: str
) -> None:
    answered("evidence", "init", site)
    said: tuple[str, ...] = ("--by", "Ada", "--role", "guard", "--scope", "Room 1")
    said = (*said, "--observed", "All of it was as it should be.")

    result = ringfence("attest", site, *arguments, *(said if len(arguments) > 1 else ()))

    assert result.exit_code == 2
    assert words in result.stderr


def test_at_the_highest_level_a_second_person_signs_with_their_own_key(
    site: Path, tmp_path: Path
) -> None:
    file = site / "site.yaml"
    file.write_text(
        file.read_text().replace("level: minimum ", "level: minimum\nsections: {PHY: highest} ")
    )
    own = secret(tmp_path / "own", OTHER)
    answered("evidence", "init", site)
    said = ("--role", "guard", "--scope", "Room 1", "--observed", "Locked, and logged.")
    first = answered("attest", site, "PHY-4", "--by", "Ada Whitcombe", *said)
    alone = answered("assess", site, "PHY-4", "--design", "--no-record", code=1)
    person = ("--by", "Grace Okafor", "--role", "officer", "--own-passphrase-file", own)
    unknown = ringfence("countersign", site, "PHY-4", *person)
    answered("evidence", "enrol", site, *person)
    answered("countersign", site, "PHY-4", *person)
    same = ringfence(
        *("countersign", site, "PHY-4", "--by", "ada whitcombe", "--role", "guard"),
        *("--own-passphrase-file", own),
    )

    assert first["second_person_needed"] is True
    assert alone["verdict"] == "not-tested"
    assert unknown.exit_code == 2
    assert same.exit_code == 2
    assert "somebody else" in same.stderr
    together = answered("assess", site, "PHY-4", "--design", "--no-record")
    assert together["verdict"] == "satisfied"


def test_the_checklist_says_what_waits_for_a_person(site: Path, tmp_path: Path) -> None:
    page = tmp_path / "walk.html"

    told = ringfence("attest", site, "--html", page)

    assert told.exit_code == 1
    assert "PHY-1" in told.stdout
    assert "PHY-1" in page.read_text()


def test_reports_are_written_whole(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    found = answered("report", site, "--design", "--out", out, code=1)

    files = found["files"]
    assert isinstance(files, list)
    assert {"report.html", "junit.xml", "site.cklb", "oscal/profile-site.json"} <= set(files)
    assert all((out / name).stat().st_size > 100 for name in files)
    assert not list(out.glob(".*"))


def test_a_pack_is_accepted_by_its_own_verifier_and_not_once_it_is_changed(
    site: Path, tmp_path: Path
) -> None:
    answered("evidence", "init", site)
    pack = tmp_path / "pack.tar"
    found = answered("evidence", "pack", site, "--out", pack)
    subprocess.run(["tar", "-xf", pack, "verify.py"], cwd=tmp_path, check=True)
    verify = [sys.executable, "verify.py", str(pack), "--key", str(found["fingerprint"])]

    accepted = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    refused = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert refused.returncode == 1


def test_a_damaged_log_is_refused(site: Path) -> None:
    answered("evidence", "init", site)
    path = site / "evidence" / "statements.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"sig"', b'"gis"'))

    result = ringfence("evidence", "show", site)

    assert result.exit_code == 1
    assert str(site / "evidence") in result.stderr


def test_mistakes_in_a_site_file_become_sarif(tmp_path: Path, site: Path) -> None:
    out = tmp_path / "site.sarif"
    file = site / "site.yaml"
    file.write_text(file.read_text().replace("level: minimum", "level: hihgest"))

    assert ringfence("check", site, "--sarif", out).exit_code == 2
    run = json.loads(out.read_text())["runs"][0]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 9


def test_the_map_is_drawn_as_a_picture_and_in_the_terminal(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "zones.svg"

    told = ringfence("map", site, "--out", out)
    found = answered("map", site)

    assert told.exit_code == 0
    assert "softphones" in told.stdout
    assert out.read_text().startswith("<svg")
    assert (found["proved"], found["tested"], found["ok"]) == (True, None, False)


def test_what_is_proved_is_shown_and_what_was_not_asked_is_no_yes(site: Path) -> None:
    found = answered("prove", site, "crossing-flows", "own-filters")
    whole = answered("prove", site, "zones", code=1)

    assert found["unasked"] == []
    assert whole["unasked"] == ["rules-in-force", "zone-sweep"]
    assert "no lab office is up" in str(whole["why_not_running"])


def test_nothing_is_asked_of_what_a_site_does_not_have_unless_it_is_named(site: Path) -> None:
    found = answered("prove", site, code=1)
    named = answered("prove", site, "switch-devices", code=1)

    facts = found["facts"]
    assert isinstance(facts, list)
    assert facts
    assert not [fact for fact in facts if fact["question"].startswith("switch-")]
    assert "switch-" not in str(found["unasked"])
    assert "the site file names no switches" in str(named["facts"])


def test_an_unknown_question_is_misuse() -> None:
    result = ringfence("prove", BRANCH, "crosing-flows")

    assert result.exit_code == 2
    assert "did you mean 'crossing-flows'?" in result.stderr
