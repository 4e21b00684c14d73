"""How alerts are told: at once, in one line, and a flood in few."""

from ringfence.sensor.alerts import PAUSE, SOURCES, Alert, Reporter
from ringfence.sensor.rules import Kind

KNOWN = {"172.16.0.10"}


def alert(source: str = "10.0.0.1", count: int = 1, kind: Kind = Kind.PORT_SCAN) -> Alert:
    return Alert(kind, source, "10.0.0.9", count)


def test_the_first_alert_is_one_line_at_once() -> None:
    lines = Reporter("phones", KNOWN.__contains__).offer(alert(count=15), 100.0)

    assert lines == ["ALERT kind=port-scan source=10.0.0.1 target=10.0.0.9 count=15 zone=phones"]


def test_a_flood_from_one_source_is_a_line_every_few_seconds_and_none_is_lost() -> None:
    reporter = Reporter("phones", KNOWN.__contains__)
    lines: list[str] = []
    now = 100.0

    for step in range(1000):
        now = 100 + step / 100
        lines += reporter.offer(alert(), now)
        if step % 100 == 0:
            lines += reporter.tick(now)
    lines += reporter.tick(now + PAUSE)

    assert len(lines) <= 2 + 10 / PAUSE
    counts = [int(line.split("count=")[1].split()[0]) for line in lines]
    assert sum(counts) == 1000


def test_a_flood_from_invented_sources_names_a_few_and_then_says_many() -> None:
    reporter = Reporter("phones", KNOWN.__contains__)
    lines: list[str] = []

    for second in range(30):
        for number in range(1000):
            lines += reporter.offer(alert(f"10.{second}.{number >> 8}.{number & 255}"), second)
        lines += reporter.tick(second)

    assert len([line for line in lines if "source=many" not in line]) == SOURCES
    assert len(lines) <= SOURCES + 30 / PAUSE
    assert "source=many target=10.0.0.9 count=" in lines[-1]


def test_when_a_flood_is_over_sources_are_named_again() -> None:
    reporter = Reporter("phones", KNOWN.__contains__)
    for number in range(100):
        reporter.offer(alert(f"10.0.1.{number}"), 0.0)
    for second in range(1, 12):
        reporter.tick(float(second))

    assert "source=10.9.9.9" in reporter.offer(alert("10.9.9.9"), 12.0)[0]


def test_a_host_of_the_design_is_named_in_the_midst_of_a_flood() -> None:
    reporter = Reporter("phones", KNOWN.__contains__)
    for number in range(1000):
        reporter.offer(alert(f"10.9.{number >> 8}.{number & 255}"), 0.0)

    assert "source=172.16.0.10" in reporter.offer(alert("172.16.0.10"), 0.1)[0]


def test_kinds_do_not_hide_each_other() -> None:
    reporter = Reporter("phones", KNOWN.__contains__)

    assert all(reporter.offer(alert(kind=kind), 0.0) for kind in Kind)


def test_the_same_thing_a_while_later_is_told_at_once_again() -> None:
    reporter = Reporter("phones", KNOWN.__contains__)
    reporter.offer(alert(), 0.0)
    assert not reporter.tick(PAUSE)

    assert reporter.offer(alert(), PAUSE + 1)
