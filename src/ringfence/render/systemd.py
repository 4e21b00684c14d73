"""systemd units: how every service is started, on real hosts and by the lab's own init.

The unit is written whole, under the name that Debian's package uses, so that it replaces the
packaged one. See systemd.service(5), systemd.exec(5).
"""

from pydantic import BaseModel, ConfigDict

from ringfence.render.files import File

SANDBOX = (
    "ProtectSystem=full",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectControlGroups=yes",
    "RestrictSUIDSGID=yes",
    "RestrictRealtime=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
)
"""Confinement that real hosts enforce and the lab's init only knows by name."""
STRICT = (
    "ProtectSystem=strict",
    *SANDBOX[1:],
    "MemoryDenyWriteExecute=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_INET AF_UNIX",
    "RestrictNamespaces=yes",
    "SystemCallFilter=@system-service",
)
"""More of it, for what is written by us and takes words from strangers."""


class Unit(BaseModel):
    """What a service's unit says.

    ``start`` is the command line; ``prepare`` are commands run before it; ``capabilities`` are
    the only ones the process may ever hold. Directories are made under /run and /var/lib, owned
    by the user. ``oneshot`` marks a command that does its work and ends; with ``calendar`` a timer
    starts it again and again (systemd.time(7)), and it is not started with the machine.
    ``groups`` are further groups of the user, ``nice`` is how much it gives way to others,
    ``sandbox`` is the confinement beyond all that, and ``confined`` are lines of it beyond what
    every service has. ``takes_log_lines`` marks the syslog service: journald's lines reach it
    through systemd's own syslog.socket.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    start: str
    user: str = "root"
    group: str = "root"
    groups: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    reload: str | None = None
    capabilities: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    runtime_directory: str | None = None
    state_directory: str | None = None
    logs_directory: str | None = None
    open_files: int | None = None
    nice: int | None = None
    oneshot: bool = False
    calendar: str | None = None
    sandbox: tuple[str, ...] = SANDBOX
    confined: tuple[str, ...] = ()
    takes_log_lines: bool = False
    serves: tuple[str, ...] = ()


def unit_file(unit: Unit) -> File:
    """Render a unit to /etc/systemd/system."""
    return File(path=f"/etc/systemd/system/{unit.name}.service", text=unit_text(unit))


def timer_file(unit: Unit) -> File:
    """Render the timer of a unit that has a calendar. See systemd.timer(5)."""
    lines = [
        f"# Mitigations: {' '.join(unit.serves)}",
        "[Unit]",
        f"Description={unit.description}, time and again",
        "",
        "[Timer]",
        f"OnCalendar={unit.calendar}",
        "RandomizedDelaySec=30min",
        "Persistent=yes",
        "",
        "[Install]",
        "WantedBy=timers.target",
        "",
    ]
    return File(path=f"/etc/systemd/system/{unit.name}.timer", text="\n".join(lines))


def unit_text(unit: Unit) -> str:
    """Render the text of a unit."""
    after = " ".join(f"{name}.service" for name in unit.after)
    capabilities = " ".join(unit.capabilities)
    lines = [
        f"# Mitigations: {' '.join(unit.serves)}" if unit.serves else None,
        "[Unit]",
        f"Description={unit.description}",
        f"After=network.target {after}".rstrip(),
        "Requires=syslog.socket" if unit.takes_log_lines else None,
        "",
        "[Service]",
        "Type=oneshot" if unit.oneshot else "Type=simple",
        # A timer starts nothing that counts as running still.
        "RemainAfterExit=yes" if unit.oneshot and not unit.calendar else None,
        f"User={unit.user}",
        f"Group={unit.group}",
        f"SupplementaryGroups={' '.join(unit.groups)}" if unit.groups else None,
        f"SyslogIdentifier={unit.name}",
        "Sockets=syslog.socket" if unit.takes_log_lines else None,
        *(f"Environment={setting}" for setting in unit.environment),
        *_directories(unit),
        *(f"ExecStartPre={command}" for command in unit.prepare),
        f"ExecStart={unit.start}",
        f"ExecReload={unit.reload}" if unit.reload else None,
        None if unit.oneshot else "Restart=always",
        None if unit.oneshot else "RestartSec=1",
        f"LimitNOFILE={unit.open_files}" if unit.open_files else None,
        f"Nice={unit.nice}" if unit.nice is not None else None,
        "UMask=0027",
        "NoNewPrivileges=yes",
        f"CapabilityBoundingSet={capabilities}",
        f"AmbientCapabilities={capabilities}" if unit.user != "root" else None,
        *unit.sandbox,
        *unit.confined,
        "",
        *([] if unit.calendar else ["[Install]", "WantedBy=multi-user.target"]),
        "Alias=syslog.service" if unit.takes_log_lines else None,
        None if unit.calendar else "",
    ]
    return "\n".join(line for line in lines if line is not None)


def _directories(unit: Unit) -> list[str]:
    named = {
        "RuntimeDirectory": unit.runtime_directory,
        "StateDirectory": unit.state_directory,
        "LogsDirectory": unit.logs_directory,
    }
    return [
        line
        for key, value in named.items()
        if value
        for line in (f"{key}={value}", f"{key}Mode=0750")
    ]
