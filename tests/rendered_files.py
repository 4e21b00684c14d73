"""Rendered files to spoil, and what the questions about them say then."""

from datetime import UTC, datetime

from ringfence.design.model import Design
from ringfence.probe.fact import Fact
from ringfence.probe.rendered import answer_all, read
from ringfence.render.files import Tree

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def answers(design: Design, given: tuple[Tree, ...]) -> dict[str, Fact]:
    return {taken.fact.question: taken.fact for taken in answer_all(read(design, given), NOW)}


def broken(given: tuple[Tree, ...], host: str, path: str, old: str, new: str) -> tuple[Tree, ...]:
    changed = []
    found = False
    for tree in given:
        files = []
        for file in tree.files:
            if tree.host == host and file.path.endswith(path):
                assert old in file.text, f"{file.path} does not say {old!r}"
                found = True
                files.append(file.model_copy(update={"text": file.text.replace(old, new)}))
            else:
                files.append(file)
        changed.append(tree.model_copy(update={"files": tuple(files)}))
    assert found, f"{host} has no {path}"
    return tuple(changed)
