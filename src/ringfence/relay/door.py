"""The door of a service: TLS first, every refused handshake logged, few at a time from one place.

asyncio's own TLS servers say nothing about handshakes that fail, hence this.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable

from .journal import say
from .tls import why_refused

_HANDSHAKE = 10.0
"""Seconds that a handshake may take."""
_MOST_FROM_ONE, _MOST = 8, 128
"""Handshakes under way: from one address, and in all."""


class Door:
    """Lets in whoever finishes the handshake, and hands them to a protocol of their own."""

    def __init__(self, context: ssl.SSLContext, inside: Callable[[], asyncio.Protocol]) -> None:
        self._context = context
        self._inside = inside
        self._under_way: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, address: str, port: int) -> asyncio.Server:
        """Listen; raises OSError if that cannot be."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Knocker(self), address, port)

    def knocked(self, transport: asyncio.Transport) -> None:
        """Take somebody up who has just connected."""
        client = str(transport.get_extra_info("peername", ("nowhere",))[0])
        if self._under_way[client] >= _MOST_FROM_ONE or self._under_way.total() >= _MOST:
            say("REFUSED", reason="too-many-handshakes", client=client)
            transport.abort()
            return
        self._under_way[client] += 1
        task = asyncio.get_running_loop().create_task(self._admit(transport, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _admit(self, transport: asyncio.Transport, client: str) -> None:
        lobby = _Lobby()
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                lobby,
                self._context,
                server_side=True,
                ssl_handshake_timeout=_HANDSHAKE,
            )
        except (OSError, TimeoutError) as error:
            say("REFUSED", reason=why_refused(error), client=client)
            transport.abort()
            return
        finally:
            self._under_way[client] -= 1
            self._under_way += Counter()  # forgets addresses at zero
        if secured is not None and not lobby.left:
            lobby.hand_over(secured, self._inside())


class _Knocker(asyncio.Protocol):
    """Somebody at the door, before the handshake."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._door.knocked(transport)


class _Lobby(asyncio.Protocol):
    """Where somebody stands during the handshake; what they say meanwhile is kept."""

    def __init__(self) -> None:
        self.left = False
        self._said = bytearray()
        self._ended = False

    def data_received(self, data: bytes) -> None:
        self._said += data

    def eof_received(self) -> bool:
        self._ended = True
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.left = True

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Let the service's own protocol take over, as if it had been there from the start."""
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._said:
            protocol.data_received(bytes(self._said))
        if self._ended:
            protocol.eof_received()
