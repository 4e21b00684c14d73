"""The `ringfence` command: one site file in, a running and proven telephone system out."""

import os
import sys
from typing import Annotated

import typer

from ringfence import __version__
from ringfence.cli import (
    assessments,
    attestations,
    calls,
    evidences,
    guides,
    labs,
    maps,
    proving,
    reports,
    sites,
)
from ringfence.cli.output import Exit

app = typer.Typer(
    name="ringfence",
    help=(
        "One site file in; a running, hardened IP telephony system out; and proof, mitigation "
        "by mitigation.\n\nA SITE is a site file or the directory that holds site.yaml. Commands "
        "return 0 when all is as asked, 1 when something was found wanting, 2 when they were "
        "used wrongly or the site file is bad."
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"ringfence {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    del version


app.command()(sites.init)
app.command()(sites.check)
app.command()(sites.plan)
app.command()(labs.up)
app.command()(labs.down)
app.command()(labs.status)
app.command()(labs.revoke)
app.command()(calls.call)
app.command()(proving.prove)
app.command()(assessments.assess)
app.command()(attestations.attest)
app.command()(attestations.countersign)
app.command()(reports.report)
app.command("map")(maps.map_)
app.add_typer(evidences.app, name="evidence")
app.command()(guides.guide)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.AS_ASKED)
