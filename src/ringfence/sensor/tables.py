"""Counting with bounded memory: by source, within a window of time.

A table forgets the source that it has not heard of for the longest when it is full. A window
begins with the first thing that is counted, so whatever comes twice as often as a limit is found
wherever windows begin.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

SOURCES = 4096
"""How many sources a table remembers."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(OrderedDict[K, V], Generic[K, V]):
    """A dictionary that keeps the entries that were set last."""

    def __init__(self, limit: int = SOURCES) -> None:
        super().__init__()
        self._limit = limit

    def keep(self, key: K, value: V) -> None:
        """Set an entry, as the newest; the oldest goes if there are too many."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._limit:
            self.popitem(last=False)


class Rate(Generic[K]):
    """How often something happened, by source."""

    def __init__(self, count: int, seconds: int, sources: int = SOURCES) -> None:
        self._count = count
        self._seconds = seconds
        self._seen: Bounded[K, tuple[float, int]] = Bounded(sources)

    def add(self, source: K, now: float) -> int:
        """Count once more; the count if the limit is reached (and it starts anew), else 0."""
        started, number = self._seen.get(source, (now, 0))
        if not 0 <= now - started <= self._seconds:
            started, number = now, 0
        number += 1
        if number >= self._count:
            self._seen.pop(source, None)
            return number
        self._seen.keep(source, (started, number))
        return 0

    def forget(self, source: K) -> None:
        """Begin anew with a source."""
        self._seen.pop(source, None)


class Distinct(Generic[K, V]):
    """How many different things happened, by source."""

    def __init__(self, count: int, seconds: int, sources: int = SOURCES) -> None:
        self._count = count
        self._seconds = seconds
        self._seen: Bounded[K, tuple[float, set[V]]] = Bounded(sources)

    def add(self, source: K, thing: V, now: float) -> int:
        """Count a thing once; the count if the limit is reached (and it starts anew), else 0."""
        started, things = self._seen.get(source) or (now, set())
        if not 0 <= now - started <= self._seconds:
            started, things = now, set()
        things.add(thing)
        if len(things) >= self._count:
            self._seen.pop(source, None)
            return len(things)
        self._seen.keep(source, (started, things))
        return 0

    def forget(self, source: K) -> None:
        """Begin anew with a source."""
        self._seen.pop(source, None)
