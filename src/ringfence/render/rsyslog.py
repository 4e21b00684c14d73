"""rsyslog: every host sends its lines to the log server, which keeps a file a host and day.

journald.conf(5) and systemd's syslog.socket; the rsyslog 8 manual, "imrelp", "omrelp", "imuxsock"
and "omfile". RELP is acknowledged line by line, so that none is lost while the log server is
away; it runs over TLS by GnuTLS, and both sides know each other by certificate (RFC 5425's rule).
"""

from typing import Final

from ringfence.design.model import (
    Design,
    Host,
    HostKind,
    Serves,
    Service,
)
from ringfence.design.settings import (
    Logs,
)
from ringfence.render import firewall
from ringfence.render.files import Deposit, File, Material
from ringfence.render.systemd import Unit, unit_file

PATH: Final = "/etc/rsyslog.conf"
SENDERS: Final = "/etc/ringfence/log-senders.json"
"""Which host a line comes from, by the address that sent it."""
LOGS: Final = "/var/log/hosts"
"""Where the log server keeps its files."""
ACCOUNT: Final = "syslog"
"""The user that rsyslog and the keeper of its files run as; Debian's package makes none."""
UNKNOWN: Final = "unknown"
"""The directory of lines from addresses that are no host's."""

_JOURNAL = "/etc/systemd/journald.conf.d/60-ringfence.conf"
_ACCOUNTS = "/etc/sysusers.d/ringfence-syslog.conf"
_KEYS = "/etc/ringfence/log-keys"
_STATE = "/var/lib/rsyslog"
_PLACE = f"{LOGS}/%$.host%/%$now-utc%.log"
_TO_FILE = (
    'type="omfile" dynaFile="place" template="line" fileCreateMode="0640" dirCreateMode="0750"'
)
_UNTIL_WRITTEN = 'action.resumeRetryCount="-1"'
_TLS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
_QUEUE_ON_DISK = "64m"
_FROM_JOURNALD = (
    'module(load="imuxsock" SysSock.Name="/run/systemd/journal/syslog" '
    'SysSock.RateLimit.Interval="0")'
)
_WINDOW = 16
"""Lines on the way: so many are sent twice, at most, when a connection breaks."""


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The configuration, the unit, its account, and what journald passes on."""
    asked = design.asked_by("LOG-1", "LOG-3", "LOG-4")
    is_server = host.kind == HostKind.LOG
    unit = Unit(
        name=Service.SYSLOG,
        description="Log server" if is_server else "Sends this host's log to the log server",
        start=f"/usr/sbin/rsyslogd -n -f {PATH} -i NONE",
        user=ACCOUNT,
        group=ACCOUNT,
        groups=("ulog",) if Service.FIREWALL_LOG in host.services else (),
        state_directory="rsyslog",
        logs_directory="hosts" if is_server else None,
        after=(Service.NFTABLES,),
        takes_log_lines=True,
        serves=asked,
    )
    return (
        File(path=PATH, text=_server(design) if is_server else _sender(design, host)),
        *((_senders(design),) if is_server else ()),
        File(path=_ACCOUNTS, text=_account(asked)),
        File(path=_JOURNAL, text=_journal(asked)),
        unit_file(unit),
    )


def deposits(_: Design, host: Host) -> tuple[Deposit, ...]:
    """The certificate that this host shows, its key, and whom it believes."""
    own = host.name if host.kind == HostKind.LOG else f"log/{host.name}"
    made = [
        ("certificate.pem", Material.CERTIFICATE, own),
        ("key.pem", Material.PRIVATE_KEY, own),
        ("ca.pem", Material.TRUST_ANCHOR, None),
    ]
    return tuple(
        Deposit(path=f"{_KEYS}/{name}", material=material, of=of, owner=ACCOUNT, group=ACCOUNT)
        for name, material, of in made
    )


def senders(design: Design) -> tuple[Host, ...]:
    """The hosts that send their lines to the log server."""
    return tuple(host for host in design.running(Service.SYSLOG) if host.kind != HostKind.LOG)


def _sender(design: Design, host: Host) -> str:
    server, logs = _log_server(design)
    return "\n".join(
        [
            *_head(design.asked_by("LOG-3"), "Every line of this host goes to the log server"),
            'module(load="omrelp" tls.tlslib="gnutls")',
            *(_DROPS if Service.FIREWALL_LOG in host.services else ()),
            "# The server is known by its name, and lines wait on disk while it is away.",
            "action(",
            '  type="omrelp"',
            f'  target="{server.address}"',
            f'  port="{logs.port}"',
            *_tls("name", (server.fqdn,)),
            f'  windowSize="{_WINDOW}"',
            '  timeout="10"',
            '  template="RSYSLOG_SyslogProtocol23Format"',
            '  action.resumeRetryCount="-1"',
            '  action.resumeInterval="1"',
            '  action.resumeIntervalMax="5"',
            '  queue.type="LinkedList"',
            '  queue.size="10000"',
            '  queue.filename="forward"',
            f'  queue.maxDiskSpace="{_QUEUE_ON_DISK}"',
            '  queue.saveOnShutdown="on"',
            ")",
            "",
        ]
    )


_DROPS = (
    "# What the packet filter drops is in a file of its own.",
    'module(load="imfile")',
    f'input(type="imfile" file="{firewall.LOG_FILE}" tag="{Service.FIREWALL_LOG}:")',
)


def _server(design: Design) -> str:
    server, logs = _log_server(design)
    known = tuple(host.fqdn for host in senders(design))
    asked = design.asked_by("LOG-3", "LOG-4")
    who = "the hosts named here, and nobody else" if logs.known_senders else "whoever comes"
    return "\n".join(
        [
            *_head(asked, f"Keeps the lines of {who}, a file a host and day"),
            'module(load="imrelp" tls.tlslib="gnutls")',
            f'lookup_table(name="senders" file="{SENDERS}")',
            f'template(name="place" type="string" string="{LOGS}/%$.host%/%$now-utc%.log")',
            "# When it came, when and where it was said, by what, and what.",
            'template(name="line" type="list") {',
            '  property(name="timegenerated" dateFormat="rfc3339" date.inUTC="on")',
            '  constant(value=" ")',
            '  property(name="timereported" dateFormat="rfc3339" date.inUTC="on")',
            '  constant(value=" ")',
            '  property(name="hostname")',
            '  constant(value=" ")',
            '  property(name="syslogtag")',
            '  property(name="msg" spIfNo1stSp="on")',
            '  property(name="msg" dropLastLf="on")',
            r'  constant(value="\n")',
            "}",
            "# Written before it is acknowledged; the sender's address tells whose line it is.",
            'ruleset(name="keep" queue.type="Direct") {',
            '  set $.host = lookup("senders", $fromhost-ip);',
            f'  action({_TO_FILE} dynaFileCacheSize="{len(known) + 10}" {_UNTIL_WRITTEN})',
            "}",
            "# Its own lines:",
            f'set $.host = "{server.name}";',
            f"action({_TO_FILE} {_UNTIL_WRITTEN})",
            f"# {' '.join(design.asked_by('LOG-4')) or 'Nothing asks who sends a line.'}",
            "input(",
            '  type="imrelp"',
            f'  address="{server.address}"',
            f'  port="{logs.port}"',
            '  ruleset="keep"',
            '  keepAlive="on"',
            *(_tls("name", known) if logs.known_senders else _tls("certvalid", ())),
            ")",
            "",
        ]
    )


def _senders(design: Design) -> File:
    """The firewall has an address in every zone, and sends from any of them."""
    rows = [
        f'  {{ "index": "{leg.address}", "value": "{host.name}" }}'
        for host in senders(design)
        for leg in host.interfaces
    ]
    table = ",\n".join(rows)
    text = f'{{ "version": 1, "nomatch": "{UNKNOWN}", "type": "string", "table": [\n{table}\n]}}\n'
    return File(path=SENDERS, text=text)


def _head(asked: Serves, says: str) -> list[str]:
    return [
        f"# {says}: {' '.join(asked)}".rstrip(": "),
        "global(",
        f'  workDirectory="{_STATE}"',
        '  net.enableDNS="off"',
        ")",
        "# What journald passes on: all that services print, and what the system says.",
        _FROM_JOURNALD,
    ]


def _tls(mode: str, peers: tuple[str, ...]) -> list[str]:
    named = ",".join(f'"{name}"' for name in peers)
    return [
        '  tls="on"',
        f'  tls.caCert="{_KEYS}/ca.pem"',
        f'  tls.myCert="{_KEYS}/certificate.pem"',
        f'  tls.myPrivKey="{_KEYS}/key.pem"',
        f'  tls.prioritystring="{_TLS}"',
        f'  tls.authMode="{mode}"',
        *([f"  tls.permittedPeer=[{named}]"] if peers else []),
    ]


def _account(asked: Serves) -> str:
    remark = f"# {' '.join(asked)}\n" if asked else ""
    return f'{remark}u {ACCOUNT} - "Writes and sends logs"\n'


def _journal(asked: Serves) -> str:
    """Journald keeps its own copy, drops no line for being one of many, and passes all on."""
    return (
        f"# Everything is passed on to the log server: {' '.join(asked)}\n"
        "[Journal]\nStorage=persistent\nForwardToSyslog=yes\nRateLimitIntervalSec=0\nReadKMsg=yes\n"
    )


def _log_server(design: Design) -> tuple[Host, Logs]:
    if design.log_server is None or design.logs is None:
        raise ValueError("this design has no log server")
    return design.log_server, design.logs
