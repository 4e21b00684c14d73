"""Who may send what to whom: pure. What no rule allows is refused."""

import re
from dataclasses import dataclass

from .peer import Peer
from .refusal import Refusal

MOST_RECIPIENTS = 10
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,63}@(\S+)")
"""The plain form of RFC 5321, 4.1.2: no quoted local parts, no source routes."""


@dataclass(frozen=True, slots=True)
class MailRules:
    """What the site allows.

    ``authenticated``: a client needs a certificate, of one of the ``senders`` (DNS names).
    ``origins`` are the domains that senders' addresses are of, ``destinations`` those of
    recipients.
    """

    authenticated: bool
    senders: frozenset[str]
    origins: frozenset[str]
    destinations: frozenset[str]


def may_send(
    rules: MailRules, peer: Peer | None, revoked: frozenset[int], sender: str
) -> Refusal | None:
    """Why this peer may not send under this address, if it may not."""
    if rules.authenticated:
        if peer is None:
            return Refusal(550, "no-certificate")
        if peer.serial in revoked:
            return Refusal(550, "revoked")
        if not peer.dns & rules.senders:
            return Refusal(550, "not-a-mail-client")
    if domain_of(sender) not in rules.origins:
        return Refusal(550, "foreign-sender")
    return None


def may_receive(rules: MailRules, recipient: str, already: int) -> Refusal | None:
    """Why a message may not go to this address as well, if it may not."""
    if already >= MOST_RECIPIENTS:
        return Refusal(452, "too-many-recipients")
    if domain_of(recipient) not in rules.destinations:
        return Refusal(550, "foreign-recipient")
    return None


def domain_of(address: str) -> str | None:
    """The domain of a plain address, in small letters; none if it is not plain."""
    found = _ADDRESS.fullmatch(address)
    return found[1].lower() if found else None
