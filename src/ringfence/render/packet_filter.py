"""A server's own packet filter: its services towards those who may use them, and nothing else."""

from ringfence.design.model import Design, Host
from ringfence.render import nft
from ringfence.render.files import File


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The rules of a server and the unit that loads them (the guide's "Network Services")."""
    return nft.rule_files(
        "This host's own services and what they need, and nothing else",
        design.asked_by("SVC-1", "SML-2"),
        nft.own_chains(design, host),
    )
