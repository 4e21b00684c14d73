"""Kamailio: registrar and proxy. Its settings are rendered here; its routing logic is a text.

The routing text beside this module holds no site data. Parts that a mitigation asks for stand
between ``#!ifdef`` and ``#!endif`` there, and are left out where nothing asks for them. Kamailio
5.6 core cookbook and module documentation; see also docs/call-control.md.
"""

import re
from collections.abc import Iterator
from importlib.resources import files as resources

from ringfence.design.model import Design, Host, HostKind, IdentityProfile, Service
from ringfence.render.files import Deposit, File, Material
from ringfence.render.systemd import Unit, unit_file

CONFIG = "/etc/kamailio/kamailio.cfg"
TLS_CONFIG = "/etc/kamailio/tls.cfg"
OPENSSL_CONFIG = "/etc/kamailio/openssl.cnf"
KEYS = "/etc/kamailio/tls"
USERS = "/etc/kamailio/users.db"
RUNTIME = "/run/kamailio"
CONTROL_SOCKET = f"{RUNTIME}/kamailio_ctl"
LIBRARY = "/usr/lib/ringfence"
NG_SOCKET = "127.0.0.1:2223"

_USER = "kamailio"
_CALL_CONTROL_MODULES = ("__init__", "policy", "sdp", "shim")
_ENTRY = '''\
"""Where Kamailio's interpreter enters: it hands its interface to call control."""

import KSR
from callcontrol.shim import CallControl


def mod_init():
    return CallControl(KSR)
'''
_REMARK = re.compile(r" *# ((?:[A-Z]{3}-[0-9]+ ?)+)$")
_MODULES = (
    "ctl",
    "kex",
    "corex",
    "tm",
    "tmx",
    "sl",
    "rr",
    "pv",
    "maxfwd",
    "sanity",
    "textops",
    "textopsx",
    "siputils",
    "xlog",
    "nathelper",
    "pike",
    "tcpops",
    "cfgutils",
    "crypto",
    "rtimer",
    "htable",
    "db_sqlite",
    "usrloc",
    "registrar",
    "auth",
    "dialog",
    "rtpengine",
    "tls",
    "app_python3",
)


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
    shared = 64 + phones // 10 + 1  # MB; a TLS connection holds 88 KB
    private = 32 + phones // 400  # MB; loading a table holds all its rows
    options = f"-x tlsf -X tlsf -m {shared} -M {private}"
    return unit_file(
        Unit(
            name=Service.KAMAILIO,
            description="SIP registrar and proxy",
            start=(
                f"/usr/sbin/kamailio -DD -E {options} -f {CONFIG} "
                f"-Y {RUNTIME} -P {RUNTIME}/kamailio.pid"
            ),
            user=_USER,
            group=_USER,
            environment=(f"OPENSSL_CONF={OPENSSL_CONFIG}", "PYTHONDONTWRITEBYTECODE=1"),
            after=(Service.RTPENGINE,),
            runtime_directory="kamailio",
            open_files=1024 + 4 * phones,
            serves=design.asked_by("ACC-4", "EAI-1", "EAI-2", "EAI-4", "EAI-5", "LOG-1"),
        ),
    )


def config_text(design: Design, host: Host) -> str:
    """The whole of kamailio.cfg."""
    settings = "\n".join(_settings(design, host))
    return f"#!KAMAILIO\n{settings}\n\n{_routes(design)}"


def _settings(design: Design, host: Host) -> Iterator[str]:
    phones = len(design.of_kind(HostKind.PHONE))
    connections = 2048 + 2 * phones
    encrypted = _remark(design, "EAI-5")
    yield from _definitions(design, host)
    yield f"""
listen=tls:{host.address}:{design.signalling.port}{encrypted}
alias="{design.domain}"
alias="{host.fqdn}"
enable_tls=yes{encrypted}

# More than one TCP worker crashes this release with OpenSSL 3.
tcp_children=1
children=1
# Phones open connections; the server never does.
tcp_no_connect=yes
tcp_max_connections={connections}
tls_max_connections={connections}
tcp_connection_lifetime=660
tcp_rd_buf_size=32768
tcp_send_timeout=2
tcp_keepalive=yes
tcp_keepidle=60
tcp_keepintvl=10
tcp_keepcnt=3

debug=2
log_stderror=yes
disable_core_dump=yes
server_signature=no
auto_aliases=no
dns=no
rev_dns=no
use_dns_cache=no
pv_buffer_size=32768
# The loop over connections is bounded by their number.
max_while_loops={connections}
"""
    yield from (f'loadmodule "{name}.so"' for name in _MODULES)
    yield from _parameters(design)


def _definitions(design: Design, host: Host) -> Iterator[str]:
    secure = " RTP/SAVP" if design.media.srtp else ""
    anchored = "replace-origin replace-session-connection ICE=remove DTLS=off SDES-pad strict-source"
    yield f'#!substdef "!SITE_DOMAIN!{design.domain}!g"'
    yield f'#!substdef "!SERVER_NAME!{host.fqdn}:{design.signalling.port}!g"'
    yield '#!substdef "!ROUTE_KEY!{secret:kamailio/route-key}!g"'
    yield f'#!substdef "!OFFER_FLAGS!{anchored}{secure}!g"'
    yield f'#!substdef "!ANSWER_FLAGS!{anchored}!g"'
    yield "#!define MAX_FAILURES 5"


def _parameters(design: Design) -> Iterator[str]:
    phones = len(design.of_kind(HostKind.PHONE))
    slots = min(max(phones.bit_length(), 8), 20)
    mutual = design.signalling.mutual
    digest = design.signalling.digest
    parameters: list[tuple[str, str, str | int]] = [
        ("ctl", "binrpc", f"unix:{CONTROL_SOCKET}"),
        ("tm", "fr_timer", 5000),
        ("tm", "fr_inv_timer", 120000),
        ("rr", "append_fromtag", 1),
        ("sanity", "autodrop", 0),
        ("sanity", "noreply", 1),
        ("nathelper", "received_avp", "$avp(received)"),
        ("registrar", "received_avp", "$avp(received)"),
        ("registrar", "min_expires", 60),
        ("registrar", "default_expires", 300),
        ("registrar", "max_expires", 600),
        ("registrar", "max_contacts", 4),
        ("usrloc", "db_mode", 0),
        ("usrloc", "desc_time_order", 1),
        ("usrloc", "handle_lost_tcp", 1),
        # 200 requests a second from one address, on average over two seconds.
        ("pike", "sampling_time_unit", 2),
        ("pike", "reqs_density_per_unit", 400),
        ("pike", "remove_latency", 4),
        ("htable", "db_url", f"sqlite://{USERS}"),
        ("htable", "fetch_rows", 5000),
        ("htable", "htable", f"users=>size={slots};dbtable=users;"),
        ("htable", "htable", f"calls=>size={slots};autoexpire=86400;"),
        ("htable", "htable", "late=>size=8;autoexpire=3600;"),
        ("htable", "htable", "floods=>size=8;autoexpire=1;"),
        ("dialog", "dlg_match_mode", 1),
        ("dialog", "default_timeout", 43200),
        ("rtpengine", "rtpengine_sock", f"udp:{NG_SOCKET}"),
        ("rtpengine", "read_sdp_pv", "$var(sdp)"),
        ("rtpengine", "write_sdp_pv", "$var(sdp)"),
        ("tls", "config", TLS_CONFIG),
        ("tls", "connection_timeout", 60),
        ("app_python3", "load", f"{LIBRARY}/kamailio_entry.py"),
    ]
    if mutual:
        parameters += [
            ("htable", "htable", "revoked=>size=8;dbtable=revoked;"),
            ("htable", "htable", f"flows=>size={slots};"),
            ("htable", "htable", "pending=>size=2;"),
            ("rtimer", "timer", "name=cut;interval=1;mode=1;"),
            ("rtimer", "exec", "timer=cut;route=CUT"),
        ]
    if digest:
        parameters += [
            ("htable", "htable", "failures=>size=8;autoexpire=60;initval=0;"),
            ("auth", "qop", "auth"),
            ("auth", "nonce_expire", 300),
        ]
    return (f'modparam("{m}", "{name}", {_literal(value)})' for m, name, value in parameters)


def _literal(value: str | int) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _routes(design: Design) -> str:
    """The routing text without the parts that nothing asks for, its remarks cut to what does."""
    text = resources("ringfence.render").joinpath("kamailio_route.cfg").read_text(encoding="utf-8")
    defined = {
        "MUTUAL": design.signalling.mutual,
        "DIGEST": design.signalling.digest,
        "SRTP": design.media.srtp,
    }
    lines: list[str] = []
    wanted = True
    for line in text.splitlines():
        match line.split():
            case ["#!ifdef", name]:
                wanted = defined[name]
            case ["#!endif"]:
                wanted = True
            case _ if wanted:
                lines.append(_with_remark_in_force(design, line))
    return "\n".join([*lines, ""])


def _with_remark_in_force(design: Design, line: str) -> str:
    remark = _REMARK.search(line)
    if remark is None:
        return line
    return f"{line[: remark.start()]}{_remark(design, *remark[1].split())}"


def _remark(design: Design, *mitigations: str) -> str:
    asked = design.asked_by(*mitigations)
    return f"  # {' '.join(asked)}" if asked else ""


def _tls_text(design: Design) -> str:
    mutual = "yes" if design.signalling.mutual else "no"
    asked = _remark(design, "ACC-4", "EAI-2")
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
[phones]{_remark(design, "ACC-4", "EAI-2", "EAI-5")}
MinProtocol = TLSv1.2
Options = -SessionTicket,ServerPreference,NoRenegotiation
"""
