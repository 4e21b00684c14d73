"""What a systemd unit file says, for the lab's init.

Standard library only: it runs inside every machine. Everything that the renderer writes is
understood; a directive that is not is an error, for a service started otherwise than its unit
asks proves nothing. See systemd.service(5), systemd.exec(5), systemd.syntax(7).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ringfence.machine import capabilities
from ringfence.machine.words import split

DIRECTORIES = {
    "RuntimeDirectory": "/run",
    "StateDirectory": "/var/lib",
    "LogsDirectory": "/var/log",
}

CONFINEMENT = frozenset(
    {
        "IOSchedulingClass",
        "LockPersonality",
        "MemoryDenyWriteExecute",
        "PrivateDevices",
        "PrivateTmp",
        "ProtectClock",
        "ProtectControlGroups",
        "ProtectHome",
        "ProtectHostname",
        "ProtectKernelLogs",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "ProtectProc",
        "ProtectSystem",
        "ReadOnlyPaths",
        "ReadWritePaths",
        "RestrictAddressFamilies",
        "RestrictNamespaces",
        "RestrictRealtime",
        "RestrictSUIDSGID",
        "SystemCallArchitectures",
        "SystemCallFilter",
    }
)
"""Confinement that real hosts enforce and the lab knows by name only."""

_KNOWN = {
    "Unit": {
        "After",
        "Description",
        "Documentation",
        "Requires",
        "StartLimitBurst",
        "StartLimitIntervalSec",
        "Wants",
    },
    "Service": {
        "AmbientCapabilities",
        "CapabilityBoundingSet",
        "Environment",
        "ExecReload",
        "ExecStart",
        "ExecStartPre",
        "Group",
        "LimitNOFILE",
        "Nice",
        "NoNewPrivileges",
        "RemainAfterExit",
        "Restart",
        "RestartSec",
        "Sockets",
        "SupplementaryGroups",
        "SyslogIdentifier",
        "TimeoutStopSec",
        "Type",
        "UMask",
        "User",
        "WorkingDirectory",
        *DIRECTORIES,
        *(f"{key}Mode" for key in DIRECTORIES),
        *CONFINEMENT,
    },
    "Install": {"Alias", "WantedBy"},
}
_LISTS = {"After", "Documentation", "Environment", "ExecStart", "ExecStartPre", "Wants"}


class UnitError(Exception):
    """A unit file that cannot be obeyed: which line, and why."""


class Command(NamedTuple):
    """A command line; ``may_fail`` is systemd's leading dash."""

    argv: tuple[str, ...]
    may_fail: bool = False


class Directory(NamedTuple):
    """A directory made before the service starts; ``key`` is the directive that asked."""

    key: str
    path: str
    mode: int


class Unit(NamedTuple):
    """One service. Times are in seconds; ``bounding`` None means every capability.

    ``identifier`` is the name under which its lines are passed on; ``syslog_socket`` tells
    whether it is the syslog service, which is handed the socket for them.
    """

    name: str
    description: str
    after: tuple[str, ...]
    oneshot: bool
    remain: bool
    user: str
    group: str
    groups: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    working_directory: str
    directories: tuple[Directory, ...]
    prepare: tuple[Command, ...]
    start: tuple[Command, ...]
    reload: Command | None
    restart: str
    restart_delay: float
    start_limit: int
    start_interval: float
    stop_timeout: float
    open_files: int | None
    umask: int
    no_new_privileges: bool
    bounding: frozenset[str] | None
    ambient: frozenset[str]
    identifier: str
    syslog_socket: bool
    nice: int
    not_enforced: tuple[str, ...]


def parse(name: str, text: str) -> Unit:
    """Read the unit ``name`` (without .service); raises UnitError with the line at fault."""
    said = _Said(name, text)
    oneshot = said.choice("Type", "simple", {"simple", "exec", "oneshot"}) == "oneshot"
    start = said.commands("ExecStart")
    if not start or (len(start) > 1 and not oneshot):
        raise UnitError(f"{name}.service: one ExecStart= is needed, {len(start)} are there")
    user = said.word("User", "root")
    reload = said.commands("ExecReload")
    limit = said.word("LimitNOFILE", "")
    return Unit(
        name=name,
        description=said.word("Description", name),
        after=tuple(
            word.removesuffix(".service") for line in said.all("After") for word in line.split()
        ),
        oneshot=oneshot,
        remain=said.flag("RemainAfterExit"),
        user=user,
        group=said.word("Group", ""),
        groups=tuple(said.word("SupplementaryGroups", "").split()),
        environment=said.environment(),
        working_directory=said.word("WorkingDirectory", "/"),
        directories=said.directories(),
        prepare=said.commands("ExecStartPre"),
        start=start,
        reload=reload[0] if reload else None,
        restart=said.choice("Restart", "no", {"no", "always", "on-failure"}),
        restart_delay=said.seconds("RestartSec", 0.1),
        start_limit=said.number("StartLimitBurst", 5),
        start_interval=said.seconds("StartLimitIntervalSec", 10.0),
        stop_timeout=said.seconds("TimeoutStopSec", 5.0),
        open_files=said.number("LimitNOFILE", 0) if limit else None,
        umask=said.number("UMask", 0o022, base=8),
        no_new_privileges=said.flag("NoNewPrivileges"),
        bounding=said.capabilities("CapabilityBoundingSet"),
        ambient=said.capabilities("AmbientCapabilities") or frozenset(),
        identifier=said.word("SyslogIdentifier", "") or start[0].argv[0].rpartition("/")[2],
        syslog_socket=said.sockets(),
        nice=said.number("Nice", 0),
        not_enforced=tuple(sorted(CONFINEMENT & said.keys())),
    )


def in_order(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Units so that each stands behind those it starts after; raises UnitError for a circle."""
    left = {unit.name: unit for unit in units}
    ordered: list[Unit] = []
    while left:
        free = [unit for unit in left.values() if not any(name in left for name in unit.after)]
        if not free:
            raise UnitError(f"these units wait for each other (After=): {', '.join(sorted(left))}")
        ordered += free
        for unit in free:
            del left[unit.name]
    return tuple(ordered)


class _Said:
    """The assignments of a unit file, each with its line number."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._values: dict[str, list[tuple[int, str]]] = {}
        section = ""
        for number, raw in enumerate(text.splitlines(), start=1):
            line = raw.strip()
            if not line or line[0] in "#;":
                continue
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
                if section not in _KNOWN:
                    raise self._error(number, f"the section [{section}] is not known here")
                continue
            key, equals, value = line.partition("=")
            key, value = key.strip(), value.strip()
            if not equals or value.endswith("\\"):
                raise self._error(number, f"not a directive on one line: {line}")
            if key not in _KNOWN.get(section, ()):
                raise self._error(number, f"the lab's init does not know {key}= in [{section}]")
            values = self._values.setdefault(key, [])
            if key in _LISTS and not value:
                values.clear()
            else:
                values.append((number, value))

    def keys(self) -> set[str]:
        return set(self._values)

    def all(self, key: str) -> list[str]:
        return [value for _, value in self._values.get(key, [])]

    def word(self, key: str, default: str) -> str:
        return self.all(key)[-1] if self.all(key) else default

    def choice(self, key: str, default: str, allowed: set[str]) -> str:
        value = self.word(key, default)
        if value not in allowed:
            raise self._wrong(key, f"one of {', '.join(sorted(allowed))}")
        return value

    def flag(self, key: str) -> bool:
        value = self.word(key, "no").lower()
        if value not in {"yes", "true", "on", "1", "no", "false", "off", "0"}:
            raise self._wrong(key, "yes or no")
        return value in {"yes", "true", "on", "1"}

    def number(self, key: str, default: int, base: int = 10) -> int:
        if not self.all(key):
            return default
        try:
            return int(self.word(key, ""), base)
        except ValueError:
            raise self._wrong(key, "a number") from None

    def seconds(self, key: str, default: float) -> float:
        if not self.all(key):
            return default
        value = self.word(key, "")
        for suffix, factor in (("ms", 0.001), ("min", 60.0), ("s", 1.0), ("", 1.0)):
            if value.endswith(suffix):
                try:
                    return float(value.removesuffix(suffix)) * factor
                except ValueError:
                    break
        raise self._wrong(key, "a time such as 5, 5s, 500ms or 1min")

    def capabilities(self, key: str) -> frozenset[str] | None:
        if key not in self._values:
            return None
        words = [word for line in self.all(key) for word in line.split()]
        if not set(words) <= set(capabilities.NAMES):
            raise self._wrong(key, "a list of names such as CAP_NET_BIND_SERVICE")
        return frozenset(words)

    def sockets(self) -> bool:
        """Whether the syslog socket is asked for: the only one that the lab's init has."""
        named = self.word("Sockets", "")
        if named not in {"", "syslog.socket"}:
            raise self._wrong("Sockets", "syslog.socket")
        return bool(named)

    def commands(self, key: str) -> tuple[Command, ...]:
        found = []
        for number, line in self._values.get(key, []):
            words = self._words(number, line.removeprefix("-"))
            if not words or words[0][0] in "@:+!-" or ";" in words:
                raise self._error(number, f"{key}= needs one plain command")
            found.append(Command(words, may_fail=line.startswith("-")))
        return tuple(found)

    def environment(self) -> tuple[tuple[str, str], ...]:
        found = {}
        for number, line in self._values.get("Environment", []):
            for word in self._words(number, line):
                name, equals, value = word.partition("=")
                if not equals:
                    raise self._error(number, "Environment= needs NAME=value")
                found[name] = value
        return tuple(found.items())

    def directories(self) -> tuple[Directory, ...]:
        found = []
        for key, parent in DIRECTORIES.items():
            mode = self.number(f"{key}Mode", 0o755, base=8)
            for name in self.word(key, "").split():
                if name.startswith("/") or ".." in name.split("/"):
                    raise self._wrong(key, f"a name below {parent}")
                found.append(Directory(key, f"{parent}/{name}", mode))
        return tuple(found)

    def _words(self, number: int, line: str) -> tuple[str, ...]:
        try:
            return split(line)
        except ValueError as error:
            raise self._error(number, str(error)) from None

    def _wrong(self, key: str, wanted: str) -> UnitError:
        number, value = self._values[key][-1]
        return self._error(number, f"{key}={value} is not {wanted}")

    def _error(self, number: int, message: str) -> UnitError:
        return UnitError(f"{self._name}.service, line {number}: {message}")
