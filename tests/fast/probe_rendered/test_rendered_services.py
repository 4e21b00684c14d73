"""Logs, time and the data network's services: each question is answered no once it is broken."""

from types import MappingProxyType

import pytest

from rendered_files import answers, broken
from ringfence.design import build
from ringfence.design.model import Design
from ringfence.guide import Level
from ringfence.policy import Requirements, resolve
from ringfence.probe.fact import Answer
from ringfence.probe.rendered.rainerscript import ConfigurationError, Object, Setting, parse
from ringfence.render.catalogue import trees
from ringfence.render.files import Tree
from samples import TODAY, make_design, make_site

CONFIGURATION = "rsyslog.conf"
JOURNAL = "journald.conf.d/60-ringfence.conf"
CHRONY = "chrony.conf"
KEA = "kea-dhcp4.conf"


def without(*mitigations: str, level: Level = Level.MEDIUM) -> Design:
    site = make_site(level=level)
    full = resolve(site, TODAY).in_force
    left = {id_: why for id_, why in full.items() if id_ not in mitigations}
    return build(site, Requirements(MappingProxyType(left)))


BREAKS = [
    ("logs-forwarded", "sip1", CONFIGURATION, 'target="10.16.1.11"', 'target="10.16.1.99"'),
    ("logs-forwarded", "sip1", CONFIGURATION, 'tls="on"', 'tls="off"'),
    ("logs-forwarded", "net1", CONFIGURATION, "-VERS-ALL:", ""),
    ("logs-forwarded", "net1", CONFIGURATION, 'authMode="name"', 'authMode="certvalid"'),
    ("logs-forwarded", "admin1", CONFIGURATION, '["log1.office.example"]', '["x.office.example"]'),
    ("logs-forwarded", "admin1", CONFIGURATION, 'queue.filename="forward"', 'queue.x="forward"'),
    ("logs-forwarded", "sip1", CONFIGURATION, 'resumeRetryCount="-1"', 'resumeRetryCount="3"'),
    ("logs-forwarded", "sip1", CONFIGURATION, "/run/systemd/journal/syslog", "/dev/log"),
    ("logs-forwarded", "sip1", CONFIGURATION, "action(", 'action(type="omdiscard") action('),
    ("logs-forwarded", "fw", CONFIGURATION, "ulog/firewall.log", "ulog/other.log"),
    ("logs-forwarded", "fw", JOURNAL, "ForwardToSyslog=yes", "ForwardToSyslog=no"),
    ("logs-forwarded", "net1", "rsyslog.service", "Sockets=syslog.socket\n", ""),
    ("log-senders", "log1", CONFIGURATION, '"sip1.office.example"', '"p100.office.example"'),
    ("log-senders", "log1", CONFIGURATION, '"sip1.office.example",', ""),
    ("log-senders", "log1", CONFIGURATION, 'authMode="name"', 'authMode="certvalid"'),
    ("log-senders", "log1", CONFIGURATION, 'tls="on"', 'tls="off"'),
    (
        "log-senders",
        "log1",
        CONFIGURATION,
        "input(",
        'module(load="imudp") input(type="imudp" port="514") input(',
    ),
    ("log-senders", "log1", "log-senders.json", '"value": "sip1"', '"value": "fw"'),
    ("time-proved", "sip1", CHRONY, "server 10.16.0.11 nts", "server 10.16.0.11"),
    ("time-proved", "fw", CHRONY, "authselectmode require", "authselectmode mix"),
    ("time-proved", "log1", CHRONY, "nosystemcert\n", ""),
    ("data-services", "pc1", CHRONY, "server 10.16.2.11", "server 10.16.0.11"),
    ("data-services", "data1", CHRONY, "allow 10.16.2.0/24", "allow 10.16.0.0/24"),
    ("data-services", "data1", "unbound.conf", "10.16.2.0/24 allow", "10.0.0.0/8 allow"),
    ("data-services", "data1", KEA, '"data": "10.16.2.11"', '"data": "10.16.0.11"'),
    ("data-services", "data1", KEA, '"subnet": "10.16.2.0/24"', '"subnet": "10.24.0.0/24"'),
]


@pytest.mark.parametrize(
    ("question", "host", "path", "old", "new"),
    BREAKS,
    ids=[f"{b[0]}-{n}" for n, b in enumerate(BREAKS)],
)
def test_what_is_broken_in_a_service_is_found(
    question: str, host: str, path: str, old: str, new: str
) -> None:
    design = make_design(level=Level.MEDIUM)
    given = broken(tuple(trees(design)), host, path, old, new)

    fact = answers(design, given)[question]

    assert fact.answer == Answer.NO
    assert fact.contrary


def test_a_host_that_is_given_no_syslog_service_sends_nothing() -> None:
    design = make_design(level=Level.MEDIUM)
    given = [_without_file(tree, "/etc/rsyslog.conf") for tree in trees(design)]

    assert answers(design, tuple(given))["logs-forwarded"].contrary[0] == "fw: sends nothing"


def _without_file(tree: Tree, path: str) -> Tree:
    if tree.host != "fw":
        return tree
    return tree.model_copy(update={"files": tuple(f for f in tree.files if f.path != path)})


def test_what_cannot_be_read_in_a_configuration_is_a_fault_and_no_yes() -> None:
    design = make_design(level=Level.MEDIUM)
    given = broken(
        tuple(trees(design)), "sip1", CONFIGURATION, "action(", "*.* @@10.0.0.1\naction("
    )

    fact = answers(design, given)["logs-forwarded"]

    assert fact.answer == Answer.ERROR
    assert "ConfigurationError" in fact.saw


@pytest.mark.parametrize(
    ("mitigation", "question"),
    [
        ("LOG-3", "logs-forwarded"),
        ("LOG-4", "log-senders"),
        ("SEP-11", "time-proved"),
    ],
)
def test_a_mitigation_taken_out_is_missed(mitigation: str, question: str) -> None:
    design = without(mitigation)

    assert answers(design, tuple(trees(design)))[question].answer == Answer.NO


def test_without_their_own_services_data_devices_ask_the_ipt_networks() -> None:
    design = without("SEP-11", "SEP-8", level=Level.MINIMUM)
    found = answers(design, tuple(trees(design)))

    assert not design.data_apart
    assert found["data-services"].answer == Answer.NO
    assert found["own-services"].answer == Answer.NO
    assert found["crossing-flows"].answer == Answer.YES


def test_a_configuration_is_read_whole() -> None:
    read = parse(
        """\
# A remark
global(net.enableDNS="off")
ruleset(name="keep") {
  set $.host = lookup("senders", $fromhost-ip);
  action(type="omfile" names=["a","b"])
}
"""
    )

    assert read.parts[0] == Object("global", {"net.enabledns": ("off",)})
    action = Object("action", {"type": ("omfile",), "names": ("a", "b")})
    setting = Setting("$.host", 'lookup("senders",$fromhost-ip)')
    assert read.parts[1] == Object("ruleset", {"name": ("keep",)}, (setting, action))
    assert read.all("action") == (action,)
    assert action.one("names") is None


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "if $msg contains 'x' then stop",
        "$IncludeConfig /etc/rsyslog.d/*.conf",
        "*.* ~",
        'include(file="/etc/x")',
        'global(a="b" a="c")',
        'global(a="b"',
        "action(type=omfile)",
        'ruleset(name="x") {',
    ],
)
def test_what_would_change_where_lines_go_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse(text)
