"""The commands that only read and compute: init, check, plan. They need no root."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.table import Table

from ringfence.assess.report.sarif import sarif
from ringfence.cli.output import Exit, emit, fail, out
from ringfence.cli.picture import zone_map
from ringfence.cli.writing import write
from ringfence.design import AddressError, ConvergedError, SoftphoneError, SwitchError, build
from ringfence.design.model import Design, HostKind
from ringfence.guide import Level
from ringfence.policy import ADOPTED, Requirements, resolve
from ringfence.render import plan as plans
from ringfence.render.catalogue import all_trees, served
from ringfence.site import Site, SiteError, load_site, write_starter
from ringfence.site.load import SITE_FILE

SiteArgument = Annotated[
    Path,
    typer.Argument(metavar="SITE", help="A site file, or the directory that holds site.yaml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def today() -> date:
    """The day that decides which deviations hold, the same everywhere (UTC)."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Declared:
    """A site as it is declared, what must hold there, and the design that follows."""

    site: Site
    requirements: Requirements
    design: Design


def read(path: Path, *, as_json: bool) -> Declared:
    """Load a site and compute its design, or end with what is wrong with it."""
    try:
        site = load_site(path)
    except SiteError as error:
        if as_json:
            emit({"ok": False, "problems": [problem.model_dump() for problem in error.problems]})
            raise typer.Exit(Exit.USED_WRONGLY) from None
        fail(str(error), code=Exit.USED_WRONGLY)
    requirements = resolve(site, today())
    try:
        return Declared(site, requirements, build(site, requirements))
    except (AddressError, ConvergedError, SoftphoneError, SwitchError) as error:
        fail(f"{path}: {error}", code=Exit.USED_WRONGLY, as_json=as_json)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the site goes.")],
    level: Annotated[Level, typer.Option(help="The robustness level to start from.")] = (
        Level.MINIMUM
    ),
) -> None:
    """Write a commented starter site."""
    try:
        written = write_starter(directory, level)
    except SiteError as error:
        fail(str(error), code=Exit.USED_WRONGLY)
    for path in written:
        out.print(f"wrote {path}", markup=False)
    out.print(f"Next: edit it, then: ringfence check {directory}", markup=False)


class ZoneReport(BaseModel):
    """A zone in ``check --json``."""

    name: str
    title: str
    vlan: int
    subnet: str
    gateway: str
    hosts: int


class FlowReport(BaseModel):
    """A flow in ``check --json``."""

    name: str
    source: str
    target: str
    protocol: str
    ports: str
    reason: str
    serves: tuple[str, ...]


class CheckReport(BaseModel):
    """What ``check --json`` prints for a good site."""

    ok: bool
    organisation: str
    domain: str
    level: Level
    sections: dict[str, Level]
    phones: int
    servers: int
    demanded: int
    adopted: dict[str, str]
    raised: tuple[str, ...]
    lowered: tuple[str, ...]
    remarks: tuple[str, ...]
    served: tuple[str, ...]
    unserved: tuple[str, ...]
    zones: tuple[ZoneReport, ...]
    flows: tuple[FlowReport, ...]


def check(
    site: SiteArgument,
    sarif_file: Annotated[
        Path | None,
        typer.Option("--sarif", metavar="FILE", help="Write what is wrong as SARIF, for editors."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say whether a site file is sound, what its level demands, and what may cross its zones."""
    if sarif_file is not None:
        write({sarif_file: _sarif(site)}, as_json=as_json)
    declared = read(site, as_json=as_json)
    report = _report(declared)
    if as_json:
        emit(report)
        return
    beyond = [id_ for id_ in ADOPTED if id_ not in declared.requirements.demanded]
    mixed = f", with {len(report.sections)} sections at levels of their own," * bool(
        report.sections
    )
    out.print(f"[bold]{report.organisation}[/] ({report.domain}): the site file is sound.")
    out.print(
        f"{report.phones} phones, {report.servers} servers. The {report.level} level{mixed} "
        f"demands {report.demanded} mitigations; adopted beyond it: {', '.join(beyond) or 'none'}.",
    )
    for word, ids in (("Raised", report.raised), ("Lowered", report.lowered)):
        if ids:
            out.print(f"{word} by approved deviations: {', '.join(ids)}.")
    for remark in report.remarks:
        out.print(f"  {remark}", style="yellow", markup=False)
    out.print(
        f"Generated lines answer {len(report.served)} of these; {len(report.unserved)} are not "
        "answered by anything that is generated yet (--json lists them).",
    )
    out.print()
    out.print(zone_map(declared.design))
    out.print(_flow_table(report.flows))


def _sarif(path: Path) -> bytes:
    """What is wrong with a site file, and what must be attended to, as SARIF."""
    file = path / SITE_FILE if path.is_dir() else path
    try:
        site = load_site(path)
    except SiteError as error:
        return sarif(error.problems, site_file=file, root=Path.cwd())
    return sarif((), resolve(site, today()).remarks, site_file=file, root=Path.cwd())


def plan(
    site: SiteArgument,
    directory: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write the plan there, one tree per host."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Compute every file for every host; with --out, write them and say what changed."""
    design = read(site, as_json=as_json).design
    try:
        rendered = all_trees(design)
        made = plans.write(rendered, directory) if directory else plans.survey(rendered)
    except plans.PlanError as error:
        fail(str(error), code=Exit.USED_WRONGLY, as_json=as_json)
    changes = made.changes
    if as_json:
        emit(
            {
                "ok": True,
                "out": str(directory) if directory else None,
                "hosts": {host: sorted(files) for host, files in made.manifest.items()},
                "added": changes.added,
                "changed": changes.changed,
                "removed": changes.removed,
            },
        )
        return
    out.print(_plan_table(design, made.manifest))
    if directory:
        out.print(
            f"Written to {directory}: {len(changes.added)} files added, "
            f"{len(changes.changed)} changed, {len(changes.removed)} removed.",
            markup=False,
        )
        for key in (*changes.changed, *changes.removed)[:20]:
            out.print(f"  {key}", markup=False)
    else:
        out.print("Nothing was written; --out DIR writes one tree per host.")


def _report(declared: Declared) -> CheckReport:
    site, requirements, design = declared.site, declared.requirements, declared.design
    answered = served(design)
    return CheckReport(
        ok=True,
        organisation=site.organisation,
        domain=site.domain,
        level=site.level,
        phones=len(site.phones),
        servers=len(site.servers),
        sections=dict(site.sections),
        demanded=len(requirements.demanded),
        adopted=dict(ADOPTED),
        raised=tuple(requirements.raised),
        lowered=tuple(requirements.lowered),
        remarks=tuple(str(remark) for remark in requirements.remarks),
        served=tuple(sorted(answered)),
        unserved=tuple(sorted(design.in_force - answered)),
        zones=tuple(
            ZoneReport(
                name=zone.name,
                title=zone.title,
                vlan=zone.vlan,
                subnet=str(zone.subnet),
                gateway=str(zone.gateway),
                hosts=sum(
                    host.kind != HostKind.FIREWALL and host.zone == zone.name
                    for host in design.hosts
                ),
            )
            for zone in design.zones
        ),
        flows=tuple(
            FlowReport(
                name=flow.name,
                source=_end(flow.from_zone, flow.from_hosts),
                target=_end(flow.to_zone, flow.to_hosts),
                protocol=flow.protocol,
                ports=str(flow.ports),
                reason=flow.reason,
                serves=flow.serves,
            )
            for flow in design.flows
        ),
    )


def _end(zone: str, named: tuple[str, ...]) -> str:
    return f"{zone}: {', '.join(named)}" if named else zone


def _flow_table(flows: tuple[FlowReport, ...]) -> Table:
    table = Table(title="What may cross; all else is dropped and logged", title_justify="left")
    for heading in ("from", "to", "what", "why", "mitigations"):
        table.add_column(heading)
    for flow in flows:
        what = f"{flow.protocol} {flow.ports}"
        table.add_row(flow.source, flow.target, what, flow.reason, " ".join(flow.serves))
    return table


def _plan_table(design: Design, manifest: plans.Manifest) -> Table:
    """Servers and switches one by one; phones as one row, for they are alike."""
    table = Table(title="Files per host", title_justify="left")
    for heading in ("host", "kind", "files", "keys and secrets, made at deployment"):
        table.add_column(heading)
    phones = [host for host in design.hosts if host.kind == HostKind.PHONE]
    for host in (*(host for host in design.hosts if host.kind != HostKind.PHONE), *phones[:1]):
        entries = manifest[host.name].values()
        deposits = sum(bool(entry.deposit) for entry in entries)
        name = (
            f"{host.name} and {len(phones) - 1} more" if host.kind == HostKind.PHONE else host.name
        )
        table.add_row(name, host.kind, str(len(entries) - deposits), str(deposits))
    for switch in design.switches:
        table.add_row(switch.name, f"access switch, {switch.platform}", "1", "0")
    return table
