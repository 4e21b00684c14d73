"""From a site file to a `Site`, or to every reason why not."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ringfence.site.checks import check
from ringfence.site.findings import Finding, Place, in_plain_english
from ringfence.site.model import Site
from ringfence.site.phones_csv import PhoneRows, beside, read_phones
from ringfence.site.problems import Problem, SiteError
from ringfence.site.yaml import Mapping, Scalar, line_of, plain, read_yaml

SITE_FILE = "site.yaml"
"""The name of the site file in a directory."""


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
    phones = _phone_list(file, tree)
    data: dict[str, Any] = {key: plain(node) for key, node in tree.values.items()}
    if phones is not None:
        data["phones"] = phones.rows
    broken = phones.problems if phones else []
    try:
        site = Site.model_validate(_without_blanks(data, Site))
        findings: Iterable[Finding] = () if broken else check(site)
        problems = [*broken, *(_problem(file, tree, phones, finding) for finding in findings)]
    except ValidationError as error:
        findings = in_plain_english(error, Site)
        problems = [*broken, *(_problem(file, tree, phones, finding) for finding in findings)]
    if problems:
        raise SiteError(sorted(problems, key=lambda p: (p.file != str(file), p.line or 0, p.key)))
    return site


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
    return Problem(where, line, key, message)


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
