"""Has trestle read directories of OSCAL documents: read_with_trestle.py DIRECTORY...

It loads each document by the class of its model and sees that nothing was lost, imports all of
them into a workspace and validates that, and resolves each profile and compares what it selects.
First it must refuse documents that are broken on purpose: what accepts everything says nothing.

It runs in the environment of script/second-opinion, which has neither Ringfence nor pytest.
Exit status: 0 accepted, 1 refused, 2 used wrongly.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

MODELS = {
    "catalog": "catalog.Catalog",
    "profile": "profile.Profile",
    "assessment-results": "assessment_results.AssessmentResults",
    "plan-of-action-and-milestones": "poam.PlanOfActionAndMilestones",
}
BREAKAGES = {
    "an unknown member": ('"title": ', '"titel": '),
    "a state that there is not": ('"state": "satisfied"', '"state": "maybe"'),
    "an id that is no token": ('"target-id": "', '"target-id": "1 '),
    "a UUID that is none": ('"uuid": "', '"uuid": "x'),
    "a time without a zone": ('Z",\n', '",\n'),
}
"""Ways to break assessment results, each a replacement in the text."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class RefusedError(Exception):
    """Trestle, or what it made of a document, is not as it should be."""


def load(path: Path) -> Any:
    """Load a document by the class of its model."""
    (root,) = json.loads(path.read_bytes())
    module, name = MODELS[root].split(".")
    try:
        model = getattr(import_module(f"trestle.oscal.{module}"), name).oscal_read(path)
    except Exception as error:
        raise RefusedError(f"{path}: not read: {error}") from error
    if model is None:
        raise RefusedError(f"{path}: not read")
    return model


def read(path: Path) -> None:
    """Load a document, and see that all of it is in what was loaded."""
    kept = json.loads(load(path).oscal_serialize_json())
    if _comparable(kept) != _comparable(json.loads(path.read_bytes())):
        raise RefusedError(f"{path}: read, but not all of it was kept")


def refuse_broken(path: Path, scratch: Path) -> None:
    """See that trestle refuses assessment results that are broken on purpose."""
    text = path.read_text(encoding="utf-8")
    for what, (old, new) in BREAKAGES.items():
        broken = scratch / "broken.json"
        if old not in text:
            raise RefusedError(f"{path}: has nothing to break for {what}")
        broken.write_text(text.replace(old, new, 1), encoding="utf-8")
        try:
            load(broken)
        except RefusedError:
            continue
        raise RefusedError(f"trestle accepted {what}: its word is worth nothing")


def validate(files: list[Path], workspace: Path) -> None:
    """Import documents into a new workspace and have trestle validate all of it."""
    trestle(workspace, "init", "--local")
    for path in files:
        trestle(workspace, "import", "-f", str(path.resolve()), "-o", path.stem)
    said = trestle(workspace, "validate", "-a")
    if (valid := said.count("VALID: Model ")) != len(files) or "INVALID" in said:
        raise RefusedError(f"{valid} of {len(files)} models are valid:\n{said}")


def resolve(files: list[Path], workspace: Path) -> Iterator[tuple[str, int]]:
    """Resolve each profile and yield how many controls it has, which must be those it names."""
    for path in files:
        whole = json.loads(path.read_bytes())
        if "profile" not in whole:
            continue
        # Trestle takes a relative file name from where it runs.
        for other in path.parent.glob("*.json"):
            (workspace / other.name).write_bytes(other.read_bytes())
        resolved = f"resolved-{path.stem}"
        trestle(workspace, "author", "profile-resolve", "-n", path.stem, "-o", resolved)
        catalog = json.loads((workspace / "catalogs" / resolved / "catalog.json").read_bytes())
        selected = sorted(each["id"] for each in _controls(catalog["catalog"]))
        named = whole["profile"]["imports"][0]["include-controls"][0]["with-ids"]
        if selected != sorted(named):
            raise RefusedError(f"{path}: {len(selected)} controls of {len(named)} were resolved")
        yield path.stem, len(selected)


def trestle(workspace: Path, *arguments: str) -> str:
    """Run trestle's own command in a workspace and return what it said."""
    command = Path(sys.executable).with_name("trestle")
    done = subprocess.run(
        [command, *arguments],
        cwd=workspace,
        env=os.environ | {"COLUMNS": "1000"},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RefusedError(f"trestle {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _controls(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("controls", [])
    for group in node.get("groups", []):
        yield from _controls(group)


def _comparable(node: object) -> object:
    """The same time can be written in several ways; everything else must be the same."""
    match node:
        case dict():
            return {key: _comparable(value) for key, value in node.items()}
        case list():
            return [_comparable(each) for each in node]
        case str() if TIME.fullmatch(node):
            return datetime.fromisoformat(node).astimezone(UTC)
        case _:
            return node


def opinion(directory: Path) -> None:
    """Have trestle read all the documents of a directory."""
    files = sorted(directory.glob("*.json"))
    if not files:
        raise RefusedError(f"{directory}: no document")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        workspace = scratch / "workspace"
        workspace.mkdir()
        refuse_broken(directory / "assessment-results.json", scratch)
        for path in files:
            read(path)
        validate(files, workspace)
        say(f"{directory}: {len(files)} documents read whole and valid")
        for profile, controls in resolve(files, workspace):
            say(f"  {profile} resolves to {controls} controls")


def say(text: str) -> None:
    """Say something at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Give an opinion on each directory."""
    if not arguments:
        sys.stderr.write("read_with_trestle.py DIRECTORY...\n")
        return 2
    say(trestle(Path.cwd(), "version").strip())
    try:
        for each in arguments:
            opinion(Path(each))
    except RefusedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
