"""What the keeper of the log server's files keeps, removes, and says."""

import os
import signal
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from ringfence.logkeeping import keeper as module
from ringfence.logkeeping.keeper import Keeper, day_of, over, short_of_room

TODAY = date(2026, 6, 1)


class Disk(NamedTuple):
    f_bavail: int
    f_blocks: int


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> dict[Path, bool]:
    """The marks that were set: setting them for real takes a capability."""
    marks: dict[Path, bool] = {}

    def mark(path: Path, *, append_only: bool) -> bool:
        marks[path] = append_only
        return True

    monkeypatch.setattr(module, "mark", mark)
    return marks


def log_of(top: Path, day: date, host: str = "sip1") -> Path:
    path = top / host / f"{day}.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text("a line\n")
    return path


def test_the_day_of_a_file_is_in_its_name() -> None:
    assert day_of(Path("/logs/sip1/2026-06-01.log")) == TODAY
    assert day_of(Path("/logs/sip1/2026-06-01.txt")) is None
    assert day_of(Path("/logs/sip1/notes.log")) is None


def test_days_are_kept_as_many_as_the_site_says() -> None:
    assert not over(TODAY - timedelta(days=400), TODAY, 400)
    assert over(TODAY - timedelta(days=401), TODAY, 400)


def test_room_is_short_below_a_tenth() -> None:
    assert short_of_room(9, 100)
    assert not short_of_room(10, 100)


def test_files_are_marked_and_old_ones_removed(tmp_path: Path, marked: dict[Path, bool]) -> None:
    new, kept, old = (log_of(tmp_path, TODAY - timedelta(days=n)) for n in (0, 30, 31))

    said = list(Keeper(tmp_path, 30).look(TODAY, 0.0))

    assert marked == {new: True, kept: True, old: False}
    assert not old.exists()
    assert new.exists()
    assert said == [f"REMOVED {old}: older than 30 days"]


def test_old_files_are_looked_at_again_after_an_hour(
    tmp_path: Path, marked: dict[Path, bool]
) -> None:
    old = log_of(tmp_path, TODAY - timedelta(days=30))
    keeper = Keeper(tmp_path, 400)
    list(keeper.look(TODAY, 0.0))
    marked.clear()

    list(keeper.look(TODAY, 5.0))
    assert old not in marked
    list(keeper.look(TODAY, 3601.0))
    assert marked[old]


def test_nothing_that_is_no_log_of_a_day_is_touched(
    tmp_path: Path, marked: dict[Path, bool]
) -> None:
    (tmp_path / "sip1").mkdir()
    other = tmp_path / "sip1" / "notes.log"
    other.write_text("")

    assert not list(Keeper(tmp_path, 1).look(TODAY, 0.0))
    assert not marked
    assert other.exists()


def test_a_file_that_cannot_be_marked_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path, **__: bool) -> bool:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(module, "mark", refuse)
    path = log_of(tmp_path, TODAY)
    keeper = Keeper(tmp_path, 30)

    assert list(keeper.look(TODAY, 0.0)) == [f"NOT APPEND-ONLY {path}: Operation not supported"]
    assert not list(keeper.look(TODAY, 5.0))
    assert list(keeper.look(TODAY + timedelta(days=31), 10.0)) == [
        f"REMOVED {path}: older than 30 days"
    ]


def test_short_room_is_told_of_again_and_again_and_nothing_is_removed(
    tmp_path: Path, marked: dict[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = log_of(tmp_path, TODAY - timedelta(days=29))
    keeper = Keeper(tmp_path, 30)
    monkeypatch.setattr(os, "statvfs", lambda _: Disk(5, 100))

    (line,) = keeper.look(TODAY, 0.0)
    assert "SHORT OF ROOM: 5% of" in line
    assert not list(keeper.look(TODAY, 60.0))
    assert list(keeper.look(TODAY, 901.0))
    assert path.exists()
    assert marked[path]


def test_the_log_server_is_halted_before_its_disk_is_full_and_goes_on_when_it_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = False
    free = 4

    def kill(process: int, number: signal.Signals) -> None:
        nonlocal halted
        assert process == 42
        halted = number == signal.SIGSTOP

    monkeypatch.setattr(os, "statvfs", lambda _: Disk(free, 100))
    monkeypatch.setattr(module, "writers", lambda: iter([(42, halted)]))
    monkeypatch.setattr(os, "kill", kill)
    keeper = Keeper(tmp_path, 30)

    said, _ = keeper.look(TODAY, 0.0)
    assert "HALTED" in said
    assert halted
    assert keeper.interval < 1
    free = 5
    assert not list(keeper.look(TODAY, 1.0))
    free = 6
    assert list(keeper.look(TODAY, 2.0)) == ["GOING ON: the log server has room again"]
    assert not halted
    free = 50
    assert not list(keeper.look(TODAY, 3.0))
    assert keeper.interval > 1


def test_only_the_writer_that_is_the_same_users_is_halted() -> None:
    assert all(process > 0 for process, _ in module.writers())
    assert os.getpid() not in {process for process, _ in module.writers()}
