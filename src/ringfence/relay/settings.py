"""Settings files: sections of keys, read once, refusing what is not known."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A settings file that cannot be used: which, and why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a service listens, and with which keys."""

    address: str
    port: int
    name: str
    certificate: str
    key: str
    authority: str
    revoked: str


LISTEN = ("address", "port", "name", "certificate", "key", "authority", "revoked")
"""The keys of the section ``listen``."""


class Settings:
    """A settings file: exactly the sections and keys that are wanted."""

    def __init__(self, path: Path, wanted: Mapping[str, tuple[str, ...]]) -> None:
        """Read it; raises SettingsError."""
        self._path = path
        self._parser = configparser.ConfigParser(
            delimiters=("=",), comment_prefixes=("#",), interpolation=None
        )
        try:
            self._parser.read_string(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            raise SettingsError(f"{path}: {error}") from error
        found = {name: set(self._parser[name]) for name in self._parser.sections()}
        expected = {name: set(keys) for name, keys in wanted.items()}
        if found != expected:
            odd = {s for s in found.keys() | expected.keys() if found.get(s) != expected.get(s)}
            raise SettingsError(f"{path}: wrong keys in {', '.join(sorted(odd))}")

    def text(self, section: str, key: str) -> str:
        """A value that must not be empty."""
        value = self._parser[section][key]
        if not value:
            raise self._error(section, key, "is empty")
        return value

    def words(self, section: str, key: str) -> frozenset[str]:
        """Words, in small letters."""
        return frozenset(self._parser[section][key].lower().split())

    def number(self, section: str, key: str) -> int:
        """A number, not negative."""
        value = self.text(section, key)
        if not value.isdecimal():
            raise self._error(section, key, "is no number")
        return int(value)

    def choice(self, section: str, key: str, *, yes: str, no: str) -> bool:
        """One of two words."""
        value = self.text(section, key)
        if value not in {yes, no}:
            raise self._error(section, key, f"is neither {yes} nor {no}")
        return value == yes

    def listening(self) -> Listening:
        """The section ``listen``."""
        texts = {key: self.text("listen", key) for key in LISTEN if key != "port"}
        return Listening(port=self.number("listen", "port"), **texts)

    def _error(self, section: str, key: str, what: str) -> SettingsError:
        return SettingsError(f"{self._path}: {key} in [{section}] {what}")
