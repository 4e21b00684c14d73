"""The keeper of the log server's files: append-only, for as long as the site says, with room."""

from importlib.resources import files as resources
from typing import Final

from ringfence.design.model import Design, Host, Service
from ringfence.render import rsyslog
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

PATH: Final = "/usr/lib/ringfence/logkeeping/keeper.py"


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The program and its unit.

    The mark that makes a file append-only takes one capability, which nothing else there has.
    """
    if design.logs is None:
        raise ValueError(f"{host.name}: this design keeps no logs")
    text = resources("ringfence.logkeeping").joinpath("keeper.py").read_text(encoding="utf-8")
    unit = Unit(
        name=Service.LOG_KEEPER,
        description="Keeper of the log server's files",
        start=f"/usr/bin/python3 -I -S {PATH} {rsyslog.LOGS} {design.logs.keep_days}",
        user=rsyslog.ACCOUNT,
        group=rsyslog.ACCOUNT,
        capabilities=("CAP_LINUX_IMMUTABLE",),
        environment=("PYTHONDONTWRITEBYTECODE=1",),
        logs_directory="hosts",
        serves=design.asked_by("LOG-1", "LOG-3"),
    )
    return (File(path=PATH, text=text), unit_file(unit))
