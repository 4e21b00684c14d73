"""A service that a timer starts on real hosts waits for a command in a lab."""

import os
from pathlib import Path

from ringfence.machine.journal import Journal
from ringfence.machine.service import Service, State
from ringfence.machine.units import parse

UNIT = parse("x", "[Service]\nType=oneshot\nExecStart=/bin/true\n")


def test_it_is_idle_and_holds_nobody_up(tmp_path: Path) -> None:
    service = Service(UNIT, Journal(str(tmp_path / "log")), timed=True)

    assert service.state == State.IDLE
    assert service.settled
    assert service.over
    assert service.pid == 0


def test_any_other_waits_for_its_turn(tmp_path: Path) -> None:
    service = Service(UNIT, Journal(os.fspath(tmp_path / "log")))

    assert service.state == State.WAITING
    assert not service.over
