"""The command that places a real call and says what was seen of it."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ringfence.cli.labs import NameOption, open_lab
from ringfence.cli.output import Exit, emit, err, fail, out
from ringfence.cli.sites import JsonOption, SiteArgument, read
from ringfence.deploy import lab as labs
from ringfence.machine.record import LabError
from ringfence.probe.call import DEFAULT_SECONDS, CallReport, place_call
from ringfence.probe.capture import CaptureError
from ringfence.probe.softphone import PhoneError

HEARD_WELL = 0.9
"""How much of what was said must be heard for a call to be as asked."""

_FLOOR = ("TLSv1.2", "TLSv1.3")


def call(
    site: SiteArgument,
    caller: Annotated[str, typer.Argument(metavar="A", help="The extension that calls.")],
    callee: Annotated[str, typer.Argument(metavar="B", help="The extension that is called.")],
    seconds: Annotated[
        float, typer.Option(min=1.0, max=600.0, help="How long they talk.")
    ] = DEFAULT_SECONDS,
    name: NameOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let extension A call B in the lab, and measure it.

    Each phone plays its own signal; what the other recorded is compared with it, and both
    switch ports are searched for plaintext. Returns 1 unless both heard at least 0.9 of what
    was said, over TLS 1.2 or later and SRTP, with nothing in the clear.
    """
    lab = name or labs.lab_name(site)
    design = read(site, as_json=as_json).design
    known = {host.extension for host in design.hosts if host.extension}
    for extension in (caller, callee):
        if extension not in known:
            fail(
                f"the site has no extension {extension!r}", code=Exit.USED_WRONGLY, as_json=as_json
            )
    if caller == callee:
        fail("a phone cannot call itself", code=Exit.USED_WRONGLY, as_json=as_json)
    running = open_lab(lab, as_json=as_json)
    if labs.stale(lab, design):
        err.print("The site file has changed since the lab came up; `ringfence up` follows it.")
    try:
        report = place_call(running, design, caller, callee, seconds)
    except (LabError, PhoneError, CaptureError, ValueError) as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    wanting = shortfalls(report)
    if as_json:
        emit({"ok": not wanting, **report.model_dump(mode="json"), "shortfalls": wanting})
    else:
        _show(report, wanting)
    if wanting:
        raise typer.Exit(Exit.FOUND_WANTING)


def shortfalls(report: CallReport) -> list[str]:
    """What keeps a call from being as asked; empty when nothing does."""
    if not report.answered:
        return [f"not answered: {report.reason}"]
    found = [f"ended early: {report.reason}"] if report.reason else []
    for extension in (report.caller, report.callee):
        heard = report.heard.get(extension)
        signalling, media = report.signalling.get(extension), report.media.get(extension)
        if heard is None or heard < HEARD_WELL:
            found.append(f"{extension} heard {'nothing' if heard is None else f'{heard:.2f}'}")
        if signalling is None or signalling.version not in _FLOOR:
            found.append(f"{extension} signals over {signalling.version if signalling else '?'}")
        if media is None or media.suite is None:
            found.append(f"the media of {extension} is not known to be SRTP")
    if report.plaintext_packets != 0:
        found.append(f"plaintext packets: {report.plaintext_packets}")
    return found


def _show(report: CallReport, wanting: list[str]) -> None:
    if not report.answered:
        out.print(escape(f"{report.caller} called {report.callee}: {wanting[0]}"))
        return
    setup = f"answered after {(report.setup_ms or 0) / 1000:.2f} s"
    out.print(f"{report.caller} called {report.callee}: {setup}")
    table = Table(box=None)
    for heading in ("phone", "signalling", "media", "heard of the other"):
        table.add_column(heading, overflow="fold")
    for extension in (report.caller, report.callee):
        signalling, media = report.signalling.get(extension), report.media.get(extension)
        heard = report.heard.get(extension)
        table.add_row(
            extension,
            f"{signalling.version} {signalling.cipher}" if signalling else "?",
            str(media.suite) if media else "?",
            "?" if heard is None else f"{heard:.2f}",
        )
    out.print(table)
    packets = sum(sum(one.packets.values()) for one in report.searched.values())
    out.print(
        f"On both switch ports: {packets} packets, {report.plaintext_packets} plaintext, "
        f"{report.lost_packets} lost.",
    )
    if report.plaintext_rtcp_packets:
        out.print(
            f"{report.plaintext_rtcp_packets} media reports in the clear: the softphone baresip "
            "drops its keys before it says goodbye.",
        )
    for line in (*report.unseen, *wanting):
        out.print(f"  {line}", markup=False)
