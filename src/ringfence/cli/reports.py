"""The command that writes what was found, for people and for programs."""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.assess import oscal
from ringfence.assess.report.checklist import checklist_html
from ringfence.assess.report.cklb import cklb
from ringfence.assess.report.html import html
from ringfence.assess.report.junit import junit
from ringfence.assess.report.reading import waiting
from ringfence.assess.report.zone_map import zone_map_svg
from ringfence.assess.words import grade
from ringfence.cli.assessments import DesignOption, RecordOption
from ringfence.cli.labs import NameOption
from ringfence.cli.output import Exit, emit, out
from ringfence.cli.passphrases import PassphraseOption
from ringfence.cli.sites import JsonOption, SiteArgument
from ringfence.cli.surveys import Survey, survey
from ringfence.cli.writing import write


def report(
    site: SiteArgument,
    to: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The directory to write into.")
    ] = Path("report"),
    name: NameOption = None,
    passphrase_file: PassphraseOption = None,
    *,
    design: DesignOption = False,
    record: RecordOption = True,
    as_json: JsonOption = False,
) -> None:
    """Assess a site and write the reports: HTML, checklist, OSCAL, CKLB and JUnit.

    `report.html` is one file for a browser or a printer. Returns 1 while something that is
    demanded is not met.
    """
    seen = survey(
        site,
        name,
        design_only=design,
        record=record,
        passphrase_file=passphrase_file,
        as_json=as_json,
    )
    files = report_files(seen, site)
    write({to / path: data for path, data in files.items()}, as_json=as_json)
    met = seen.assessment.demanded.met
    if as_json:
        emit({"ok": met, "grade": grade(seen.assessment), "out": str(to), "files": sorted(files)})
    else:
        out.print(grade(seen.assessment))
        out.print(f"{len(files)} files in {to}; begin with {to / 'report.html'}.", markup=False)
    if not met:
        raise typer.Exit(Exit.FOUND_WANTING)


def report_files(seen: Survey, site: Path) -> dict[str, bytes]:
    """Every report of a site, by its name in the report's directory."""
    declared, found = seen.declared, seen.assessment
    log = seen.log
    page = html(
        found,
        declared.site,
        declared.requirements,
        seen.attested,
        checkpoint=log.note.decode() if log else None,
        fingerprint=log.fingerprint if log else None,
        place=str(site),
        design=declared.design,
    )
    required = declared.requirements
    open_to_people = waiting(found, required)
    checklist = checklist_html(open_to_people, declared.site, required, found.now.date())
    documents = oscal.documents(
        found, declared.site, declared.requirements, seen.attested, seen.gathered.state
    )
    return {
        "report.html": page.encode(),
        "zones.svg": zone_map_svg(declared.design, found.facts).encode(),
        "checklist.html": checklist.encode(),
        "site.cklb": cklb(found, declared.site, required),
        "junit.xml": junit(found, required),
        **{f"oscal/{each}": data for each, data in documents.items()},
    }
