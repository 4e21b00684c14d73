"""Everything that can be known of a site now: from its rendered files, and from its running lab."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from ringfence.deploy.keeping import Keeping
from ringfence.design.model import Design
from ringfence.machine import lab as machines
from ringfence.machine.lab import Lab
from ringfence.machine.record import LabError
from ringfence.probe import rendered, running
from ringfence.probe.fact import Taken
from ringfence.render.catalogue import all_trees, trees


@dataclass(frozen=True)
class Gathered:
    """What was gathered of one rendered state, whose digest is ``state``.

    ``from_running`` tells whether a running system was asked too; ``why_not`` says why it was
    not, for a person.
    """

    state: str
    taken: tuple[Taken, ...]
    from_running: bool
    why_not: str = ""


def gather(
    design: Design,
    lab: str | None,
    now: datetime,
    progress: Callable[[str], None],
    only: Collection[str] | None = None,
    *,
    recorded: Mapping[str, Mapping[str, str]] | None = None,
) -> Gathered:
    """Ask every question that can be asked of a design and, if one is named, of its lab.

    With ``only`` no other questions are asked than those with these ids. ``recorded`` has the
    digests that were recorded of the log server's files.
    """
    progress("reading what is rendered back")
    read = rendered.read(design, all_trees(design))
    taken = list(rendered.answer_all(read, now, only))
    why_not = "only the design was asked for" if lab is None else _obstacle(lab, read.state)
    if lab is not None and not why_not:
        system = running.System.of(Lab.open(lab), design, trees(design), recorded)
        taken += running.answer_all(system, read.state, now, progress, only)
    return Gathered(read.state, tuple(taken), not why_not, why_not)


def _obstacle(lab: str, state: str) -> str:
    """What keeps a lab from being asked, if anything does."""
    if lab not in machines.names():
        return f"no lab {lab} is up"
    if os.geteuid() != 0:
        return f"a lab {lab} is up, and only root may look into it"
    try:
        Lab.open(lab)
    except LabError as error:
        return str(error)
    if Keeping(lab).remembered() != state:
        return f"the lab {lab} was made from another state of the site file; `ringfence up` follows"
    return ""
