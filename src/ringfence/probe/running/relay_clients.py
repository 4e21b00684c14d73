"""Clients of the relay: one that brings mail and one that reads the directory, good or bad."""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final

from ringfence.design.converged import DIRECTORY_PORT, SUBMISSION_PORT
from ringfence.design.model import (
    Host,
)
from ringfence.design.settings import (
    MailRoute,
)
from ringfence.probe.running.system import System

_PATIENCE: Final = 5.0
_MOST: Final = 1 << 20
_NO_ANSWER: Final = 599
_TAKEN: Final = 400


@dataclass(frozen=True)
class Reply:
    """What came back; where there was no answer, the code is 599 and the text says why."""

    code: int
    text: str

    @property
    def answered(self) -> bool:
        """Whether there was an answer at all."""
        return self.code != _NO_ANSWER

    @property
    def taken(self) -> bool:
        """Whether what was asked was done."""
        return self.code < _TAKEN


def compose(
    author: str,
    token: str,
    text: str = "A message of a probe",
    attachment: tuple[bytes, str, str] | None = None,
) -> bytes:
    """A message with the token in its subject; an attachment is content, type and file name."""
    message = EmailMessage()
    message["From"] = author
    message["To"] = author
    message["Subject"] = f"probe {token}"
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{token}@probe.invalid>"
    message.set_content(f"{text}\nprobe\n")
    if attachment is not None:
        content, kind, name = attachment
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes(policy=SMTP)


class Mailer:
    """Brings mail to the relay from the SIP server's place in the network."""

    def __init__(self, system: System, route: MailRoute, context: ssl.SSLContext) -> None:
        """Take what is shown to the relay."""
        self._system = system
        self.context = context
        self.author = f"voicemail@{system.design.domain}"
        self._to = f"probe@{route.domains[0]}"

    def greet(self, author: str | None = None, to: str | None = None) -> Reply:
        """Ask whether mail of this author to this recipient would be taken, and bring none."""
        return self._talk(author or self.author, to or self._to, None)

    def send(self, message: bytes) -> Reply:
        """Bring a message."""
        return self._talk(self.author, self._to, message)

    def _talk(self, author: str, to: str, message: bytes | None) -> Reply:
        relay = self._system.relay
        try:
            with self._system.machine(self._system.sip_server).netns():
                plain = socket.create_connection((str(relay.address), SUBMISSION_PORT), _PATIENCE)
            with plain, self.context.wrap_socket(plain, server_hostname=relay.fqdn) as secured:
                return _mail(secured, author, to, message)
        except (OSError, smtplib.SMTPException) as error:
            return Reply(_NO_ANSWER, f"{type(error).__name__}: {error}")


def _mail(secured: ssl.SSLSocket, author: str, to: str, message: bytes | None) -> Reply:
    client = smtplib.SMTP(local_hostname="probe.invalid", timeout=_PATIENCE)
    client.sock = secured
    reply = _reply(client.getreply())
    if reply.taken:
        reply = _reply(client.ehlo("probe.invalid"))
    if reply.taken:
        reply = _reply(client.mail(author))
    if reply.taken:
        reply = _reply(client.rcpt(to))
    if reply.taken and message is not None:
        reply = _reply(client.data(message))
    return reply


def _reply(said: tuple[int, bytes]) -> Reply:
    return Reply(said[0], said[1].decode("ascii", "replace"))


class Reader:
    """Asks for the directory from some host's place in the network."""

    def __init__(self, system: System, seat: Host, context: ssl.SSLContext) -> None:
        """Take where from, and what is shown to the relay."""
        self._system = system
        self._seat = seat
        self._context = context

    def get(self, path: str) -> Reply:
        """Ask for a document."""
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: directory\r\n\r\n".encode("ascii"))

    def ask(self, request: bytes) -> Reply:
        """Send a request as it is."""
        relay = self._system.relay
        address = (str(relay.address), DIRECTORY_PORT)
        data = b""
        try:
            with self._system.machine(self._seat).netns():
                plain = socket.create_connection(address, _PATIENCE)
            with plain, self._context.wrap_socket(plain, server_hostname=relay.fqdn) as secured:
                secured.sendall(request)
                while len(data) < _MOST and (more := secured.recv(65536)):
                    data += more
        except OSError as error:
            if not data:
                return Reply(_NO_ANSWER, f"{type(error).__name__}: {error}")
        first, _, rest = data.decode("utf-8", "replace").partition("\r\n")
        words = first.split()
        if len(words) < 2 or not words[1].isdecimal():  # noqa: PLR2004 - version and code
            return Reply(_NO_ANSWER, f"no answer: {first!r}")
        return Reply(int(words[1]), rest)
