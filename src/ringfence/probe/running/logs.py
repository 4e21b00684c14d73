"""What reaches the running log server, from whom, and how it is kept there."""

import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ringfence.design.model import Host, HostKind, Identity, IdentityProfile, Service
from ringfence.identity.authority import Authority, Credential, Period, utc_now
from ringfence.machine.inside import Machine
from ringfence.probe import relp
from ringfence.probe.fact import Answer, Seen
from ringfence.probe.running.log_days import day_of, ended_days
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError
from ringfence.render import rsyslog

_WITHIN: Final = 5.0
"""Seconds in which a line arrives."""
_MARKED_WITHIN: Final = 8.0
"""Seconds in which a new file is marked append-only."""
_UNMARKED: Final = "is not append-only"
_CONNECTED: Final = 1.0
_ANSWERED: Final = 0.5
_SETTLE: Final = 1.0
_TRIES: Final = 10
"""A race once let one of two such lines in, with another TLS library: once is not enough."""
_A_MOMENT: Final = timedelta(minutes=10)
_LEAST_FREE: Final = 10  # per cent
_LATE: Final = timedelta(days=2)
"""A day that ended so long ago should have had its digest recorded."""


def logs_arrive(system: System) -> Seen:
    """A line said on every host, and a packet that the firewall drops, arrive within 5 seconds."""
    server = _server(system)
    pending: dict[str, tuple[str, str]] = {}
    for host in system.design.running(Service.SYSLOG):
        word = f"mark-{secrets.token_hex(8)}"
        system.machine(host).say(Service.CHRONY, word)
        pending[f"a line of {host.name}"] = (host.name, word)
    for wall in system.design.of_kind(HostKind.FIREWALL):
        port = 20000 + secrets.randbelow(20000)
        _knock(system, port)
        pending[f"a drop of {wall.name}"] = (wall.name, f"DPT={port} ")
    count = len(pending)
    deadline = time.monotonic() + _WITHIN
    while pending and time.monotonic() < deadline:
        time.sleep(0.1)
        pending = {
            what: (host, words)
            for what, (host, words) in pending.items()
            if not _has(server, host, words)
        }
    return Seen.against(
        [f"{what} did not arrive" for what in pending],
        count,
        yes=f"{count} lines, one of each host and one of a drop, arrived within {_WITHIN:g} s and "
        "lie with their hosts' lines",
        no="lines do not arrive at the log server",
    )


def log_strangers(system: System) -> Seen:
    """Nobody but the design's hosts can put a line into the log."""
    server = _server(system)
    inside = system.design.of_kind(HostKind.SERVICES)[0]
    own = Identity(name="probe", profile=IdentityProfile.LOG_SENDER, dns=(inside.fqdn,))
    token = secrets.token_hex(8)
    with TemporaryDirectory(prefix="ringfence-probe-") as directory:
        papers = _Papers(system, Path(directory))
        sender = papers.of(own)
        if not _says(system, inside, f"known-{token}", sender) or not _has(server, "", token):
            raise UnseenError("even a host's own certificate gets no line in: nothing is shown")
        phone = papers.of(_phone(system))
        tries: list[tuple[str, Host, Callable[[], Path | None] | None]] = [
            (f"{inside.name} with a phone's certificate", inside, lambda: phone)
        ] * _TRIES
        tries += [
            (f"{inside.name} with a stranger's", inside, lambda: papers.of(own, stranger=True)),
            (f"{inside.name} without a certificate", inside, lambda: None),
            (f"{inside.name} without TLS", inside, None),
        ]
        tries += [
            (f"{seat.name} with a phone's certificate", seat, lambda: phone)
            for seat in _outsiders(system)
        ]
        for number, (_, seat, paper) in enumerate(tries):
            line = f"stranger-{number}-{token};"
            if paper is None:
                _says_plainly(system, seat, line)
            else:
                _says(system, seat, line, paper())
    time.sleep(_SETTLE)
    let_in = [
        who
        for number, (who, *_) in enumerate(tries)
        if _has(server, "", f"stranger-{number}-{token};")
    ]
    return Seen.against(
        list(dict.fromkeys(let_in)),
        len(tries),
        yes=f"of {len(tries)} lines from strangers none was taken, and a host's own was",
        no="the log server takes lines from strangers",
    )


def log_files(system: System) -> Seen:
    """The log server's files are its own user's, append-only, in time, and have room."""
    server = _server(system)
    names = {host.name for host in system.design.running(Service.SYSLOG)}
    keep = system.design.logs.keep_days if system.design.logs else 0
    deadline = time.monotonic() + _MARKED_WITHIN
    while True:  # a file that has just appeared is not marked yet
        listing = server.run(["find", rsyslog.LOGS, "-printf", "%y %m %u %p\n"], check=True).stdout
        files = [line.split(" ", 3) for line in listing.splitlines()]
        contrary = [*_not_kept(server, files, names), *_out_of_time(files, keep)]
        waiting = contrary and all(words.endswith(_UNMARKED) for words in contrary)
        if not waiting or time.monotonic() > deadline:
            break
        time.sleep(1)
    free = 100 - int(server.run(["df", "--output=pcent", rsyslog.LOGS]).stdout.split()[1][:-1])
    if free < _LEAST_FREE:
        contrary.append(f"only {free} % of its disk is free")
    return Seen.against(
        contrary,
        sum(kind == "f" for kind, *_ in files),
        yes=f"{len(files)} files and directories are the log server's own, append-only and of the "
        f"last {keep} days; {free} % of the disk is free",
        no="the log is not kept as it should be",
        exhibits=((f"{rsyslog.LOGS}", listing.encode()),),
    )


def log_digest(system: System) -> Seen:
    """Files of days that have ended still have the digests that were recorded."""
    server = _server(system)
    today = utc_now().date()
    found = {each.name: each for each in ended_days(server, today)}
    recorded = system.recorded.get(system.authority, {})
    contrary = [
        f"{name} was changed"
        for name, each in found.items()
        if recorded.get(name, each.sha256) != each.sha256
    ]
    keep = timedelta(days=system.design.logs.keep_days if system.design.logs else 0)
    for name in recorded.keys() - found.keys():
        day = day_of(name)
        if day is not None and today - day <= keep:
            contrary.append(f"{name} is gone")
    unknown = [
        name for name, each in found.items() if name not in recorded and today - each.day >= _LATE
    ]
    if unknown and not contrary:
        return Seen(
            Answer.UNSEEN,
            f"the digests of {len(unknown)} files of days that have ended were never recorded; "
            "`ringfence evidence digest` records them",
            len(unknown),
        )
    open_files = server.run(["find", rsyslog.LOGS, "-name", f"{today}.log"]).stdout.split()
    return Seen.against(
        sorted(contrary),
        len(found) + len(open_files),
        yes=f"{len(recorded.keys() & found.keys())} files have the digests that were "
        f"recorded when their days had ended; {len(open_files)} of today are still written",
        no="the log was changed after its digest was recorded",
    )


def log_has(system: System, host: Host, words: str) -> bool:
    """Whether words of a host reach the log server in time.

    Raises:
        UnseenError: the design has no log server.

    """
    server = _server(system)
    deadline = time.monotonic() + _WITHIN
    while not (there := _has(server, host.name, words)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return there


def _server(system: System) -> Machine:
    if system.design.log_server is None:
        raise UnseenError("the design has no log server")
    return system.machine(system.design.log_server)


def _has(server: Machine, host: str, words: str) -> bool:
    return server.run(["grep", "-rqF", "-e", words, f"{rsyslog.LOGS}/{host}"]).returncode == 0


def _knock(system: System, port: int) -> None:
    """Have the firewall drop something that can be told from anything else."""
    outside = system.design.of_kind(HostKind.OUTSIDER)[0]
    with system.machine(outside).netns():
        knocking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with knocking:
        knocking.sendto(b"knock", (str(system.sip_server.address), port))


class _Papers:
    """Certificates for some minutes, in files as TLS clients want them."""

    def __init__(self, system: System, directory: Path) -> None:
        self._authority = system.vault.authority
        self._directory = directory
        self._count = 0

    def of(self, identity: Identity, *, stranger: bool = False) -> Path:
        """A file with a fresh certificate and its key."""
        issuer = Authority.found("Nobody", utc_now()) if stranger else self._authority
        made: Credential = issuer.issue(identity, Period.starting(utc_now(), _A_MOMENT))
        self._count += 1
        path = self._directory / f"{self._count}.pem"
        path.write_bytes(made.certificate_pem + made.key_pem())
        return path


def _phone(system: System) -> Identity:
    phones = system.free_phones
    extension = phones[0].extension if phones else "0"
    return Identity(
        name=f"p{extension}",
        profile=IdentityProfile.PHONE,
        uri=f"sip:{extension}@{system.design.domain}",
    )


def _outsiders(system: System) -> tuple[Host, ...]:
    kinds = (HostKind.PC, HostKind.OUTSIDER)
    others = tuple(host for kind in kinds for host in system.design.of_kind(kind))
    return (*system.free_phones[:1], *others)


def _says(system: System, seat: Host, line: str, paper: Path | None) -> bool:
    """Say a line over TLS, with a certificate or without; whether it was acknowledged."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # who breaks in does not ask whose house it is
    if paper is not None:
        context.load_cert_chain(paper)
    try:
        with _connected(system, seat) as plain, context.wrap_socket(plain) as wrapped:
            wrapped.sendall(relp.session(line))
            return relp.taken(_heard(wrapped))
    except OSError:
        return False


def _says_plainly(system: System, seat: Host, line: str) -> None:
    try:
        with _connected(system, seat) as plain:
            plain.sendall(relp.session(line))
            _heard(plain)
    except OSError:
        return


def _connected(system: System, seat: Host) -> socket.socket:
    server, logs = system.design.log_server, system.design.logs
    if server is None or logs is None:
        raise UnseenError("the design has no log server")
    with system.machine(seat).netns():
        return socket.create_connection((str(server.address), logs.port), _CONNECTED)


def _heard(connection: socket.socket) -> bytes:
    """What is answered until nothing more comes for a while."""
    connection.settimeout(_ANSWERED)
    heard = b""
    try:
        while not relp.taken(heard) and (more := connection.recv(4096)):
            heard += more
    except OSError:
        pass
    return heard


def _not_kept(server: Machine, files: list[list[str]], names: set[str]) -> Iterator[str]:
    days = [path for kind, *_, path in files if kind == "f"]
    marks = server.run(["lsattr", "--", *days]).stdout if days else ""
    marked = {words[1] for line in marks.splitlines() if "a" in (words := line.split())[0]}
    for kind, mode, owner, path in files:
        wanted = {"d": "750", "f": "640"}.get(kind)
        if mode != wanted or owner != rsyslog.ACCOUNT:
            yield f"{path} is {owner}'s, with mode {mode}"
        if kind != "f":
            continue
        if day_of(path) is None or Path(path).parent.name not in names:
            yield f"{path} is no host's log of a day"
        if path not in marked:
            yield f"{path} {_UNMARKED}"


def _out_of_time(files: list[list[str]], keep_days: int) -> Iterator[str]:
    oldest = utc_now().date() - timedelta(days=keep_days + 1)
    for kind, *_, path in files:
        day: date | None = day_of(path) if kind == "f" else None
        if day is not None and day < oldest:
            yield f"{path} should have gone by now"
