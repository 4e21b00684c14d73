"""Where log lines go and who may send them, read back from the hosts' own files."""

import json
from collections.abc import Iterator
from typing import Final

from ringfence.design.model import HostKind, Service
from ringfence.machine import units
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.rainerscript import Configuration, Object, parse
from ringfence.probe.rendered.reading import HostFiles, Rendered

CONFIGURATION: Final = "/etc/rsyslog.conf"
SENDERS: Final = "/etc/ringfence/log-senders.json"
_JOURNAL: Final = "/etc/systemd/journald.conf.d/60-ringfence.conf"
_SOCKET: Final = "/run/systemd/journal/syslog"
_DROPS: Final = "/var/log/ulog/firewall.log"
_MODERN: Final = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
"""The protocol versions that are offered, in GnuTLS's words: TLS 1.2 at least."""
_RESTLESS: Final = {
    "action.resumeretrycount": "-1",
    "queue.saveonshutdown": "on",
    "queue.filename": "forward",
}
"""What keeps lines while the log server is away: tries without end, and a queue on disk."""


def logs_forwarded(rendered: Rendered) -> Seen:
    """Every server and firewall sends all its lines to the log server, which it verifies."""
    server = rendered.design.log_server
    hosts = _senders(rendered)
    contrary = [] if server else ["the design has no log server"]
    for each in hosts if server else ():
        contrary += [f"{each.host.name}: {what}" for what in _not_sent(rendered, each)]
    return Seen.against(
        contrary,
        len(hosts),
        yes=f"{len(hosts)} hosts send every line to the log server, over TLS 1.2 or later, verify "
        "it by name, and keep lines on disk while it is away",
        no="a host does not send all its lines to the log server",
        exhibits=tuple(
            each.exhibit(CONFIGURATION) for each in hosts if CONFIGURATION in each.texts
        ),
    )


def log_senders(rendered: Rendered) -> Seen:
    """The log server takes lines over TLS, and from exactly the hosts of the design."""
    servers = [each for each in rendered.servers if _is_log_server(each)]
    contrary = [] if servers else ["the design has no log server"]
    for each in servers:
        contrary += [f"{each.host.name}: {what}" for what in _taken_from_others(rendered, each)]
    senders = _senders(rendered)
    return Seen.against(
        contrary,
        len(senders) or 1,
        yes=f"the log server takes lines over TLS 1.2 or later only, from {len(senders)} hosts "
        "that show their own certificates, and files them by the address they come from",
        no="the log server takes lines from others than the design's hosts",
        exhibits=tuple(each.exhibit(path) for each in servers for path in (CONFIGURATION, SENDERS)),
    )


def _is_log_server(each: HostFiles) -> bool:
    return each.host.kind == HostKind.LOG


def _senders(rendered: Rendered) -> list[HostFiles]:
    return [each for each in (*rendered.firewalls, *rendered.servers) if not _is_log_server(each)]


def _not_sent(rendered: Rendered, each: HostFiles) -> Iterator[str]:
    if CONFIGURATION not in each.texts:
        yield "sends nothing"
        return
    said = parse(each.texts[CONFIGURATION])
    yield from _not_heard(each, said)
    actions = said.all("action")
    if len(actions) != 1 or said.all("ruleset"):
        yield "its lines do not all go one way"
    for action in actions:
        yield from _not_to_the_server(rendered, action)


def _not_heard(each: HostFiles, said: Configuration) -> Iterator[str]:
    """What of the host's own lines does not reach its syslog service."""
    named = [one.one("SysSock.Name") for one in said.all("module") if one.one("load") == "imuxsock"]
    if named != [_SOCKET]:
        yield "does not take what journald passes on"
    unit = each.units.get(Service.SYSLOG)
    if unit is None or not units.parse(Service.SYSLOG, unit).syslog_socket:
        yield "its syslog service is not handed the socket"
    journal = each.texts.get(_JOURNAL, "").splitlines()
    if "ForwardToSyslog=yes" not in journal or "RateLimitIntervalSec=0" not in journal:
        yield "journald does not pass everything on"
    read = [one.one("file") for one in said.all("input") if one.one("type") == "imfile"]
    if Service.FIREWALL_LOG in each.units and read != [_DROPS]:
        yield "what its packet filter drops is not sent"


def _not_to_the_server(rendered: Rendered, action: Object) -> Iterator[str]:
    server, logs = rendered.design.log_server, rendered.design.logs
    if server is None or logs is None:
        return
    where = (action.one("type"), action.one("target"), action.one("port"))
    if where != ("omrelp", str(server.address), str(logs.port)):
        yield f"its lines go to {where[1]}, port {where[2]}, by {where[0]}"
    if not _over_modern_tls(action):
        yield "its lines do not go over TLS 1.2 or later"
    if action.one("tls.authMode") != "name" or action.parameters.get("tls.permittedpeer") != (
        server.fqdn,
    ):
        yield "it does not verify the log server by its name"
    yield from (
        f"{name} is {action.one(name)}, not {value}: lines can be lost"
        for name, value in _RESTLESS.items()
        if action.one(name) != value
    )


def _taken_from_others(rendered: Rendered, server: HostFiles) -> Iterator[str]:
    said = parse(server.texts[CONFIGURATION])
    allowed = {"imuxsock", "imrelp"}
    yield from (f"loads {name}" for name in sorted(said.modules() - allowed))
    inputs = said.all("input")
    if len(inputs) != 1:
        yield f"has {len(inputs)} ways in"
    known = {each.host.fqdn for each in _senders(rendered)}
    for each in inputs:
        if each.one("type") != "imrelp" or not _over_modern_tls(each):
            yield f"takes lines by {each.one('type')} without TLS 1.2 or later"
        if each.one("tls.authMode") != "name":
            yield "does not ask senders for their names"
        peers = set(each.parameters.get("tls.permittedpeer", ()))
        yield from (f"takes lines from {name}" for name in sorted(peers - known))
        yield from (f"takes no lines from {name}" for name in sorted(known - peers))
    wanted = {
        str(leg.address): each.host.name
        for each in _senders(rendered)
        for leg in each.host.interfaces
    }
    table = json.loads(server.texts[SENDERS])["table"]
    if {row["index"]: row["value"] for row in table} != wanted:
        yield "files lines under other names than those of the hosts that sent them"


def _over_modern_tls(each: Object) -> bool:
    return each.one("tls") == "on" and each.one("tls.prioritystring") == _MODERN
