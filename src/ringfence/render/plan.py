"""A plan on disk: one directory a host with its files at their paths, and a manifest.

The manifest says who is to own each file, and names the deposits (keys, certificates, tables of
secrets), which a plan never holds. The same design gives the same bytes.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ringfence.render.files import File, Tree

MANIFEST = "manifest.json"


class Entry(BaseModel):
    """One file of a host, as the manifest has it; ``sha256`` is empty for a deposit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: str
    owner: str
    group: str
    sha256: str = ""
    deposit: str = ""


Manifest = dict[str, dict[str, Entry]]
"""Host -> path -> entry."""

_MANIFEST = TypeAdapter(Manifest)


class PlanError(Exception):
    """The plan cannot be written there; the message is for a person."""


@dataclass(frozen=True)
class Changes:
    """How a plan differs from the one that was there before, as ``host:path``."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What was computed: its manifest, and the change from what was there before."""

    manifest: Manifest
    changes: Changes


def survey(trees: Iterable[Tree], earlier: Path | None = None) -> Plan:
    """Compute a plan without writing it."""
    manifest = {tree.host: _entries(tree) for tree in trees}
    return Plan(manifest, _changes(_earlier(earlier) if earlier else {}, manifest))


def write(trees: Iterable[Tree], out: Path) -> Plan:
    """Write a plan into a directory, whole or not at all, in place of an earlier plan.

    Raises:
        PlanError: the directory holds something that is not a plan, or cannot be written.
    """
    before = _earlier(out)
    draft = out.with_name(f".{out.name}.draft")
    old = out.with_name(f".{out.name}.old")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        manifest = dict(_write_trees(trees, draft))
        (draft / MANIFEST).write_bytes(_MANIFEST.dump_json(manifest, indent=1) + b"\n")
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        draft.rename(out)
    except OSError as error:
        raise PlanError(f"{error.filename or out}: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return Plan(manifest, _changes(before, manifest))


def _write_trees(trees: Iterable[Tree], directory: Path) -> Iterator[tuple[str, dict[str, Entry]]]:
    for tree in trees:
        top = f"{directory}/{tree.host}"
        made: set[str] = set()
        for file in tree.files:
            _make_directory(f"{top}{os.path.dirname(file.path)}", top, made)
            _write_file(f"{top}{file.path}", file)
        yield tree.host, _entries(tree)


def _make_directory(path: str, top: str, made: set[str]) -> None:
    """Make a directory and those above it, asking the file system nothing that is known."""
    if path not in made:
        if path != top:
            _make_directory(os.path.dirname(path), top, made)
        os.mkdir(path)
        made.add(path)


def _write_file(path: str, file: File) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    try:
        os.write(descriptor, file.text.encode())
        os.fchmod(descriptor, file.mode)
    finally:
        os.close(descriptor)


def _entries(tree: Tree) -> dict[str, Entry]:
    files = {
        file.path: Entry(
            mode=f"{file.mode:04o}",
            owner=file.owner,
            group=file.group,
            sha256=hashlib.sha256(file.text.encode()).hexdigest(),
        )
        for file in tree.files
    }
    deposits = {
        deposit.path: Entry(
            mode=f"{deposit.mode:04o}",
            owner=deposit.owner,
            group=deposit.group,
            deposit=f"{deposit.material}{f' of {deposit.of}' if deposit.of else ''}",
        )
        for deposit in tree.deposits
    }
    return files | deposits


def _earlier(out: Path) -> Manifest:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return {}
    try:
        return _MANIFEST.validate_json((out / MANIFEST).read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError):
        raise PlanError(
            f"{out}: exists and is not a plan of ringfence; name another directory",
        ) from None


def _changes(before: Manifest, after: Manifest) -> Changes:
    old = {
        f"{host}:{path}": entry for host, files in before.items() for path, entry in files.items()
    }
    new = {
        f"{host}:{path}": entry for host, files in after.items() for path, entry in files.items()
    }
    return Changes(
        added=tuple(key for key in new if key not in old),
        changed=tuple(key for key, entry in new.items() if key in old and old[key] != entry),
        removed=tuple(key for key in old if key not in new),
    )
