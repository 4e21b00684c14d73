"""SARIF of a site file's problems and of its deviations' remarks."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from assessments import sample_assessment
from ringfence.assess.report.sarif import rule_of, sarif
from ringfence.guide import Level
from ringfence.policy import Remark
from ringfence.site import Problem, SiteError, load_site
from ringfence.site.model import Site
from site_files import SITE

ROOT = Path("/repository")
FILE = ROOT / "sites" / "site.yaml"


def problem(key: str = "phones[3].mac", line: int | None = 12, file: Path = FILE) -> Problem:
    return Problem(file=str(file), line=line, key=key, message="'x' is not a MAC address")


def read(*problems: Problem, remarks: tuple[Remark, ...] = (), **more: Any) -> dict[str, Any]:
    given = {"site_file": FILE, "root": ROOT, **more}
    document: dict[str, Any] = json.loads(sarif(problems, remarks, **given))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_a_problem_is_an_error_at_its_line_of_its_file() -> None:
    (result,) = read(problem())["results"]

    assert result["level"] == "error"
    assert result["message"]["text"] == "phones[3].mac: 'x' is not a MAC address"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "sites/site.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 12},
            }
        }
    ]


def test_a_problem_of_the_whole_file_has_no_line() -> None:
    (result,) = read(problem(key="", line=None))["results"]

    assert "region" not in result["locations"][0]["physicalLocation"]
    assert result["ruleId"] == "site/file"


def test_remarks_are_warnings_and_stand_where_their_deviation_begins() -> None:
    remarks = sample_assessment(Level.HIGHEST).requirements.remarks
    results = read(remarks=remarks, lines={"deviations[2]": 31})["results"]

    assert len(results) == len(remarks) == 2
    assert {each["level"] for each in results} == {"warning"}
    assert {each["ruleId"] for each in results} == {"policy/deviation"}
    places = [each["locations"][0]["physicalLocation"] for each in results]
    assert places[0]["region"] == {"startLine": 31}
    assert "region" not in places[1]


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("phones[3].mac", "site/phones"),
        ("phones", "site/phones"),
        ("mac", "site/phones"),
        ("deviations[0].expires", "site/deviations"),
        ("addressing.zones.phones", "site/addressing"),
        ("levle", "site/file"),
        ("'; drop", "site/file"),
        ("", "site/file"),
    ],
)
def test_a_rule_is_that_of_the_key_and_not_of_the_words(key: str, rule: str) -> None:
    assert rule_of(key) == rule


def test_every_rule_is_described_and_every_result_points_to_its_own() -> None:
    keys = [f"{key}[0].x" for key in Site.model_fields]
    run = read(*(problem(key=key) for key in ("", *keys)))
    rules = run["tool"]["driver"]["rules"]

    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rule["shortDescription"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.parametrize(
    "name", ["a b.yaml", "x:y.yaml", "ümläut/site.yaml", "100%.yaml", "a#b?.yaml", "q\n.yaml"]
)
def test_paths_are_relative_and_written_as_a_uri_needs_it(name: str) -> None:
    (result,) = read(problem(file=ROOT / name))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert unquote(uri) == name
    assert not set(uri) & set(' :#?"\n')
    assert uri.isascii()


def test_fingerprints_outlive_a_line_that_moves() -> None:
    one, other, third = read(problem(line=1), problem(line=9), problem("phones[4].mac"))["results"]

    assert one["partialFingerprints"] == other["partialFingerprints"]
    assert one["partialFingerprints"] != third["partialFingerprints"]


def test_real_mistakes_of_a_site_file_are_all_there(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(SITE.replace("level:", "levle:").replace("country: ", "country: X"))
    with pytest.raises(SiteError) as caught:
        load_site(file)
    results = read(*caught.value.problems, root=tmp_path, site_file=file)["results"]

    assert len(results) == len(caught.value.problems) > 1
    assert {each["ruleId"] for each in results} >= {"site/file", "site/country"}
    assert all(
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "site.yaml"
        for each in results
    )


def test_the_same_input_gives_the_same_bytes_and_hostile_words_stay_words() -> None:
    hostile = Problem(file=str(FILE), line=1, key="\x00", message='"}]\ud800\x1b\u202e')

    assert sarif([hostile], site_file=FILE, root=ROOT) == sarif(
        [hostile], site_file=FILE, root=ROOT
    )
    assert read(hostile)["results"][0]["message"]["text"] == '\ufffd: "}]\ufffd\ufffd\ufffd'
