from datetime import date
from pathlib import Path

import pytest

from ringfence.design import build
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.site import SiteError, load_site, write_starter
from ringfence.site import starter as module


@pytest.mark.parametrize("level", Level)
def test_a_starter_is_a_valid_site(tmp_path: Path, level: Level) -> None:
    directory = tmp_path / "new" / "site"
    paths = write_starter(directory, level)

    assert load_site(directory).level is level
    assert sorted(paths) == sorted(directory.iterdir())


SUGGESTED = ("#   ", "# addressing:", "# logs:", "# converged:", "# definitions:")


def test_what_the_comments_suggest_is_valid_too(tmp_path: Path) -> None:
    write_starter(tmp_path, Level.MINIMUM)
    path = tmp_path / "site.yaml"
    text = path.read_text()
    suggested = text.partition("# servers:")[2].splitlines()
    keys = "\n".join(line.removeprefix("# ") for line in suggested if line.startswith(SUGGESTED))
    path.write_text(f"{text}\nservers:\n{keys}\n")
    site = load_site(tmp_path)

    assert len(site.servers) == 4
    assert site.logs.keep_days == 400
    assert set(site.addressing.fixed) == {"sip1", "p2001"}
    assert site.converged is not None
    assert site.converged.mail is not None
    assert site.definitions is not None


@pytest.mark.parametrize("level", Level)
def test_switches_as_the_comments_suggest_can_be_designed(tmp_path: Path, level: Level) -> None:
    write_starter(tmp_path, level)
    path = tmp_path / "site.yaml"
    text = path.read_text()
    suggested = text.partition("# switches:\n")[2].partition("\n\n")[0].splitlines()
    keys = "\n".join(line.removeprefix("# ") for line in suggested)
    path.write_text(f"{text}\nswitches:\n{keys}\n")
    site = load_site(tmp_path)

    switches = build(site, resolve(site, date(2026, 1, 15))).switches

    assert [each.platform for each in switches] == ["ios-xe", "junos"]


@pytest.mark.parametrize("name", module.STARTER_FILES)
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("nowhere")

    with pytest.raises(SiteError, match=f"{name}: is there already and is left as it is"):
        write_starter(tmp_path, Level.MEDIUM)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failure_half_way_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.path.lexists", lambda _: False)
    last = tmp_path / module.STARTER_FILES[-1]
    last.write_text("mine")

    with pytest.raises(SiteError, match="nothing was written: File exists"):
        write_starter(tmp_path, Level.MEDIUM)

    assert list(tmp_path.iterdir()) == [last]
    assert last.read_text() == "mine"


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SiteError, match="nothing was written: "):
        write_starter(tmp_path / "file" / "site", Level.MINIMUM)
