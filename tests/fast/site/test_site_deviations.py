"""Deviations in a site file: what they must carry, and how errors say where it is missing."""

from pathlib import Path

import pytest

from ringfence.site import SiteError, load_site

SITE = """\
organisation: Example
domain: office.example
country: GB
level: minimum
phones:
  - {extension: 200, name: One, mac: "02:00:5e:00:00:01"}
deviations:
  - mitigation: nav-1
    change: lower
    reason: The building is guarded day and night.
    requested_by: Ada Whitcombe
    approved_by: Grace Okafor
    date: 2026-01-15
    expires: 2027-01-15
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_site(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_a_whole_deviation_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")

    (found,) = load_site(path).deviations

    assert found.mitigation == "NAV-1"
    assert str(found.expires) == "2027-01-15"


@pytest.mark.parametrize(
    "key", ["mitigation", "change", "reason", "requested_by", "approved_by", "date", "expires"]
)
def test_a_deviation_that_lacks_anything_is_refused_by_name_and_line(
    tmp_path: Path, key: str
) -> None:
    lines = [line for line in SITE.splitlines() if f" {key}:" not in line]
    if key == "mitigation":
        lines[lines.index("    change: lower")] = "  - change: lower"

    assert problems(tmp_path, "\n".join(lines)) == [f"8: deviations[0].{key}: is missing"]


def test_nobody_approves_their_own_request(tmp_path: Path) -> None:
    text = SITE.replace("approved_by: Grace Okafor", "approved_by: ada  WHITCOMBE")

    (found,) = problems(tmp_path, text)

    assert found.startswith("12: deviations[0].approved_by: 'ada  WHITCOMBE' has asked for it too")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nav-1", "NAV-99", "8: deviations[0].mitigation: 'NAV-99' is no mitigation of the guide"),
        ("lower", "lowr", "9: deviations[0].change: 'lowr' is no choice here; did you mean"),
        ("2026-01-15", "15.1.2026", "13: deviations[0].date: '15.1.2026' is not a date such as"),
        ("2027-01-15", "2026-01-15", "14: deviations[0].expires: 2026-01-15 is not after"),
        ("level: minimum", "level: minimum\nsections: {DATA: highest}", "did you mean 'DAT'?"),
    ],
)
def test_mistakes_are_named_with_a_remedy(tmp_path: Path, old: str, new: str, words: str) -> None:
    (found,) = problems(tmp_path, SITE.replace(old, new))

    assert words in found


def test_the_same_mitigation_deviates_once(tmp_path: Path) -> None:
    again = "".join(SITE.partition("deviations:\n")[2:])

    assert "used already (first on line 8)" in problems(tmp_path, SITE + again)[0]
