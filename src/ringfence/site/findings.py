"""What is wrong with a site's contents, by place in the model, before lines are known."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringfence.site.problems import MOST, did_you_mean, nearest, shown

Place = tuple[int | str, ...]
"""The way from the site to a value: field names, keys, and positions in lists."""


_WORDS: Final = {
    "missing": "is missing",
    "refused": "{given} {msg}",
    "value_error": "{given} {error}",
    "string_type": "must be a single value, not {given}",
    "tuple_type": "must be a list, not {given}",
    "model_type": "must be a mapping of keys to values, not {given}",
    "dict_type": "must be a mapping of keys to values, not {given}",
    "too_short": "must have at least one entry",
}
"""What pydantic's types of error mean to the author of a site file."""


class Finding(NamedTuple):
    """What is wrong at a place; ``first`` is the place that this one clashes with, if any."""

    place: Place
    message: str
    first: Place | None = None


def in_plain_english(error: ValidationError, model: type[BaseModel]) -> Iterator[Finding]:
    """Say what pydantic found in the site file's own terms."""
    details = error.errors(include_url=False)[:MOST]
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], nearest(str(loc[-1]), keys_at(model, loc[:-1]))) for loc in unknown}
    for detail in details:
        place = detail["loc"]
        match detail["type"]:
            case "missing" if place in meant:
                continue
            case "extra_forbidden":
                hint = did_you_mean(str(place[-1]), keys_at(model, place[:-1]))
                yield Finding(place, f"no such key; {hint}")
            case _:
                yield Finding(place, _message(detail))


def keys_at(model: type[BaseModel], place: Place) -> tuple[str, ...]:
    """The keys that the model has at a place."""
    for part in place:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            model = next(_models_in(annotation), model)
    return tuple(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _message(detail: ErrorDetails) -> str:
    given = detail["input"]
    context = detail.get("ctx", {})
    if detail["type"] == "enum":
        choices = re.findall(r"'([^']*)'", context["expected"])
        return f"{shown(given)} is no choice here; {did_you_mean(str(given), choices)}"
    if given is None:
        return "has no value"
    words = _WORDS.get(detail["type"], "{given} is refused: {msg}")
    return words.format(given=shown(given), msg=detail["msg"], error=context.get("error"))
