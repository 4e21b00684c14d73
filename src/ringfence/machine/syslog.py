"""The socket at which a machine's log lines reach its syslog service, as journald offers it.

systemd's own syslog.socket and journald.conf(5), ForwardToSyslog=: journald writes every line that
a unit prints to one datagram socket, as RFC 3164 has it, and the syslog service is handed that
socket when it starts (sd_listen_fds(3)). The init does both here, so that a syslog service is
configured alike in the lab and on a real host. The socket outlives the service: what is printed
while the service is away waits in it.

Standard library only: it runs inside every machine.
"""

# pathlib would cost every machine of a lab memory.
# ruff: noqa: PTH101, PTH103, PTH108, PTH120, PTH123

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections import deque

UNIT = "syslog.socket"
"""The name under which a unit asks for the socket, with Sockets=."""
PATH = "/run/systemd/journal/syslog"

_INFO_FROM_A_DAEMON = 30  # RFC 3164, 4.1.1: facility 3, severity 6
_WAITING = 2000
"""Lines kept here when the socket is full; of more than these the oldest are not passed on."""
_QUEUE = "/proc/sys/net/unix/max_dgram_qlen"
_QUEUED = 512  # as systemd sets it on a real host; the kernel's own is 10
_RETRY = 0.2  # seconds


class SyslogSocket:
    """The bound socket, and a sender that never blocks the init."""

    def __init__(self, path: str = PATH) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with contextlib.suppress(OSError), open(_QUEUE, "w", encoding="ascii") as limit:
            limit.write(str(_QUEUED))
        self._path = path
        self._bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._bound.bind(path)
        os.chmod(path, 0o666)  # noqa: S103 - whatever runs here may log
        self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sender.setblocking(False)
        self._waiting: deque[bytes] = deque(maxlen=_WAITING)

    def fileno(self) -> int:
        """The descriptor that the syslog service is handed."""
        return self._bound.fileno()

    def write(self, identifier: str, pid: int, lines: list[bytes]) -> None:
        """Pass lines on under a service's name; what does not fit now is passed on later."""
        when = time.strftime("%b %d %H:%M:%S", time.gmtime())
        who = f"{identifier}[{pid}]" if pid else identifier
        head = f"<{_INFO_FROM_A_DAEMON}>{when} {who}: ".encode()
        self._waiting.extend(head + line for line in lines)
        self.flush()

    def flush(self) -> None:
        """Pass on what waits, as far as it fits."""
        while self._waiting:
            try:
                self._sender.sendto(self._waiting[0], self._path)
            except OSError:
                return
            self._waiting.popleft()

    @property
    def retry(self) -> float | None:
        """In how many seconds to flush again; None if nothing waits."""
        return _RETRY if self._waiting else None
