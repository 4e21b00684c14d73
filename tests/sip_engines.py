"""The rendered Kamailio and rtpengine, run on loopback with their paths moved to a directory."""

import contextlib
import os
import shlex
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from ringfence.deploy.users import user_table
from ringfence.design.model import Design, Host, HostKind, Identity, IdentityProfile
from ringfence.identity.authority import Authority, Credential, Period, utc_now
from ringfence.probe.sip import Account, Agent, Connection, Credentials, RefusedError
from ringfence.render import kamailio, rtpengine
from ringfence.render.kamailio_config import NG_SOCKET

ADDRESS = "127.71.0.10"
MOVED = ("/etc/kamailio", "/run/kamailio", "/usr/lib/ringfence")
PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class Service:
    """A started engine and where its log goes."""

    process: subprocess.Popen[bytes]
    log: Path


class Engines:
    """Both engines of a SIP server, with an authority and credentials to speak to them with."""

    def __init__(self, design: Design, directory: Path) -> None:
        """Prepare everything in the directory; ``start`` runs it."""
        self.design = on_loopback(design)
        self.host = self.design.of_kind(HostKind.SIP)[0]
        self.directory = directory
        self.authority = Authority.found("Lab", utc_now())
        self.revoked: list[int] = []
        self._services: list[Service] = []
        self._connections: list[Connection] = []
        (directory / "run").mkdir(parents=True, exist_ok=True)
        self._place()

    def __enter__(self) -> Self:
        """Start the engines."""
        try:
            self._start("rtpengine-daemon")
            await_relay()
            self._start("kamailio")
            self._await_listening()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started."""
        self._stop()

    def _stop(self) -> None:
        self.hang_up()
        for service in reversed(self._services):
            service.process.terminate()
        for service in self._services:
            service.process.wait(timeout=10)

    def kill_and_restart(self) -> None:
        """Kill all of Kamailio's processes at once, as a crash would, and start it again."""
        killed = self._services.pop()
        os.killpg(killed.process.pid, signal.SIGKILL)
        killed.process.wait(timeout=10)
        self._start("kamailio")
        self._await_listening()

    @property
    def pid(self) -> int:
        """Kamailio's first process."""
        return self._services[-1].process.pid

    @property
    def log(self) -> str:
        """Everything Kamailio has logged so far."""
        return self._services[-1].log.read_text(errors="replace")

    def await_log(self, *parts: str, timeout: float = 3.0) -> str:
        """Await a line of the log with all these parts, and return it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.log.splitlines():
                if all(part in line for part in parts):
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no line with {parts} in:\n{self.log[-4000:]}")

    def rpc(self, *command: str) -> str:
        """Give Kamailio a command; returns what it answers."""
        control = self.directory / "run/kamailio/kamailio_ctl"
        done = subprocess.run(
            ["kamcmd", "-s", f"unix:{control}", *command],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.stdout

    def phone(self, extension: str) -> Credential:
        """A phone's credential, as the site's authority issues it."""
        uri = f"sip:{extension}@{self.design.domain}"
        identity = Identity(name=extension, profile=IdentityProfile.PHONE, uri=uri)
        return self.authority.issue(identity, Period.starting(utc_now(), timedelta(days=1)))

    def credentials(self, name: str, credential: Credential) -> Credentials:
        """Write a credential to files and say where they are."""
        certificate, key = (self.directory / f"{name}.{end}" for end in ("pem", "key"))
        certificate.write_bytes(credential.certificate_pem)
        key.write_bytes(credential.key_pem())
        return Credentials(certificate, key, self.directory / "ca.pem", self.host.fqdn)

    def connect(
        self,
        credentials: Credentials,
        source: str | None = None,
        version: ssl.TLSVersion | None = None,
    ) -> Connection:
        """Open a TLS connection to Kamailio, from an address of choice."""
        server = (ADDRESS, self.design.signalling.port)
        connection = Connection.open(server, credentials, source=source, version=version)
        self._connections.append(connection)
        return connection

    def hang_up(self) -> None:
        """Close every connection that was opened so far."""
        while self._connections:
            self._connections.pop().close()

    def ended(self, connection: Connection, timeout: float = 4.0) -> bool:
        """Tell whether the server ends a connection in time, whatever it says before."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                connection.receive(deadline - time.monotonic())
            except RefusedError:
                return True
        return False

    def agent(
        self,
        extension: str,
        *,
        certificate_of: str | None = None,
        password: str | None = PASSWORD,
        source: str | None = None,
    ) -> Agent:
        """A phone on a connection of its own, by default with its own certificate."""
        name = certificate_of or extension
        connection = self.connect(self.credentials(name, self.phone(name)), source)
        return Agent(connection, Account(extension, self.design.domain, password))

    def write_revocations(self) -> None:
        """Put the revoked serials into the table that Kamailio reads, whole or not at all."""
        table = self.directory / "etc/kamailio/users.db"
        draft = table.with_suffix(".new")
        draft.write_bytes(self._users())
        draft.rename(table)

    def revoke(self, serial: int) -> None:
        """Revoke a certificate at once, as docs/call-control.md says."""
        self.revoked.append(serial)
        self.write_revocations()
        self.rpc("htable.reload", "revoked")
        self.rpc("htable.seti", "pending", "cut", "1")

    def _place(self) -> None:
        for file in kamailio.files(self.design, self.host):
            self._write(file.path, file.text)
        for file in rtpengine.files(self.design, self.host):
            self._write(file.path, file.text)
        own = Identity(name="sip", profile=IdentityProfile.SERVER, dns=(self.host.fqdn,))
        credential = self.authority.issue(own, Period.starting(utc_now(), timedelta(days=1)))
        keys = self.directory / "etc/kamailio/tls"
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "certificate.pem").write_bytes(credential.certificate_pem)
        (keys / "key.pem").write_bytes(credential.key_pem())
        anchor = self.authority.credential.certificate_pem
        (keys / "ca.pem").write_bytes(anchor)
        (self.directory / "ca.pem").write_bytes(anchor)
        (self.directory / "run/kamailio").mkdir(exist_ok=True)
        self.write_revocations()

    def _users(self) -> bytes:
        extensions = [host.extension for host in self.design.of_kind(HostKind.PHONE)]
        password = PASSWORD if self.design.signalling.digest else None
        passwords = {extension: password for extension in extensions if extension}
        return user_table(self.design.domain, passwords, self.revoked)

    def _write(self, path: str, text: str) -> None:
        place = self.directory / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(self._moved(text))

    def _moved(self, text: str) -> str:
        for path in MOVED:
            text = text.replace(path, f"{self.directory}{path}")
        text = text.replace(NG_SOCKET, f"{ADDRESS}:2223")
        return text.replace("{secret:kamailio/route-key}", "key-for-tests-only")

    def _start(self, unit: str) -> None:
        text = (self.directory / f"etc/systemd/system/{unit}.service").read_text()
        settings = [line.partition("=") for line in text.splitlines()]
        command = next(value for key, _, value in settings if key == "ExecStart")
        environment = dict(
            value.split("=", 1) for key, _, value in settings if key == "Environment"
        )
        log = self.directory / f"{unit}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                shlex.split(command),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={"PATH": "/usr/sbin:/usr/bin", **environment},
            )
        self._services.append(Service(process, log))

    def _await_listening(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for service in self._services:
                if service.process.poll() is not None:
                    raise AssertionError(service.log.read_text(errors="replace")[-6000:])
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                self.rpc("core.uptime")
                socket.create_connection((ADDRESS, self.design.signalling.port), 1).close()
                return
            time.sleep(0.05)
        raise AssertionError(f"Kamailio did not start:\n{self.log[-6000:]}")


def await_relay() -> None:
    """Await that rtpengine answers commands (its ng protocol: a cookie and a bencoded text)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as commands:
        commands.settimeout(0.1)
        for _ in range(50):
            with contextlib.suppress(OSError):
                commands.sendto(b"1 d7:command4:pinge", (ADDRESS, 2223))
                if b"pong" in commands.recv(1000):
                    return
            time.sleep(0.05)
    raise AssertionError("rtpengine does not answer")


def on_loopback(design: Design) -> Design:
    """The same design with its SIP server at a loopback address."""
    return design.model_copy(update={"hosts": tuple(_moved_host(host) for host in design.hosts)})


def _moved_host(host: Host) -> Host:
    if host.kind != HostKind.SIP:
        return host
    leg = host.interfaces[0].model_copy(update={"address": IPv4Address(ADDRESS)})
    return host.model_copy(update={"interfaces": (leg,)})
