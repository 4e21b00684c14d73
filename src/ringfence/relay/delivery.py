"""Handing a message to the next server: what came of it, and when to try again (pure), and SMTP."""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from .spool import Envelope

LONGEST_WAIT = 900.0
_FIRST_WAIT = 5.0
KEPT_FOR = 5 * 86400.0
"""Seconds for which delivery is tried (RFC 5321, 4.5.4.1, asks for four to five days)."""
_PATIENCE = 30.0
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whose copy was taken, whose is to be tried again, and whose never will be; why not all.

    ``reached`` tells whether the next server could be spoken with at all.
    """

    taken: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    why: str = ""
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """The next server: where it is, what its certificate must say, whom to introduce oneself as."""

    address: str
    port: int
    name: str
    here: str


def wait_after(attempts: int) -> float:
    """Seconds until the next attempt after so many that failed."""
    return min(LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempts - 1, 16))


def judged(envelope: Envelope, refused: Mapping[str, tuple[int, str]], now: float) -> Outcome:
    """What came of an attempt, from the reply code and text for each refused recipient.

    What has waited too long is tried no more.
    """
    old = now - envelope.accepted > KEPT_FOR
    never = tuple(r for r, (code, _) in refused.items() if code >= _PERMANENT or old)
    return Outcome(
        taken=tuple(r for r in envelope.recipients if r not in refused),
        later=tuple(r for r in refused if r not in never),
        never=never,
        why="; ".join(dict.fromkeys(f"{code} {text}" for code, text in refused.values())),
        reached=all(code for code, _ in refused.values()),
    )


class Timetable:
    """When each message that waits is to be tried; times are seconds of the caller's clock."""

    def __init__(self) -> None:
        self._attempts: dict[str, int] = {}
        self._next: dict[str, float] = {}

    def keep(self, waiting: list[str]) -> None:
        """Forget those that wait no more."""
        left = set(waiting)
        self._attempts = {each: n for each, n in self._attempts.items() if each in left}
        self._next = {each: when for each, when in self._next.items() if each in left}

    def due(self, waiting: list[str], now: float) -> list[str]:
        """Those whose turn it is, in order; one that is new is due at once."""
        return [each for each in waiting if self._next.get(each, now) <= now]

    def tried(self, identifier: str, now: float) -> None:
        """An attempt was made; if the message still waits, the next is later than the last."""
        self._attempts[identifier] = self._attempts.get(identifier, 0) + 1
        self._next[identifier] = now + wait_after(self._attempts[identifier])

    def postpone(self, waiting: list[str], identifier: str) -> None:
        """The server was not reached for this one: no other is tried before it."""
        for each in waiting:
            self._next[each] = max(self._next.get(each, 0.0), self._next[identifier])

    def pause(self, waiting: list[str], now: float) -> float | None:
        """Seconds until the next attempt is due; none if nothing waits."""
        times = [max(0.0, self._next.get(each, now) - now) for each in waiting]
        return min(times, default=None)


def deliver(
    route: Route, trusted: ssl.SSLContext, envelope: Envelope, message: bytes
) -> dict[str, tuple[int, str]]:
    """Hand a message over, by TLS always; returns those recipients who were refused, and why.

    A code of 0 stands for a connection that failed.
    """
    try:
        with _connect(route, trusted) as client:
            refused = client.sendmail(envelope.sender, list(envelope.recipients), message)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        text = _text(error.smtp_error)
        return dict.fromkeys(envelope.recipients, (error.smtp_code, text))
    except (OSError, smtplib.SMTPException) as error:
        why = f"{type(error).__name__}: {error}"
        return dict.fromkeys(envelope.recipients, (0, why))
    return {recipient: (code, _text(text)) for recipient, (code, text) in refused.items()}


def _connect(route: Route, trusted: ssl.SSLContext) -> smtplib.SMTP:
    implicit = route.port == smtplib.SMTP_SSL_PORT
    client: smtplib.SMTP = (
        smtplib.SMTP_SSL(local_hostname=route.here, timeout=_PATIENCE, context=trusted)
        if implicit
        else smtplib.SMTP(local_hostname=route.here, timeout=_PATIENCE)
    )
    # The certificate must name the server, and here no name service knows that name.
    client._host = route.name  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
    try:
        client.connect(route.address, route.port)
        if not implicit:
            client.starttls(context=trusted)
    except BaseException:
        client.close()
        raise
    return client


def _text(said: bytes | str) -> str:
    return said.decode("ascii", "replace") if isinstance(said, bytes) else said
