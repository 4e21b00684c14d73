"""What the SIP server and the phones will and will not accept, read back from their files.

Kamailio's routing text is read as text: the lines that refuse must be there, and in the order in
which a request meets them. Sources: Kamailio's core cookbook, tls, auth and rtpengine modules.
"""

import configparser
import re
from collections.abc import Iterator
from typing import Final

from ringfence.probe.fact import Seen
from ringfence.probe.rendered.addresses import open_address_servers
from ringfence.probe.rendered.reading import HostFiles, Rendered

CONFIG = "/etc/kamailio/kamailio.cfg"
TLS = "/etc/kamailio/tls.cfg"
OPENSSL = "/etc/kamailio/openssl.cnf"
_ROUTE = re.compile(r"^(request_route|route\[(\w+)\])\s*\{", re.MULTILINE)
_REMARK = re.compile(r"#(?!!).*$", re.MULTILINE)
_STRONG: Final = {"TLSv1.2+", "TLSv1.3+", "TLSv1.3"}


def signalling_encrypted(rendered: Rendered) -> Seen:
    """TLS 1.2 or later only, on both sides."""
    contrary: list[str] = []
    servers = rendered.with_path.get(CONFIG, ())
    for server in servers:
        name = server.host.name
        listens = re.findall(r"^listen=(\w+):", server.texts[CONFIG], re.MULTILINE)
        contrary += [f"{name} listens for {each}" for each in listens if each != "tls"]
        if not listens:
            contrary.append(f"{name} listens wherever it can")
        contrary += [
            f"{name}: {section} takes {method}"
            for section, method in _methods(server)
            if method not in _STRONG
        ]
        if not re.search(r"^MinProtocol = TLSv1\.[23]$", server.texts[OPENSSL], re.MULTILINE):
            contrary.append(f"{name}: OpenSSL has no floor")
        if not _in_order(_route(server, "HYGIENE"), '$pr != "tls"', "exit"):
            contrary.append(f"{name} does not drop what came without TLS")
    contrary += [
        f"{phone.name} may call in the clear" for phone in rendered.phones if not phone.over_tls
    ]
    return Seen.against(
        contrary,
        len(servers) and len(rendered.phones),
        yes=f"{len(servers)} SIP servers listen for TLS 1.2 or later only, and "
        f"{len(rendered.phones)} phones call them over TLS",
        no="signalling may go in the clear",
        exhibits=_exhibits(servers),
    )


def client_certificates(rendered: Rendered) -> Seen:
    """A certificate is demanded, verified and bound to the sender; every phone gets one."""
    contrary: list[str] = []
    servers = rendered.with_path.get(CONFIG, ())
    for server in servers:
        name = server.host.name
        tls = _tls(server)
        contrary += [
            f"{name}: {key} is not on"
            for key in ("verify_certificate", "require_certificate")
            if tls.get("server:default", key, fallback="no") != "yes"
        ]
        if not _in_order(_route(server, None), "route(CERTIFICATE)", "route(SENDER)"):
            contrary.append(f"{name} does not check certificates before anything else")
        if not _in_order(_route(server, "SENDER"), '$var(identity) != "sip:" + $fU', "REFUSE"):
            contrary.append(f"{name} does not bind a certificate to the sender")
        if not _in_order(_route(server, "CERTIFICATE"), "$sht(revoked=>$var(serial))", "REFUSE"):
            contrary.append(f"{name} does not refuse revoked certificates")
    contrary += [f"{phone.name} gets none" for phone in rendered.phones if not phone.certificate]
    return Seen.against(
        contrary,
        len(servers) and len(rendered.phones),
        yes=f"every sender needs a certificate that names it, and {len(rendered.phones)} phones "
        "get one",
        no="a sender may do without a certificate that names it",
        exhibits=_exhibits(servers),
    )


def media_encrypted(rendered: Rendered) -> Seen:
    """Plain RTP is refused on every leg, and no phone offers it."""
    contrary: list[str] = []
    servers = rendered.with_path.get(CONFIG, ())
    for server in servers:
        name, config = server.host.name, server.texts[CONFIG]
        if not re.search(r'"!OFFER_FLAGS![^!"]* RTP/SAVP!g"', config):
            contrary.append(f"{name} does not have SRTP offered")
        offer = _route(server, "OFFER")
        gate = 'python_exec("media", "$var(from_leg)")'
        if not _in_order(offer, gate, "route(VERDICT)", "rtpengine_offer"):
            contrary.append(f"{name} takes offers without looking at them")
        if not _in_order(_route(server, "ANSWER"), gate, "$var(verdict) == 1 && !rtpengine_answer"):
            contrary.append(f"{name} takes answers without looking at them")
    contrary += [
        f"{phone.name} may speak in the clear" for phone in rendered.phones if not phone.srtp_only
    ]
    return Seen.against(
        contrary,
        len(servers) and len(rendered.phones),
        yes=f"{len(servers)} SIP servers refuse plain RTP in offers and answers, and "
        f"{len(rendered.phones)} phones use SRTP only",
        no="media may go in the clear",
        exhibits=_exhibits(servers),
    )


def challenge(rendered: Rendered) -> Seen:
    """Digest credentials are demanded of every sender, and guessing is stopped."""
    contrary: list[str] = []
    servers = rendered.with_path.get(CONFIG, ())
    for server in servers:
        name = server.host.name
        if not _in_order(_route(server, None), "route(DIGEST)", "route(REGISTER)"):
            contrary.append(f"{name} asks for no credentials")
        steps = ("$sht(failures=>$si) >= MAX_FAILURES", "REFUSE", "!pv_auth_check", "REFUSE")
        if not _in_order(_route(server, "DIGEST"), *steps):
            contrary.append(f"{name} does not check credentials, or lets somebody guess for ever")
    return Seen.against(
        contrary,
        len(servers),
        yes="every request outside a dialog is challenged, and five failures shut an address out",
        no="requests are not challenged for credentials",
        exhibits=_exhibits(servers),
    )


def no_automatic_registration(rendered: Rendered) -> Seen:
    """Neither the SIP server nor the address server takes what is not named."""
    contrary = list(open_address_servers(rendered))
    servers = rendered.with_path.get(CONFIG, ())
    for server in servers:
        steps = ("$sht(users=>$fU) == $null", "REFUSE", "route(REGISTER)")
        if not _in_order(_route(server, None), *steps):
            contrary.append(f"{server.host.name} registers extensions that it does not know")
    return Seen.against(
        contrary,
        len(servers),
        yes="only named extensions register, and only named devices get addresses",
        no="something registers by itself",
        exhibits=_exhibits(servers),
    )


def _route(server: HostFiles, name: str | None) -> str:
    """The text of a route without its remarks; of the main one without a name."""
    text = _REMARK.sub("", server.texts[CONFIG])
    starts = [(found[2], found.end()) for found in _ROUTE.finditer(text)]
    start = next((end for route, end in starts if route == name), None)
    if start is None:
        return ""
    return text[start : text.index("\n}", start)]


def _in_order(text: str, *parts: str) -> bool:
    """Whether all parts stand in the text, one after the other."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _tls(server: HostFiles) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(server.texts[TLS])
    return parser


def _methods(server: HostFiles) -> Iterator[tuple[str, str]]:
    parser = _tls(server)
    for section in parser.sections():
        yield section, parser.get(section, "method", fallback="whatever the other side wants")


def _exhibits(servers: tuple[HostFiles, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple(server.exhibit(path) for server in servers for path in (CONFIG, TLS, OPENSSL))
