"""Alerts, and how they are told: one line each, and a flood in one line every few seconds."""

from collections.abc import Callable
from dataclasses import dataclass

from .rules import Kind

PAUSE = 3.0
"""Seconds between two lines about the same kind, source and zone."""
SOURCES = 8
"""How many sources of one kind and zone are named before the rest are ``many``."""
MANY = "many"
"""What stands for a source where it is not one."""
_REST = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that looks like an intrusion.

    ``source`` and ``target`` are addresses: of IP, with a port where one is meant, or of a device
    where only that is known. ``count`` is how many of what the rule counts were seen.
    """

    kind: Kind
    source: str
    target: str
    count: int


class _Told:
    """What has been told of one source since when, and what has not."""

    __slots__ = ("last", "owed", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.owed = 0
        self.last: Alert | None = None

    def owe(self, alert: Alert) -> None:
        """Keep for later."""
        self.owed += alert.count
        self.last = alert


class Reporter:
    """Turns alerts into lines, at a bounded rate and with bounded memory, for one zone.

    ``knows`` tells sources that the design names from others. They are counted apart, so that
    invented ones in numbers do not keep a real one from being named.
    """

    def __init__(self, zone: str, knows: Callable[[str], bool]) -> None:
        self._zone = zone
        self._knows = knows
        self._told: dict[tuple[Kind, bool], dict[str, _Told]] = {}

    def offer(self, alert: Alert, now: float) -> list[str]:
        """Take an alert; the line about it, or nothing if one of its like was told just now."""
        sources = self._told.setdefault((alert.kind, self._knows(alert.source)), {})
        name = alert.source
        if name not in sources and (_REST in sources or len(sources) >= SOURCES):
            name = _REST
        known = sources.get(name)
        if known is not None:
            known.owe(alert)
            return []
        told = sources[name] = _Told(now)
        if name == _REST:
            told.owe(alert)  # enough of them have been named
            return []
        return [self._line(alert, name, alert.count)]

    def tick(self, now: float) -> list[str]:
        """The lines that have become due."""
        lines = []
        for sources in self._told.values():
            due = [name for name, told in sources.items() if not 0 <= now - told.since < PAUSE]
            for name in due:
                told = sources.pop(name)
                if told.last is not None:
                    lines.append(self._line(told.last, name, told.owed))
                    sources[name] = _Told(now)
        return lines

    def _line(self, alert: Alert, source: str, count: int) -> str:
        return (
            f"ALERT kind={alert.kind} source={source or MANY} target={alert.target} count={count} "
            f"zone={self._zone}"
        )
