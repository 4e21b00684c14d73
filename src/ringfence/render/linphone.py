"""linphone: the softphone that verifies the server's certificate and its name.

It is the witness that ``EAI-2`` and ``ACC-4`` hold in the direction of the server, which baresip
does not check. It runs as the console program ``linphonec`` with a control socket in /tmp, which
only its own user may open.
"""

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

CERTIFICATE = f"{DIRECTORY}/phone.crt"
PRIVATE_KEY = f"{DIRECTORY}/phone.key"

_GIVEN = f"{DIRECTORY}/linphonerc"
_WORKING = f"{RUNTIME}/linphonerc"

_SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80")


def files(design: Design, host: Host) -> tuple[File, ...]:
    """A phone's configuration and unit."""
    unit = softphone_unit(
        design,
        # linphonec writes its configuration anew as it runs: it works on a copy.
        prepare=(
            f"/usr/bin/install -m 600 {_GIVEN} {_WORKING}",
            f"/usr/bin/mkdir -p {RUNTIME}/.local/share/linphone {RUNTIME}/.config/linphone",
        ),
        start=f"/usr/bin/linphonec --pipe -c {_WORKING}",
        environment=(f"HOME={RUNTIME}", "LC_ALL=C.UTF-8"),
    )
    return (owned(_GIVEN, _config(design, host)), unit_file(unit))


def deposits(design: Design, host: Host) -> tuple[Deposit, ...]:
    """A phone's trust anchor, certificate and key."""
    if not has_certificate(design, host):
        return (trust_anchor(),)
    own = (
        Deposit(path=path, material=material, of=host.name, owner=USER, group=GROUP)
        for path, material in (
            (CERTIFICATE, Material.CERTIFICATE),
            (PRIVATE_KEY, Material.PRIVATE_KEY),
        )
    )
    return (trust_anchor(), *own)


def _config(design: Design, host: Host) -> str:
    name = f'"{quotable(host.display_name)}" ' if host.display_name else ""
    sections = {
        "sip": [
            "verify_server_certs=1",
            "verify_server_cn=1",
            f"root_ca={TRUST_ANCHOR}",
            "# It listens for nothing: calls come over the connection it opened.",
            "sip_port=-2",
            "sip_tcp_port=-2",
            "sip_tls_port=-2",
            f"media_encryption={'srtp' if design.media.srtp else 'none'}",
            f"media_encryption_mandatory={int(design.media.srtp)}",
            f"srtp_crypto_suites={','.join(_SUITES)}",
            "# Without gruu its contact is its address, and so is the target of requests to it.",
            "supported=replaces, outbound",
            "use_ipv6=0",
            "default_proxy=0",
        ],
        "rtp": ["audio_rtp_port=-1"],
        "proxy_0": [
            f"reg_proxy=<{registrar(design)}>",
            f"reg_route=<{registrar(design)};lr>",
            f"reg_identity={name}<{address_of_record(design, host)}>",
            f"reg_expires={REGISTRATION_SECONDS}",
            "reg_sendregister=1",
            "publish=0",
        ],
        "auth_info_0": _credentials(design, host),
        **{
            f"audio_codec_{place}": [f"mime={codec}", "rate=8000", "enabled=1"]
            for place, codec in enumerate(CODECS)
        },
        "sound": ["echocancellation=0"],
        "video": [
            "enabled=0",
            "capture=0",
            "display=0",
            "automatically_initiate=0",
            "automatically_accept=0",
        ],
        "misc": ["add_missing_audio_codecs=0", "add_missing_video_codecs=0"],
    }
    return "\n".join(
        line for title, lines in sections.items() for line in (f"[{title}]", *lines, "")
    )


def _credentials(design: Design, host: Host) -> list[str]:
    digest = [f"passwd={{secret:digest/{host.extension}}}"] if design.signalling.digest else []
    certificate = (
        [f"client_cert_chain={CERTIFICATE}", f"client_cert_key={PRIVATE_KEY}"]
        if has_certificate(design, host)
        else []
    )
    return [
        f"username={host.extension}",
        f"userid={host.extension}",
        f"domain={design.domain}",
        f"realm={design.domain}",
        *digest,
        *certificate,
    ]
