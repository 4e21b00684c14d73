"""Phones from a CSV file: a header row, then a phone a row (RFC 4180, or semicolons)."""

import csv
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from ringfence.site.model import Phone
from ringfence.site.problems import MOST, Problem, SiteError, did_you_mean, shown
from ringfence.site.text import read_text

MEGABYTES = 64
"""The largest file that is read."""
ROWS = 200_000
"""The most phones that are read."""
COLUMNS = tuple(Phone.model_fields)
"""The columns a file may have, in any order."""


class PhoneRows(NamedTuple):
    """The rows as they are written, the line of each, and what is wrong with other rows."""

    file: str
    rows: list[dict[str, str]]
    lines: list[int]
    problems: list[Problem]


def read_phones(path: Path) -> PhoneRows:
    """Read the rows of a phone list; values are not judged here, and empty ones left out.

    Raises:
        SiteError: the file cannot be read, its header is wrong, or it is too long.

    """
    text = read_text(path, MEGABYTES)
    result = PhoneRows(str(path), [], [], [])
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: tuple[str, ...] | None = None
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                if header is None:
                    header = _header(path, line, cells)
                else:
                    _add(result, line, header, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "is a quote opened and never closed?"
        raise SiteError.of(path, line, "", f"is not CSV: {error}; {hint}") from None
    if header is None:
        raise SiteError.of(path, 1, "", f"is empty; its first row must name {', '.join(COLUMNS)}")
    if result.problems and not result.rows:
        raise SiteError(result.problems)
    return result


def _delimiter(text: str) -> str:
    first, _, _ = text.lstrip().partition("\n")
    return ";" if first.count(";") > first.count(",") else ","


def _header(path: Path, line: int, cells: list[str]) -> tuple[str, ...]:
    names = tuple(cell.lower() for cell in cells)
    found = [
        (cell, f"no such column; {did_you_mean(cell, COLUMNS)}")
        if name not in COLUMNS
        else (name, "this column is there twice")
        for index, (name, cell) in enumerate(zip(names, cells, strict=True))
        if name not in COLUMNS or name in names[:index]
    ]
    found += [
        (name, "this column is missing")
        for name, field in Phone.model_fields.items()
        if field.is_required() and name not in names
    ]
    if found:
        raise SiteError(
            Problem(file=str(path), line=line, key=key, message=message) for key, message in found
        )
    return names


def _add(result: PhoneRows, line: int, header: tuple[str, ...], cells: list[str]) -> None:
    if len(cells) != len(header):
        message = f"has {len(cells)} cells where the header has {len(header)}"
        if len(cells) > len(header):
            message += "; put quotes around a cell that holds the separator"
        problem = Problem(file=result.file, line=line, key="", message=message)
        result.problems.append(problem)
        if len(result.problems) == MOST:
            raise SiteError(result.problems)
        return
    if len(result.rows) == ROWS:
        raise SiteError.of(result.file, line, "", f"more than {ROWS} phones are not supported")
    pairs = zip(header, cells, strict=True)
    result.rows.append({name: cell for name, cell in pairs if cell})
    result.lines.append(line)


def beside(site_file: Path, name: str) -> Path:
    """The path of a file named in a site file; it must lie in the same directory or below.

    Raises:
        ValueError: it lies elsewhere, also by way of a symbolic link; the message says so.

    """
    path = site_file.parent / name
    try:
        inside = path.resolve().is_relative_to(site_file.parent.resolve())
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):
        raise ValueError(f"{shown(name)} cannot be the name of a file") from None
    if not inside:
        raise ValueError(f"{shown(name)} must lie in the directory of the site file or below it")
    if not there:
        raise ValueError(f"there is no file {shown(name)} beside the site file")
    return path
