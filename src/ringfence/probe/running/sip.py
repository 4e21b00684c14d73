"""Whom the running SIP server turns away: asked for real, from a phone's place in the network."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ringfence.design.model import Host, Identity, IdentityProfile
from ringfence.identity.authority import Period, utc_now
from ringfence.probe.fact import Answer, Seen
from ringfence.probe.running.system import System
from ringfence.probe.sip import (
    Account,
    Agent,
    Connection,
    Credentials,
    RefusedError,
    TimedOutError,
)
from ringfence.probe.take import UnseenError

_PATIENCE: Final = 5.0
_A_MOMENT: Final = timedelta(minutes=10)
_LONG: Final = 15
"""Characters of a password that stands alone (SP 800-63B-4, 3.1.1.2)."""
_FORBIDDEN: Final = 403
_CHALLENGES: Final = {401, 407}
_ALERT, _HANDSHAKE = 0x15, 0x16
_PROTOCOL_VERSION: Final = 70


def certificate_needed(system: System) -> Seen:
    """A client without a certificate gets nowhere, and neither does one with a stranger's."""
    asked: list[str] = []
    contrary: list[str] = []
    seat = _seat(system, 0)
    with _paper(system, _identity(system, str(seat.extension)), stranger=True) as stranger:
        for who, shown in (
            ("without a certificate", Credentials(trust_anchor=stranger.trust_anchor)),
            ("with another authority's certificate", stranger),
        ):
            answered = _answers(system, seat, shown)
            asked.append(f"{who}: {'answered' if answered else 'turned away'}")
            if answered:
                contrary.append(f"answered a client {who}")
    with _paper(system, _identity(system, str(seat.extension))) as own:
        if not _answers(system, seat, own):
            raise UnseenError("even a phone's own certificate gets no answer, so nothing is shown")
    return Seen.against(
        contrary,
        len(asked),
        yes=f"the SIP server turns clients away {' and '.join(_whom(asked))}, and answers a phone",
        no="the SIP server answers clients that it should not",
    )


def old_tls_refused(system: System) -> Seen:
    """A greeting in TLS 1.1 is refused for its version; the same one in TLS 1.2 is taken."""
    seat = _seat(system, 0)
    new = _greet(system, seat, 0x0303)
    if new[:1] != bytes([_HANDSHAKE]):
        raise UnseenError("a greeting in TLS 1.2 is not taken either, so nothing is shown")
    contrary = []
    for name, version in (("TLS 1.1", 0x0302), ("TLS 1.0", 0x0301)):
        old = _greet(system, seat, version)
        if not (old[:1] == bytes([_ALERT]) and old[6:7] == bytes([_PROTOCOL_VERSION])):
            contrary.append(f"{name} is answered by {old[:8].hex() or 'nothing'}")
    return Seen.against(
        contrary,
        2,
        yes="TLS 1.0 and 1.1 are refused with the alert 'protocol version'; TLS 1.2 is taken",
        no="TLS before 1.2 is not refused",
    )


def stranger_refused(system: System) -> Seen:
    """An extension that nobody has declared cannot register, whatever certificate it shows."""
    taken = {host.extension for host in system.design.hosts}
    extension = next(str(number) for number in range(90000, 99999) if str(number) not in taken)
    seat = _seat(system, -1)
    with _paper(system, _identity(system, extension)) as own:
        code = _register(system, seat, own, extension, "none-that-anybody-knows")
    saw = f"the extension {extension}, which is not declared, got {code} with a valid certificate"
    return Seen(Answer.YES if code == _FORBIDDEN else Answer.NO, saw, 1)


def password_needed(system: System) -> Seen:
    """A phone's extension cannot register without its password, and passwords are long."""
    seat = _seat(system, -2)
    extension = str(seat.extension)
    contrary: list[str] = []
    with _paper(system, _identity(system, extension)) as own:
        without = _register(system, seat, own, extension, None)
        wrong = _register(system, seat, own, extension, secrets.token_urlsafe(24))
    if without not in _CHALLENGES:
        contrary.append(f"without a password {extension} got {without}")
    if wrong != _FORBIDDEN:
        contrary.append(f"with a wrong password {extension} got {wrong}")
    if system.design.signalling.digest:
        names = [f"digest/{phone.extension}" for phone in system.free_phones]
        held = system.vault.secrets(names)
        contrary += [f"{name} is short" for name, word in held.items() if len(word) < _LONG]
        contrary += ["passwords are used twice"] * (len(set(held.values())) < len(held))
    return Seen.against(
        contrary,
        2,
        yes=f"{extension} is challenged ({without}) without a password and refused ({wrong}) with "
        "a wrong one; passwords are random, each phone's own, and of 32 characters",
        no="a phone can register without its own long password",
    )


def _whom(asked: list[str]) -> Iterator[str]:
    return (each.partition(":")[0] for each in asked)


def _seat(system: System, place: int) -> Host:
    phones = system.free_phones
    if not phones:
        raise UnseenError("there is no phone from whose place one could ask")
    return phones[place % len(phones)]


def _identity(system: System, extension: str) -> Identity:
    uri = f"sip:{extension}@{system.design.domain}"
    return Identity(name=f"probe-{extension}", profile=IdentityProfile.PHONE, uri=uri)


@contextmanager
def _paper(system: System, identity: Identity, *, stranger: bool = False) -> Iterator[Credentials]:
    """Credentials for ten minutes, of the site's authority or of one that nobody knows."""
    authority = system.vault.authority
    issuer = type(authority).found("Nobody", utc_now()) if stranger else authority
    made = issuer.issue(identity, Period.starting(utc_now(), _A_MOMENT))
    with TemporaryDirectory(prefix="ringfence-probe-") as directory:
        certificate, key, anchor = (Path(directory, name) for name in ("own.pem", "own.key", "ca"))
        certificate.write_bytes(made.certificate_pem)
        key.write_bytes(made.key_pem())
        anchor.write_bytes(system.vault.trust_anchor)
        yield Credentials(certificate, key, anchor, system.sip_server.fqdn)


def _open(system: System, seat: Host, shown: Credentials) -> Connection:
    address = (str(system.sip_server.address), system.design.signalling.port)
    with system.machine(seat).netns():
        return Connection.open(address, shown, timeout=_PATIENCE)


def _answers(system: System, seat: Host, shown: Credentials) -> bool:
    """Whether the server says anything to a request on a connection that shows this."""
    try:
        with _open(system, seat, shown) as connection:
            agent = Agent(connection, Account(str(seat.extension), system.design.domain))
            return agent.options().code > 0
    except (RefusedError, TimedOutError):
        return False


def _register(
    system: System, seat: Host, shown: Credentials, extension: str, password: str | None
) -> int:
    try:
        with _open(system, seat, shown) as connection:
            account = Account(extension, system.design.domain, password)
            return Agent(connection, account).register().code
    except (RefusedError, TimedOutError) as error:
        raise UnseenError(f"there was no answer to a registration: {error}") from None


def _greet(system: System, seat: Host, version: int) -> bytes:
    """The first bytes that come back when TLS of one version is offered (RFC 5246, 7.4.1.2)."""
    address = (str(system.sip_server.address), system.design.signalling.port)
    with system.machine(seat).netns():
        try:
            opened = socket.create_connection(address, _PATIENCE)
        except OSError as error:
            raise UnseenError(f"no connection: {error}") from None
    with opened:
        opened.sendall(_client_hello(version))
        try:
            return opened.recv(64)
        except OSError:
            return b""


def _client_hello(version: int) -> bytes:
    suites = bytes.fromhex("c02bc02fc009c013c00ac014002f0035")
    groups = bytes.fromhex("000a00080006001d00170018")
    points = bytes.fromhex("000b00020100")
    signatures = bytes.fromhex("000d000e000c") + bytes.fromhex("040305030603040104010201")
    extensions = groups + points + signatures
    body = (
        version.to_bytes(2, "big")
        + secrets.token_bytes(32)
        + b"\0"
        + len(suites).to_bytes(2, "big")
        + suites
        + b"\x01\0"
        + len(extensions).to_bytes(2, "big")
        + extensions
    )
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message
