"""The command that asks the rendered files and the running system, and shows each answer."""

from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from ringfence.cli.labs import NameOption
from ringfence.cli.output import Exit, emit, fail, out, progress
from ringfence.cli.sites import JsonOption, SiteArgument, read
from ringfence.cli.surveys import log_digests, log_of, now
from ringfence.deploy.lab import lab_name
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.gather import Gathered, gather
from ringfence.probe.questions import by_id
from ringfence.site.problems import did_you_mean

GROUPS: Final = {
    "zones": (
        *("crossing-flows", "ipt-and-data", "inside-and-outside", "own-filters"),
        *("rules-in-force", "zone-sweep"),
    ),
}
"""Several questions under one name."""

_COLOURS: Final = {
    Answer.YES: "green",
    Answer.NO: "red",
    Answer.UNSEEN: "yellow",
    Answer.ERROR: "red",
}


def complete_question(incomplete: str) -> list[tuple[str, str]]:
    """Questions and groups that begin with what was typed, for tab completion."""
    known = {name: f"{len(ids)} questions" for name, ids in GROUPS.items()}
    known |= {id_: question.asks for id_, question in by_id().items()}
    return [(id_, words) for id_, words in known.items() if id_.startswith(incomplete)]


def prove(
    site: SiteArgument,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUESTION]...",
            help="Which questions, or `zones`; if none is named, all about what the site has.",
            autocompletion=complete_question,
        ),
    ] = None,
    name: NameOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask questions of the rendered files and of the running lab, and show what was seen.

    `zones` asks whether what may cross between zones is what the design says: by proof over the
    rendered rules, by the rules in the kernels, and by packets sent from every zone to every
    other. Returns 1 unless every answer is yes. It judges nothing; `ringfence assess` does.
    """
    chosen = _chosen(wanted, as_json=as_json)
    declared = read(site, as_json=as_json)
    without = declared.requirements.absent
    only = chosen or {id_ for id_, each in by_id().items() if each.subject not in without}
    with progress(quiet=as_json) as say:
        gathered = gather(
            declared.design,
            name or lab_name(site),
            now(),
            say,
            only,
            recorded=log_digests(log_of(site, as_json=as_json), as_json=as_json),
        )
    facts = [taken.fact for taken in gathered.taken]
    unasked = sorted(only - {fact.question for fact in facts})
    agreed = not unasked and all(fact.answer == Answer.YES for fact in facts)
    if as_json:
        emit(
            {
                "ok": agreed,
                "state": gathered.state,
                "facts": [fact.model_dump(mode="json") for fact in facts],
                "unasked": unasked,
                "why_not_running": gathered.why_not or None,
            }
        )
    else:
        _show(facts, unasked, gathered)
    if not agreed:
        raise typer.Exit(Exit.FOUND_WANTING)


def _chosen(wanted: list[str] | None, *, as_json: bool) -> set[str] | None:
    if not wanted:
        return None
    chosen: set[str] = set()
    for word in wanted:
        if word in GROUPS:
            chosen |= set(GROUPS[word])
        elif word in by_id():
            chosen.add(word)
        else:
            hint = did_you_mean(word, [*GROUPS, *by_id()])
            fail(f"there is no question {word!r}; {hint}", code=Exit.USED_WRONGLY, as_json=as_json)
    return chosen


def _show(facts: list[Fact], unasked: list[str], gathered: Gathered) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("question", "method", "answer", "what was seen"):
        table.add_column(heading, overflow="fold")
    for fact in facts:
        answer = f"[{_COLOURS[fact.answer]}]{fact.answer}[/]"
        table.add_row(fact.question, fact.method, answer, escape(fact.saw))
    out.print(table)
    for fact in facts:
        for contrary in fact.contrary:
            out.print(f"  {fact.question}: {contrary}", markup=False)
        if fact.more_contrary:
            out.print(f"  {fact.question}: and {fact.more_contrary} more")
    if unasked:
        out.print(f"Not asked, for {gathered.why_not}: {', '.join(unasked)}", markup=False)
