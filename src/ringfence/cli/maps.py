"""The command that draws a site's zones and what may cross between them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ringfence.assess.report.zone_map import crossings, marks, zone_map_svg
from ringfence.cli.labs import NameOption
from ringfence.cli.output import emit, out
from ringfence.cli.picture import zone_map
from ringfence.cli.sites import JsonOption, SiteArgument
from ringfence.cli.surveys import Survey, survey
from ringfence.cli.writing import write

_KNOWN = {True: "yes", False: "NO", None: "not yet"}


def map_(
    site: SiteArgument,
    svg: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.svg", help="Write the picture as SVG.")
    ] = None,
    name: NameOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Draw the zones and what may cross, and say whether that is proved and tested.

    Rendered rules are read back; if the site's lab is up, packets are sent between its zones.
    """
    seen = survey(
        site, name, design_only=False, record=False, passphrase_file=None, as_json=as_json
    )
    if svg is not None:
        picture = zone_map_svg(seen.declared.design, seen.assessment.facts)
        write({svg: picture.encode()}, as_json=as_json)
    if as_json:
        emit(_report(seen))
        return
    out.print(zone_map(seen.declared.design))
    out.print(_matrix(seen))
    for word, known in marks(seen.assessment.facts):
        out.print(f"{word}: {_KNOWN[known]}")
    if svg is not None:
        out.print(f"The picture is {svg}.", markup=False)


def _matrix(seen: Survey) -> Table:
    """From each zone, down, to each zone, across: the numbers of the flows that may cross."""
    design = seen.declared.design
    found = {(each.source.name, each.target.name): len(each.flows) for each in crossings(design)}
    table = Table(
        title="How many flows lead from the zones on the left to those above", title_justify="left"
    )
    table.add_column("from")
    for zone in design.zones:
        table.add_column(zone.name, justify="right")
    for source in design.zones:
        cells = (
            "" if source is target else str(found.get((source.name, target.name), "-"))
            for target in design.zones
        )
        table.add_row(source.name, *cells)
    return table


def _report(seen: Survey) -> dict[str, object]:
    facts = dict(marks(seen.assessment.facts))
    return {
        "ok": all(facts.values()),
        **facts,
        "zones": [
            {"name": zone.name, "kind": zone.kind, "vlan": zone.vlan, "subnet": str(zone.subnet)}
            for zone in seen.declared.design.zones
        ],
        "crossings": [
            {
                "source": each.source.name,
                "target": each.target.name,
                "flows": [flow.name for flow in each.flows],
            }
            for each in crossings(seen.declared.design)
        ],
    }
