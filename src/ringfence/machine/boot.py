"""Starts one small machine: namespaces, an overlay root, its files, then its init.

Standard library only: it runs as ``python3 -I -S`` of the system, one process a machine, with
the order as JSON on its standard input (never on a command line, for it holds secrets) and
answers on its standard output.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

from ringfence.machine import accounts, capabilities, kernel, record, root
from ringfence.machine.record import ProcessId

PYTHON = "/usr/bin/python3"
INSIDE = Path("/run/ringfence")
"""Where a machine keeps its init's modules and control socket."""

_SOURCE = Path(__file__).resolve().parents[2]
_MODULES = (
    *("__init__", "capabilities", "init", "journal", "netconf", "service", "syslog", "units"),
    "words",
)
_PATIENCE = 60

_WITHHELD = ("CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_ADMIN", "CAP_SYS_TIME", "CAP_MKNOD")
"""Capabilities that reach beyond a machine: to the real one's modules, disks, mounts, clock."""


class Order(NamedTuple):
    """What a launcher is asked for. ``disk`` is the size of the private tmpfs in MiB."""

    lab: str
    machine: str
    hostname: str
    disk: int
    hidden: list[str]
    files: list[root.FileRecord]


def command(module: str, *words: str) -> list[str]:
    """The command line that runs ``main()`` of a module of this package, outside any venv."""
    return [PYTHON, "-I", "-S", "-c", _code(module, _SOURCE), *words]


def main() -> None:
    """Start the machine that standard input asks for."""
    signal.alarm(_PATIENCE)
    order = Order(**json.load(sys.stdin))
    try:
        launch(order)
    except OSError as error:
        sys.exit(f"{order.machine}: {error}")


def launch(order: Order) -> None:
    """Fork the machine's first process, record it, and only then let it go on."""
    kernel.setns(
        os.open(record.namespace_path(order.lab, order.machine), os.O_RDONLY), kernel.NEWNET
    )
    quiet_network()
    kernel.unshare(kernel.NEWNS | kernel.NEWUTS | kernel.NEWIPC | kernel.NEWPID)
    wait, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(wait, 0)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        _become(order)
    when = record.started(child)
    if when is None:
        raise OSError("its first process ended at once")
    record.write_process(order.lab, order.machine, ProcessId(child, when))
    os.write(go, b"go")


def quiet_network() -> None:
    """Switch off, in this network namespace, IPv6 and the bridges' detour through IP filters."""
    for name, value in (
        ("ipv6/conf/all/disable_ipv6", "1"),
        ("ipv6/conf/default/disable_ipv6", "1"),
        ("bridge/bridge-nf-call-iptables", "0"),
        ("bridge/bridge-nf-call-ip6tables", "0"),
        ("bridge/bridge-nf-call-arptables", "0"),
    ):
        path = Path("/proc/sys/net", name)
        if path.exists():
            path.write_text(value, encoding="ascii")


def _become(order: Order) -> NoReturn:
    """Become the machine's init; this is process 1 of the new namespaces."""
    try:
        if os.read(0, 2) != b"go":
            os._exit(1)
        os.setsid()
        os.umask(0o022)
        socket.sethostname(order.hostname)
        root.enter(record.directory(order.lab), order.disk, order.hidden, _modules())
        _install(order.files)
        for name in _WITHHELD:
            kernel.withhold_capability(capabilities.number(name))
        os.dup2(1, 2)
        line = [PYTHON, "-I", "-S", "-B", "-c", _code("init", INSIDE), order.lab, order.machine]
        os.execve(PYTHON, line, {})  # noqa: S606 - no shell is the point
    except BaseException as error:  # noqa: BLE001 - whatever it was, the creator must hear of it
        os.write(1, f"{order.machine}: {error}\n".encode())
        os._exit(1)


def _install(files: list[root.FileRecord]) -> None:
    """Put files in place, those that ask for accounts first: others may belong to these."""
    asking = [file for file in files if str(Path(file["path"]).parent) == accounts.DIRECTORY]
    for file in asking:
        root.install(file)
        path = Path(file["path"])
        accounts.create(accounts.parse(path.name, path.read_text(encoding="utf-8")))
    for file in files:
        if file not in asking:
            root.install(file)


def _modules() -> dict[Path, bytes]:
    """What the init consists of, by its path inside the machine."""
    names = ["ringfence/__init__.py", *(f"ringfence/machine/{name}.py" for name in _MODULES)]
    return {INSIDE / name: (_SOURCE / name).read_bytes() for name in names}


def _code(module: str, where: Path) -> str:
    return (
        f"import sys; sys.path.insert(0, {str(where)!r}); "
        f"from ringfence.machine import {module}; {module}.main()"
    )
