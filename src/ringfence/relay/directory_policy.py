"""Who may read the directory, and what a request may be: pure. Reading is all there is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .peer import Peer
from .refusal import Refusal

LONGEST_HEAD = 4096
_REQUEST = re.compile(r"(GET|HEAD) (/[a-z.]{0,40}) HTTP/1\.[01]")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}:[ \t\x21-\x7e]*")
_BODIES = frozenset({"content-length", "transfer-encoding", "upgrade", "expect"})
_PHRASES = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class DirectoryRules:
    """Who may read: phones of these extensions, and data devices of these names (DNS)."""

    authenticated: bool
    domain: str
    readers: frozenset[str]
    extensions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; with ``head`` only whether it is there."""

    path: str
    head: bool


@dataclass(frozen=True, slots=True)
class Document:
    """Something that can be read."""

    kind: str
    content: bytes


def read_head(data: bytes) -> Request | Refusal:
    """Take a request apart (RFC 9112): GET or HEAD of a plain path, and nothing with a body."""
    try:
        first, *headers = data.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return Refusal(400, "not-ascii")
    asked = _REQUEST.fullmatch(first)
    if asked is None:
        return Refusal(400, "request-line")
    for header in headers:
        if not _HEADER.fullmatch(header):
            return Refusal(400, "header")
        if header.partition(":")[0].lower() in _BODIES:
            return Refusal(400, "body")
    return Request(asked[2], asked[1] == "HEAD")


def may_read(rules: DirectoryRules, peer: Peer | None, revoked: frozenset[int]) -> Refusal | None:
    """Why this peer may not read, if it may not."""
    if not rules.authenticated:
        return None
    if peer is None:
        return Refusal(403, "no-certificate")
    if peer.serial in revoked:
        return Refusal(403, "revoked")
    if peer.dns & rules.readers or any(_is_phone(rules, uri) for uri in peer.uris):
        return None
    return Refusal(403, "not-a-reader")


def find(documents: Mapping[str, Document], request: Request) -> Document | Refusal:
    """The document that is asked for."""
    return documents.get(request.path) or Refusal(404, "no-such-document")


def response(answer: Document | Refusal, *, head: bool = False) -> bytes:
    """The answer as it is sent; the connection ends after it."""
    match answer:
        case Document(kind, body):
            code = 200
        case Refusal(code, reason):
            kind, body = "text/plain", f"{reason}\n".encode()
    lines = (
        f"HTTP/1.1 {code} {_PHRASES[code]}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii") + (b"" if head else body)


def _is_phone(rules: DirectoryRules, uri: str) -> bool:
    scheme, _, rest = uri.partition(":")
    user, _, domain = rest.partition("@")
    return scheme == "sip" and domain == rules.domain and user in rules.extensions
