"""How commands speak: text for people, JSON for programs, and errors without tracebacks."""

import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Never

import typer
from pydantic import BaseModel
from rich.console import Console


class Exit(IntEnum):
    """What a command returns."""

    AS_ASKED = 0
    FOUND_WANTING = 1
    USED_WRONGLY = 2


_COMFORTABLE = 100
_WIDE = 140
"""Columns of output that goes to a file or a pipe: nothing there is cut to a screen."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def emit(value: BaseModel | dict[str, object]) -> None:
    """Print a result as JSON, one document, keys in a stable order."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def indented(text: str) -> str:
    """A paragraph as an indented block that is comfortable to read."""
    width = min(out.width, _COMFORTABLE)
    return textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  ")


def fail(message: str, *, code: Exit, as_json: bool = False) -> Never:
    """End with an error for a person on standard error; with ``--json`` also as JSON."""
    if as_json:
        emit({"ok": False, "error": message})
    for line in message.splitlines():
        err.print(line, markup=False)
    raise typer.Exit(code)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that says what is being done.

    On a terminal the present step is shown on one line that is overwritten; elsewhere each step
    is a plain line, unless it comes within a second of the one before.
    """
    if quiet:
        yield lambda _: None
    elif err.is_terminal:
        with err.status("starting") as status:
            yield status.update
    else:
        yield _Lines()


class _Lines:
    """Steps as plain lines, at most one a second: a log is not a screen."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, step: str) -> None:
        if time.monotonic() >= self._next:
            err.print(step, markup=False)
            self._next = time.monotonic() + 1.0
