"""From a site file to a `Site`, or to every reason why not."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from ringfence.site.checks import check
from ringfence.site.findings import Finding, Place, in_plain_english
from ringfence.site.model import Phone, Site
from ringfence.site.phones_csv import PhoneRows, beside, read_phones
from ringfence.site.problems import MOST, Problem, SiteError
from ringfence.site.yaml import Mapping, Scalar, line_of, plain, read_yaml

SITE_FILE = "site.yaml"
"""The name of the site file in a directory."""

_BATCH = 1000
_PHONES = TypeAdapter(list[Phone])


def load_site(path: Path) -> Site:
    """Load a site file, or the ``site.yaml`` of a directory, and the phone list it may name.

    Raises:
        SiteError: the site cannot be used. Mistakes within values are all reported at once;
            those between values (names used twice, subnets that overlap) once there are none
            within.

    """
    file = _site_file(path)
    tree = read_yaml(file)
    if not isinstance(tree, Mapping):
        raise SiteError.of(file, tree.line, "", "must be a mapping of keys such as 'domain: ...'")
    data: dict[str, Any] = {key: plain(node) for key, node in tree.values.items()}
    phones_csv = _phone_list(file, tree)
    if phones_csv is not None:
        data["phones"] = phones_csv.rows
    site, findings = _validate(data)
    ragged = phones_csv.problems if phones_csv is not None else []
    if site is not None and not ragged:
        findings = list(islice(check(site), MOST))
    problems = [*ragged, *(_problem(file, tree, phones_csv, finding) for finding in findings)]
    if problems or site is None:
        raise SiteError(sorted(problems, key=lambda p: (p.file != str(file), p.line or 0)))
    return site


def _validate(data: dict[str, Any]) -> tuple[Site | None, list[Finding]]:
    """Make the site of what is written, or say what in it is no part of any site."""
    findings: list[Finding] = []
    if isinstance(rows := data.get("phones"), list):
        phones, findings = _validate_phones(rows)
        data = data | {"phones": phones}
    try:
        site = Site.model_validate(_without_blanks(data, Site))
    except ValidationError as error:
        others = in_plain_english(error, Site)
        findings += [each for each in others if not (findings and each.place == ("phones",))]
        return None, findings
    return (None, findings) if findings else (site, [])


def _validate_phones(rows: list[Any]) -> tuple[list[Phone], list[Finding]]:
    """Validate phones a batch at a time, so that a wrong file is not judged to its end."""
    phones: list[Phone] = []
    findings: list[Finding] = []
    for start in range(0, len(rows), _BATCH):
        try:
            phones += _PHONES.validate_python(rows[start : start + _BATCH])
        except ValidationError as error:
            for finding in in_plain_english(error, Phone):
                index, *rest = finding.place
                findings.append(finding._replace(place=("phones", start + int(index), *rest)))
        if len(findings) >= MOST:
            break
    return phones, findings


def _site_file(path: Path) -> Path:
    try:
        return path / SITE_FILE if path.is_dir() else path
    except OSError as error:
        raise SiteError.of(path, None, "", f"cannot be reached: {error.strerror}") from None


def _phone_list(file: Path, tree: Mapping) -> PhoneRows | None:
    """The rows of the CSV file that stands in the place of the phones, if one does."""
    node = tree.values.get("phones")
    if not isinstance(node, Scalar) or node.text is None:
        return None
    line = tree.lines["phones"]
    if not node.text.lower().endswith(".csv"):
        message = "must be a list of phones, or the name of a CSV file such as 'phones.csv'"
        raise SiteError.of(file, line, "phones", message)
    try:
        return read_phones(beside(file, node.text))
    except ValueError as error:
        raise SiteError.of(file, line, "phones", str(error)) from None


def _without_blanks(data: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Take a key without a value as not stated, where the model has a default for it."""
    stated = {}
    for key, value in data.items():
        field = model.model_fields.get(key)
        if value is None and field is not None and not field.is_required():
            continue
        nested = field.annotation if field is not None else None
        if isinstance(value, dict) and isinstance(nested, type) and issubclass(nested, BaseModel):
            stated[key] = _without_blanks(value, nested)
        else:
            stated[key] = value
    return stated


def _problem(file: Path, tree: Mapping, phones: PhoneRows | None, finding: Finding) -> Problem:
    """Put a finding where its author can see it."""
    message = finding.message
    if finding.first is not None:
        message += f" (first on line {_where(file, tree, phones, finding.first)[1]})"
    where, line, key = _where(file, tree, phones, finding.place)
    return Problem(file=where, line=line, key=key, message=message)


def _where(
    file: Path,
    tree: Mapping,
    phones: PhoneRows | None,
    place: Place,
) -> tuple[str, int, str]:
    match place:
        case ("phones", int() as row, *rest) if phones is not None:
            return phones.file, phones.lines[row], _key(rest)
        case _:
            return str(file), line_of(tree, place), _key(place)


def _key(place: Iterable[int | str]) -> str:
    """A place as people write it: ``phones[3].mac``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")
