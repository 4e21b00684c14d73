"""The SIP server's table of users, as the SQLite file that Kamailio's htable module loads.

Columns as in the module's documentation (htable, "dbtable"): both tables map a text to a text.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping

_COLUMNS = (
    "id INTEGER PRIMARY KEY, key_name TEXT NOT NULL UNIQUE, key_type INTEGER NOT NULL DEFAULT 0, "
    "value_type INTEGER NOT NULL DEFAULT 0, key_value TEXT NOT NULL, "
    "expires INTEGER NOT NULL DEFAULT 0"
)
NO_PASSWORD = "-"  # noqa: S105 - it says that there is none
"""What stands for the hash of a user who needs no password."""


def user_table(
    realm: str,
    passwords: Mapping[str, str | None],
    revoked_serials: Iterable[int],
) -> bytes:
    """Make the file: each extension with its digest hash, and the revoked certificates."""
    with sqlite3.connect(":memory:") as database:
        for table in ("users", "revoked"):
            database.execute(f"CREATE TABLE {table} ({_COLUMNS})")
        _fill(database, "users", ((ext, digest(realm, ext, pw)) for ext, pw in passwords.items()))
        _fill(database, "revoked", ((str(serial), "1") for serial in revoked_serials))
        database.commit()
        return database.serialize()


def digest(realm: str, extension: str, password: str | None) -> str:
    """The HA1 of RFC 7616, section 3.4.2, with MD5: the only hash that desk phones all have."""
    if password is None:
        return NO_PASSWORD
    return hashlib.md5(
        f"{extension}:{realm}:{password}".encode(), usedforsecurity=False
    ).hexdigest()


def _fill(database: sqlite3.Connection, table: str, rows: Iterable[tuple[str, str]]) -> None:
    statement = f"INSERT INTO {table} (key_name, key_value) VALUES (?, ?)"  # noqa: S608 - ours
    database.executemany(statement, rows)
