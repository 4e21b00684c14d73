"""How logs, ports and what crosses to the data network are guarded, as frozen models."""

from ringfence.design.base import Model


class Logs(Model):
    """How hosts send their lines to the log server, and what it does with them."""

    port: int = 2514
    """RELP over TLS; the protocol has no port of its own."""
    known_senders: bool
    """Lines are taken from the design's own hosts only, known by their certificates (LOG-4)."""
    keep_days: int
    """For how many days they are kept."""


class PortSecurity(Model):
    """What access switches demand of a device at a port, whoever makes the switch.

    ``known_macs``: frames of the devices that belong there only (SEP-4, EAV-2). ``bindings``: a
    device speaks and answers for its own address only (EAV-2, ACC-3, DHC-7). ``dhcp_guard``:
    address servers answer from their own ports only (ACC-3, DHC-7). ``flood_alert``: a port that
    shows too many addresses raises an alert (EAV-3). ``authenticated``: 802.1X with certificates
    before anything else, again every ``reauthentication`` seconds (SEP-5, DHC-2, DHC-6).
    """

    known_macs: bool
    bindings: bool
    dhcp_guard: bool
    flood_alert: bool
    authenticated: bool
    reauthentication: int = 1800


class MailRoute(Model):
    """Where mail goes: the host, the name in its certificate, and the domains it may go to.

    ``authority`` is in PEM: whose certificate the mail server may have beside the site's own.
    """

    host: str
    name: str
    port: int
    domains: tuple[str, ...]
    authority: str | None = None


class Converged(Model):
    """What crosses between telephones and data, by way of the relay.

    ``authenticated``: every client proves itself by certificate (CNV-2). ``inspected``: messages
    are taken apart and only what is understood goes on (CNV-5, SEP-9). ``scanned``: each is
    scanned for malicious code, when it comes and when it goes (CNV-6).
    """

    mail: MailRoute | None
    directory: bool
    readers: tuple[str, ...]
    authenticated: bool
    inspected: bool
    scanned: bool
