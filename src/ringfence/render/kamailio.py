"""Kamailio: registrar and proxy, with the call control that decides inside it."""

from importlib.resources import files as resources

from ringfence.design.model import Design, Host, HostKind, IdentityProfile, Service
from ringfence.render.files import Deposit, File, Material
from ringfence.render.kamailio_config import (
    CONFIG,
    CONTROL_SOCKET,
    KEYS,
    LIBRARY,
    NG_SOCKET,
    RUNTIME,
    TLS_CONFIG,
    USERS,
    config_text,
    remark,
)
from ringfence.render.systemd import Unit, unit_file

__all__ = ["CONTROL_SOCKET", "NG_SOCKET", "deposits", "files"]

OPENSSL_CONFIG = "/etc/kamailio/openssl.cnf"
_USER = "kamailio"
_CALL_CONTROL_MODULES = ("__init__", "policy", "sdp", "shim", "validity")
_ENTRY = '''\
"""Where Kamailio's interpreter enters: it hands its interface to call control."""

import KSR
from callcontrol.shim import CallControl


def mod_init():
    control = CallControl(KSR)
    control.prove()
    return control
'''


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The configuration, the call-control modules that it loads, and the unit."""
    secret = {"mode": 0o640, "group": _USER}
    return (
        File(path=CONFIG, text=config_text(design, host), **secret),
        File(path=TLS_CONFIG, text=_tls_text(design), **secret),
        File(path=OPENSSL_CONFIG, text=_openssl_text(design), **secret),
        File(path=f"{LIBRARY}/kamailio_entry.py", text=_ENTRY),
        *(_module(name) for name in _CALL_CONTROL_MODULES),
        _unit(design),
    )


def deposits(design: Design, host: Host) -> tuple[Deposit, ...]:
    """The server's certificate and key, the trust anchor, and the table of users.

    There is no revocation list: the table of users has the revoked serials, which are checked
    with every request. A list would be looked at in handshakes only, would hide the reason of a
    refusal from the log, and would lock every phone out on the day it expires.
    """
    own = _identity_name(design, host)
    made = [
        ("certificate.pem", Material.CERTIFICATE, own),
        ("key.pem", Material.PRIVATE_KEY, own),
        ("ca.pem", Material.TRUST_ANCHOR, None),
    ]
    return (
        *(
            Deposit(path=f"{KEYS}/{name}", material=material, of=of, mode=0o440, group=_USER)
            for name, material, of in made
        ),
        Deposit(path=USERS, material=Material.USER_TABLE, mode=0o440, group=_USER),
    )


def _identity_name(design: Design, host: Host) -> str:
    for identity in design.identities:
        if identity.profile == IdentityProfile.SERVER and host.fqdn in identity.dns:
            return identity.name
    raise ValueError(f"{host.name} has no identity with the name {host.fqdn}")


def _module(name: str) -> File:
    text = resources("ringfence.callcontrol").joinpath(f"{name}.py").read_text(encoding="utf-8")
    return File(path=f"{LIBRARY}/callcontrol/{name}.py", text=text)


def _unit(design: Design) -> File:
    """The service. Debian's allocator is slow and TLS makes it worse, so ``tlsf`` replaces it."""
    phones = len(design.of_kind(HostKind.PHONE))
    shared = 256 + phones // 10  # MB; a TLS connection holds 88 KB, a call 20 KB for 5 s
    private = 32 + phones // 400  # MB; loading a table holds all its rows
    options = f"-x tlsf -X tlsf -m {shared} -M {private}"
    return unit_file(
        Unit(
            name=Service.KAMAILIO,
            description="SIP registrar and proxy",
            start=(f"/usr/sbin/kamailio -DD -E {options} -f {CONFIG} -Y {RUNTIME}"),
            user=_USER,
            group=_USER,
            environment=(f"OPENSSL_CONF={OPENSSL_CONFIG}", "PYTHONDONTWRITEBYTECODE=1"),
            after=(Service.RTPENGINE,),
            runtime_directory="kamailio",
            open_files=1024 + 4 * phones,
            serves=design.asked_by("ACC-4", "EAI-1", "EAI-2", "EAI-4", "EAI-5", "LOG-1"),
        ),
    )


def _tls_text(design: Design) -> str:
    mutual = "yes" if design.signalling.mutual else "no"
    asked = remark(design, "ACC-4", "EAI-2")
    return f"""\
[server:default]
method = TLSv1.2+
certificate = {KEYS}/certificate.pem
private_key = {KEYS}/key.pem
cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL
{asked.strip() or "# Nothing asks for certificates of clients."}
verify_certificate = {mutual}
require_certificate = {mutual}
ca_list = {KEYS}/ca.pem

[client:default]
method = TLSv1.2+
certificate = {KEYS}/certificate.pem
private_key = {KEYS}/key.pem
verify_certificate = yes
require_certificate = yes
ca_list = {KEYS}/ca.pem
"""


def _openssl_text(design: Design) -> str:
    """OpenSSL's defaults for the service: above all, no resumption.

    A resumed session is not verified again, so a certificate that has expired or was revoked
    would live on in a ticket.
    """
    return f"""\
openssl_conf = defaults
[defaults]
ssl_conf = ssl
[ssl]
system_default = phones
[phones]{remark(design, "ACC-4", "EAI-2", "EAI-5")}
MinProtocol = TLSv1.2
Options = -SessionTicket,ServerPreference,NoRenegotiation
"""
