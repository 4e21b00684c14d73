"""What can be wrong with evidence. Every message is for a person."""


class EvidenceError(Exception):
    """The evidence cannot be read, believed or added to; the text says which and why."""


class KeyShutError(EvidenceError):
    """A private key stays shut: its passphrase is another, or it is not there."""
