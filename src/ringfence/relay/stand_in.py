"""The data network's mail server, in labs only: it takes every message and keeps it in a file."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from .door import Door
from .journal import say
from .spool import new_identifier
from .tls import server_context


class Sink:
    """Keeps what comes; each message is a file, its envelope the first line."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Any, envelope: Any
    ) -> str:
        """Take a message."""
        said = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "client": session.peer[0]}
        path = self._directory / f"{new_identifier()}.eml"
        path.write_bytes(json.dumps(said).encode() + b"\n" + envelope.content)
        say("TAKEN", file=path.name, sender=envelope.mail_from, client=session.peer[0])
        return "250 2.0.0 taken"


async def serve(address: str, port: int, keys: Path, directory: Path) -> None:
    """Serve for ever: TLS from the start, or at port 25 by STARTTLS, which is demanded there."""
    files = (str(keys / name) for name in ("certificate.pem", "key.pem", "ca.pem"))
    context = server_context(*files, certificates=False)
    sink = Sink(directory)
    loop = asyncio.get_running_loop()

    def protocol(**more: Any) -> asyncio.Protocol:
        made: asyncio.Protocol = SMTP(sink, hostname="mail", loop=loop, **more)
        return made

    if port == 25:  # noqa: PLR2004 - the port of mail between servers
        server = await loop.create_server(
            lambda: protocol(tls_context=context, require_starttls=True), address, port
        )
    else:
        server = await Door(context, protocol).open(address, port)
    say("READY", address=address, port=port)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Run: address, port, directory of keys, directory for messages."""
    address, port, keys, directory = sys.argv[1:]
    asyncio.run(serve(address, int(port), Path(keys), Path(directory)))
