"""Digest credentials in answer to a challenge (RFC 2617, RFC 8760; MD5 and SHA-256)."""

import hashlib
import re
import secrets
from collections.abc import Callable

_PARAMETER = re.compile(r'([a-z]+)\s*=\s*(?:"([^"]*)"|([^",\s]+))', re.IGNORECASE)


def parameters(challenge: str) -> dict[str, str]:
    """The parameters of a challenge or of credentials, by lower-case name."""
    return {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(challenge)}


def credentials(
    challenge: str, user: str, password: str, method: str, uri: str, *, cnonce: str | None = None
) -> str:
    """The value of the Authorization header that answers a challenge.

    ``cnonce`` is the client's own random text, made when none is given. Raises ValueError for an
    algorithm other than MD5 and SHA-256.
    """
    asked = parameters(challenge)
    algorithm = asked.get("algorithm", "MD5")
    digest = _function(algorithm)
    realm, nonce = asked["realm"], asked["nonce"]
    secret = digest(f"{user}:{realm}:{password}")
    act = digest(f"{method}:{uri}")
    value = (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f"algorithm={algorithm}"
    )
    if "auth" not in asked.get("qop", "").split(","):
        return f'{value}, response="{digest(f"{secret}:{nonce}:{act}")}"'
    cnonce, count = cnonce or secrets.token_hex(8), "00000001"
    response = digest(f"{secret}:{nonce}:{count}:{cnonce}:auth:{act}")
    return f'{value}, qop=auth, nc={count}, cnonce="{cnonce}", response="{response}"'


def _function(algorithm: str) -> Callable[[str], str]:
    match algorithm.upper():
        case "MD5":
            return lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        case "SHA-256":
            return lambda text: hashlib.sha256(text.encode()).hexdigest()
        case _:
            raise ValueError(f"digest algorithm {algorithm!r} is not known here")
