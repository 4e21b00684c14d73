"""The state of a dialog, from either side (RFC 3261, section 12)."""

from dataclasses import dataclass
from typing import Self

from ringfence.probe.sip.message import Request, Response


@dataclass
class Dialog:
    """What is needed to send requests inside a dialog; ``cseq`` is the last number used."""

    call_id: str
    local: str
    remote: str
    target: str
    route: tuple[str, ...]
    cseq: int

    @classmethod
    def of_caller(cls, invite: Request, answer: Response) -> Self:
        """The dialog that an answer to our INVITE opened."""
        return cls(
            call_id=invite.get("Call-ID"),
            local=invite.get("From"),
            remote=answer.get("To"),
            target=answer.uri("Contact"),
            route=tuple(reversed(answer.all("Record-Route"))),
            cseq=invite.cseq[0],
        )

    @classmethod
    def of_callee(cls, invite: Request, answer: Response) -> Self:
        """The dialog that our answer to an INVITE opened."""
        return cls(
            call_id=invite.get("Call-ID"),
            local=answer.get("To"),
            remote=invite.get("From"),
            target=invite.uri("Contact"),
            route=invite.all("Record-Route"),
            cseq=0,
        )

    def next_cseq(self) -> int:
        """Count one more request."""
        self.cseq += 1
        return self.cseq
