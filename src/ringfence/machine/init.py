"""Process 1 of a small machine: sets up its network, runs its units, reaps, stops in order.

Standard library only, and sparing with that, for every machine of a lab runs one. It says
``ready`` on its standard output once the network stands and commands are taken; services go on
starting after that, but for those that have a timer: no timer runs in a lab, so they start by
command only. Commands come over a Unix socket, one line each (see ``_answer``).
"""

# pathlib would cost every machine of a lab memory.
# ruff: noqa: PTH112, PTH123, PTH208

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time

from ringfence.machine.journal import Journal
from ringfence.machine.netconf import apply_settings, ip_commands, settings
from ringfence.machine.service import PATH, Service, State
from ringfence.machine.syslog import SyslogSocket
from ringfence.machine.units import Unit, in_order, parse

CONTROL = "/run/ringfence/init.sock"
UNITS = "/etc/systemd/system"
NETWORKS = "/etc/systemd/network"
SYSCTLS = "/etc/sysctl.d"
LOG = "/var/log/ringfence-init.log"


def log_path(unit: str) -> str:
    """Where the output of a unit is kept."""
    return f"/var/log/{unit}.log"


def main() -> None:
    """Run the machine until it is told to stop."""
    os.environ["PATH"] = PATH
    wakeup, woken = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _heard)
    notes = set_up_network()
    units = in_order(
        parse(name.removesuffix(".service"), text)
        for name, text in _texts(UNITS, ".service").items()
    )
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o077)
    control.bind(CONTROL)
    control.listen(16)
    control.settimeout(1)
    os.umask(0o022)
    syslog = SyslogSocket() if any(unit.syslog_socket for unit in units) else None
    timed = {name.removesuffix(".timer") for name in _texts(UNITS, ".timer")}
    services = {unit.name: _service(unit, syslog, timed=unit.name in timed) for unit in units}
    init = Init(services, control, wakeup, notes, syslog)
    _say_ready()
    init.run()


def _service(unit: Unit, syslog: SyslogSocket | None, *, timed: bool) -> Service:
    """A unit's service, whose lines are passed on where there is a syslog service.

    That one's own lines are not: it has them already, and a line about a line would never end.
    """
    path = log_path(unit.name)
    if syslog is None:
        return Service(unit, Journal(path), timed=timed)

    def printed(lines: list[bytes]) -> None:
        syslog.write(unit.identifier, service.pid, lines)

    def noted(lines: list[bytes]) -> None:
        syslog.write("init", 1, [unit.name.encode() + b": " + line for line in lines])

    own = unit.syslog_socket
    journal = Journal(path, printed=None if own else printed, noted=noted)
    service = Service(unit, journal, syslog.fileno() if own else None, timed=timed)
    return service


def set_up_network() -> list[str]:
    """Apply kernel settings and addresses; return what could not be set, a line each."""
    missed = apply_settings(settings(_texts(SYSCTLS, ".conf")))
    devices = sorted(name for _, name in socket.if_nameindex() if name != "lo")
    commands = ip_commands(_texts(NETWORKS, ".network"), devices)
    feed, fed = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(feed, 0)
        os.closerange(3, 64)
        os.execvp("ip", ["ip", "-batch", "-"])  # noqa: S606 - no shell is the point
    os.close(feed)
    os.write(fed, "\n".join([*commands, ""]).encode())
    os.close(fed)
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit("the addresses of this machine could not be set")
    return missed


class Init:
    """The services of a machine and the loop that serves them."""

    def __init__(
        self,
        services: dict[str, Service],
        control: socket.socket,
        wakeup: int,
        notes: list[str],
        syslog: SyslogSocket | None = None,
    ) -> None:
        self._services = services
        self._control = control
        self._wakeup = wakeup
        self._notes = notes
        self._syslog = syslog
        self._stopping = False
        self._journals = {each.journal.read_end: each.journal for each in services.values()}
        self._poll = select.poll()
        for fd in (control.fileno(), wakeup, *self._journals):
            self._poll.register(fd, select.POLLIN)

    def run(self) -> None:
        """Serve until SIGTERM came and every service has ended."""
        while not (self._stopping and all(each.over for each in self._services.values())):
            while self._move():
                pass
            for fd, _ in self._poll.poll(self._patience()):
                if fd == self._wakeup:
                    self._stopping |= signal.SIGTERM in os.read(fd, 512)
                elif fd == self._control.fileno():
                    self._serve()
                else:
                    self._journals[fd].pump()
            self._reap()
            if self._syslog:
                self._syslog.flush()

    def _move(self) -> bool:
        """Start or stop whatever may go next; tell whether anything did."""
        now = time.monotonic()
        moved = False
        for each in self._services.values():
            each.tick(now)
            if self._stopping:
                going = each.over or each.state == State.STOPPING
                if not going and all(other.over for other in self._those_after(each)):
                    each.stop(now)
                    moved = True
            elif each.state == State.WAITING and all(
                other.settled for other in self._those_before(each)
            ):
                each.start(now)
                moved = True
        return moved

    def _those_before(self, service: Service) -> list[Service]:
        return [self._services[name] for name in service.unit.after if name in self._services]

    def _those_after(self, service: Service) -> list[Service]:
        name = service.unit.name
        return [each for each in self._services.values() if name in each.unit.after]

    def _patience(self) -> float | None:
        """Milliseconds until something is due; None for as long as it takes."""
        now = time.monotonic()
        due = [each.deadline for each in self._services.values() if each.deadline is not None]
        if self._syslog and (retry := self._syslog.retry):
            due.append(now + retry)
        return max(0.0, min(due) - now) * 1000 + 1 if due else None

    def _reap(self) -> None:
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            now = time.monotonic()
            if not any(each.ended(found.si_pid, now) for each in self._services.values()):
                os.waitpid(found.si_pid, 0)

    def _serve(self) -> None:
        connection, _ = self._control.accept()
        with connection:
            try:
                connection.settimeout(1)
                words = connection.recv(256).decode().split()
                connection.sendall("\n".join(self._answer(words)).encode())
            except (OSError, UnicodeDecodeError):
                return  # whoever asked has gone

    def _answer(self, words: list[str]) -> list[str]:
        """Obey a command: ``status``, ``notes``, or start, stop, restart, reload and a unit.

        ``say`` with a unit and a word puts the word into the unit's log, as systemd-cat(1) does
        on a real host. The first line is ``ok`` or says what is wrong. start, stop and restart
        are under way when they are answered.
        """
        match words:
            case ["status"]:
                return ["ok", *(_line(each) for each in self._services.values())]
            case ["notes"]:
                return ["ok", *self._notes]
            case ["say", name, word] if name in self._services:
                self._services[name].journal.say(word)
                return ["ok"]
            case [verb, name] if name in self._services and verb in _VERBS:
                return [self._command(verb, self._services[name]) or "ok"]
            case _:
                return [f"not a command of this machine: {' '.join(words)}"]

    def _command(self, verb: str, service: Service) -> str:
        now = time.monotonic()
        if verb == "reload":
            return service.reload()
        if verb == "stop":
            service.stop(now)
        elif verb == "restart" or service.over:
            service.restart(now)
        return ""


_VERBS = ("start", "stop", "restart", "reload")


def _line(service: Service) -> str:
    unit = service.unit
    fields = (
        unit.name,
        service.state,
        str(service.pid),
        str(service.starts),
        service.detail,
        " ".join(service.withheld),
        " ".join(unit.not_enforced),
    )
    return "\t".join(field.replace("\t", " ").replace("\n", " ") for field in fields)


def _texts(directory: str, suffix: str) -> dict[str, str]:
    found = {}
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
        if name.endswith(suffix):
            with open(f"{directory}/{name}", encoding="utf-8") as file:
                found[name] = file.read()
    return found


def _say_ready() -> None:
    os.write(1, b"ready\n")
    log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(nothing)


def _heard(number: int, frame: object) -> None:
    """Nothing to do here: the loop is woken through the wake-up descriptor."""


if __name__ == "__main__":
    sys.exit("this runs inside a small machine, started by its launcher")
