"""The commands that run a site on this machine: up, down, status, revoke."""

import os
import re
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.table import Table

from ringfence.cli.output import Exit, emit, fail, out, progress
from ringfence.cli.sites import JsonOption, SiteArgument, read
from ringfence.deploy import lab as labs
from ringfence.deploy.differences import DIFFERENCES, STAND_INS
from ringfence.deploy.revoke import revoke as revoke_certificate
from ringfence.design.model import Design
from ringfence.identity.vault import VaultError
from ringfence.machine.lab import Lab
from ringfence.machine.record import LabError
from ringfence.machine.service import State


def _lab_name(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[a-z][a-z0-9]{0,15}", name):
        raise typer.BadParameter("a lab's name is a letter and up to 15 letters and digits")
    return name


NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        callback=_lab_name,
        help="The lab's name, if not that of the site's directory.",
    ),
]

_MEBIBYTE = 1024 * 1024
_WELL = frozenset({State.RUNNING, State.DONE, State.IDLE})


class UpReport(BaseModel):
    """What ``up --json`` prints."""

    ok: bool
    lab: str
    made: bool
    machines: int


class ServiceReport(BaseModel):
    """A service in ``status --json``."""

    name: str
    state: str
    detail: str


class MachineReport(BaseModel):
    """A machine in ``status --json``."""

    name: str
    addresses: tuple[str, ...]
    services: tuple[ServiceReport, ...]
    memory_mib: float


class StatusReport(BaseModel):
    """What ``status --json`` prints; ``ok`` when every service runs as the design has it."""

    ok: bool
    lab: str
    current: bool
    machines: tuple[MachineReport, ...]
    memory_mib: float
    differences: tuple[str, ...]


def up(site: SiteArgument, name: NameOption = None, *, as_json: JsonOption = False) -> None:
    """Run the site on this machine; ends when every service answers.

    It can be interrupted and run again at any point. Needs root.
    """
    demand_root(as_json=as_json)
    lab = name or labs.lab_name(site)
    design = read(site, as_json=as_json).design
    try:
        with progress(quiet=as_json) as say:
            made = labs.up(lab, design, say)
    except LabError as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    except KeyboardInterrupt:
        fail(f"interrupted; `ringfence down {site}` removes what is left", code=Exit.FOUND_WANTING)
    if as_json:
        emit(UpReport(ok=True, lab=lab, made=made, machines=len(design.hosts)))
        return
    out.print(f"The lab [bold]{lab}[/] is up: {len(design.hosts)} machines, every service answers.")


def down(site: SiteArgument, name: NameOption = None, *, as_json: JsonOption = False) -> None:
    """Take the site's lab away and leave nothing behind. Harmless if there is none."""
    demand_root(as_json=as_json)
    lab = name or labs.lab_name(site)
    try:
        with progress(quiet=as_json) as say:
            labs.down(lab, say)
    except LabError as error:
        fail(f"lab {lab}: {error}", code=Exit.FOUND_WANTING, as_json=as_json)
    if as_json:
        emit({"ok": True, "lab": lab})
        return
    out.print(f"The lab [bold]{lab}[/] is gone.")


def status(site: SiteArgument, name: NameOption = None, *, as_json: JsonOption = False) -> None:
    """Show the lab's machines, services and memory, and where a lab differs from real hosts."""
    lab = name or labs.lab_name(site)
    design = read(site, as_json=as_json).design
    running = open_lab(lab, as_json=as_json)
    try:
        report = _status(running, design)
    except LabError as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    if as_json:
        emit(report)
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(Exit.FOUND_WANTING)


def revoke(
    site: SiteArgument,
    extension: Annotated[str, typer.Argument(help="The extension whose phone is shut out.")],
    name: NameOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Shut a phone out: revoke its certificate and cut its connection at once."""
    lab = name or labs.lab_name(site)
    design = read(site, as_json=as_json).design
    running = open_lab(lab, as_json=as_json)
    try:
        serial = revoke_certificate(running, design, extension)
    except (LabError, VaultError) as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    if as_json:
        emit({"ok": True, "extension": extension, "serial": str(serial)})
        return
    out.print(f"The phone of {extension} is shut out; its certificate was {serial}.")


def demand_root(*, as_json: bool) -> None:
    """End the command unless root runs it: labs are made of namespaces, and their keys are kept."""
    if os.geteuid() != 0:
        fail("labs need root: run it with sudo", code=Exit.USED_WRONGLY, as_json=as_json)


def open_lab(lab: str, *, as_json: bool) -> Lab:
    """The running lab of that name, or the end of the command with what to do."""
    demand_root(as_json=as_json)
    try:
        return Lab.open(lab)
    except LabError as error:
        fail(f"lab {lab}: {error}", code=Exit.FOUND_WANTING, as_json=as_json)


def _status(lab: Lab, design: Design) -> StatusReport:
    machines = []
    for host in design.hosts:
        machine = lab.machine(host.name)
        services = tuple(
            ServiceReport(name=each.unit, state=each.state, detail=each.detail)
            for each in machine.services()
        )
        machines.append(
            MachineReport(
                name=host.name,
                addresses=tuple(str(leg.address) for leg in host.interfaces),
                services=services,
                memory_mib=round(machine.memory().total / _MEBIBYTE, 1),
            ),
        )
    current = not labs.stale(lab.name, design)
    running = all(service.state in _WELL for each in machines for service in each.services)
    return StatusReport(
        ok=running and current,
        lab=lab.name,
        current=current,
        machines=tuple(machines),
        memory_mib=round(lab.memory().total / _MEBIBYTE, 1),
        differences=(*STAND_INS, *(each.reason for each in DIFFERENCES)),
    )


def _show(report: StatusReport) -> None:
    table = Table(title=f"Lab {report.lab}", title_justify="left")
    table.add_column("machine")
    table.add_column("addresses")
    table.add_column("services")
    table.add_column("MiB", justify="right")
    for machine in report.machines:
        services = ", ".join(
            each.name if each.state in _WELL else f"[red]{each.name}: {each.state}[/]"
            for each in machine.services
        )
        addresses = "\n".join(machine.addresses)
        table.add_row(machine.name, addresses, services, f"{machine.memory_mib:.0f}")
    out.print(table)
    out.print(f"Memory: {report.memory_mib:.0f} MiB, files of the machines included.")
    if not report.current:
        out.print("The site file has changed since; run `ringfence up` to follow it.")
    out.print("What differs from real hosts:")
    for difference in report.differences:
        out.print(f"  {difference}", markup=False)
