"""The call policy: one pure decision for each dialog that a phone wants to open."""

import re
from dataclasses import dataclass

_EXTENSION = re.compile(r"[0-9]{2,8}")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that an authenticated extension wants to make.

    ``dialled`` is the user part of the request URI, as the phone sent it; ``dialled_exists``
    tells whether the table of users has it.
    """

    caller: str
    dialled: str
    dialled_exists: bool


@dataclass(frozen=True, slots=True)
class Route:
    """Let the call through, to the phone of this extension."""

    extension: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the call with a final SIP status code (400 to 699); the log gets the reason."""

    code: int
    reason: str


Verdict = Route | Refuse


def decide(call: Call) -> Verdict:
    """Decide what becomes of a call. What no rule allows is refused."""
    if not _EXTENSION.fullmatch(call.caller):
        return Refuse(403, "caller-is-no-extension")
    if not _EXTENSION.fullmatch(call.dialled):
        return Refuse(404, "not-an-extension")
    if not call.dialled_exists:
        return Refuse(404, "unknown-extension")
    return Route(call.dialled)
