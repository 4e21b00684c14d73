"""What a message may be: taken apart, and only what is understood goes on (pure).

Voice messages and notices are text and sound. Everything else is refused, and so is whatever two
readers could understand differently. RFC 5322, RFC 2045 to 2047.
"""

import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from typing import Final

from .mail_policy import domain_of
from .refusal import Refusal

MOST_BYTES: Final = 16 * 1024 * 1024
"""A quarter of an hour of G.711, as base64."""
_MOST_PARTS, _DEEPEST, _MOST_HEADERS = 20, 4, 100
_SINGLE: Final = ("from", "to", "cc", "subject", "date", "message-id", "mime-version", "sender")
_MIME: Final = ("content-type", "content-transfer-encoding", "content-disposition")
_BUNDLES: Final = {"multipart/mixed", "multipart/alternative"}
_ENCODINGS: Final = {"7bit", "8bit", "quoted-printable", "base64"}
_FILE_NAME: Final = re.compile(r"[\w ()+.-]{1,80}\.(wav|mp3|ogg|txt)", re.IGNORECASE)
_BEGINNINGS: Final = {
    "text/plain": re.compile(rb"[^\0]*\Z"),
    "audio/wav": re.compile(rb"RIFF....WAVE", re.DOTALL),
    "audio/x-wav": re.compile(rb"RIFF....WAVE", re.DOTALL),
    "audio/vnd.wave": re.compile(rb"RIFF....WAVE", re.DOTALL),
    "audio/mpeg": re.compile(rb"ID3|\xff[\xe2-\xff]"),
    "audio/ogg": re.compile(rb"OggS"),
}
"""The types of content that are understood, and how each begins."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*+={0,2}\s*")


def examine(data: bytes, sender: str, *, inspected: bool) -> Refusal | None:
    """Why a message may not go on, if it may not.

    Line ends are looked at in any case: a bare one can end a message early for the next server
    and smuggle in a second. The rest is looked at where messages are to be inspected.
    """
    if re.search(rb"(?<!\r)\n|\r(?!\n)|\0", data):
        return Refusal(554, "bare-line-end")
    return _inspect(data, sender) if inspected else None


def received(host: str, client: str, identifier: str, date: str) -> bytes:
    """The header that says by what way a message came (RFC 5321, 4.4), but for addresses.

    Which addresses telephones have is no business of the data network.
    """
    safe = re.sub(r"[^A-Za-z0-9.:@,_-]", "?", client[:200])
    return (
        f"Received: from {safe}\r\n\tby {host} with ESMTPS id {identifier};\r\n\t{date}\r\n"
    ).encode("ascii")


def _inspect(data: bytes, sender: str) -> Refusal | None:
    try:
        message = BytesParser(policy=policy.SMTP).parsebytes(data)
        reasons = [*_envelope(message, sender), *_parts(message, 0)]
        if sum(1 for _ in message.walk()) > _MOST_PARTS:
            reasons.append("too-many-parts")
    except Exception:  # noqa: BLE001 - a message must never slip through a failure of its reader
        return Refusal(554, "malformed")
    return Refusal(554, reasons[0]) if reasons else None


def _envelope(message: EmailMessage, sender: str) -> Iterator[str]:
    """What is wrong with the headers of the whole message."""
    names = [name.lower() for name in message]
    if len(names) > _MOST_HEADERS:
        yield "too-many-headers"
    if any(names.count(each) > 1 for each in _SINGLE):
        yield "header-twice"
    if names.count("from") != 1:
        yield "no-author"
        return
    author = message["from"]
    addresses = [each.addr_spec for each in author.addresses]
    if author.defects or len(addresses) != 1:
        yield "malformed"
    elif domain_of(addresses[0]) is None or domain_of(addresses[0]) != domain_of(sender):
        yield "foreign-author"


def _parts(part: Message, depth: int) -> Iterator[str]:
    """What is wrong with a part, and with those in it."""
    names = [name.lower() for name in part]
    if part.defects or any(getattr(value, "defects", ()) for value in part.values()):
        yield "malformed"
    elif any(names.count(each) > 1 for each in _MIME):
        yield "header-twice"
    elif depth > _DEEPEST:
        yield "too-deep"
    elif part.is_multipart():
        if part.get_content_type() not in _BUNDLES:
            yield "content-type"
        for each in part.get_payload():
            if isinstance(each, Message):
                yield from _parts(each, depth + 1)
    else:
        yield from _leaf(part)


def _leaf(part: Message) -> Iterator[str]:
    """What is wrong with a part that holds no others."""
    kind, name = part.get_content_type(), part.get_filename()
    if name is not None and not _FILE_NAME.fullmatch(name):
        yield "file-name"
    if kind not in _BEGINNINGS:
        yield "content-type"
        return
    content = _decoded(part)
    if content is None:
        yield "encoding"
    elif not _BEGINNINGS[kind].match(content):
        yield "not-what-it-says"


def _decoded(part: Message) -> bytes | None:
    encoding = str(part.get("content-transfer-encoding", "7bit")).strip().lower()
    text = part.get_payload()
    if encoding not in _ENCODINGS or not isinstance(text, str):
        return None
    if encoding == "base64" and not _BASE64.fullmatch(text):
        return None
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) and not part.defects else None
