"""What stands in for the data network's mail server in a lab: it keeps whatever it is given."""

from ringfence.design.model import Design, Host, Service
from ringfence.render import relay_host
from ringfence.render.files import Deposit, File
from ringfence.render.systemd import Unit, unit_file

USER = "mail"
KEPT = "/var/lib/mail-stand-in"
"""Where the messages lie, a file each."""
_PLACE = relay_host.directory_of(Service.MAIL_STAND_IN)
_MODULES = ("door", "journal", "spool", "tls")


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The stand-in's modules and unit. No real host is given these."""
    if design.converged is None or design.converged.mail is None:
        raise ValueError(f"{host.name} has no mail to take")
    words = (str(host.address), str(design.converged.mail.port), _PLACE, KEPT)
    unit = Unit(
        name=Service.MAIL_STAND_IN,
        description="Stands in for the data network's mail server, in labs only",
        start=relay_host.command(Service.MAIL_STAND_IN, *words),
        user=USER,
        group=USER,
        capabilities=("CAP_NET_BIND_SERVICE",),
        state_directory="mail-stand-in",
    )
    return (
        *relay_host.modules(Service.MAIL_STAND_IN, "stand_in", *_MODULES),
        unit_file(unit),
    )


def deposits(_design: Design, host: Host) -> tuple[Deposit, ...]:
    """The mail server's certificate and key."""
    return relay_host.keys(_PLACE, host.name, USER)
