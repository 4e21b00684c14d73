"""Where a lab host differs from a real one, because the kernel or the lab forces it.

This list is the whole of it: everything else is the same file at the same path. A difference
whose text is not found is an error, so that the list cannot go stale.
"""

from dataclasses import dataclass

from ringfence.machine.spec import Installed


@dataclass(frozen=True)
class Difference:
    """A text that is replaced in one file of every lab host that has the file."""

    path: str
    text: str
    instead: str
    reason: str


DIFFERENCES = (
    Difference(
        path="/etc/systemd/system/chrony.service",
        text="/usr/sbin/chronyd -d",
        instead="/usr/sbin/chronyd -x -d",
        reason="all lab machines share one clock, so chronyd serves the time but does not set it",
    ),
)

STAND_INS = (
    "telephones are softphones (baresip, or linphone where the model says so)",
    "access switches are kernel bridges, one a VLAN, without port security yet",
    "their monitoring sessions are nftables rules that copy frames as they come in",
    "the data network's mail server is a stand-in that keeps every message (mail-stand-in)",
    "malware definitions are of one harmless marker, made when the lab is made",
    "timers do not run: the nightly scan is started by whoever asks for it",
    "the init of a lab machine passes log lines on in journald's place, and keeps a copy in files",
    "confinement by systemd beyond user, capabilities and limits is not enforced",
)
"""What stands in for something else in a lab, for the report."""


def as_in_lab(files: tuple[Installed, ...]) -> tuple[Installed, ...]:
    """The files of a host with the lab's differences made."""
    return tuple(_changed(file) for file in files)


def _changed(file: Installed) -> Installed:
    for difference in DIFFERENCES:
        if difference.path == file.path:
            text = file.data.decode()
            if difference.text not in text:
                raise ValueError(f"{file.path} no longer says {difference.text!r}")
            data = text.replace(difference.text, difference.instead).encode()
            return file.model_copy(update={"data": data})
    return file
