"""A plan on disk: the same bytes again, nothing partial, nothing that is not ours overwritten."""

from pathlib import Path

import pytest

from ringfence.render import plan
from ringfence.render.catalogue import trees
from samples import make_design


def snapshot(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_the_same_design_gives_the_same_bytes(tmp_path: Path) -> None:
    plan.write(trees(make_design()), tmp_path / "one")
    plan.write(trees(make_design()), tmp_path / "two")

    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")


def test_a_second_plan_says_what_changed(tmp_path: Path) -> None:
    plan.write(trees(make_design(phones=2)), tmp_path / "out")
    again = plan.write(trees(make_design(phones=3)), tmp_path / "out")

    assert any(key.startswith("p100002:") for key in again.changes.added)
    assert "net1:/etc/kea/kea-dhcp4.conf" in again.changes.changed
    assert not again.changes.removed
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_a_directory_that_is_no_plan_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "letters"
    mine.mkdir()
    (mine / "dear.txt").write_text("keep me")

    with pytest.raises(plan.PlanError, match="not a plan"):
        plan.write(trees(make_design()), mine)
    assert snapshot(mine).keys() == {"dear.txt"}


def test_a_plan_holds_no_keys_and_no_secrets(tmp_path: Path) -> None:
    made = plan.write(trees(make_design()), tmp_path / "out")

    deposits = {
        f"{host}{path}"
        for host, files in made.manifest.items()
        for path, entry in files.items()
        if entry.deposit
    }
    assert deposits
    assert not deposits & snapshot(tmp_path / "out").keys()
    assert not any(b"PRIVATE KEY" in data for data, _ in snapshot(tmp_path / "out").values())


def test_files_that_will_hold_secrets_are_not_for_others() -> None:
    for tree in trees(make_design()):
        for file in tree.files:
            if "{secret:" in file.text:
                assert file.mode & 0o007 == 0, file.path
        for deposit in tree.deposits:
            assert "key" not in deposit.material or deposit.mode & 0o007 == 0, deposit.path
