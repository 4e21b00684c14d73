"""Where a site's keys and secrets are kept: one directory, readable by its owner only.

The authority's key is encrypted with a passphrase that is never written beside it. The keys of
servers and phones are used unattended, so they are not encrypted; only their owner can read
them (the guide's "Cryptographic Key Material", KEY-1).
"""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ringfence.design.model import Identity
from ringfence.identity.authority import CERTIFICATE_LIFE, Authority, Period, utc_now


@dataclass(frozen=True)
class Issued:
    """What the vault hands out for an identity."""

    certificate: bytes
    key: bytes
    serial: int


@dataclass(frozen=True)
class Revoked:
    """A certificate that must no longer be believed, and since when."""

    serial: int
    since: datetime


class VaultError(Exception):
    """The vault cannot do what it was asked; the message is for a person."""


class Vault:
    """A site's authority, the credentials it issued, and the secrets of its phones."""

    def __init__(self, directory: Path, passphrase: bytes) -> None:
        """Open a vault; nothing is read or made until it is asked for."""
        self._directory = directory
        self._passphrase = passphrase
        self._authority: Authority | None = None

    def found(self, organisation: str) -> None:
        """Make the authority, unless the vault has one."""
        if self._path("authority.pem").exists():
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = Authority.found(organisation, utc_now())
        _write(self._path("authority.key"), authority.credential.key_pem(self._passphrase))
        _write(self._path("authority.pem"), authority.credential.certificate_pem)

    @property
    def trust_anchor(self) -> bytes:
        """The authority's certificate, in PEM."""
        return self._path("authority.pem").read_bytes()

    @property
    def authority(self) -> Authority:
        """The authority itself.

        Raises:
            VaultError: the passphrase does not open its key.

        """
        if self._authority is None:
            key = self._path("authority.key").read_bytes()
            try:
                self._authority = Authority.load(self.trust_anchor, key, self._passphrase)
            except ValueError as error:
                raise VaultError(
                    f"{self._directory}: the authority's key stays shut: {error}"
                ) from error
        return self._authority

    def issue(self, identities: Iterable[Identity]) -> dict[str, Issued]:
        """Issue a credential for each identity, by its name."""
        period = Period.starting(utc_now(), CERTIFICATE_LIFE)
        issued = {}
        for identity in identities:
            credential = self.authority.issue(identity, period)
            serial = credential.certificate.serial_number
            issued[identity.name] = Issued(credential.certificate_pem, credential.key_pem(), serial)
        known = self._serials()
        self._keep("serials.json", known | {name: made.serial for name, made in issued.items()})
        return issued

    def serial(self, name: str) -> int:
        """The serial number of an identity's certificate.

        Raises:
            VaultError: none was issued under that name.

        """
        try:
            return self._serials()[name]
        except KeyError:
            raise VaultError(f"no certificate was issued to {name!r}") from None

    def revoke(self, serial: int) -> None:
        """Record that a certificate must no longer be believed."""
        if all(entry.serial != serial for entry in self.revoked()):
            entries = [*self.revoked(), Revoked(serial, utc_now())]
            kept = {str(entry.serial): int(entry.since.timestamp()) for entry in entries}
            self._keep("revoked.json", kept)

    def revoked(self) -> tuple[Revoked, ...]:
        """Every revoked certificate, oldest first."""
        kept = self._kept("revoked.json")
        return tuple(
            Revoked(int(serial), datetime.fromtimestamp(since, utc_now().tzinfo))
            for serial, since in kept.items()
        )

    def shut_out(self) -> frozenset[str]:
        """The names whose certificates are revoked."""
        revoked = {entry.serial for entry in self.revoked()}
        return frozenset(name for name, serial in self._serials().items() if serial in revoked)

    def secret(self, name: str) -> str:
        """The secret of that name: 32 random characters, made when first asked for."""
        return self.secrets((name,))[name]

    def secrets(self, names: Iterable[str]) -> dict[str, str]:
        """The secrets of those names; new ones are made for those that have none yet."""
        path = self._path("secrets.json")
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        wanted = {name: kept.get(name) or secrets.token_urlsafe(24) for name in names}
        if not wanted.items() <= kept.items():
            self._keep("secrets.json", kept | wanted)
        return wanted

    def _serials(self) -> dict[str, int]:
        return self._kept("serials.json")

    def _kept(self, name: str) -> dict[str, int]:
        path = self._path(name)
        return json.loads(path.read_text()) if path.exists() else {}

    def _keep(self, name: str, content: object) -> None:
        _write(self._path(name), json.dumps(content, indent=1).encode())

    def _path(self, name: str) -> Path:
        return self._directory / name


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
