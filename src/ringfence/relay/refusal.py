"""Why something is refused: a reason for the log, and what the client is told."""

from dataclasses import dataclass

_REPLIES = {
    450: "4.2.1",
    451: "4.7.1",
    452: "4.3.1",
    550: "5.7.1",
    552: "5.3.4",
    554: "5.7.0",
}
"""The enhanced status (RFC 3463) that goes with each reply code (RFC 5321) used here."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply code of SMTP or HTTP, and a reason: one word of small letters and hyphens."""

    code: int
    reason: str

    @property
    def smtp(self) -> str:
        """The reply to an SMTP client."""
        return f"{self.code} {_REPLIES[self.code]} refused: {self.reason}"
