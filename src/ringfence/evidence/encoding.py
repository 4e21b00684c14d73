"""The one way in which each thing is written down.

Whatever is signed or hashed has a single spelling here, and reading refuses every other. Two
readers can then never understand the same bytes differently, and no byte can change unnoticed.
"""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, JsonValue, PlainSerializer, StringConstraints


def sha256(data: bytes) -> str:
    """The SHA-256 digest of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: JsonValue | BaseModel) -> bytes:
    """A value as one line of JSON in UTF-8: keys sorted, no spaces, no newline at its end.

    Raises:
        ValueError: it holds a number that is not finite, or half of a surrogate pair.

    """
    plain = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
    text = json.dumps(
        plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def to_base64(data: bytes) -> str:
    """Some bytes in base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """The bytes that a base64 text stands for.

    Raises:
        ValueError: it is not base64, or not the one spelling of its bytes. Python's decoder
            ignores bits that are left over in the last character; here they must be zero.

    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("is not base64") from None
    if to_base64(data) != text:
        raise ValueError("is not base64 in its one proper spelling")
    return data


def moment_text(moment: datetime) -> str:
    """A moment in UTC to the second below it, as RFC 3339 writes it with a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

Moment = Annotated[AwareDatetime, PlainSerializer(moment_text)]
"""A time, written in UTC and whole seconds."""
