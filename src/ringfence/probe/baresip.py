"""Drives baresip over its control socket: JSON in netstrings, with its events coming back.

The protocol core (``encode``, ``Decoder``) does no input or output. baresip serves one
connection at a time: a newer one takes it over.
"""

import json
import socket
import time
from dataclasses import dataclass, field
from typing import Self, assert_never

import numpy as np

from ringfence.machine.inside import Machine
from ringfence.probe.audio import Samples, read_wav, silence, write_wav
from ringfence.probe.softphone import Call, Phase, PhoneError
from ringfence.render.baresip import CONTROL_PORT
from ringfence.render.softphone import RUNTIME

_PATIENCE = 3.0
"""Seconds within which baresip answers a command."""

_TAIL_SECONDS = 60.0
"""Silence after what is said: at the end of its file baresip would close the call."""

_LONGEST = 1 << 20


@dataclass(frozen=True)
class Response:
    """The answer to a command."""

    ok: bool
    data: str
    token: str


@dataclass(frozen=True)
class Event:
    """Something that happened, such as ``CALL_ESTABLISHED``."""

    type: str
    param: str = ""
    call_id: str = ""


def encode(command: str, params: str = "", token: str = "") -> bytes:
    """A command, ready to send."""
    body = {"command": command, "params": params, "token": token}
    text = json.dumps({key: value for key, value in body.items() if value}).encode()
    return b"%d:%s," % (len(text), text)


@dataclass
class Decoder:
    """Takes bytes as they come and gives messages when they are whole."""

    _buffer: bytes = field(default=b"", init=False)

    def feed(self, data: bytes) -> list[Response | Event]:
        """Take bytes; give the messages that they complete.

        Raises ``PhoneError`` on anything that is not this protocol.
        """
        self._buffer += data
        messages = []
        while (text := self._next()) is not None:
            messages.append(_message(text))
        return messages

    def _next(self) -> bytes | None:
        digits, colon, rest = self._buffer.partition(b":")
        if not colon and len(digits) <= len(str(_LONGEST)) and (not digits or digits.isdigit()):
            return None
        if not digits.isdigit() or int(digits) > _LONGEST:
            raise PhoneError("the control socket does not speak netstrings")
        length = int(digits)
        if len(rest) <= length:
            return None
        if rest[length : length + 1] != b",":
            raise PhoneError("the control socket sent a netstring of the wrong length")
        self._buffer = rest[length + 1 :]
        return rest[:length]


def _message(text: bytes) -> Response | Event:
    try:
        body = json.loads(text.decode(errors="replace"))
    except ValueError:
        raise PhoneError("the control socket sent something that is not JSON") from None
    match body:
        case {"response": True, "ok": bool(ok)}:
            return Response(ok, str(body.get("data", "")), str(body.get("token", "")))
        case {"event": True, "type": str(kind)}:
            return Event(kind, str(body.get("param", "")), str(body.get("id", "")))
        case _:
            raise PhoneError("the control socket sent a message of no known kind")


def after(call: Call, event: Event) -> Call:
    """The call as it stands after an event."""
    match event.type:
        case "CALL_INCOMING":
            return Call(Phase.INCOMING)
        case "CALL_RINGING" | "CALL_PROGRESS":
            return Call(Phase.RINGING)
        case "CALL_ESTABLISHED":
            return Call(Phase.ESTABLISHED)
        case "CALL_CLOSED":
            return Call(Phase.CLOSED, event.param or "no reason given")
        case _:
            return call


class Baresip:
    """A phone that runs baresip; see ``ringfence.probe.softphone.Softphone``."""

    def __init__(self, machine: Machine) -> None:
        """Connect to the phone's control socket.

        Raises ``PhoneError`` if nothing listens there.
        """
        self._machine = machine
        self._decoder = Decoder()
        self._call = Call()
        self._sounds = 0
        try:
            with machine.netns():
                self._socket = socket.create_connection(("127.0.0.1", CONTROL_PORT), _PATIENCE)
        except OSError as error:
            raise PhoneError(f"baresip cannot be reached: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        """Use the connection in a ``with`` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no call behind, and close the connection."""
        try:
            self.hang_up()
        finally:
            self._socket.close()

    @property
    def records_after_hold(self) -> bool:
        """Not here: baresip 1.0.0 drops its recorder when a call's direction changes."""
        return False

    def registered(self) -> bool:
        """Tell whether the phone is registered."""
        return "OK" in self._do("reginfo")

    def prepare(self) -> None:
        """Forget earlier calls and recordings, and be silent."""
        self.hang_up()
        self._call = Call()
        self._machine.run(["find", RUNTIME, "-name", "*.wav", "-delete"])
        self._play(silence(_TAIL_SECONDS))

    def dial(self, uri: str) -> None:
        """Call somebody."""
        self._call = Call(Phase.DIALLING)
        self._do("dial", uri)

    def answer(self) -> None:
        """Answer the call that rings here."""
        self._do("accept")

    def say(self, sound: Samples) -> None:
        """Play a sound into the call, once, then be silent."""
        self._play(np.concatenate([sound, silence(_TAIL_SECONDS)]))

    def hold(self) -> None:
        """Put the call on hold."""
        self._do("hold")

    def resume(self) -> None:
        """Take the call back from hold."""
        self._do("resume")

    def hang_up(self) -> None:
        """End the call, or refuse it."""
        match self.call().phase:
            case Phase.NONE | Phase.CLOSED:
                return
            case Phase.DIALLING | Phase.RINGING | Phase.INCOMING | Phase.ESTABLISHED:
                self._do("hangup")
            case phase:
                assert_never(phase)

    def call(self) -> Call:
        """Where the call stands."""
        self._read(0.0)
        return self._call

    def heard(self) -> Samples:
        """What was heard since ``prepare``: the frames received, one after the other."""
        listing = self._machine.run(["find", RUNTIME, "-name", "dump-*-dec.wav"]).stdout
        parts = [read_wav(self._machine.read(path)) for path in sorted(listing.split())]
        return np.concatenate(parts) if parts else silence(0)

    def _play(self, sound: Samples) -> None:
        self._sounds += 1
        path = f"{RUNTIME}/say-{self._sounds}.wav"
        self._machine.write(path, write_wav(sound))
        self._do("ausrc", f"aufile,{path}")

    def _do(self, command: str, params: str = "") -> str:
        token = f"{command}-{time.monotonic_ns()}"
        self._socket.sendall(encode(command, params, token))
        deadline = time.monotonic() + _PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            for response in self._read(left):
                if response.token == token:
                    return _accepted(command, response)
        raise PhoneError(f"baresip did not answer the command {command!r} in {_PATIENCE:g} s")

    def _read(self, seconds: float) -> list[Response]:
        self._socket.settimeout(max(seconds, 1e-6))
        responses = []
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return []
        if not data:
            raise PhoneError("baresip closed its control socket")
        for message in self._decoder.feed(data):
            match message:
                case Event():
                    self._call = after(self._call, message)
                case Response():
                    responses.append(message)
                case _:
                    assert_never(message)
        return responses


def _accepted(command: str, response: Response) -> str:
    if not response.ok:
        raise PhoneError(f"baresip refused the command {command!r}: {response.data.strip()}")
    return response.data
