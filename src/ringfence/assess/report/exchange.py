"""What the reports for other tools share: stable identifiers, legible text, sorted JSON."""

import json
from collections.abc import Mapping
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from ringfence.assess.model import Judgement
from ringfence.assess.report.markup import legible
from ringfence.assess.report.words import ANSWERS, METHODS, moment, sentence

Node = dict[str, object]
"""An object of a file; exports are the edge of the program, so plain dicts are right here."""

_SPACE: Final = uuid5(NAMESPACE_URL, "urn:ringfence:report")


def identify(*names: str) -> UUID:
    """The UUID (version 5) of something by its names: the same names, the same UUID."""
    return uuid5(_SPACE, "\x1f".join(legible(name) for name in names))


def evidence(judgement: Judgement) -> str:
    """What a verdict stands on, in lines of plain text; empty if it stands on nothing."""
    lines = [
        f"{METHODS[fact.method]} on {moment(fact.taken)} ({fact.question}): "
        f"{ANSWERS[fact.answer]}: {sentence(fact.saw)}"
        for fact in judgement.facts
    ]
    if judgement.attestation is not None:
        said = judgement.attestation.attestation
        others = judgement.attestation.countersigned_by
        lines.append(
            f"{said.by} ({said.role}) saw it on {said.seen_on}, believed until {said.expires}: "
            f"{'it holds' if said.holds else 'it does not hold'}. {sentence(said.observed)}"
            + (f" Countersigned by {', '.join(others)}." if others else ""),
        )
    return "\n".join(lines)


def json_bytes(node: Mapping[str, object]) -> bytes:
    """The object as JSON, with sorted keys, in UTF-8."""
    text = json.dumps(_legible(node), sort_keys=True, ensure_ascii=False, indent=1)
    return (text + "\n").encode()


def _legible(node: object) -> object:
    match node:
        case str():
            return legible(node)
        case Mapping():
            return {legible(str(key)): _legible(value) for key, value in node.items()}
        case list() | tuple():
            return [_legible(each) for each in node]
        case _:
            return node
