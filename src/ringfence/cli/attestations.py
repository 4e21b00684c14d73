"""The command that records what only a person can see."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ringfence.assess.report.checklist import checklist_html
from ringfence.assess.report.reading import waiting as waiting_in
from ringfence.cli.guides import complete_id
from ringfence.cli.output import Exit, emit, fail, indented, out
from ringfence.cli.passphrases import PassphraseOption, passphrase
from ringfence.cli.sites import JsonOption, SiteArgument, read
from ringfence.cli.surveys import Survey, assessor, needed_log, now, survey
from ringfence.cli.writing import write
from ringfence.evidence.attestation import Attestation, Countersignature
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import same_name
from ringfence.evidence.records import attestation_record, attested, countersignature_record
from ringfence.evidence.statement import Opened
from ringfence.guide import Mitigation, catalogue
from ringfence.probe.fact import Exhibit
from ringfence.site.problems import did_you_mean

_LARGEST = 64 << 20
_SHORTEST = 2
_SHORTEST_SENTENCE = 10


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date such as 2027-03-31") from None


def attest(
    site: SiteArgument,
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="What is attested.", autocompletion=complete_id),
    ] = None,
    *,
    by: Annotated[str, typer.Option(help="Who has seen it.")] = "",
    role: Annotated[str, typer.Option(help="In which role, such as 'caretaker'.")] = "",
    observed: Annotated[str, typer.Option(help="What was seen, in a sentence.")] = "",
    scope: Annotated[str, typer.Option(help="Where: rooms, cabinets, hosts.")] = "",
    evidence: Annotated[
        list[Path] | None,
        typer.Option(help="A photograph or document that shows it; may be given again."),
    ] = None,
    seen_on: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day it was seen; today unless told.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Believed until; the guide's entry has the latest day."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the checklist as a printable page.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    not_so: Annotated[
        bool, typer.Option("--not-so", help="It was seen that it is not so.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Record what a person has seen of a mitigation; without ID, list what waits for somebody.

    The statement is signed with the assessor's key and added to the evidence log; photographs and
    documents are kept by their digest. At the highest level a second person must sign it too:
    `ringfence countersign`.
    """
    if wanted is None:
        _checklist(site, html, as_json=as_json)
        return
    mitigation = _attestable(wanted, as_json=as_json)
    declared = read(site, as_json=as_json)
    log = needed_log(site, as_json=as_json)
    _demand_said(by=by, role=role, observed=observed, scope=scope, as_json=as_json)
    files = _exhibits(evidence or [], as_json=as_json)
    exhibits = {Exhibit.of(name, data): data for name, data in files.items()}
    try:
        day, until = _days(mitigation, _day(seen_on), _day(expires))
        word = Attestation(
            mitigation=mitigation.id,
            holds=not not_so,
            claim=mitigation.attest.look_at if mitigation.attest else "",
            observed=observed,
            scope=scope,
            by=by,
            role=role,
            seen_on=day,
            expires=until,
            exhibits=tuple(exhibits),
            recorded=now(),
        )
        record = attestation_record(word, {each.sha256: data for each, data in exhibits.items()})
        signer = assessor(log, passphrase_file, as_json=as_json)
        (added,) = log.append(signer, (record,), now())
    except (EvidenceError, ValueError) as error:
        fail(str(error), code=Exit.USED_WRONGLY, as_json=as_json)
    _tell(added, second=mitigation.id in declared.requirements.two_persons, as_json=as_json)


def countersign(
    site: SiteArgument,
    wanted: Annotated[
        str, typer.Argument(metavar="ID", help="What was attested.", autocompletion=complete_id)
    ],
    *,
    by: Annotated[str, typer.Option(help="Who signs: not who attested it.")],
    role: Annotated[str, typer.Option(help="In which role.")],
    own_passphrase_file: Annotated[
        Path | None, typer.Option(help="A file with the passphrase of this person's own key.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign the newest attestation of a mitigation as a second person, with one's own key.

    `ringfence evidence enrol` makes that key.
    """
    mitigation = _attestable(wanted, as_json=as_json)
    log = needed_log(site, as_json=as_json)
    words = [each for each in attested(log) if each.attestation.mitigation == mitigation.id]
    if not words:
        fail(f"nobody has attested {mitigation.id} yet", code=Exit.USED_WRONGLY, as_json=as_json)
    if same_name(words[-1].attestation.by, by):
        message = f"{by} has attested it: somebody else must countersign"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    own = passphrase(own_passphrase_file, f"the key of {by}", as_json=as_json)
    signer = assessor(log, passphrase_file, as_json=as_json)
    try:
        word = Countersignature(
            statement=words[-1].statement,
            mitigation=mitigation.id,
            by=by,
            role=role,
            recorded=now(),
        )
        record = countersignature_record(word, log.keys.open(by, own))
        (added,) = log.append(signer, (record,), now())
    except (EvidenceError, ValueError) as error:
        fail(str(error), code=Exit.USED_WRONGLY, as_json=as_json)
    _tell(added, second=False, as_json=as_json)


def _tell(added: Opened, *, second: bool, as_json: bool) -> None:
    sequence = added.statement.predicate.sequence
    if as_json:
        emit(
            {
                "ok": True,
                "sequence": sequence,
                "statement": added.digest,
                "second_person_needed": second,
            }
        )
        return
    out.print(f"Recorded as statement {sequence}: {added.digest}")
    if second:
        out.print("A second person must sign it: `ringfence countersign`.")


def _attestable(wanted: str, *, as_json: bool) -> Mitigation:
    id_ = wanted.strip().upper()
    mitigation = catalogue().by_id.get(id_)
    if mitigation is None:
        message = f"the guide has no mitigation {wanted!r}; {did_you_mean(id_, catalogue().by_id)}"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    if mitigation.attest is None:
        message = (
            f"{id_} is known by what is {' or '.join(mitigation.known_by)}; nobody's word stands "
            "in for that"
        )
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    return mitigation


def _demand_said(*, by: str, role: str, observed: str, scope: str, as_json: bool) -> None:
    said = {"--by": by, "--role": role, "--observed": observed, "--scope": scope}
    if missing := [option for option, text in said.items() if len(text.strip()) < _SHORTEST]:
        message = f"say who saw what, and where; missing or too short: {', '.join(missing)}"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    if len(observed.strip()) < _SHORTEST_SENTENCE:
        message = f"--observed {observed!r} says too little: what exactly was seen?"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)


def _days(mitigation: Mitigation, seen_on: date | None, expires: date | None) -> tuple[date, date]:
    """When it was seen, and until when it is believed.

    Raises:
        ValueError: a day makes no sense, or lies later than the guide's entry allows.

    """
    valid = mitigation.attest.valid_days if mitigation.attest else 0
    today = now().date()
    day = seen_on or today
    latest = day + timedelta(days=valid)
    until = expires or latest
    if day > today:
        raise ValueError(f"{day} is still to come")
    if until <= today:
        raise ValueError(f"it would have expired on {until}")
    if until > latest:
        raise ValueError(f"{mitigation.id} is believed for {valid} days, so until {latest} at most")
    return day, until


def _exhibits(files: list[Path], *, as_json: bool) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            fail(f"{file}: {error.strerror}", code=Exit.USED_WRONGLY, as_json=as_json)
        if len(data) > _LARGEST:
            message = f"{file} is larger than {_LARGEST >> 20} MiB"
            fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
        found[file.name] = data
    return found


def _checklist(site: Path, html: Path | None, *, as_json: bool) -> None:
    seen = survey(site, None, design_only=True, record=False, passphrase_file=None, as_json=as_json)
    declared = seen.declared
    waiting = tuple(waiting_in(seen.assessment, declared.requirements))
    if html is not None:
        day = seen.assessment.now.date()
        page = checklist_html(waiting, declared.site, declared.requirements, day)
        write({html: page.encode()}, as_json=as_json)
    if as_json:
        emit({"ok": not waiting, "waiting": [_waiting(seen, each) for each in waiting]})
    elif not waiting:
        out.print("Nothing waits for a person.")
    else:
        _show(seen, waiting)
        if html is not None:
            out.print(f"The page to print is {html}.", markup=False)
    if waiting:
        raise typer.Exit(Exit.FOUND_WANTING)


def _waiting(seen: Survey, each: Mitigation) -> dict[str, object]:
    return {
        "id": each.id,
        "title": each.title,
        "look_at": each.attest.look_at if each.attest else None,
        "valid_days": each.attest.valid_days if each.attest else None,
        "two_persons": each.id in seen.declared.requirements.two_persons,
        "because": seen.assessment.judgements[each.id].because,
    }


def _show(seen: Survey, waiting: tuple[Mitigation, ...]) -> None:
    section = ""
    for each in waiting:
        title = catalogue().by_prefix[each.prefix].title
        if title != section:
            section = title
            out.print(f"\n[bold]{escape(section)}[/]")
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_row(each.id, escape(each.title))
        out.print(table)
        if each.attest:
            out.print(indented(each.attest.look_at), markup=False)
        if each.id in seen.declared.requirements.two_persons:
            out.print("  Two persons must sign.")
    out.print(f"\n{len(waiting)} wait for a person. For each, whatever was seen:")
    out.print(
        "  ringfence attest SITE ID --by NAME --role ROLE --observed '...' --scope '...' "
        "--evidence photo.jpg",
        markup=False,
    )
