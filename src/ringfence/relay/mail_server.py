"""The mail relay's runner: SMTP over TLS in, the decisions, a spool on disk, SMTP over TLS out."""

import asyncio
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from .delivery import Timetable, deliver, judged
from .door import Door
from .journal import say
from .mail_policy import MOST_RECIPIENTS, may_receive, may_send
from .mail_settings import MailSettings, mail_settings
from .message import MOST_BYTES, examine, received
from .peer import Peer, peer_of, revoked_serials
from .refusal import Refusal
from .scanner import ScanError, scan
from .settings import SettingsError
from .spool import Envelope, Spool, SpoolFullError, new_identifier
from .tls import client_context, server_context

_PATIENCE = 60.0
"""Seconds between two commands, and for a whole message."""
_LONGEST_LINE = 65536
"""Octets that are taken without the end of a line; RFC 5321 allows 1000."""
_COMMANDS = {"*": 20, "MAIL": 50, "RCPT": 50 * MOST_RECIPIENTS, "DATA": 50, "RSET": 50}
"""How often each command may come in one session."""


class _Session(SMTP):  # type: ignore[misc]  # Debian's package, without types here
    """aiosmtpd's own session, whose refusals are logged too: syntax, size, order, repetition.

    It would keep all of a line that never ends, so such a session is ended here.
    """

    _open_line = 0

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it goes on and on."""
        ended = data.rfind(b"\r\n")
        self._open_line = len(data) - ended - 2 if ended >= 0 else self._open_line + len(data)
        if self._open_line > _LONGEST_LINE:
            if self.transport is not None:
                say("REFUSED", reason="line-without-end", client=self.session.peer[0])
                self.transport.abort()
            return
        super().data_received(data)

    async def push(self, status: str | bytes) -> None:
        """Send a reply."""
        text = status.decode("ascii", "replace") if isinstance(status, bytes) else status
        if text[:1] in {"4", "5"} and " refused: " not in text and self.session is not None:
            say("REFUSED", reason=text, client=self.session.peer[0])
        await super().push(status)


class MailRelay:
    """What aiosmtpd asks (its ``handle_`` hooks), and the delivery of what was taken."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._spool = Spool(Path(settings.spool), settings.most_messages, settings.most_bytes)
        self._trusted = client_context(settings.authorities)
        self._fresh = asyncio.Event()

    def protocol(self) -> asyncio.Protocol:
        """A protocol for one connection."""
        made: asyncio.Protocol = _Session(
            self,
            hostname=self._settings.listening.name,
            ident="mail relay",
            data_size_limit=MOST_BYTES,
            timeout=_PATIENCE,
            command_call_limit=_COMMANDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        return made

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Decide whether this peer may send under this address."""
        refusal = self._may_send(_peer(server), address)
        if refusal is not None:
            return _refuse(refusal, server, session, sender=address)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 sender ok"

    async def handle_RCPT(  # noqa: N802 - see handle_MAIL
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Decide whether the message may go to this address as well."""
        refusal = may_receive(self._settings.rules, address, len(envelope.rcpt_tos))
        if refusal is not None:
            sender = envelope.mail_from
            return _refuse(refusal, server, session, sender=sender, recipient=address)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(  # noqa: N802 - see handle_MAIL
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Examine, scan and keep a message; its sender is told only when it is on the disk."""
        identifier, sender = new_identifier(), envelope.mail_from
        peer, client = _peer(server), session.peer[0]
        head = received(
            self._settings.listening.name,
            peer.name if peer else "unknown",
            identifier,
            formatdate(),
        )
        message = head + envelope.content
        refusal = await asyncio.to_thread(self._decide, message, sender)
        if refusal is None:
            kept = Envelope(sender, tuple(dict.fromkeys(envelope.rcpt_tos)), client, time.time())
            try:
                await asyncio.to_thread(self._spool.put, identifier, kept, message)
            except SpoolFullError as error:
                say("FULL", why=error)
                refusal = Refusal(452, "no-room")
        if refusal is not None:
            return _refuse(refusal, server, session, sender=sender)
        say(
            "ACCEPTED",
            id=identifier,
            client=client,
            sender=sender,
            recipients=",".join(kept.recipients),
            bytes=len(message),
        )
        self._fresh.set()
        return f"250 2.0.0 kept as {identifier}"

    async def handle_exception(self, error: Exception) -> str:
        """What a client is told when we fail: nothing was taken."""
        say("FAILED", why=repr(error))
        return "451 4.3.0 a fault of this server; nothing was taken"

    def _may_send(self, peer: Peer | None, sender: str) -> Refusal | None:
        try:
            # Read each time: who is shut out now must not be heard now.
            text = Path(self._settings.listening.revoked).read_text(encoding="ascii")
            return may_send(self._settings.rules, peer, revoked_serials(text), sender)
        except (OSError, ValueError):
            return Refusal(451, "revocations-unknown")

    def _decide(self, message: bytes, sender: str) -> Refusal | None:
        refusal = examine(message, sender, inspected=self._settings.inspected)
        if refusal is not None or self._settings.scanner is None:
            return refusal
        try:
            found = scan(self._settings.scanner, message)
        except ScanError as error:
            say("FAILED", why=error)
            return Refusal(451, "not-scanned")
        return Refusal(554, f"malicious:{found}") if found else None

    async def deliver_for_ever(self) -> None:
        """Hand over what waits, the oldest first; what fails is tried again, ever more rarely."""
        timetable = Timetable()
        while True:
            self._fresh.clear()
            waiting = await asyncio.to_thread(self._spool.waiting)
            timetable.keep(waiting)
            for identifier in timetable.due(waiting, time.monotonic()):
                try:
                    reached = await asyncio.to_thread(self._attempt, identifier)
                except (OSError, ValueError, TypeError) as error:
                    say("FAILED", id=identifier, why=repr(error))
                    reached = True
                timetable.tried(identifier, time.monotonic())
                if not reached:
                    timetable.postpone(waiting, identifier)
                    break
            left = await asyncio.to_thread(self._spool.waiting)
            await self._rest(timetable.pause(left, time.monotonic()))

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._fresh.wait()
        except TimeoutError:
            return

    def _attempt(self, identifier: str) -> bool:
        """Scan once more, for definitions may be newer now, and hand over.

        Returns whether the next server could be spoken with.
        """
        envelope, message = self._spool.get(identifier)
        refusal = self._decide(message, envelope.sender)
        if refusal is not None:
            if refusal.reason != "not-scanned":
                self._spool.set_aside(identifier, envelope.recipients)
                self._spool.done(identifier)
            say("REFUSED", reason=refusal.reason, id=identifier, sender=envelope.sender)
            return True
        refused = deliver(self._settings.route, self._trusted, envelope, message)
        outcome = judged(envelope, refused, time.time())
        if outcome.taken:
            say("DELIVERED", id=identifier, recipients=",".join(outcome.taken))
        if outcome.never:
            self._spool.set_aside(identifier, outcome.never)
            say("SET-ASIDE", id=identifier, recipients=",".join(outcome.never), why=outcome.why)
        if outcome.later:
            if outcome.later != envelope.recipients:
                self._spool.narrow(identifier, outcome.later)
            say("KEPT", id=identifier, recipients=",".join(outcome.later), why=outcome.why)
        else:
            self._spool.done(identifier)
        return outcome.reached


def _peer(server: Any) -> Peer | None:
    return peer_of(server.transport.get_extra_info("ssl_object").getpeercert())


def _refuse(refusal: Refusal, server: Any, session: Any, **fields: object) -> str:
    peer = _peer(server)
    name = peer.name if peer else "-"
    say("REFUSED", reason=refusal.reason, client=session.peer[0], peer=name, **fields)
    return refusal.smtp


async def serve(settings: MailSettings) -> None:
    """Take mail and hand it on, for ever."""
    at = settings.listening
    required = settings.rules.authenticated
    context = server_context(at.certificate, at.key, at.authority, certificates=required)
    relay = MailRelay(settings)
    server = await Door(context, relay.protocol).open(at.address, at.port)
    say("READY", address=at.address, port=at.port, certificates=required)
    async with server, asyncio.TaskGroup() as both:
        both.create_task(server.serve_forever())
        both.create_task(relay.deliver_for_ever())


def main() -> None:
    """Run with the settings file that the command line names."""
    try:
        asyncio.run(serve(mail_settings(Path(sys.argv[1]))))
    except SettingsError as error:
        sys.exit(str(error))
