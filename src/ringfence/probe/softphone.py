"""What a probe can ask of a phone of the lab, whichever softphone it runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ringfence.probe.audio import Samples


class PhoneError(Exception):
    """A phone does not do what it was told; the message is for a person."""


class Phase(StrEnum):
    """Where a phone's call stands."""

    NONE = "no call"
    DIALLING = "dialling"
    RINGING = "ringing at the other side"
    INCOMING = "ringing here"
    ESTABLISHED = "established"
    CLOSED = "closed"


@dataclass(frozen=True)
class Call:
    """A phone's call as the phone sees it; ``reason`` says why it is closed."""

    phase: Phase = Phase.NONE
    reason: str | None = None


class Softphone(Protocol):
    """One phone under control. It has one call at a time."""

    @property
    def records_after_hold(self) -> bool:
        """Tell whether what is heard after a hold is recorded."""

    def registered(self) -> bool:
        """Tell whether the phone is registered."""

    def prepare(self) -> None:
        """Forget earlier calls and recordings, and be silent.

        Raises ``PhoneError`` if the phone is busy or cannot be reached.
        """

    def dial(self, uri: str) -> None:
        """Call somebody."""

    def answer(self) -> None:
        """Answer the call that rings here."""

    def say(self, sound: Samples) -> None:
        """Play a sound into the call that is established, once, then be silent."""

    def hold(self) -> None:
        """Put the call on hold."""

    def resume(self) -> None:
        """Take the call back from hold."""

    def hang_up(self) -> None:
        """End the call, or refuse it; without a call nothing happens."""

    def call(self) -> Call:
        """Where the call stands."""

    def heard(self) -> Samples:
        """What was heard since ``prepare``. The call must be over."""


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds; tell whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True
