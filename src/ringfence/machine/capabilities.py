"""Linux's capabilities, by name.

Standard library only: it runs inside every machine. See capabilities(7).
"""

# pathlib would cost every machine of a lab memory.
# ruff: noqa: PTH123

from __future__ import annotations

from collections.abc import Iterable

NAMES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
)
"""Each at the place of its number."""


def number(name: str) -> int:
    """The number of a capability; raises ValueError for a name that Linux does not have."""
    return NAMES.index(name)


def held() -> frozenset[str]:
    """The capabilities that this process and all it starts may ever hold."""
    with open("/proc/self/status", encoding="ascii") as status:
        mask = next(int(line.split()[1], 16) for line in status if line.startswith("CapBnd:"))
    return named(mask)


def named(mask: int) -> frozenset[str]:
    """The capabilities in a mask, as the kernel writes it."""
    return frozenset(name for bit, name in enumerate(NAMES) if mask >> bit & 1)


def exactly(names: Iterable[str]) -> str:
    """A set of capabilities as setpriv(1) takes it."""
    return ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in sorted(names))])
