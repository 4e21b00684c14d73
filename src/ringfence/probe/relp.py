"""A line for a log server, as RELP has it (librelp's relp.html, "The RELP protocol", version 0)."""

from typing import Final

_OFFERS: Final = "relp_version=0\nrelp_software=ringfence\ncommands=syslog"


def frame(number: int, command: str, data: str) -> bytes:
    """One frame: its transaction's number, the command, and the data with its length."""
    encoded = data.encode()
    return f"{number} {command} {len(encoded)} ".encode() + encoded + b"\n"


def session(line: str) -> bytes:
    """What a sender says to have one line taken: the offer, then the line (RFC 5424)."""
    message = f"<13>1 2000-01-01T00:00:00Z stranger probe - - - {line}"
    return frame(1, "open", _OFFERS) + frame(2, "syslog", message)


def taken(answer: bytes) -> bool:
    """Whether an answer acknowledges the line."""
    return any(each.startswith(b"2 rsp 6 200 OK") for each in answer.split(b"\n"))
