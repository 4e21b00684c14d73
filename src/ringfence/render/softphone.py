"""What both softphones of the lab share: where files lie, who they run as, whom they call."""

from ringfence.design.model import Design, Host, HostKind, Service
from ringfence.render.files import Deposit, File, Material
from ringfence.render.systemd import Unit

DIRECTORY = "/etc/softphone"
RUNTIME = "/run/softphone"
"""Sound to play and sound heard: gone when the phone stops."""

TRUST_ANCHOR = f"{DIRECTORY}/ca.pem"

USER = GROUP = "uucp"
"""Debian's own account for programs that dial; nothing else runs as it on a phone."""

REGISTRATION_SECONDS = 120
CODECS = ("PCMA", "PCMU")


def address_of_record(design: Design, host: Host) -> str:
    """A phone's address-of-record.

    Raises:
        ValueError: the host has no extension, so it is not a phone.

    """
    if host.extension is None:
        raise ValueError(f"{host.name} has no extension: it is not a phone")
    return f"sip:{host.extension}@{design.domain}"


def registrar(design: Design) -> str:
    """The URI of the server that phones register with.

    Raises:
        ValueError: the design has no SIP server.

    """
    servers = design.of_kind(HostKind.SIP)
    if not servers:
        raise ValueError("the design has no SIP server for phones to register with")
    return f"sip:{servers[0].fqdn}:{design.signalling.port};transport=tls"


def has_certificate(design: Design, host: Host) -> bool:
    """Tell whether a certificate is issued to this phone."""
    return design.identity(host.name) is not None


def runs_linphone(host: Host) -> bool:
    """Tell whether a phone runs linphone; every other phone's stand-in is baresip."""
    return host.model == "linphone"


def quotable(name: str) -> str:
    """A display name that can stand between double quotes (RFC 3261, quoted-string)."""
    return name.replace("\\", "/").replace('"', "'")


def owned(path: str, text: str) -> File:
    """A file that the softphone alone can read: it may hold marks of secrets."""
    return File(path=path, text=text, mode=0o400, owner=USER, group=GROUP)


def trust_anchor() -> Deposit:
    """The certificate of the site's authority, which anyone may read."""
    return Deposit(path=TRUST_ANCHOR, material=Material.TRUST_ANCHOR, mode=0o444)


def softphone_unit(
    design: Design,
    start: str,
    prepare: tuple[str, ...] = (),
    environment: tuple[str, ...] = (),
) -> Unit:
    """The unit of a softphone.

    It waits for the server's name to resolve: neither softphone recovers quickly, and baresip
    not at all, when it starts before there is an address and a name server.
    """
    server = design.of_kind(HostKind.SIP)[0].fqdn
    wait = f'/usr/bin/timeout 60 /bin/sh -c "until getent ahostsv4 {server}; do sleep 0.2; done"'
    return Unit(
        name=Service.SOFTPHONE,
        description="Softphone",
        start=start,
        user=USER,
        group=GROUP,
        prepare=(wait, *prepare),
        environment=environment,
        after=(Service.DHCP_CLIENT,),
        runtime_directory="softphone",
        serves=design.asked_by("ACC-4", "EAI-4", "EAI-5"),
    )
