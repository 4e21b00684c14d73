"""Who is at the other end of a connection: the names in a certificate that was verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Peer:
    """A certificate's serial number, and its names (RFC 5280, subjectAltName)."""

    serial: int
    dns: frozenset[str] = frozenset()
    uris: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Its names, for the log."""
        return ",".join(sorted(self.dns | self.uris)) or "nameless"


def peer_of(certificate: Mapping[str, Any] | None) -> Peer | None:
    """The peer that showed a certificate, as ``ssl.SSLSocket.getpeercert`` returns it."""
    if not certificate:
        return None
    names: dict[str, set[str]] = {}
    for kind, name in certificate.get("subjectAltName", ()):
        names.setdefault(kind, set()).add(name)
    return Peer(
        serial=int(certificate["serialNumber"], 16),
        dns=frozenset(name.lower() for name in names.get("DNS", ())),
        uris=frozenset(names.get("URI", ())),
    )


def revoked_serials(text: str) -> frozenset[int]:
    """The serial numbers of revoked certificates, one a line.

    Raises ValueError for anything else: a list that cannot be read must not look like an empty
    one.
    """
    return frozenset(int(line) for line in text.splitlines() if line and not line.startswith("#"))
