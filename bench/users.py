"""The users of a run: extensions, passwords, certificates, and the stock table of them."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.design.model import Identity, IdentityProfile
from ringfence.identity.authority import CERTIFICATE_LIFE, Authority, Credential, Period, utc_now

FIRST_EXTENSION: Final = 100000
SCHEMAS: Final = Path("/usr/share/kamailio/db_sqlite")


@dataclass(frozen=True)
class User:
    """One user: the user part of its address-of-record, and its password."""

    extension: str
    password: str


def make_users(number: int) -> tuple[User, ...]:
    """That many users, always the same."""
    return tuple(User(str(FIRST_EXTENSION + i), f"secret-{i}") for i in range(number))


def issue_server(authority: Authority, *dns: str) -> Credential:
    """A certificate for a server of those DNS names."""
    identity = Identity(name=dns[0], profile=IdentityProfile.SERVER, dns=dns)
    return authority.issue(identity, Period.starting(utc_now(), CERTIFICATE_LIFE))


def write_phones(users: Iterable[User], domain: str, authority: Authority, into: Path) -> Path:
    """Issue each user's certificate and write the list that ``tlsload`` reads."""
    into.mkdir(parents=True)
    period = Period.starting(utc_now(), CERTIFICATE_LIFE)
    lines = []
    for user in users:
        address = f"sip:{user.extension}@{domain}"
        identity = Identity(name=user.extension, profile=IdentityProfile.PHONE, uri=address)
        credential = authority.issue(identity, period)
        pem = into / f"{user.extension}.pem"
        pem.write_bytes(credential.certificate_pem + credential.key_pem())
        lines.append(f"{user.extension} {user.password} {pem}\n")
    listed = into / "users"
    listed.write_text("".join(lines))
    return listed


def write_subscribers(users: Iterable[User], domain: str, database: Path) -> None:
    """Make the stock configuration's database: Debian's own schemas, passwords in clear."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for schema in ("standard", "auth_db", "usrloc"):
            connection.executescript((SCHEMAS / f"{schema}-create.sql").read_text())
        connection.executemany(
            "INSERT INTO subscriber (username, domain, password) VALUES (?, ?, ?)",
            ((user.extension, domain, user.password) for user in users),
        )
