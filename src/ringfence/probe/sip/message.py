"""SIP messages: built, written and read without any I/O (RFC 3261, section 7)."""

import re
import secrets
from dataclasses import dataclass, replace
from typing import Self

Headers = tuple[tuple[str, str], ...]

_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"} | {
    "c": "content-type",
    "l": "content-length",
    "k": "supported",
}
_TAG = re.compile(r";\s*tag=([^;,\s]+)")
_ADDRESS = re.compile(r"[^<]*<([^>]*)>|\s*([^;<\s]+)")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ?(.*)")
_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+) SIP/2\.0")
_MAX_HEAD = 65536


class MalformedError(Exception):
    """What came is no SIP message; the text says why."""


@dataclass(frozen=True, slots=True)
class _Message:
    """What requests and responses share: headers in order, and a body."""

    headers: Headers
    body: str = ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in order; names match whatever their case or short form."""
        return tuple(value for header, value in self.headers if _canonical(header) == name.lower())

    def get(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next(iter(self.all(name)), "")

    def tag(self, name: str) -> str:
        """The tag in From or To, or nothing."""
        found = _TAG.search(self.get(name))
        return found[1] if found else ""

    def uri(self, name: str) -> str:
        """The URI in a header that holds an address, or nothing."""
        found = _ADDRESS.match(self.get(name))
        return (found[1] or found[2] or "") if found else ""

    @property
    def cseq(self) -> tuple[int, str]:
        """The sequence number and the method that it counts."""
        number, _, method = self.get("CSeq").partition(" ")
        if not number.isdigit() or not method:
            raise MalformedError(f"CSeq is {self.get('CSeq')!r}")
        return int(number), method.strip()

    def with_header(self, name: str, value: str) -> Self:
        """The same message with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without(self, name: str) -> Self:
        """The same message without a header."""
        kept = tuple((h, value) for h, value in self.headers if _canonical(h) != name.lower())
        return replace(self, headers=kept)

    def _encode(self, first_line: str) -> bytes:
        body = self.body.encode()
        lines = [first_line, *(f"{name}: {value}" for name, value in self.headers)]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """A request. Content-Length is written by ``encode``."""

    method: str = ""
    target: str = ""

    def encode(self) -> bytes:
        """Write the message."""
        return self._encode(f"{self.method} {self.target} SIP/2.0")


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """A response. Content-Length is written by ``encode``."""

    code: int = 0
    phrase: str = ""

    def encode(self) -> bytes:
        """Write the message."""
        return self._encode(f"SIP/2.0 {self.code} {self.phrase}")


Message = Request | Response


def token(length: int = 8) -> str:
    """A fresh random token for tags, branches and Call-IDs."""
    return secrets.token_hex(length)


def respond(request: Request, code: int, phrase: str, *, tag: str = "", body: str = "") -> Response:
    """The response to a request; ``tag`` completes To where the request had none."""
    to = request.get("To")
    if tag and not request.tag("To"):
        to = f"{to};tag={tag}"
    headers = [
        *(("Via", via) for via in request.all("Via")),
        *(("Record-Route", route) for route in request.all("Record-Route")),
        ("From", request.get("From")),
        ("To", to),
        ("Call-ID", request.get("Call-ID")),
        ("CSeq", request.get("CSeq")),
    ]
    return Response(tuple(headers), body, code, phrase)


def read(data: bytes) -> tuple[Message, bytes] | None:
    """Read one message from the start of a stream; returns it with the rest.

    Returns nothing while it is incomplete. Raises MalformedError. Line ends before a message
    are keep-alives (RFC 5626, section 3.5.1) and are skipped.
    """
    data = data.lstrip(b"\r\n")
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        if len(data) > _MAX_HEAD:
            raise MalformedError("headers without end")
        return None
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode(errors="replace")).split("\r\n")
    headers = tuple(_header(line) for line in lines[1:])
    length = _body_length(headers)
    if len(rest) < length:
        return None
    body = rest[:length].decode(errors="replace")
    kept = tuple((name, value) for name, value in headers if _canonical(name) != "content-length")
    return _message(lines[0], kept, body), rest[length:]


def _message(first_line: str, headers: Headers, body: str) -> Message:
    if status := _STATUS_LINE.fullmatch(first_line):
        return Response(headers, body, int(status[1]), status[2])
    if request := _REQUEST_LINE.fullmatch(first_line):
        return Request(headers, body, request[1], request[2])
    raise MalformedError(f"first line {first_line[:80]!r}")


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise MalformedError(f"header {line[:80]!r}")
    return name.strip(), value.strip()


def _body_length(headers: Headers) -> int:
    value = next((v for name, v in headers if _canonical(name) == "content-length"), "0")
    if not value.isdigit():
        raise MalformedError(f"Content-Length {value!r}")
    return int(value)


def _canonical(name: str) -> str:
    name = name.lower()
    return _COMPACT.get(name, name)
