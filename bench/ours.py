"""Our side: what the renderers write for a SIP server, and the named changes a benchmark needs.

The design is that of a site with every mitigation in force: mutual TLS with certificates bound to
addresses-of-record, digest, SRTP only, flood and failure limits, call records. Its supernet lies
on the loopback, so rendered addresses serve as they are. Each change below is a transformation of
the rendered text that fails when the text no longer has what it changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Final

from bench.peer import Tuning
from bench.sandbox import BenchError, Root
from bench.server import Server
from bench.users import User, issue_server
from ringfence.deploy.materialise import Keyring, installed
from ringfence.deploy.users import user_table
from ringfence.design import build
from ringfence.design.model import Design, Host, Service
from ringfence.guide import Level, known_ids
from ringfence.identity.authority import Authority
from ringfence.identity.vault import Issued
from ringfence.machine import units
from ringfence.machine.spec import Installed
from ringfence.policy import Requirements
from ringfence.render import kamailio, kamailio_config, rtpengine
from ringfence.render.files import Tree
from ringfence.site.model import Addressing, Phone, Site

DOMAIN: Final = "bench.example"
ROUTE_KEY: Final = "kamailio/route-key"
SIP_PORT: Final = 5060
FLOOD_LIMIT: Final = 65000
"""Requests in two seconds: pike's counter does not go much higher."""


@dataclass(frozen=True)
class Change:
    """A change to one rendered file: what stands there, what is to stand there, what must go."""

    what: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    gone: tuple[str, ...] = ()

    def apply(self, text: str) -> str:
        """Make the change.

        Raises:
            BenchError: something to be changed is not there, or what must go is left.

        """
        for old, new in self.pairs:
            if old not in text:
                raise BenchError(f"bench/ours.py cannot make the change '{self.what}': no {old!r}")
            text = text.replace(old, new)
        for word in self.gone:
            if word in text:
                raise BenchError(f"bench/ours.py leaves {word!r} in the change '{self.what}'")
        return text


FLOODS = Change(
    what="flood limit raised: every request is still counted, but one generator is no flood",
    path=kamailio_config.CONFIG,
    pairs=(('"reqs_density_per_unit", 400)', f'"reqs_density_per_unit", {FLOOD_LIMIT})'),),
)

_DELETE_AT_END = 'rtpengine_delete("call-id=$dlg(callid) from-tag=$dlg(from_tag)");'
NO_RELAY = Change(
    what="media relay not asked: sessions are still checked, for one suite on both legs",
    path=kamailio_config.CONFIG,
    pairs=(
        ('rtpengine_offer("OFFER_FLAGS")', "1 == 1"),
        ('rtpengine_answer("ANSWER_FLAGS")', "1 == 1"),
        ("rtpengine_delete();", "$var(relay) = 0;"),
        (_DELETE_AT_END, "$var(relay) = 0;"),
        ('python_exec("media", "$var(from_leg)")', 'python_exec("media", "caller")'),
        ('python_exec("media", "$var(to_leg)")', 'python_exec("media", "caller")'),
    ),
    gone=("rtpengine_offer(", "rtpengine_answer(", "rtpengine_delete("),
)

RESUMPTION = Change(
    what="TLS sessions may be resumed",
    path=kamailio.OPENSSL_CONFIG,
    pairs=(("Options = -SessionTicket,", "Options = "),),
)


def plain_transports(address: str) -> Change:
    """UDP and TCP beside TLS, which alone has certificates and live flows to look at."""
    listen = f"listen=udp:{address}:{SIP_PORT}\nlisten=tcp:{address}:{SIP_PORT}\nlisten=tls:"
    stand_in = '$var(identity) = "sip:" + $fU + "@SITE_DOMAIN";'
    registered = (
        "if (proto != TLS) {\n"
        "            $fs = $(ulc(flow=>socket)[$var(i)]);\n"
        "            $var(contact) = $(ulc(flow=>addr)[$var(i)]);\n"
        "            $du = $var(contact);\n"
        "            $var(aimed) = 1;\n"
        "            break;\n"
        "        }\n"
        "        "
    )
    live_flow = 'if ($var(conid) > 0 && tcp_conid_alive("$var(conid)")) {'
    certificate = "\n    route(CERTIFICATE);"
    return Change(
        what="UDP and TCP added: no certificate to check there, and calls go to contacts",
        path=kamailio_config.CONFIG,
        pairs=(
            ("listen=tls:", listen),
            ('if ($pr != "tls") {', 'if ($pr != "tls" && $pr != "udp" && $pr != "tcp") {'),
            (certificate, f"\n    if (proto == TLS) route(CERTIFICATE);\n    else {stand_in}"),
            (live_flow, registered + live_flow),
            ("tcp_no_connect=yes", "tcp_no_connect=no"),
        ),
    )


@dataclass(frozen=True)
class Instance:
    """A running server of ours, where it listens, and its relay if it has one."""

    server: Server
    address: str
    relay: Server | None = None

    def stop(self) -> None:
        """End the server and its relay."""
        self.server.stop()
        if self.relay:
            self.relay.stop()


def make_design(users: Iterable[User], supernet: IPv4Network) -> Design:
    """The design of a site with these users and every mitigation in force."""
    phones = tuple(
        Phone(
            extension=user.extension,
            name=f"Phone {user.extension}",
            mac=f"{0x020000000000 + number:012x}",
        )
        for number, user in enumerate(users)
    )
    site = Site(
        organisation="Ringfence bench",
        domain=DOMAIN,
        country="DE",
        level=Level.HIGHEST,
        phones=phones,
        addressing=Addressing(supernet=supernet),
    )
    everything = dict.fromkeys(sorted(known_ids()), "the bench measures all of it")
    return build(site, Requirements(MappingProxyType(everything)))


def start(
    name: str,
    design: Design,
    users: Sequence[User],
    authority: Authority,
    changes: Sequence[Callable[[str], Change] | Change],
    *,
    relayed: bool = False,
) -> Instance:
    """Start what the design says, changed as asked; the relay too if calls are to be relayed.

    Raises:
        BenchError: a change cannot be made, or the server does not start.

    """
    host = design.running(Service.KAMAILIO)[0]
    address = str(host.address)
    asked = [change(address) if callable(change) else change for change in changes]
    files = rendered_files(design, host, users, authority, asked)
    root = Root(name)
    for file in files:
        root.write(file.path, file.data, file.mode, f"{file.owner}:{file.group}")
    relay = _start_unit(f"{name} relay", root, files, Service.RTPENGINE) if relayed else None
    server = _start_unit(name, root, files, Service.KAMAILIO, relay)
    server.wait_until_ready()
    return Instance(server, address, relay)


def rendered_files(
    design: Design,
    host: Host,
    users: Sequence[User],
    authority: Authority,
    changes: Sequence[Change],
) -> tuple[Installed, ...]:
    """Every file of the SIP server, as deployment would make it, with the changes made."""
    rendered = kamailio.files(design, host) + rtpengine.files(design, host)
    paths = {file.path for file in rendered}
    if not paths >= {change.path for change in changes}:
        raise BenchError("bench/ours.py changes a file that is not rendered")
    changed = (
        file.model_copy(update={"text": _changed(file.path, file.text, changes)})
        for file in rendered
    )
    tree = Tree(host=host.name, files=tuple(changed), deposits=kamailio.deposits(design, host))
    return installed(tree, _keyring(host, users, authority))


def worker_settings(design: Design) -> Tuning:
    """The allocator and numbers of workers that we render: what a tuned peer is given."""
    host = design.running(Service.KAMAILIO)[0]
    files = {file.path: file.text for file in kamailio.files(design, host)}
    unit = units.parse(Service.KAMAILIO, files[_unit_path(Service.KAMAILIO)])
    command = list(unit.start[0].argv)
    return Tuning(
        allocator=command[command.index("-x") + 1],
        udp_workers=_setting(files[kamailio_config.CONFIG], "children"),
        tcp_workers=_setting(files[kamailio_config.CONFIG], "tcp_children"),
    )


def _setting(config: str, name: str) -> int:
    for line in config.splitlines():
        key, equals, value = line.partition("=")
        if equals and key == name:
            return int(value)
    raise BenchError(f"the rendered configuration does not set {name}")


def _changed(path: str, text: str, changes: Iterable[Change]) -> str:
    for change in changes:
        if change.path == path:
            text = change.apply(text)
    return text


def _keyring(host: Host, users: Sequence[User], authority: Authority) -> Keyring:
    credential = issue_server(authority, host.fqdn, DOMAIN)
    serial = credential.certificate.serial_number
    own = Issued(credential.certificate_pem, credential.key_pem(), serial)
    passwords: Mapping[str, str | None] = {user.extension: user.password for user in users}
    return Keyring(
        issued={host.name: own},
        secrets={ROUTE_KEY: "of no value outside this run"},
        trust_anchor=authority.credential.certificate_pem,
        user_table=user_table(DOMAIN, passwords, ()),
        revoked=b"",
    )


def _start_unit(
    name: str,
    root: Root,
    files: Iterable[Installed],
    service: Service,
    companion: Server | None = None,
) -> Server:
    text = next(file.data.decode() for file in files if file.path == _unit_path(service))
    unit = units.parse(service, text)
    for directory in unit.directories:
        root.directory(directory.path, unit.user, directory.mode)
    return Server(
        name,
        root,
        unit.start[0].argv,
        unit.user,
        environment=dict(unit.environment),
        companion=companion,
    )


def _unit_path(service: Service) -> str:
    return f"/etc/systemd/system/{service}.service"
