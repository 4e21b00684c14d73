"""What the SIP server knows about a call that cannot be seen on the wire.

The TLS connections, from Kamailio's ``tls.list`` (tls module, RPC commands): phones open them
when they start, so their handshakes are long over when a call is recorded. And the SRTP suites,
from rtpengine's ``query`` (ng control protocol): they are agreed upon inside TLS.
"""

import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ringfence.machine.inside import Machine
from ringfence.render.kamailio import CONTROL_SOCKET, NG_SOCKET

_PATIENCE = 2.0
"""Seconds within which rtpengine answers."""

_RECORD = re.compile(r"\{([^{}]*)\}")
_FIELD = re.compile(r"^\s*(\w+): (.*?)\s*$", re.MULTILINE)


class ServerError(Exception):
    """The server cannot be asked; the message is for a person."""


@dataclass(frozen=True)
class TlsConnection:
    """A TLS connection of the server; ``number`` grows with every new one."""

    number: int
    peer: IPv4Address
    version: str
    cipher: str


def tls_connections(server: Machine) -> tuple[TlsConnection, ...]:
    """The TLS connections that are established now.

    Raises ``ServerError`` if Kamailio cannot be asked.
    """
    done = server.run(["kamcmd", "-s", f"unix:{CONTROL_SOCKET}", "tls.list"])
    # kamcmd ends with 0 whatever it was told; errors stand in what it prints.
    if done.returncode != 0 or done.stderr.strip() or done.stdout.startswith("error"):
        said = done.stderr.strip() or done.stdout.strip()
        raise ServerError(f"Kamailio does not answer: {said}")
    return tuple(parse_tls_list(done.stdout))


def parse_tls_list(text: str) -> Iterator[TlsConnection]:
    """Read what ``kamcmd tls.list`` prints.

    Raises ``ServerError`` for a record that lacks what it should have.
    """
    for record in _RECORD.findall(text):
        fields = dict(_FIELD.findall(record))
        if fields.get("state") != "established":
            continue
        try:
            cipher, version = fields["cipher"].split()[:2]
            yield TlsConnection(int(fields["id"]), IPv4Address(fields["src_ip"]), version, cipher)
        except (KeyError, ValueError) as error:
            raise ServerError(f"Kamailio described a connection strangely: {error}") from error


class _Answer(BaseModel):
    """Part of what rtpengine answers; the rest is of no concern here."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class _Endpoint(_Answer):
    address: str
    port: int


class _Stream(_Answer):
    endpoint: _Endpoint
    suite: str | None = Field(default=None, alias="crypto suite")
    flags: tuple[str, ...] = ()


class _Media(_Answer):
    protocol: str = ""
    streams: tuple[_Stream, ...] = ()


class _Tag(_Answer):
    medias: tuple[_Media, ...] = ()


class _Call(_Answer):
    result: str
    tags: dict[str, _Tag] = Field(default_factory=dict)


class _List(_Answer):
    result: str
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class MediaLeg:
    """How the media relay speaks with one phone; without ``suite``, not encrypted."""

    peer: IPv4Address
    protocol: str
    suite: str | None


def media_legs(server: Machine) -> tuple[MediaLeg, ...]:
    """The RTP streams of every call that the media relay carries now.

    Raises ``ServerError`` if rtpengine cannot be asked.
    """
    with server.netns():
        channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    host, _, port = NG_SOCKET.partition(":")
    with channel:
        channel.connect((host, int(port)))
        try:
            calls = _List.model_validate_json(_ask(channel, '{"command":"list","limit":1000}'))
            return tuple(leg for call in calls.calls for leg in _legs(channel, call))
        except (OSError, ValidationError) as error:
            raise ServerError(f"rtpengine does not answer as it should: {error}") from error


def _legs(channel: socket.socket, call_id: str) -> Iterator[MediaLeg]:
    question = _Query(call_id=call_id).model_dump_json(by_alias=True)
    answer = _Call.model_validate_json(_ask(channel, question))
    for tag in answer.tags.values():
        for media in tag.medias:
            for stream in media.streams:
                if "RTP" in stream.flags:
                    peer = IPv4Address(stream.endpoint.address)
                    yield MediaLeg(peer, media.protocol, stream.suite)


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    command: str = "query"
    call_id: str = Field(alias="call-id")


def _ask(channel: socket.socket, question: str) -> bytes:
    """Ask once, with a cookie that marks the answer."""
    cookie = secrets.token_hex(8).encode()
    channel.send(cookie + b" " + question.encode())
    deadline = time.monotonic() + _PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        channel.settimeout(left)
        found, _, answer = channel.recv(1 << 16).partition(b" ")
        if found == cookie:
            return answer
    raise TimeoutError("no answer in time")
