"""What crosses between telephones and data, read back from the firewall's and the relay's files."""

import configparser
import re
from collections.abc import Iterator
from typing import Final

from ringfence.design.converged import DIRECTORY_PORT, SUBMISSION_PORT
from ringfence.design.model import HostKind, Service, ZoneKind
from ringfence.machine import units
from ringfence.probe.fact import Seen
from ringfence.probe.rendered.filters import directly, into_dmz_beside, out_of_dmz
from ringfence.probe.rendered.reading import RULES, HostFiles, Rendered
from ringfence.relay.message import MOST_BYTES

MAIL: Final = "/etc/ringfence/mail-relay/settings.ini"
DIRECTORY: Final = "/etc/ringfence/directory/settings.ini"
CLAMD: Final = "/etc/clamav/clamd.conf"
_ENTRANCES: Final = (SUBMISSION_PORT, DIRECTORY_PORT)
_SIZE: Final = re.compile(r"(\d+)M")
_FLAGS: Final = ("AlertExceedsMax yes", "AlertEncrypted yes")


def by_way_of_the_relay(rendered: Rendered) -> Seen:
    """Telephones and data meet at the relay in the DMZ, at its two ports, and nowhere else."""
    relays = rendered.of_kind(HostKind.RELAY)
    contrary = [
        f"{relay.host.name} does not stand in a DMZ"
        for relay in relays
        if not any(
            leg.addresses and leg.addresses[0].ip in zone.subnet
            for leg in relay.legs
            for zone in rendered.design.zones_of(ZoneKind.DMZ)
        )
    ]
    for wall in rendered.firewalls:
        beside = into_dmz_beside(rendered, wall, _ENTRANCES)
        contrary += [f"passes directly: {each}" for each in directly(rendered, wall)]
        contrary += [f"starts in the DMZ: {each}" for each in out_of_dmz(rendered, wall)]
        contrary += [f"leads to no service of the relay: {each}" for each in beside]
    return Seen.against(
        contrary,
        len(relays),
        yes="telephones and data meet at the relay in the DMZ, at its own ports; nothing passes "
        "between them directly, and the DMZ starts nothing towards telephones",
        no="something passes between telephones and data without the relay, or beside its services",
        exhibits=tuple(wall.exhibit(RULES) for wall in rendered.firewalls) if relays else (),
    )


def relay_certificates(rendered: Rendered) -> Seen:
    """Every client of the relay needs a certificate, and only named ones may do anything."""
    contrary: list[str] = []
    found = [*_settings(rendered, MAIL), *_settings(rendered, DIRECTORY)]
    servers = {host.fqdn for host in rendered.design.of_kind(HostKind.SIP)}
    passing = rendered.design.converged
    readers = {f"{name}.{rendered.design.domain}" for name in (passing.readers if passing else ())}
    phones = {str(host.extension) for host in rendered.design.of_kind(HostKind.PHONE)}
    for name, settings in found:
        if settings.get("clients", "certificates") != "required":
            contrary.append(f"{name} does not demand certificates")
        for key, known in (("senders", servers), ("readers", readers), ("extensions", phones)):
            words = set(settings.get("clients", key, fallback="").split())
            contrary += [f"{name}: {key} has {word}, who is nobody" for word in words - known]
    return Seen.against(
        contrary,
        len(found),
        yes=f"{len(found)} services of the relay demand a certificate of the site's authority, and "
        "name whose may do what",
        no="the relay serves somebody who has not proved who it is",
        exhibits=_exhibits(rendered, MAIL, DIRECTORY),
    )


def relay_examines(rendered: Rendered) -> Seen:
    """The relay takes messages apart, and passes them only between the domains of the site."""
    contrary: list[str] = []
    passing = rendered.design.converged
    domains = set(passing.mail.domains) if passing and passing.mail else set()
    mail, directory = list(_settings(rendered, MAIL)), list(_settings(rendered, DIRECTORY))
    for name, settings in mail:
        if settings.get("messages", "inspect") != "yes":
            contrary.append(f"{name} passes messages on as they come")
        if settings.get("messages", "from").split() != [rendered.design.domain]:
            contrary.append(f"{name} takes mail under other domains than the site's")
        if not set(settings.get("messages", "to").split()) <= domains:
            contrary.append(f"{name} passes mail to domains that the site does not name")
    for relay in rendered.of_kind(HostKind.RELAY):
        contrary += _otherwise_started(relay)
    return Seen.against(
        contrary,
        len(mail) + len(directory),
        yes="the relay ends every connection itself, takes messages apart, and passes on what it "
        "understands",
        no="the relay passes on what it has not understood",
        exhibits=_exhibits(rendered, MAIL, DIRECTORY),
    )


def relay_scans(rendered: Rendered) -> Seen:
    """Every message is given to a scanner that may not let anything by unseen."""
    contrary: list[str] = []
    mail = list(_settings(rendered, MAIL))
    for relay in rendered.with_path.get(MAIL, ()):
        name, scanner = relay.host.name, _scanner_socket(relay)
        clamd = relay.texts.get(CLAMD)
        if clamd is None or Service.SCANNER not in relay.units:
            contrary.append(f"{name} has no scanner")
            continue
        lines = clamd.splitlines()
        if f"LocalSocket {scanner}" not in lines:
            contrary.append(f"{name} does not give messages to its scanner")
        contrary += [f"{name}: the scanner lacks {flag!r}" for flag in _FLAGS if flag not in lines]
        for key in ("StreamMaxLength", "MaxFileSize"):
            size = next((w[1] for w in map(str.split, lines) if w[:1] == [key]), "")
            known = _SIZE.fullmatch(size)
            if known is None or int(known[1]) * 1024 * 1024 < MOST_BYTES:
                contrary.append(f"{name}: the scanner takes less than the relay: {key} {size}")
    found = len(mail) or len(list(_settings(rendered, DIRECTORY)))
    return Seen.against(
        contrary,
        found,
        yes="every message is given to the scanner before it is taken and before it is passed on; "
        "what it cannot look into counts as malicious"
        if mail
        else "no message passes, and the directory takes none",
        no="messages pass that nobody has scanned",
        exhibits=_exhibits(rendered, MAIL, CLAMD),
    )


def _otherwise_started(relay: HostFiles) -> Iterator[str]:
    """The relay's services that are not started with the settings that were read."""
    for service, path in ((Service.MAIL_RELAY, MAIL), (Service.DIRECTORY, DIRECTORY)):
        if path in relay.texts:
            unit = units.parse(service, relay.units[service])
            if unit.start[0].argv[-1] != path:
                yield f"{relay.host.name}: {service} is started with other settings"


def _scanner_socket(relay: HostFiles) -> str:
    return _read(relay.texts[MAIL]).get("scanner", "socket")


def _settings(rendered: Rendered, path: str) -> Iterator[tuple[str, configparser.ConfigParser]]:
    for each in rendered.with_path.get(path, ()):
        yield f"{each.host.name}:{path}", _read(each.texts[path])


def _read(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(
        delimiters=("=",), comment_prefixes=("#",), interpolation=None
    )
    parser.read_string(text)
    return parser


def _exhibits(rendered: Rendered, *paths: str) -> tuple[tuple[str, bytes], ...]:
    return tuple(each.exhibit(path) for path in paths for each in rendered.with_path.get(path, ()))
