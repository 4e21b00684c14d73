"""The command that says what is known of a site, mitigation by mitigation."""

from collections import defaultdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ringfence.assess import Assessment, Judgement, Scope, Tally, Verdict
from ringfence.assess.words import grade, scope_words
from ringfence.cli.guides import complete_id
from ringfence.cli.labs import NameOption
from ringfence.cli.output import Exit, emit, fail, indented, out
from ringfence.cli.passphrases import PassphraseOption
from ringfence.cli.sites import JsonOption, SiteArgument
from ringfence.cli.surveys import Survey, survey
from ringfence.guide import Level, catalogue
from ringfence.site.problems import did_you_mean

_COLOURS = {
    Verdict.SATISFIED: "green",
    Verdict.DEVIATED: "cyan",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.NOT_SATISFIED: "red",
    Verdict.ERROR: "red",
    Verdict.STALE: "yellow",
    Verdict.NOT_TESTED: "yellow",
}
_MOST_SHOWN = 12

DesignOption = Annotated[
    bool, typer.Option("--design", help="Look at the rendered files only, not at a running lab.")
]
RecordOption = Annotated[
    bool, typer.Option("--record/--no-record", help="Add what is seen to the evidence log.")
]


def assess(
    site: SiteArgument,
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="One mitigation, whole.", autocompletion=complete_id),
    ] = None,
    name: NameOption = None,
    passphrase_file: PassphraseOption = None,
    *,
    design: DesignOption = False,
    record: RecordOption = True,
    as_json: JsonOption = False,
) -> None:
    """Say for every mitigation what is known, how, and on what evidence.

    Rendered files are read back; if the site's lab is up it is asked too, which takes some
    seconds and harms nothing. What was seen goes into the evidence log, if one was begun with
    `ringfence evidence init`. Returns 1 while something that is demanded is not met.
    """
    if wanted is not None and (id_ := wanted.strip().upper()) not in catalogue().by_id:
        hint = did_you_mean(id_, catalogue().by_id) if len(id_) < 8 else "see `ringfence guide`"  # noqa: PLR2004
        fail(
            f"the guide has no mitigation {wanted!r}; {hint}",
            code=Exit.USED_WRONGLY,
            as_json=as_json,
        )
    seen = survey(
        site,
        name,
        design_only=design,
        record=record,
        passphrase_file=passphrase_file,
        as_json=as_json,
    )
    if wanted is not None:
        judgement = seen.assessment.judgements[wanted.strip().upper()]
        _one(judgement, as_json=as_json)
        met = judgement.verdict.counts
    else:
        _all(seen, as_json=as_json)
        met = seen.assessment.demanded.met
    if not met:
        raise typer.Exit(Exit.FOUND_WANTING)


def _all(seen: Survey, *, as_json: bool) -> None:
    if as_json:
        emit(report(seen))
        return
    found = seen.assessment
    out.print(f"[bold]{escape(found.organisation)}[/] ({found.domain}), {scope_words(found)}.")
    if found.facts.scope == Scope.DESIGN:
        out.print(f"Nothing running was asked: {escape(seen.gathered.why_not)}.")
    out.print(f"[bold]{grade(found)}[/]")
    out.print()
    out.print(_levels(found))
    _falls_short(found)
    for remark in found.remarks:
        out.print(f"  {remark}", style="yellow", markup=False)
    out.print()
    if seen.log is None:
        out.print("Nothing was recorded: `ringfence evidence init` begins an evidence log.")
    elif seen.recorded:
        size = seen.log.checkpoint.size
        out.print(f"{seen.recorded} statements were recorded; the evidence log has {size}.")
    out.print("`ringfence assess SITE ID` shows what one verdict stands on.")


def _levels(found: Assessment) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "mitigations", *Verdict):
        table.add_column(heading, justify="left" if not heading else "right")
    rows: list[tuple[str, Tally]] = [("in force here", found.demanded)]
    rows += [(f"{level} level", found.by_level[level]) for level in Level]
    for title, tally in rows:
        counts = (tally.counts.get(verdict, 0) for verdict in Verdict)
        table.add_row(title, str(tally.total), *(str(count or "-") for count in counts))
    return table


def _falls_short(found: Assessment) -> None:
    groups: dict[Verdict, list[Judgement]] = defaultdict(list)
    for id_ in found.demanded.short:
        judgement = found.judgements[id_]
        groups[judgement.verdict].append(judgement)
    wrong = [j for v in (Verdict.NOT_SATISFIED, Verdict.ERROR, Verdict.STALE) for j in groups[v]]
    if wrong:
        out.print()
        out.print("[bold]Falls short[/]")
        table = Table(box=None, pad_edge=False, show_header=False)
        for judgement in wrong[:_MOST_SHOWN]:
            colour = _COLOURS[judgement.verdict]
            table.add_row(
                judgement.mitigation.id,
                f"[{colour}]{judgement.verdict}[/]",
                escape(judgement.because),
            )
        out.print(table)
    waiting = groups[Verdict.NOT_TESTED]
    person = [j for j in waiting if j.mitigation.attest]
    others = [j for j in waiting if not j.mitigation.attest]
    running = [j for j in others if "running system" in j.because or "up" in j.todo]
    _ids("Open until a person attests them", person, "`ringfence attest SITE` is the checklist")
    _ids("Open until the running system is asked", running, "`ringfence up`, then assess again")
    missing = [j for j in others if j not in running]
    _ids("Open: what would show them is not part of the system yet", missing, "")


def _ids(title: str, judgements: list[Judgement], hint: str) -> None:
    if judgements:
        out.print()
        out.print(f"[bold]{title}[/] ({len(judgements)}){f': {hint}' if hint else ''}")
        out.print(indented(" ".join(j.mitigation.id for j in judgements)))


def _one(judgement: Judgement, *, as_json: bool) -> None:
    if as_json:
        emit({"ok": judgement.verdict.counts, **row(judgement)})
        return
    each = judgement.mitigation
    out.print(f"[bold]{each.id}  {escape(each.title)}[/]")
    colour = _COLOURS[judgement.verdict]
    out.print(f"[{colour}]{judgement.verdict}[/]: {escape(judgement.because)}")
    out.print(f"In force: {escape(judgement.in_force or 'no, not demanded here')}")
    if judgement.facts:
        out.print()
        table = Table(box=None, pad_edge=False)
        for heading in ("question", "method", "answer", "asked", "until", "what was seen"):
            table.add_column(heading, overflow="fold")
        for fact in judgement.facts:
            dates = f"{fact.taken:%Y-%m-%d %H:%M}", f"{fact.expires:%Y-%m-%d}"
            table.add_row(fact.question, fact.method, fact.answer, *dates, escape(fact.saw))
        out.print(table)
        for fact in judgement.facts:
            for contrary in fact.contrary:
                out.print(f"  against: {contrary}", markup=False)
            if fact.more_contrary:
                out.print(f"  and {fact.more_contrary} more")
            for exhibit in fact.exhibits:
                line = f"  looked at: {exhibit.name}, {exhibit.size} bytes, sha256 {exhibit.sha256}"
                out.print(line, markup=False)
    if judgement.attestation:
        word = judgement.attestation
        out.print(
            f"Attested by {word.attestation.by} ({word.attestation.role}), seen on "
            f"{word.attestation.seen_on}, until {word.attestation.expires}; statement "
            f"{word.statement}",
            markup=False,
        )
    if judgement.todo:
        out.print(f"To do: {judgement.todo}", markup=False)


def report(seen: Survey) -> dict[str, object]:
    """What ``assess --json`` prints."""
    found = seen.assessment
    return {
        "ok": found.demanded.met,
        "organisation": found.organisation,
        "domain": found.domain,
        "scope": found.facts.scope,
        "why_not_running": seen.gathered.why_not or None,
        "state": found.facts.state,
        "assessed": found.now.isoformat(),
        "grade": grade(found),
        "recorded": seen.recorded,
        "in_force": _tally(found.demanded),
        "levels": {level: _tally(found.by_level[level]) for level in Level},
        "parts": {part: _tally(tally) for part, tally in found.by_part.items()},
        "sections": {prefix: _tally(tally) for prefix, tally in found.by_section.items()},
        "mitigations": [row(judgement) for judgement in found.judgements.values()],
        "remarks": list(found.remarks),
    }


def row(judgement: Judgement) -> dict[str, object]:
    """One mitigation in JSON."""
    return {
        "id": judgement.mitigation.id,
        "title": judgement.mitigation.title,
        "in_force": judgement.in_force,
        "verdict": judgement.verdict,
        "because": judgement.because,
        "by": judgement.by,
        "todo": judgement.todo,
        "facts": [fact.model_dump(mode="json") for fact in judgement.facts],
        "attestation": (
            judgement.attestation.model_dump(mode="json") if judgement.attestation else None
        ),
        "deviation": judgement.deviation.model_dump(mode="json") if judgement.deviation else None,
    }


def _tally(tally: Tally) -> dict[str, object]:
    counts = {verdict: tally.counts.get(verdict, 0) for verdict in Verdict}
    return {"total": tally.total, "counts": counts, "short": list(tally.short)}
