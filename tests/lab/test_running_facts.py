"""Each question about the running system is answered yes, and no once what it asks is broken."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial

import pytest
from breaking import changed, run_between, stopped
from office import Office

from ringfence.identity.authority import utc_now
from ringfence.machine.inside import Machine
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.questions import RUNNING, by_id
from ringfence.probe.running import System
from ringfence.probe.running.answers import ANSWERS
from ringfence.probe.take import take
from ringfence.render.catalogue import trees
from ringfence.render.clamav import MARKER

KAMAILIO = "/etc/kamailio/kamailio.cfg"
TLS = "/etc/kamailio/tls.cfg"
OPENSSL = "/etc/kamailio/openssl.cnf"
KEY = "/etc/kamailio/tls/key.pem"

Broken = Callable[[Office], AbstractContextManager[None]]


def asked(office: Office, question: str) -> Fact:
    system = System.of(office.lab, office.design, trees(office.design))
    answer = partial(ANSWERS[question], system)
    return take(by_id()[question], answer, "0" * 64, utc_now()).fact


@contextmanager
def sip_server_with(office: Office, *changes: tuple[str, tuple[str, str]]) -> Iterator[None]:
    """The SIP server restarted with other settings; phones come back when it is itself again."""
    machine = office.lab.machine(office.server.name)
    by_path: dict[str, list[tuple[str, str]]] = {}
    for path, pair in changes:
        by_path.setdefault(path, []).append(pair)
    with _all_changed(machine, by_path):
        machine.restart("kamailio")
        office.await_that(lambda: _answers(office))
        yield
    machine.restart("kamailio")
    office.await_that(lambda: _answers(office))


@contextmanager
def _all_changed(machine: Machine, by_path: dict[str, list[tuple[str, str]]]) -> Iterator[None]:
    if not by_path:
        yield
        return
    (path, pairs), *rest = by_path.items()
    with changed(machine, path, *pairs), _all_changed(machine, dict(rest)):
        yield


def _answers(office: Office) -> bool:
    try:
        return office.agent("305").options().code == 200
    except Exception:  # noqa: BLE001 - it is not up yet, in whichever way
        return False


@contextmanager
def with_other_time(office: Office, host: str) -> Iterator[None]:
    """A host that believes its time source without proof."""
    machine = office.lab.machine(host)
    pairs = ((" nts iburst", " iburst"), ("authselectmode require", "authselectmode ignore"))
    with changed(machine, "/etc/chrony/chrony.conf", *pairs):
        machine.restart("chrony")
        yield
    machine.restart("chrony")


def on_server(do: str, undo: str) -> Broken:
    return lambda office: run_between(office.lab.machine(office.server.name), do, undo)


def on_switch(do: str, undo: str) -> Broken:
    return lambda office: run_between(office.lab.switch, do, undo)


BREAKS: dict[str, Broken] = {
    "files-as-rendered": on_server(f"chmod 644 {TLS}", f"chmod 640 {TLS}"),
    "rules-in-force": on_server(
        "nft insert rule inet ringfence input tcp dport 22 accept",
        "nft -f /etc/nftables.conf",
    ),
    "zone-sweep": lambda office: run_between(
        office.lab.machine("fw"),
        'nft insert rule inet ringfence forward iifname "data" oifname "admin" tcp dport 22 accept',
        "nft -f /etc/nftables.conf",
    ),
    "ports-on-vlans": on_switch(
        "ip link set p305 master servers", "ip link set p305 master phones"
    ),
    "switched": on_switch(
        "ip link set phones type bridge ageing_time 0",
        "ip link set phones type bridge ageing_time 30000",
    ),
    "listening-services": on_server(
        "setsid python3 -m http.server 8000 >/dev/null 2>&1 & echo $! >/tmp/pid; sleep 0.5",
        "kill $(cat /tmp/pid)",
    ),
    "accounts": lambda office: changed(
        office.lab.machine(office.server.name), "/etc/shadow", ("games:*", "games:$6$x$y")
    ),
    "running-users": lambda office: changed(
        office.lab.machine(office.server.name),
        "/etc/systemd/system/kamailio.service",
        ("User=kamailio", "User=nobody"),
    ),
    "private-keys": on_server(f"chmod 444 {KEY}", f"chmod 440 {KEY}"),
    "signed-packages": on_server(
        "echo 'deb [trusted=yes] http://packages.example x main' >/etc/apt/sources.list.d/x.list",
        "rm /etc/apt/sources.list.d/x.list",
    ),
    "malware-scanner": on_server(f"touch -d 2020-01-01 {MARKER}", f"touch {MARKER}"),
    "nothing-past-the-relay": lambda office: run_between(
        office.lab.machine("fw"),
        "nft insert rule inet ringfence forward iifname data oifname phones accept",
        "nft -f /etc/nftables.conf && conntrack -F",
    ),
    "certificate-needed": lambda office: sip_server_with(
        office,
        (TLS, ("verify_certificate = yes", "verify_certificate = no")),
        (TLS, ("require_certificate = yes", "require_certificate = no")),
        (KAMAILIO, ("    route(CERTIFICATE);\n", "")),
    ),
    "old-tls-refused": lambda office: sip_server_with(
        office,
        (TLS, ("method = TLSv1.2+", "method = TLSv1+")),
        (
            TLS,
            ("cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL", "cipher_list = ALL:@SECLEVEL=0"),
        ),
        (OPENSSL, ("MinProtocol = TLSv1.2", "MinProtocol = TLSv1")),
    ),
    "stranger-refused": lambda office: sip_server_with(
        office,
        (KAMAILIO, ("    route(DIGEST);\n", "")),
        (KAMAILIO, ("if ($sht(users=>$fU) == $null) {", "if (0) {")),
    ),
    "password-needed": lambda office: sip_server_with(
        office, (KAMAILIO, ("    route(DIGEST);\n", ""))
    ),
    "time-sources": lambda office: with_other_time(office, "helper"),
    "services-apart": lambda office: stopped(office.lab.machine("data1"), "unbound"),
    "call-recorded": lambda office: sip_server_with(
        office, (KAMAILIO, ('xlog("L_NOTICE", "CDR caller', 'xlog("L_DBG", "CDR caller'))
    ),
}


OF_SENSORS = {"sensor-quiet", "mirrors-in-force", "intruders-seen"}
OF_LOGS = {"logs-arrive", "log-strangers", "log-files", "log-digest"}
"""Asked in test_running_logs.py, where there is a log server."""
CONVERGED = {"converged-clients", "converged-understood", "converged-scanned"}
"""Questions about what this office does not have."""
NOT_HERE = {*CONVERGED, "speech-first", *OF_SENSORS, *OF_LOGS}
"""At the minimum level there is no sensor and no log server, and speech need not come first."""


@pytest.mark.parametrize("question", CONVERGED)
def test_what_is_not_there_is_not_seen(office: Office, question: str) -> None:
    assert asked(office, question).answer == Answer.UNSEEN


@pytest.mark.parametrize("question", [each.id for each in RUNNING if each.id not in NOT_HERE])
def test_as_it_runs_every_question_is_answered_yes(office: Office, question: str) -> None:
    fact = asked(office, question)

    assert fact.answer == Answer.YES, f"{fact.saw} {fact.contrary}"
    assert fact.expires - fact.taken == timedelta(days=7)


@pytest.mark.parametrize("question", sorted(OF_SENSORS))
def test_an_office_without_a_sensor_has_none_that_sees_anything(
    office: Office, question: str
) -> None:
    fact = asked(office, question)

    assert fact.answer == Answer.NO
    assert "no host of the design is a sensor" in fact.saw


SCAN = "/etc/systemd/system/malware-scan"
SCANNERS_BROKEN = {
    "there is no scanner": ("mv /usr/bin/clamscan /tmp/x", "mv /tmp/x /usr/bin/clamscan"),
    "the scanner finds nothing": (
        "cp -p /usr/bin/clamscan /tmp/x; cp /bin/true /usr/bin/clamscan",
        "mv /tmp/x /usr/bin/clamscan",
    ),
    "the scanner finds everything": (
        "cp -p /usr/bin/clamscan /tmp/x; cp /bin/false /usr/bin/clamscan",
        "mv /tmp/x /usr/bin/clamscan",
    ),
    "the definitions are of something else": (
        f"cp -p {MARKER} /tmp/x; echo 'Other:0:*:deadbeefdeadbeef' >{MARKER}",
        f"mv /tmp/x {MARKER}",
    ),
    "nothing starts it": (f"mv {SCAN}.timer /tmp/x", f"mv /tmp/x {SCAN}.timer"),
}


@pytest.mark.parametrize("what", SCANNERS_BROKEN)
def test_a_malware_scanner_that_does_not_work_is_found(office: Office, what: str) -> None:
    do, undo = SCANNERS_BROKEN[what]
    with run_between(office.lab.machine(office.server.name), do, undo):
        fact = asked(office, "malware-scanner")

    assert fact.answer == Answer.NO, f"{fact.answer}: {fact.saw}"
    assert asked(office, "malware-scanner").answer == Answer.YES


@pytest.mark.parametrize("question", BREAKS)
def test_what_is_broken_in_the_running_system_is_found(office: Office, question: str) -> None:
    with BREAKS[question](office):
        fact = asked(office, question)

    assert fact.answer == Answer.NO, f"{fact.answer}: {fact.saw}"


def test_a_call_that_cannot_be_placed_is_no_yes(office: Office) -> None:
    phone = office.lab.machine("p301")
    phone.stop("softphone")
    try:
        fact = asked(office, "call-in-the-clear")
    finally:
        phone.start_service("softphone")

    assert fact.answer != Answer.YES
