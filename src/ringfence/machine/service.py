"""One service of a machine: started, watched, restarted and stopped as its unit says.

Standard library only: it runs inside every machine. Processes are started through setpriv(1)
and each in a session of its own, so that a stop reaches its children too. Times are seconds of
the monotonic clock, and are given by the caller.
"""

# pathlib would cost every machine of a lab memory.
# ruff: noqa: PTH101, PTH103

from __future__ import annotations

import grp
import os
import pwd
import resource
import signal
from enum import StrEnum

from ringfence.machine import capabilities
from ringfence.machine.journal import Journal
from ringfence.machine.units import Command, Unit
from ringfence.machine.words import expand


class State(StrEnum):
    """Where a service stands. ``idle`` is one that a timer starts, and no timer runs in a lab."""

    IDLE = "idle"
    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


_FIRST_HANDED = 3
"""Where a descriptor that is handed over is found: SD_LISTEN_FDS_START."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Service:
    """The life of one unit.

    ``detail`` says why it is in its state; ``starts`` counts how often it was started.
    ``socket`` is a descriptor that it is handed, as sd_listen_fds(3) has it.
    """

    def __init__(
        self, unit: Unit, journal: Journal, socket: int | None = None, *, timed: bool = False
    ) -> None:
        self.unit = unit
        self.journal = journal
        self._socket = socket
        self.state = State.IDLE if timed else State.WAITING
        self.detail = ""
        self.pid = 0
        self.starts = 0
        self.deadline: float | None = None
        self.withheld = sorted((unit.bounding or unit.ambient) - capabilities.held())
        self._queue: list[Command] = []
        self._current: Command | None = None
        self._recent: list[float] = []
        self._again = False
        self._reloading = 0

    def start(self, now: float) -> None:
        """Start the unit unless it runs already."""
        if self.state in {State.STARTING, State.RUNNING, State.STOPPING}:
            return
        interval, limit = self.unit.start_interval, self.unit.start_limit
        self._recent = [when for when in self._recent if when > now - interval]
        if interval and limit and len(self._recent) >= limit:
            self._end(State.FAILED, f"{limit} starts within {interval:g} s; last: {self.detail}")
            return
        self._recent.append(now)
        self.starts += 1
        self.deadline = None
        self.state = State.STARTING
        try:
            self._make_directories()
        except (OSError, KeyError) as error:
            self._end(State.FAILED, f"its directories: {error}")
            return
        self._queue = [*self.unit.prepare, *self.unit.start]
        self._next(now)

    def stop(self, now: float) -> None:
        """Ask the unit to end; it is killed if it has not within its stop timeout."""
        self._again = False
        if self.state in {State.STARTING, State.RUNNING}:
            self.state = State.STOPPING
            self.deadline = now + self.unit.stop_timeout
            self._signal(signal.SIGTERM)
        elif self.state != State.STOPPING:
            self._end(State.STOPPED, "")

    def restart(self, now: float) -> None:
        """Stop the unit if it runs, then start it, whatever happened before."""
        self._recent.clear()
        self.stop(now)
        if self.state == State.STOPPING:
            self._again = True
        else:
            self.start(now)

    def reload(self) -> str:
        """Run ExecReload; return what stands in the way, if anything."""
        if self.unit.reload is None:
            return f"{self.unit.name} has no ExecReload="
        if self.state != State.RUNNING:
            return f"{self.unit.name} is {self.state}"
        self._reloading = self._spawn(self.unit.reload)
        return ""

    def ended(self, pid: int, now: float) -> bool:
        """Reap the process if it is one of this service's, and go on from there."""
        self.journal.pump()
        if pid == self.pid:
            if not self.unit.remain:
                self._signal(signal.SIGKILL)  # what it leaves behind in its session
            _, status = os.waitpid(pid, 0)
            self.pid = 0
            self._exited(os.waitstatus_to_exitcode(status), now)
            return True
        if pid == self._reloading:
            _, status = os.waitpid(pid, 0)
            self._reloading = 0
            self.journal.note(f"reload {_how(os.waitstatus_to_exitcode(status))}")
            return True
        return False

    def tick(self, now: float) -> None:
        """Do what is due: a restart, or the end of patience with a stop."""
        if self.deadline is None or now < self.deadline:
            return
        self.deadline = None
        if self.state == State.RESTARTING:
            self.start(now)
        elif self.state == State.STOPPING:
            self.journal.note("did not stop in time: killed")
            self._signal(signal.SIGKILL)

    @property
    def settled(self) -> bool:
        """Whether units that come after this one may start."""
        return self.state not in {State.WAITING, State.STARTING}

    @property
    def over(self) -> bool:
        """Whether nothing of it runs or will run by itself."""
        return self.state in {State.IDLE, State.DONE, State.STOPPED, State.FAILED}

    def _exited(self, code: int, now: float) -> None:
        command, self._current = self._current, None
        forgiven = code == 0 or (command is not None and command.may_fail)
        if self.state == State.STOPPING:
            self._end(State.STOPPED, _how(code))
            if self._again:
                self._again = False
                self.start(now)
        elif self._queue and forgiven:
            self._next(now)
        elif self.unit.oneshot and forgiven:
            self._end(State.DONE, _how(code))
        else:
            self.detail = f"{command.argv[0] if command else 'it'} {_how(code)}"
            self.journal.note(self.detail)
            self._retry(now, failed=not forgiven)

    def _retry(self, now: float, *, failed: bool) -> None:
        self._queue.clear()
        wanted = self.unit.restart == "always" or (self.unit.restart == "on-failure" and failed)
        if wanted and not self.unit.oneshot:
            self.state = State.RESTARTING
            self.deadline = now + self.unit.restart_delay
        else:
            self._end(State.FAILED if failed else State.STOPPED, self.detail)

    def _end(self, state: State, detail: str) -> None:
        self.state, self.detail, self.deadline = state, detail, None
        self._queue.clear()
        self.journal.note(f"{state} {detail}".rstrip())

    def _next(self, now: float) -> None:
        self._current = self._queue.pop(0)
        try:
            self.pid = self._spawn(self._current)
        except (OSError, KeyError) as error:
            self.detail = f"could not be started: {error}"
            self._retry(now, failed=True)
            return
        main = not self._queue and not self.unit.oneshot
        self.state = State.RUNNING if main else State.STARTING
        if main:
            self.journal.note(f"started, process {self.pid}")

    def _signal(self, number: signal.Signals) -> None:
        if not self.pid:
            return
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            os.kill(self.pid, number)  # so young that it has no session yet

    def _make_directories(self) -> None:
        user, group = self._ids()
        for directory in self.unit.directories:
            os.makedirs(directory.path, exist_ok=True)
            os.chown(directory.path, user, group)
            os.chmod(directory.path, directory.mode)

    def _ids(self) -> tuple[int, int]:
        account = pwd.getpwnam(self.unit.user)
        group = grp.getgrnam(self.unit.group).gr_gid if self.unit.group else account.pw_gid
        return account.pw_uid, group

    def _environment(self) -> dict[str, str]:
        account = pwd.getpwnam(self.unit.user)
        places: dict[str, list[str]] = {}
        for directory in self.unit.directories:
            name = directory.key.removesuffix("Directory").upper() + "_DIRECTORY"
            places.setdefault(name, []).append(directory.path)
        return {
            "PATH": PATH,
            "LANG": "C.UTF-8",
            "USER": account.pw_name,
            "LOGNAME": account.pw_name,
            "HOME": account.pw_dir,
            **{name: ":".join(paths) for name, paths in places.items()},
            **dict(self.unit.environment),
        }

    def _privileges(self) -> list[str]:
        user, group = self._ids()
        unit = self.unit
        held = capabilities.held()
        words = ["setpriv", f"--reuid={user}", f"--regid={group}"]
        if unit.groups:
            named = [str(grp.getgrnam(name).gr_gid) for name in unit.groups]
            words.append(f"--groups={','.join([str(group), *named])}")
        else:
            words.append("--init-groups")
        if unit.bounding is not None:
            words.append(f"--bounding-set={capabilities.exactly(unit.bounding & held)}")
        words += [f"--inh-caps={capabilities.exactly(unit.ambient & held)}"]
        words += [f"--ambient-caps={capabilities.exactly(unit.ambient & held)}"]
        if unit.no_new_privileges:
            words.append("--no-new-privs")
        return [*words, "--"]

    def _spawn(self, command: Command) -> int:
        environment = self._environment()
        argv = expand(command.argv, environment | {"MAINPID": str(self.pid or "")})
        words = [*self._privileges(), *argv]
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            nothing = os.open("/dev/null", os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(self.journal.write_end, 1)
            os.dup2(self.journal.write_end, 2)
            os.umask(self.unit.umask)
            os.nice(self.unit.nice)
            os.chdir(self.unit.working_directory)
            if self.unit.open_files:
                limits = (self.unit.open_files, self.unit.open_files)
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            os.environ["PATH"] = PATH
            if self._socket is not None:
                os.dup2(self._socket, _FIRST_HANDED)
                os.set_inheritable(_FIRST_HANDED, True)  # dup2 leaves it be if it is the same
                environment |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
            os.execvpe(words[0], words, environment)  # noqa: S606 - no shell is the point
        except OSError as error:
            os.write(2, f"{words[0]}: {error}\n".encode())
        os._exit(127)


def _how(code: int) -> str:
    return f"ended with status {code}" if code >= 0 else f"was ended: {signal.strsignal(-code)}"
