"""A starter site: small, commented, and valid as it is written."""

import os
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from ringfence.guide import Level
from ringfence.site.problems import Problem, SiteError

STARTER_FILES: Final = ("site.yaml", "phones.csv", "site.schema.json")
"""What a starter site consists of; the schema is for editors."""


def write_starter(directory: Path, level: Level) -> tuple[Path, ...]:
    """Write a starter site into a directory, which is made if need be; all of it or nothing.

    Raises:
        SiteError: a file is there already, or the directory cannot be written.

    """
    texts = {directory / name: _text(name, level) for name in STARTER_FILES}
    there = [path for path in texts if os.path.lexists(path)]
    if there:
        message = "is there already and is left as it is; nothing was written"
        raise SiteError(
            Problem(file=str(path), line=None, key="", message=message) for path in there
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_all(directory, texts)
    except OSError as error:
        message = f"nothing was written: {error.strerror}"
        raise SiteError.of(error.filename or directory, None, "", message) from None
    return tuple(texts)


def _write_all(directory: Path, texts: Mapping[Path, str]) -> None:
    """Write under other names first; a link, unlike a rename, never takes a file's place."""
    with tempfile.TemporaryDirectory(prefix=".starter-", dir=directory) as scratch:
        drafts = {path: Path(scratch, path.name) for path in texts}
        for path, draft in drafts.items():
            draft.write_text(texts[path], encoding="utf-8")
        made: list[Path] = []
        try:
            for path, draft in drafts.items():
                path.hardlink_to(draft)
                made.append(path)
        except OSError:
            for path in made:
                path.unlink()
            raise


def _text(name: str, level: Level) -> str:
    site = files("ringfence.site")
    if name == "site.schema.json":
        return site.joinpath(name).read_text(encoding="utf-8")
    text = site.joinpath("starter", name).read_text(encoding="utf-8")
    return text.replace("level: minimum", f"level: {level}")
