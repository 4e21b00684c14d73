"""What the mail relay is told."""

from dataclasses import dataclass
from pathlib import Path

from .delivery import Route
from .mail_policy import MailRules
from .settings import LISTEN, Listening, Settings


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Its settings. ``scanner`` is clamd's socket; none where nothing is scanned."""

    listening: Listening
    rules: MailRules
    inspected: bool
    scanner: str | None
    route: Route
    authorities: tuple[str, ...]
    spool: str
    most_messages: int
    most_bytes: int


def mail_settings(path: Path) -> MailSettings:
    """Read the mail relay's settings; raises SettingsError."""
    said = Settings(
        path,
        {
            "listen": LISTEN,
            "clients": ("certificates", "senders"),
            "messages": ("from", "to", "inspect"),
            "scanner": ("socket",),
            "deliver": ("address", "port", "name", "authorities"),
            "spool": ("directory", "messages", "bytes"),
        },
    )
    listening = said.listening()
    return MailSettings(
        listening=listening,
        rules=MailRules(
            authenticated=said.choice("clients", "certificates", yes="required", no="none"),
            senders=said.words("clients", "senders"),
            origins=said.words("messages", "from"),
            destinations=said.words("messages", "to"),
        ),
        inspected=said.choice("messages", "inspect", yes="yes", no="no"),
        scanner=None
        if said.text("scanner", "socket") == "none"
        else said.text("scanner", "socket"),
        route=Route(
            address=said.text("deliver", "address"),
            port=said.number("deliver", "port"),
            name=said.text("deliver", "name"),
            here=listening.name,
        ),
        authorities=tuple(said.text("deliver", "authorities").split()),
        spool=said.text("spool", "directory"),
        most_messages=said.number("spool", "messages"),
        most_bytes=said.number("spool", "bytes"),
    )
