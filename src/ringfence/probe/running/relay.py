"""What the running relay takes, refuses and passes on: asked for real, from hosts' own places."""

import secrets
import time
from collections.abc import Iterator
from typing import Final, Self

from ringfence.deploy.definitions import marker
from ringfence.design.model import (
    Host,
    HostKind,
)
from ringfence.design.settings import (
    Converged,
    MailRoute,
)
from ringfence.probe.fact import Seen
from ringfence.probe.running import papers
from ringfence.probe.running.relay_clients import Mailer, Reader, Reply, compose
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError
from ringfence.relay.message import MOST_BYTES
from ringfence.render.mail_stand_in import KEPT

_ARRIVES_WITHIN: Final = 15.0
_OK: Final = 200
_REFUSED: Final = 400
_SOUND: Final = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(2000)
_PROGRAM: Final = b"MZ" + bytes(100)


def converged_clients(system: System) -> Seen:
    """Those who prove who they are may do what is theirs; nobody else may do anything."""
    passing = _passing(system)
    contrary: list[str] = []
    asked = 0
    if passing.mail is not None:
        for who, reply in _mail_clients(system, passing.mail):
            asked += 1
            contrary += [f"mail is taken {who}"] * reply.taken
    if passing.directory:
        for who, reply in _directory_clients(system, passing):
            asked += 1
            contrary += [f"the directory is read {who}"] * reply.taken
    return Seen.against(
        contrary,
        asked,
        yes=f"the relay serves those who are named and refused {asked} others: without a "
        "certificate, with a stranger's, with one that is for something else",
        no="the relay serves clients that it should not",
    )


def converged_understood(system: System) -> Seen:
    """What is malformed, too large or of an unknown kind is refused; plain things pass."""
    passing = _passing(system)
    contrary: list[str] = []
    asked = 0
    if passing.mail is not None:
        token = secrets.token_hex(8)
        mailer = _mailer(system, passing.mail)
        with _Probes(system, passing.mail, token) as probes:
            for what, message in _odd_messages(mailer, token):
                asked += 1
                reply = mailer.send(message)
                if not reply.answered:
                    raise UnseenError(f"{what} got no answer: {reply.text}")
                contrary += [f"{what} is passed on"] * reply.taken
            sound = compose(mailer.author, token, attachment=(_SOUND, "audio/wav", "message.wav"))
            if not (mailer.send(sound).taken and probes.arrive()):
                raise UnseenError("a plain voice message does not pass either, so nothing is shown")
    if passing.directory:
        for what, code in _odd_requests(system, passing):
            asked += 1
            contrary += [f"{what} is answered with {code}"] * (code < _REFUSED)
    return Seen.against(
        contrary,
        asked,
        yes=f"the relay refused {asked} messages and requests that are malformed, too large or of "
        "a kind that nobody needs, and passed plain ones",
        no="the relay passes on what it should not",
    )


def converged_scanned(system: System) -> Seen:
    """A message with the marker is refused and never arrives; the same without it does."""
    passing = _passing(system)
    if passing.mail is None:
        codes = [code for _, code in _odd_requests(system, passing)]
        contrary = ["the directory takes something"] * any(code < _REFUSED for code in codes)
        return Seen.against(
            contrary,
            len(codes),
            yes="nothing passes that could carry code: the directory takes nothing",
            no="the directory takes what nobody scans",
        )
    token, bad = secrets.token_hex(8), secrets.token_hex(8)
    mailer = _mailer(system, passing.mail)
    contrary = []
    with (
        _Probes(system, passing.mail, bad) as marked,
        _Probes(system, passing.mail, token) as clean,
    ):
        for where, message in _marked(mailer, bad):
            reply = mailer.send(message)
            if reply.taken:
                contrary.append(f"a message with the marker in {where} is taken")
            elif "malicious" not in reply.text:
                contrary.append(
                    f"the marker in {where} is refused for another reason: {reply.text}"
                )
        taken = mailer.send(compose(mailer.author, token)).taken
        if not (taken and clean.arrive()):
            raise UnseenError("a message without the marker does not arrive, so nothing is shown")
        if marked.arrived():
            contrary.append("a message with the marker has arrived")
    return Seen.against(
        contrary,
        3,
        yes="a message with a harmless marker, in its text or its attachment, is refused by the "
        "scanner and does not arrive; one without it does",
        no="messages pass unscanned",
    )


def _passing(system: System) -> Converged:
    _ = system.relay  # there must be one
    if system.design.converged is None:
        raise UnseenError("no service of the design crosses between telephones and data")
    return system.design.converged


def _mailer(system: System, route: MailRoute) -> Mailer:
    """The SIP server, as itself."""
    own = papers.client(system, papers.server(system.sip_server))
    return Mailer(system, route, own)


def _mail_clients(system: System, route: MailRoute) -> Iterator[tuple[str, Reply]]:
    """Those who must be refused, and what they were told; the one who may has been served."""
    design, sip = system.design, system.sip_server
    if not _mailer(system, route).greet().taken:
        raise UnseenError("even the SIP server's own mail is refused, so nothing is shown")
    admin = design.of_kind(HostKind.ADMIN)[0]
    extension = str(design.of_kind(HostKind.PHONE)[0].extension)
    own = papers.client(system, papers.server(sip))
    strange = papers.client(system, papers.server(sip), stranger=True)
    for who, context in (
        ("without a certificate", papers.client(system, None)),
        ("with another authority's certificate", strange),
        ("with a phone's certificate", papers.client(system, papers.phone(system, extension))),
        ("with a data device's certificate", papers.client(system, papers.reader(system, "pc1"))),
        ("with another server's certificate", papers.client(system, papers.server(admin))),
    ):
        yield who, Mailer(system, route, context).greet()
    yield "under a foreign address", Mailer(system, route, own).greet(author="x@elsewhere.example")
    yield "for a foreign domain", Mailer(system, route, own).greet(to="x@elsewhere.example")


def _directory_clients(system: System, passing: Converged) -> Iterator[tuple[str, Reply]]:
    """Those who must be refused, and what they were told; those who may have been served."""
    seat, pc = _phone_seat(system), system.design.of_kind(HostKind.PC)[0]
    known = papers.phone(system, str(seat.extension))
    invited = [(seat, known)]
    invited += [(pc, papers.reader(system, name)) for name in passing.readers]
    for where, identity in invited:
        reply = Reader(system, where, papers.client(system, identity)).get("/directory.json")
        names = [str(p.display_name) for p in system.design.of_kind(HostKind.PHONE)]
        if reply.code != _OK or not all(name in reply.text for name in names):
            raise UnseenError(f"the directory is not read from {where.name}: {reply.text[:100]}")
    taken = {host.extension for host in system.design.hosts}
    nobody = next(str(n) for n in range(90000, 99999) if str(n) not in taken)
    for where, who, context in (
        (seat, "by a phone without a certificate", papers.client(system, None)),
        (pc, "by a data device without a certificate", papers.client(system, None)),
        (seat, "with a stranger's certificate", papers.client(system, known, stranger=True)),
        (pc, "with no reader's name", papers.client(system, papers.reader(system, "nobody"))),
        (seat, "by no phone", papers.client(system, papers.phone(system, nobody))),
        (pc, "as a server", papers.client(system, papers.server(system.sip_server))),
    ):
        yield who, Reader(system, where, context).get("/directory.json")


def _odd_messages(mailer: Mailer, token: str) -> Iterator[tuple[str, bytes]]:
    author = mailer.author
    plain = compose(author, token)
    yield "a bare line end", plain.replace(b"probe\r\n", b"probe\n.\r\nMAIL FROM:<a@b>\r\n")
    program = (_PROGRAM, "application/octet-stream", "update.exe")
    yield "a program", compose(author, token, attachment=program)
    disguised = (_PROGRAM, "audio/wav", "message.wav")
    yield "a program that is called sound", compose(author, token, attachment=disguised)
    page = (b"<script>alert(1)</script>", "text/html", "page.html")
    yield "a web page", compose(author, token, attachment=page)
    yield "another's name as author", compose("director@elsewhere.example", token)
    yield "two authors", plain.replace(b"Subject:", b"From: a@b.example\r\nSubject:")
    yield "a message that is too large", plain + (b"x" * 900 + b"\r\n") * (MOST_BYTES // 900)


def _marked(mailer: Mailer, token: str) -> Iterator[tuple[str, bytes]]:
    yield "its text", compose(mailer.author, token, text=marker().decode("ascii"))
    sound = (_SOUND + marker(), "audio/wav", "message.wav")
    yield "its attachment", compose(mailer.author, token, attachment=sound)


def _odd_requests(system: System, passing: Converged) -> Iterator[tuple[str, int]]:
    """Requests that must be refused, from a reader who may read."""
    if not passing.directory:
        return
    if passing.readers:
        seat = system.design.of_kind(HostKind.PC)[0]
        known = papers.reader(system, passing.readers[0])
    else:
        seat = _phone_seat(system)
        known = papers.phone(system, str(seat.extension))
    reader = Reader(system, seat, papers.client(system, known))
    if reader.get("/directory.json").code != _OK:
        raise UnseenError(f"the directory cannot be read from {seat.name}, so nothing is shown")
    for what, request in (
        ("a change", b"PUT /directory.json HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
        ("a deletion", b"DELETE /directory.json HTTP/1.1\r\n\r\n"),
        ("a form", b"POST /directory.json HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
        ("a body", b"GET /directory.json HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
        ("another file", b"GET /../settings.ini HTTP/1.1\r\n\r\n"),
        ("a broken header", b"GET /directory.json HTTP/1.1\r\nno header\r\n\r\n"),
        (
            "a header without end",
            b"GET /directory.json HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        ),
    ):
        yield what, reader.ask(request).code


def _phone_seat(system: System) -> Host:
    if not system.free_phones:
        raise UnseenError("there is no phone from whose place one could ask")
    return system.free_phones[0]


class _Probes:
    """The messages of a probe at the data network's mail server, known by a token."""

    def __init__(self, system: System, route: MailRoute, token: str) -> None:
        self._machine = system.lab.machine(route.host)
        self._token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing of them."""
        for path in self.arrived():
            self._machine.run(["rm", "-f", path])

    def arrived(self) -> list[str]:
        """The files of those that are there."""
        return self._machine.run(["grep", "-rlsF", self._token, KEPT]).stdout.splitlines()

    def arrive(self) -> bool:
        """Whether one is there within the time that it may take."""
        deadline = time.monotonic() + _ARRIVES_WITHIN
        while not self.arrived():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True
