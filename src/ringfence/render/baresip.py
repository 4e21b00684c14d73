"""baresip: the lab's stand-in for a hardware phone, driven over a control socket.

It registers over TLS with its own certificate and speaks SRTP or, where the design lets it,
plain RTP. baresip 1.0.0 does not verify the server's certificate: what proves that is linphone
(``ringfence.render.linphone``). Sources: the baresip wiki's configuration and accounts pages.
"""

import uuid

from ringfence.design.model import Design, Host
from ringfence.render.files import Deposit, File, Material
from ringfence.render.softphone import (
    CODECS,
    DIRECTORY,
    GROUP,
    REGISTRATION_SECONDS,
    RUNTIME,
    TRUST_ANCHOR,
    USER,
    address_of_record,
    has_certificate,
    owned,
    quotable,
    registrar,
    softphone_unit,
    trust_anchor,
)
from ringfence.render.systemd import unit_file

CERTIFICATE_AND_KEY = f"{DIRECTORY}/phone.pem"
CONTROL_PORT = 4444
"""Where baresip takes commands: on the phone's own loopback only."""

_MODULES = ("aufile.so", "g711.so", "srtp.so", "sndfile.so")


def files(design: Design, host: Host) -> tuple[File, ...]:
    """A phone's configuration, account and unit."""
    unit = softphone_unit(design, start=f"/usr/bin/baresip -f {DIRECTORY}")
    return (
        owned(f"{DIRECTORY}/config", _config(design, host)),
        owned(f"{DIRECTORY}/accounts", _account(design, host)),
        # No newline: baresip would put it into its Contact, and the request could not be parsed.
        owned(f"{DIRECTORY}/uuid", str(_instance(host))),
        unit_file(unit),
    )


def deposits(design: Design, host: Host) -> tuple[Deposit, ...]:
    """A phone's trust anchor, and its certificate and key in one file."""
    if not has_certificate(design, host):
        return (trust_anchor(),)
    own = Deposit(
        path=CERTIFICATE_AND_KEY,
        material=Material.CERTIFICATE_AND_KEY,
        of=host.name,
        owner=USER,
        group=GROUP,
    )
    return (trust_anchor(), own)


def _config(design: Design, host: Host) -> str:
    certificate = (
        [f"sip_certificate {CERTIFICATE_AND_KEY}"] if has_certificate(design, host) else []
    )
    lines = [
        f"net_interface {host.interfaces[0].name}",
        *certificate,
        f"sip_cafile {TRUST_ANCHOR}",
        "call_max_calls 2",
        "# A lab phone has no sound card: what it says comes from a file, chosen call by call,",
        "# and what it hears is written to one.",
        "audio_alert none",
        "ausrc_srate 8000",
        "auplay_srate 8000",
        f"snd_path {RUNTIME}",
        "module_path /usr/lib/baresip/modules",
        *(f"module {name}" for name in _MODULES),
        "module_tmp uuid.so",
        "module_tmp account.so",
        "module_app menu.so",
        "# Lab control; it trusts whoever runs on this phone, so it listens nowhere else.",
        "module_app ctrl_tcp.so",
        f"ctrl_tcp_listen 127.0.0.1:{CONTROL_PORT}",
        "",
    ]
    return "\n".join(lines)


def _account(design: Design, host: Host) -> str:
    name = f'"{quotable(host.display_name)}" ' if host.display_name else ""
    parameters = [
        f'outbound="{registrar(design)}"',
        "sipnat=outbound",
        f"regint={REGISTRATION_SECONDS}",
        f"audio_codecs={','.join(CODECS)}",
        "answermode=manual",
        *(["mediaenc=srtp-mand"] if design.media.srtp else []),
        *(
            [f"auth_user={host.extension}", f"auth_pass={{secret:digest/{host.extension}}}"]
            if design.signalling.digest
            else []
        ),
    ]
    aor = address_of_record(design, host)
    return f"{name}<{aor};transport=tls>;{';'.join(parameters)}\n"


def _instance(host: Host) -> uuid.UUID:
    """The device's instance id (RFC 5626): the same after every restart."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, host.fqdn)
