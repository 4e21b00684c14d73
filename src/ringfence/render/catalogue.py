"""Which renderer writes what for which host: the one explicit list."""

import re
from collections.abc import Callable, Iterator
from itertools import chain

from ringfence.design.model import Design, Host, HostKind, Service
from ringfence.guide import MitigationId
from ringfence.render import (
    baresip,
    chrony,
    clamav,
    directory,
    firewall,
    kamailio,
    kea,
    linphone,
    log_keeper,
    mail_relay,
    mail_stand_in,
    network,
    packet_filter,
    priorities,
    rsyslog,
    rtpengine,
    sensor,
    suricata,
    unbound,
)
from ringfence.render.files import Deposit, File, Tree
from ringfence.render.switches import catalogue as switches

_MITIGATION = re.compile(r"\b[A-Z]{3}-[0-9]{1,2}\b")

FileRenderer = Callable[[Design, Host], tuple[File, ...]]
DepositRenderer = Callable[[Design, Host], tuple[Deposit, ...]]

_SERVICES: dict[Service, FileRenderer] = {
    Service.CHRONY: chrony.files,
    Service.DEFINITIONS: clamav.fetching,
    Service.DIRECTORY: directory.files,
    Service.KAMAILIO: kamailio.files,
    Service.KEA: kea.files,
    Service.LOG_KEEPER: log_keeper.files,
    Service.MAIL_RELAY: mail_relay.files,
    Service.MAIL_STAND_IN: mail_stand_in.files,
    Service.NIGHTLY_SCAN: clamav.nightly,
    Service.PRIORITIES: priorities.files,
    Service.RTPENGINE: rtpengine.files,
    Service.SCANNER: clamav.resident,
    Service.SENSOR: lambda design, host: (
        *sensor.files(design, host),
        *suricata.files(design, host),
    ),
    Service.SYSLOG: rsyslog.files,
    Service.UNBOUND: unbound.files,
}
_DEPOSITS: dict[Service, DepositRenderer] = {
    Service.CHRONY: chrony.deposits,
    Service.DIRECTORY: directory.deposits,
    Service.KAMAILIO: kamailio.deposits,
    Service.MAIL_RELAY: mail_relay.deposits,
    Service.MAIL_STAND_IN: mail_stand_in.deposits,
    Service.SYSLOG: rsyslog.deposits,
}


def trees(design: Design) -> Iterator[Tree]:
    """Everything every host is given, one host after the other; the same design, the same bytes."""
    return (tree(design, host) for host in design.hosts)


def all_trees(design: Design) -> Iterator[Tree]:
    """Everything that is rendered: the hosts' trees, then those of access switches.

    Switches are no hosts of ours: a plan holds their configurations, and nothing deploys them.
    """
    return chain(trees(design), switches.trees(design))


def tree(design: Design, host: Host) -> Tree:
    """Everything one host is given."""
    files = [file for renderer in _renderers(host) for file in renderer(design, host)]
    return Tree(
        host=host.name,
        files=tuple(sorted(files, key=lambda file: file.path)),
        deposits=tuple(deposit for made in _depositors(host) for deposit in made(design, host)),
    )


def served(design: Design) -> frozenset[MitigationId]:
    """The mitigations that generated lines name: what the design can be said to answer at all."""
    one_of_each = {host.kind: host for host in reversed(design.hosts)}.values()
    one_switch_each = {each.platform: each for each in design.switches}.values()
    made = chain(
        (tree(design, host) for host in one_of_each),
        (switches.tree(design, each) for each in one_switch_each),
    )
    texts = (file.text for each in made for file in each.files)
    named = {id_ for text in texts for id_ in _MITIGATION.findall(text)}
    return frozenset(named) & design.in_force


def _renderers(host: Host) -> Iterator[FileRenderer]:
    yield network.files
    if host.kind == HostKind.FIREWALL:
        yield firewall.files
    elif Service.NFTABLES in host.services:
        yield packet_filter.files
    if Service.SOFTPHONE in host.services:
        yield linphone.files if _is_linphone(host) else baresip.files
    for service in host.services:
        if service in _SERVICES:
            yield _SERVICES[service]


def _depositors(host: Host) -> Iterator[DepositRenderer]:
    for service in host.services:
        if service in _DEPOSITS:
            yield _DEPOSITS[service]
    if Service.SOFTPHONE in host.services:
        yield linphone.deposits if _is_linphone(host) else baresip.deposits
    if {Service.NIGHTLY_SCAN, Service.SCANNER} & {*host.services}:
        yield clamav.deposits
    if host.kind == HostKind.PC:
        yield directory.reader_deposits


def _is_linphone(host: Host) -> bool:
    return host.model == "linphone"
