"""A blocking TLS connection that carries SIP messages."""

import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ringfence.probe.sip.message import Message, Request, Response, read


@dataclass(frozen=True)
class Credentials:
    """What a client shows and believes: its certificate and key, and the trust anchor.

    Without ``certificate`` it shows none. ``server_name`` is what the server's certificate must
    name; without ``trust_anchor`` the server is not verified at all.
    """

    certificate: Path | None = None
    key: Path | None = None
    trust_anchor: Path | None = None
    server_name: str | None = None


class RefusedError(Exception):
    """The other side would not have the connection, or ended it; the text says how."""


class Connection:
    """One TLS connection to a SIP server. In TLS 1.3 a refusal may only show on first use."""

    def __init__(self, stream: ssl.SSLSocket) -> None:
        """Wrap a stream whose handshake is done; see ``open``."""
        self._stream = stream
        self._data = b""

    @classmethod
    def open(
        cls,
        address: tuple[str, int],
        credentials: Credentials,
        *,
        source: str | None = None,
        timeout: float = 5.0,
        version: ssl.TLSVersion | None = None,
    ) -> Self:
        """Connect and shake hands within ``timeout`` seconds; ``version`` allows only that one.

        Raises RefusedError when no connection comes about.
        """
        context = _context(credentials)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        bound = (source, 0) if source else None
        try:
            plain = socket.create_connection(address, timeout, bound)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise RefusedError(f"no connection: {error}") from error
        try:
            return cls(context.wrap_socket(plain, server_hostname=credentials.server_name))
        except OSError as error:
            plain.close()
            raise RefusedError(f"no TLS: {error}") from error

    @property
    def local_address(self) -> tuple[str, int]:
        """Our end of the connection."""
        host, port = self._stream.getsockname()[:2]
        return str(host), int(port)

    def send(self, message: Request | Response) -> None:
        """Send a message. Raises RefusedError when the connection has ended."""
        try:
            self._stream.sendall(message.encode())
        except OSError as error:
            raise RefusedError(f"connection ended: {error}") from error

    def receive(self, timeout: float) -> Message | None:
        """Wait up to ``timeout`` seconds for the next message; nothing when none came.

        Raises RefusedError when the other side has ended the connection, MalformedError when it
        speaks no SIP.
        """
        deadline = time.monotonic() + timeout
        while (found := read(self._data)) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._stream.settimeout(left)
            try:
                more = self._stream.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise RefusedError(f"connection ended: {error}") from error
            if not more:
                raise RefusedError("connection ended by the other side")
            self._data += more
        message, self._data = found
        return message

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def __enter__(self) -> Self:
        """Use the connection in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the connection."""
        self.close()


def _context(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = credentials.server_name is not None
    if credentials.trust_anchor is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(credentials.trust_anchor)
    if credentials.certificate is not None:
        context.load_cert_chain(credentials.certificate, credentials.key)
    return context
