"""Ways to break a running machine for the time of a block."""

from collections.abc import Iterator
from contextlib import contextmanager

from ringfence.machine.inside import Machine


@contextmanager
def changed(machine: Machine, path: str, *pairs: tuple[str, str]) -> Iterator[None]:
    """A file of a machine with other text in it, for the time of a block."""
    before = machine.read(path)
    mode, owner, group = machine.run(["stat", "-c", "%a %U %G", path], check=True).stdout.split()
    text = before.decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    machine.write(path, text.encode(), int(mode, 8), owner, group)
    try:
        yield
    finally:
        machine.write(path, before, int(mode, 8), owner, group)


@contextmanager
def run_between(machine: Machine, do: str, undo: str) -> Iterator[None]:
    machine.run(["sh", "-c", do], check=True)
    try:
        yield
    finally:
        machine.run(["sh", "-c", undo], check=True)


@contextmanager
def stopped(machine: Machine, unit: str) -> Iterator[None]:
    machine.stop(unit)
    try:
        yield
    finally:
        machine.start_service(unit)
