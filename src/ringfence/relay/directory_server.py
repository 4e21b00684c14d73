"""The directory's runner: HTTPS for phones and data devices, one request a connection."""

import asyncio
import sys
from pathlib import Path

from .directory_policy import (
    LONGEST_HEAD,
    Document,
    Request,
    find,
    may_read,
    read_head,
    response,
)
from .directory_settings import DirectorySettings, directory_settings
from .door import Door
from .journal import say
from .peer import Peer, peer_of, revoked_serials
from .refusal import Refusal
from .settings import SettingsError
from .tls import server_context

_PATIENCE = 10.0
_KINDS = {".json": "application/json; charset=utf-8", ".vcf": "text/vcard; charset=utf-8"}


class Directory:
    """Answers those who have come through the door."""

    def __init__(self, settings: DirectorySettings) -> None:
        self._settings = settings
        self._documents = {
            path: Document(_KINDS[Path(path).suffix], Path(file).read_bytes())
            for path, file in settings.files.items()
        }

    def protocol(self) -> asyncio.StreamReaderProtocol:
        """A protocol for one connection."""
        reader = asyncio.StreamReader(limit=LONGEST_HEAD)
        return asyncio.StreamReaderProtocol(reader, self._serve)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = writer.get_extra_info("peername")[0]
        peer = peer_of(writer.get_extra_info("ssl_object").getpeercert())
        try:
            async with asyncio.timeout(_PATIENCE):
                data = await reader.readuntil(b"\r\n\r\n")
                request = read_head(data.removesuffix(b"\r\n\r\n"))
                answer = self._answer(request, peer)
                head = isinstance(request, Request) and request.head
                writer.write(response(answer, head=head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            answer = Refusal(400, "no-whole-request")
        finally:
            writer.close()
        name = peer.name if peer else "-"
        if isinstance(answer, Refusal):
            say("REFUSED", reason=answer.reason, client=client, peer=name)
        else:
            say("READ", client=client, peer=name, bytes=len(answer.content))

    def _answer(self, request: Request | Refusal, peer: Peer | None) -> Document | Refusal:
        try:
            # Read each time: who is shut out now must not be answered now.
            text = Path(self._settings.listening.revoked).read_text(encoding="ascii")
            refusal = may_read(self._settings.rules, peer, revoked_serials(text))
        except (OSError, ValueError):
            return Refusal(503, "revocations-unknown")
        if refusal is not None:
            return refusal
        return request if isinstance(request, Refusal) else find(self._documents, request)


async def serve(settings: DirectorySettings) -> None:
    """Serve for ever."""
    at = settings.listening
    required = settings.rules.authenticated
    context = server_context(at.certificate, at.key, at.authority, certificates=required)
    server = await Door(context, Directory(settings).protocol).open(at.address, at.port)
    say("READY", address=at.address, port=at.port, certificates=required)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Run with the settings file that the command line names."""
    try:
        asyncio.run(serve(directory_settings(Path(sys.argv[1]))))
    except SettingsError as error:
        sys.exit(str(error))
