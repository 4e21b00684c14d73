"""The commands about the evidence log: begin it, enrol persons, look at it, pack it."""

from pathlib import Path
from subprocess import CalledProcessError
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ringfence.cli.labs import NameOption, open_lab
from ringfence.cli.output import Exit, emit, fail, out
from ringfence.cli.passphrases import PassphraseOption, at_hand, passphrase
from ringfence.cli.reports import report_files
from ringfence.cli.sites import JsonOption, SiteArgument, read
from ringfence.cli.surveys import assessor, evidence_directory, needed_log, now, survey
from ringfence.deploy.keeping import Keeping
from ringfence.deploy.lab import lab_name
from ringfence.evidence.encoding import sha256
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.log_digest import LogDigest, log_digest_record, new_digests
from ringfence.evidence.pack import write_pack
from ringfence.evidence.statement import Opened, PredicateType
from ringfence.machine.record import LabError
from ringfence.probe.running.log_days import DayFile, ended_days

app = typer.Typer(help="The signed, append-only log of what was seen.", no_args_is_help=True)


@app.command()
def init(
    site: SiteArgument, passphrase_file: PassphraseOption = None, *, as_json: JsonOption = False
) -> None:
    """Begin the evidence log of a site, with a new key for its assessor.

    The log lies in `evidence/` beside the site file. The key is kept encrypted; choose a
    passphrase of 15 characters or more, and note the key's fingerprint somewhere else.
    """
    declared = read(site, as_json=as_json)
    word = passphrase(passphrase_file, "the assessor's new key", new=True, as_json=as_json)
    directory = evidence_directory(site)
    try:
        log = EvidenceLog.found(directory, f"ringfence/{declared.site.domain}", word, now())
    except EvidenceError as error:
        fail(str(error), code=Exit.USED_WRONGLY, as_json=as_json)
    if as_json:
        emit({"ok": True, "directory": str(directory), "fingerprint": log.fingerprint})
        return
    out.print(f"The evidence log begins in {directory}.", markup=False)
    out.print(f"Fingerprint of the assessor's key: {log.fingerprint}")
    out.print("Note it elsewhere: whoever is given a pack compares it.")


@app.command()
def enrol(
    site: SiteArgument,
    by: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[str, typer.Option(help="Their role.")],
    own_passphrase_file: Annotated[
        Path | None, typer.Option(help="A file with the passphrase of the person's new key.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a key for a person who will countersign, and introduce it to the log."""
    log = needed_log(site, as_json=as_json)
    signer = assessor(log, passphrase_file, as_json=as_json)
    own = passphrase(own_passphrase_file, f"the new key of {by}", new=True, as_json=as_json)
    try:
        keys = log.keys
        made = keys.open(by, own) if keys.has(by) else keys.make(by, own)
        log.enrol(signer, by, role, made.public_key, now())
    except EvidenceError as error:
        fail(str(error), code=Exit.USED_WRONGLY, as_json=as_json)
    if as_json:
        emit({"ok": True, "name": by, "fingerprint": made.key_id})
        return
    out.print(f"{by} ({role}) can countersign. Fingerprint: {made.key_id}", markup=False)


@app.command()
def show(site: SiteArgument, *, as_json: JsonOption = False) -> None:
    """Verify the whole log, and list its statements and its checkpoint."""
    log = needed_log(site, as_json=as_json)
    if as_json:
        emit(
            {
                "ok": True,
                "fingerprint": log.fingerprint,
                "checkpoint": log.note.decode(),
                "statements": [_row(opened) for opened in log.entries],
            }
        )
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "recorded", "kind", "of"):
        table.add_column(heading)
    for opened in log.entries:
        each = _row(opened)
        table.add_row(
            str(each["sequence"]), str(each["recorded"]), str(each["kind"]), escape(str(each["of"]))
        )
    out.print(table)
    out.print("\nEvery statement is as it was signed. The checkpoint:")
    out.print(log.note.decode(), markup=False)
    out.print(f"Fingerprint of the assessor's key: {log.fingerprint}")


@app.command()
def digest(
    site: SiteArgument,
    name: NameOption = None,
    passphrase_file: PassphraseOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record the digest of every log file of a day that has ended; run it each night.

    `ringfence assess` then finds a line that was changed or taken out. Returns 1 if one was
    already. Needs root.
    """
    log = needed_log(site, as_json=as_json)
    design = read(site, as_json=as_json).design
    lab = open_lab(name or lab_name(site), as_json=as_json)
    if design.log_server is None:
        fail("this site has no log server", code=Exit.USED_WRONGLY, as_json=as_json)
    moment = now()
    authority = sha256(Keeping(lab.name).vault().trust_anchor)
    try:
        ended = ended_days(lab.machine(design.log_server.name), moment.date())
        fresh = new_digests(log, (_digest_of(each, authority) for each in ended))
        if fresh:
            signer = assessor(log, passphrase_file, as_json=as_json)
            log.append(signer, map(log_digest_record, fresh), moment)
    except (EvidenceError, LabError, CalledProcessError) as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    if as_json:
        emit({"ok": True, "recorded": [each.name for each in fresh], "ended": len(ended)})
        return
    out.print(f"{len(ended)} log files are of days that have ended; {len(fresh)} digests are new.")


@app.command()
def pack(
    site: SiteArgument,
    to: Annotated[Path, typer.Option("--out", metavar="FILE", help="The archive to write.")],
    name: NameOption = None,
    passphrase_file: PassphraseOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write one archive: statements, checkpoint, exhibits, reports, OSCAL, and a verifier.

    The site is assessed and recorded first. `python3 verify.py ARCHIVE` checks it without
    Ringfence.
    """
    log = needed_log(site, as_json=as_json)
    if not at_hand(passphrase_file):
        passphrase(passphrase_file, "the assessor's key", as_json=as_json)
    word_file = passphrase_file
    seen = survey(
        site, name, design_only=False, record=True, passphrase_file=word_file, as_json=as_json
    )
    log = seen.log or log
    signer = assessor(log, word_file, as_json=as_json)
    try:
        write_pack(log, signer, report_files(seen, site), to)
    except EvidenceError as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    if as_json:
        emit({"ok": True, "pack": str(to), "fingerprint": log.fingerprint})
        return
    out.print(f"{to}: {log.checkpoint.size} statements. To verify it:", markup=False)
    out.print(f"  tar -xf {to} verify.py && python3 verify.py {to} --key {log.fingerprint}")


def _digest_of(file: DayFile, authority: str) -> LogDigest:
    return LogDigest(
        authority=authority, host=file.host, day=file.day, size=file.size, sha256=file.sha256
    )


def _row(opened: Opened) -> dict[str, object]:
    statement = opened.statement
    body = statement.predicate.body
    match statement.predicate_type:
        case PredicateType.FACT:
            of = f"{body['question']}: {body['answer']}"
        case PredicateType.ATTESTATION | PredicateType.COUNTERSIGNATURE:
            of = f"{body['mitigation']} by {body['by']}"
        case PredicateType.DEVIATION:
            of = str(body["id"])
        case PredicateType.KEY:
            of = f"{body['name']} ({body['role']})"
        case PredicateType.RENDERED_STATE:
            of = str(body["state"])
        case PredicateType.LOG_DIGEST:
            of = f"{body['host']} on {body['day']}"
    return {
        "sequence": statement.predicate.sequence,
        "recorded": statement.predicate.recorded.isoformat(),
        "kind": statement.predicate_type.value.split(":")[2],
        "of": of,
        "digest": opened.digest,
    }
