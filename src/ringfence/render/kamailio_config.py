"""kamailio.cfg: settings rendered from the design, and the routing text beside this module.

The routing text holds no site data. Parts that a mitigation asks for stand between ``#!ifdef``
and ``#!endif`` there, and are left out where nothing asks for them. Sources: Kamailio 5.6's core
cookbook and module documentation; see also docs/call-control.md.
"""

import re
from collections.abc import Iterator
from importlib.resources import files as resources

from ringfence.design.model import Design, Host, HostKind

CONFIG = "/etc/kamailio/kamailio.cfg"
TLS_CONFIG = "/etc/kamailio/tls.cfg"
KEYS = "/etc/kamailio/tls"
USERS = "/etc/kamailio/users.db"
RUNTIME = "/run/kamailio"
CONTROL_SOCKET = f"{RUNTIME}/kamailio_ctl"
LIBRARY = "/usr/lib/ringfence"
NG_SOCKET = "127.0.0.1:2223"

_LONGEST_REGISTRATION = 600
_LIFETIME = _LONGEST_REGISTRATION + 60
"""Seconds that a registered phone's connection may be silent."""

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


def config_text(design: Design, host: Host) -> str:
    """The whole of kamailio.cfg."""
    settings = "\n".join(_settings(design, host))
    return f"#!KAMAILIO\n{settings}\n\n{_routes(design)}"


def _settings(design: Design, host: Host) -> Iterator[str]:
    phones = len(design.of_kind(HostKind.PHONE))
    connections = 2048 + 2 * phones
    encrypted = remark(design, "EAI-5")
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
tcp_connection_lifetime={_LIFETIME}
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
    anchored = (
        "replace-origin replace-session-connection ICE=remove DTLS=off SDES-pad strict-source"
    )
    yield f'#!substdef "!SITE_DOMAIN!{design.domain}!g"'
    yield f'#!substdef "!SERVER_NAME!{host.fqdn}:{design.signalling.port}!g"'
    yield '#!substdef "!ROUTE_KEY!{secret:kamailio/route-key}!g"'
    yield f'#!substdef "!OFFER_FLAGS!{anchored}{secure}!g"'
    yield f'#!substdef "!ANSWER_FLAGS!{anchored}!g"'
    yield f'#!substdef "!CONNECTION_LIFETIME!{_LIFETIME}!g"'
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
        ("registrar", "max_expires", _LONGEST_REGISTRATION),
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
        # A relay that was down, or not yet up, is tried again after a second, not a minute.
        ("rtpengine", "rtpengine_disable_tout", 1),
        ("rtpengine", "read_sdp_pv", "$var(sdp)"),
        ("rtpengine", "write_sdp_pv", "$var(sdp)"),
        ("tls", "config", TLS_CONFIG),
        # For TLS this, not tcp_connection_lifetime, is how long a silent connection lives.
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
    found = _REMARK.search(line)
    if found is None:
        return line
    return f"{line[: found.start()]}{remark(design, *found[1].split())}"


def remark(design: Design, *mitigations: str) -> str:
    """The remark that ends a line: those of the mitigations that are in force."""
    asked = design.asked_by(*mitigations)
    return f"  # {' '.join(asked)}" if asked else ""
