"""The command that shows what the guide asks for, in our own words."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ringfence.cli.output import Exit, emit, fail, indented, out
from ringfence.guide import Level, Mitigation, Section, catalogue, demanded_at, stronger
from ringfence.probe.questions import about
from ringfence.site.problems import did_you_mean

_MARKS = {Level.MINIMUM: "min", Level.MEDIUM: "med", Level.HIGHEST: "high"}


def guide(
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[ID|TEXT]", help="A mitigation, a section's letters, or words."),
    ] = None,
    level: Annotated[
        Level | None, typer.Option(help="Only what this robustness level demands.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Browse the guide's 164 mitigations: all sections, one section, one mitigation, or a search.

    Without an argument it lists the sections and how many mitigations each level demands of them.
    """
    found = _find(wanted, level)
    if not found:
        ids = [*catalogue().by_prefix, *catalogue().by_id]
        hint = did_you_mean((wanted or "").upper(), ids) if wanted and len(wanted) < 8 else ""  # noqa: PLR2004
        message = f"nothing in the guide matches {wanted!r}; {hint}".rstrip("; ")
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    if as_json:
        counts: dict[str, object] = {str(each): len(demanded_at(each)) for each in Level}
        plain = [each.model_dump(mode="json", exclude_none=True) for each in found]
        emit({"ok": True, "demanded": counts, "mitigations": plain})
    elif wanted is None:
        _show_sections(level)
    elif len(found) == 1:
        _show_one(found[0])
    else:
        _show_list(found)


def complete_id(incomplete: str) -> list[tuple[str, str]]:
    """Ids that begin with what was typed, with their titles, for tab completion."""
    typed = incomplete.upper()
    return [(id_, each.title) for id_, each in catalogue().by_id.items() if id_.startswith(typed)]


def _find(wanted: str | None, level: Level | None) -> list[Mitigation]:
    everything = [
        each for each in catalogue().by_id.values() if level is None or level in each.levels
    ]
    if wanted is None:
        return everything
    name = wanted.strip().upper()
    if name in catalogue().by_id:
        return [catalogue().by_id[name]]
    if name in catalogue().by_prefix:
        return [each for each in everything if each.prefix == name]
    words = wanted.casefold().split()
    return [each for each in everything if all(word in _text(each) for word in words)]


def _text(each: Mitigation) -> str:
    title = catalogue().by_prefix[each.prefix].title
    parts = (each.id, title, each.title, each.statement, each.threat, *each.ways)
    return " ".join((*parts, each.modern.rule if each.modern else "")).casefold()


def _show_sections(level: Level | None) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "section", "page", *_MARKS.values()):
        table.add_column(heading, justify="left" if heading in {"", "section"} else "right")
    part = None
    for section in catalogue().sections:
        if section.part != part:
            part = section.part
            table.add_row("", f"[bold]{part}[/]")
        counts = (_count(section, each) for each in Level)
        table.add_row(section.prefix, section.title, str(section.page), *counts)
    table.add_row("", "all", "", *(str(len(demanded_at(each))) for each in Level), style="bold")
    out.print(table)
    shown = f" at the {level} level" if level else ""
    out.print(f"`ringfence guide SEP` lists a section{shown}, `ringfence guide SEP-6` shows one.")


def _count(section: Section, level: Level) -> str:
    return str(sum(level in each.levels for each in section.mitigations))


def _show_list(found: list[Mitigation]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "measure", "levels", "known by"):
        table.add_column(heading)
    for each in found:
        table.add_row(each.id, escape(each.title), _levels(each), ", ".join(each.known_by))
    out.print(table)


def _levels(each: Mitigation) -> str:
    return " ".join(
        mark if level in each.levels else "-" * len(mark) for level, mark in _MARKS.items()
    )


def _show_one(each: Mitigation) -> None:
    section = catalogue().by_prefix[each.prefix]
    out.print(f"[bold]{each.id}  {escape(each.title)}[/]")
    out.print(f"{section.title}, page {each.page}; demanded at: {', '.join(each.levels)}")
    _block("What", each.statement)
    for number, way in enumerate(each.ways, start=1):
        _block(f"Either {number}", way)
    _block("Against", each.threat)
    if each.modern:
        word = "Today instead" if each.modern.supersedes else "Today as well"
        _block(word, f"{each.modern.rule} ({each.modern.source})")
    if better := list(stronger(each.id)):
        _block("Stronger", f"{', '.join(better)} take its place where they are in force.")
    _block("Known by", ", ".join(each.known_by))
    for question in about(each.id):
        role = "decides" if each.id in question.decides else "bears on it"
        limits = f" {question.limits}" if question.limits else ""
        _block(f"{question.method}", f"{question.asks} ({question.id}, {role}){limits}")
    if each.attest:
        _block("Look at", f"{each.attest.look_at} (believed for {each.attest.valid_days} days)")
    _block("SP 800-53", ", ".join(each.references.nist_800_53))
    _block("NSA 2021", "; ".join(each.references.nsa_2021))


def _block(heading: str, text: str) -> None:
    out.print()
    out.print(f"[bold]{heading}[/]")
    out.print(indented(text), markup=False)
