"""SARIF 2.1.0 of what is wrong with a site file, for tools that show it beside the line.

The format is OASIS' Static Analysis Results Interchange Format. A rule stands for a key of the
site file, so its id outlives the words of a message.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ringfence import __version__
from ringfence.assess.report.exchange import Node, json_bytes
from ringfence.assess.report.markup import legible
from ringfence.policy import Remark
from ringfence.site.model import Phone, Site
from ringfence.site.problems import Problem

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_BASE: Final = "%SRCROOT%"
_FILE: Final = "site/file"
_PHONE_LIST: Final = "site/phones"
_REMARK: Final = "policy/deviation"

_RULES: Final[Mapping[str, str]] = {
    _FILE: "The file as a whole, or a key that no site has.",
    **{f"site/{key}": field.description or key for key, field in Site.model_fields.items()},
    _REMARK: "A deviation that changes nothing, or that wants renewing.",
}
"""Every rule by its id, with what it is about."""


def sarif(
    problems: Iterable[Problem],
    remarks: Iterable[Remark] = (),
    *,
    site_file: Path,
    root: Path,
    lines: Mapping[str, int] | None = None,
) -> bytes:
    """Write problems as errors and remarks as warnings. The same input gives the same bytes.

    Paths are written as they are from ``root``, which is where the reader has the files too.
    Remarks are about ``site_file``; ``lines`` may say on which line of it a place such as
    ``deviations[2]`` begins.
    """
    numbers = {rule: number for number, rule in enumerate(_RULES)}
    results = [
        *(_problem(each, root, numbers) for each in problems),
        *(_remark(each, site_file, root, lines or {}, numbers) for each in remarks),
    ]
    return json_bytes(
        {
            "$schema": _SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "Ringfence",
                            "version": __version__,
                            "rules": list(_rules()),
                        },
                    },
                    "columnKind": "unicodeCodePoints",
                    "results": results,
                },
            ],
        },
    )


def rule_of(key: str) -> str:
    """The id of the rule that a problem with a key breaks."""
    first = re.split(r"[.\[]", key, maxsplit=1)[0]
    if first in Site.model_fields:
        return f"site/{first}"
    # Problems of a phone list name a column only.
    return _PHONE_LIST if first in Phone.model_fields else _FILE


def _rules() -> Iterator[Node]:
    for id_, about in _RULES.items():
        level = "warning" if id_ == _REMARK else "error"
        yield {
            "id": id_,
            "shortDescription": {"text": about},
            "defaultConfiguration": {"level": level},
        }


def _problem(problem: Problem, root: Path, numbers: Mapping[str, int]) -> Node:
    text = ": ".join(part for part in (problem.key, problem.message) if part)
    place = _place(Path(problem.file), root, problem.line)
    return _result(rule_of(problem.key), "error", text, place, numbers)


def _remark(
    remark: Remark,
    site_file: Path,
    root: Path,
    lines: Mapping[str, int],
    numbers: Mapping[str, int],
) -> Node:
    place = _place(site_file, root, lines.get(remark.place))
    return _result(_REMARK, "warning", str(remark), place, numbers)


def _result(
    rule: str,
    level: str,
    text: str,
    place: Node,
    numbers: Mapping[str, int],
) -> Node:
    said = legible(text) or "no words"
    return {
        "ruleId": rule,
        "ruleIndex": numbers[rule],
        "level": level,
        "message": {"text": said},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {
            "ringfence/v1": hashlib.sha256(f"{rule}\n{said}".encode()).hexdigest(),
        },
    }


def _place(file: Path, root: Path, line: int | None) -> Node:
    relative = Path(os.path.relpath(file, root)).as_posix()
    uri = quote(relative, safe="/", errors="surrogateescape")
    place: Node = {"artifactLocation": {"uri": uri, "uriBaseId": _BASE}}
    if line is not None:
        place["region"] = {"startLine": line}
    return place
