"""What the directory is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .directory_policy import DirectoryRules
from .settings import LISTEN, Listening, Settings


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """Its settings. ``files`` are path and file name of what may be read."""

    listening: Listening
    rules: DirectoryRules
    files: Mapping[str, str]


def directory_settings(path: Path) -> DirectorySettings:
    """Read the directory's settings; raises SettingsError."""
    said = Settings(
        path,
        {
            "listen": LISTEN,
            "clients": ("certificates", "domain", "readers", "extensions"),
            "files": ("json", "vcard"),
        },
    )
    return DirectorySettings(
        listening=said.listening(),
        rules=DirectoryRules(
            authenticated=said.choice("clients", "certificates", yes="required", no="none"),
            domain=said.text("clients", "domain"),
            readers=said.words("clients", "readers"),
            extensions=said.words("clients", "extensions"),
        ),
        files={
            "/directory.json": said.text("files", "json"),
            "/directory.vcf": said.text("files", "vcard"),
        },
    )
