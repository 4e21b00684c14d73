"""Drives linphonec through its remote control, ``linphonecsh``, with the rights of its user."""

import re
import subprocess
from typing import Self, assert_never

import numpy as np

from ringfence.machine.inside import Machine
from ringfence.probe.audio import Samples, read_wav, silence, write_wav
from ringfence.probe.softphone import Call, Phase, PhoneError
from ringfence.render.softphone import GROUP, RUNTIME, USER

_PATIENCE = 5.0
"""Seconds within which linphonec answers a command."""

_TAIL_SECONDS = 60.0
"""Silence after what is said: linphonec begins a file again when it ends."""

_HEARD = f"{RUNTIME}/heard.wav"

_ROW = re.compile(r"^\s*\d+\s*\|.*\|\s*([A-Z]\w+)\s*\|", re.MULTILINE)
_STATUS = re.compile(r"^Status: (.+)$", re.MULTILINE)

_PHASES = {
    "OutgoingInit": Phase.DIALLING,
    "OutgoingProgress": Phase.DIALLING,
    "OutgoingRinging": Phase.RINGING,
    "OutgoingEarlyMedia": Phase.RINGING,
    "IncomingReceived": Phase.INCOMING,
    "IncomingEarlyMedia": Phase.INCOMING,
    "Connected": Phase.DIALLING,
    "StreamsRunning": Phase.ESTABLISHED,
    "Pausing": Phase.ESTABLISHED,
    "Paused": Phase.ESTABLISHED,
    "PausedByRemote": Phase.ESTABLISHED,
    "Resuming": Phase.ESTABLISHED,
    "UpdatedByRemote": Phase.ESTABLISHED,
    "Updating": Phase.ESTABLISHED,
}
"""linphonec's call states, while there is a call."""


def phase(table: str) -> Phase:
    """The phase of the call in what ``states calls`` prints; ``Phase.NONE`` without one.

    Raises ``PhoneError`` for a state that is not known here.
    """
    row = _ROW.search(table)
    if row is None:
        return Phase.NONE
    state = row.group(1)
    if state in {"End", "Error", "Released"}:
        return Phase.NONE
    if state not in _PHASES:
        raise PhoneError(f"linphonec shows a call in the unknown state {state!r}")
    return _PHASES[state]


class Linphone:
    """A phone that runs linphonec; see ``ringfence.probe.softphone.Softphone``."""

    def __init__(self, machine: Machine) -> None:
        """Take control of the phone.

        Raises ``PhoneError`` if linphonec does not run there.
        """
        self._machine = machine
        self._engaged = False
        self._sounds = 0
        self._do("soundcard use files")

    def __enter__(self) -> Self:
        """Use the phone in a ``with`` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no call behind."""
        self.hang_up()

    @property
    def records_after_hold(self) -> bool:
        """What is heard after a hold is recorded too."""
        return True

    def registered(self) -> bool:
        """Tell whether the phone is registered."""
        return self._do("status register").startswith("registered,")

    def prepare(self) -> None:
        """Forget earlier calls and recordings, and be silent."""
        self.hang_up()
        self._engaged = False
        self._machine.run(["find", RUNTIME, "-name", "*.wav", "-delete"])
        self._play(silence(_TAIL_SECONDS))
        self._do(f"record {_HEARD}")

    def dial(self, uri: str) -> None:
        """Call somebody."""
        self._engaged = True
        self._do(f"call {uri}")

    def answer(self) -> None:
        """Answer the call that rings here."""
        self._do("answer")

    def say(self, sound: Samples) -> None:
        """Play a sound into the call, once, then be silent."""
        self._play(np.concatenate([sound, silence(_TAIL_SECONDS)]))

    def hold(self) -> None:
        """Put the call on hold."""
        self._do("pause")

    def resume(self) -> None:
        """Take the call back from hold."""
        self._do("resume")

    def hang_up(self) -> None:
        """End the call, or refuse it."""
        match self.call().phase:
            case Phase.NONE | Phase.CLOSED:
                return
            case Phase.DIALLING | Phase.RINGING | Phase.INCOMING | Phase.ESTABLISHED:
                self._do("terminate")
            case other:
                assert_never(other)

    def call(self) -> Call:
        """Where the call stands."""
        now = phase(self._do("states calls"))
        if now is not Phase.NONE:
            self._engaged = True
            return Call(now)
        return Call(Phase.CLOSED, self._why_closed()) if self._engaged else Call()

    def heard(self) -> Samples:
        """What was heard since ``prepare``."""
        found = self._machine.run(["test", "-s", _HEARD]).returncode == 0
        return read_wav(self._machine.read(_HEARD)) if found else silence(0)

    def _why_closed(self) -> str:
        latest = _STATUS.search(self._do("call-logs"))
        return f"linphone logged it as {latest.group(1)!r}" if latest else "no reason given"

    def _play(self, sound: Samples) -> None:
        self._sounds += 1
        path = f"{RUNTIME}/say-{self._sounds}.wav"
        self._machine.write(path, write_wav(sound))
        self._do(f"play {path}")

    def _do(self, command: str) -> str:
        identity = ["--reuid", USER, "--regid", GROUP, "--clear-groups"]
        argv = ["setpriv", *identity, "linphonecsh", "generic", command]
        try:
            outcome = self._machine.run(argv, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            raise PhoneError(f"linphonec did not answer the command {command!r}") from None
        if outcome.returncode != 0:
            raise PhoneError(f"linphonec cannot be reached with the command {command!r}")
        return outcome.stdout
