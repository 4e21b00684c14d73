"""Mail and the directory cross by way of the relay, and nothing else does."""

import secrets
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from kontor import Kontor, await_that

from ringfence.assess import Facts, Scope, Verdict, judge
from ringfence.deploy.definitions import marker
from ringfence.deploy.revoke import revoke
from ringfence.design.model import HostKind
from ringfence.identity.authority import utc_now
from ringfence.probe.fact import Answer
from ringfence.probe.gather import gather
from ringfence.probe.running.relay_clients import Reader, compose
from ringfence.render.directory import READER

DECIDED = ("CNV-2", "CNV-3", "CNV-5", "CNV-6", "SEP-9", "SEP-10", "SML-1")
ABOUT = ("nothing-past-the-relay", "converged-clients", "converged-understood", "converged-scanned")


@pytest.fixture(scope="module", name="kontor")
def _kontor() -> Iterator[Kontor]:
    kontor = None
    try:
        kontor = Kontor("testkontor")
        yield kontor
    finally:
        if kontor:
            kontor.down()


def test_everything_that_crosses_is_decided_and_holds(kontor: Kontor) -> None:
    now = utc_now()
    found = gather(kontor.design, kontor.name, now, print)
    facts = Facts.newest(Scope.RUNNING, found.state, [each.fact for each in found.taken])

    for id_ in DECIDED:
        judged = judge(id_, kontor.requirements, facts, {}, now)
        assert judged.verdict == Verdict.SATISFIED, f"{id_}: {judged.because}"
        assert judged.by is None, id_
    for id_ in ("SEP-7", "CNV-1"):  # what crosses is not nothing
        assert judge(id_, kontor.requirements, facts, {}, now).verdict == Verdict.NOT_SATISFIED


def on_firewall(rule: str) -> Callable[[Kontor], AbstractContextManager[None]]:
    @contextmanager
    def broken(kontor: Kontor) -> Iterator[None]:
        machine = kontor.lab.machine("fw")
        insert = f"nft insert rule inet ringfence forward {rule}"
        machine.run(["sh", "-c", insert], check=True)
        try:
            yield
        finally:
            # What was let pass meanwhile counts as established, and would go on passing.
            machine.run(["sh", "-c", "nft -f /etc/nftables.conf && conntrack -F"], check=True)

    return broken


def settings(service: str, old: str, new: str) -> Callable[[Kontor], AbstractContextManager[None]]:
    return lambda kontor: kontor.relay_with(service, old, new)


REQUIRED, NONE = "certificates = required", "certificates = none"
BREAKS = [
    ("nothing-past-the-relay", on_firewall("iifname data oifname phones accept")),
    ("nothing-past-the-relay", on_firewall("iifname servers tcp dport 25 accept")),
    ("converged-clients", settings("mail-relay", REQUIRED, NONE)),
    ("converged-clients", settings("directory", REQUIRED, NONE)),
    (
        "converged-clients",
        settings("mail-relay", "senders = ", "senders = pc1.ruf.kontor.example "),
    ),
    ("converged-clients", settings("mail-relay", "to = ", "to = elsewhere.example ")),
    ("converged-clients", settings("directory", "extensions = ", "extensions = 90000 ")),
    ("converged-understood", settings("mail-relay", "inspect = yes", "inspect = no")),
    (
        "converged-scanned",
        settings("mail-relay", "socket = /run/clamav/clamd.ctl", "socket = none"),
    ),
]


@pytest.mark.parametrize(
    ("question", "broken"), BREAKS, ids=[f"{q}-{n}" for n, (q, _) in enumerate(BREAKS)]
)
def test_what_is_broken_is_found(
    kontor: Kontor,
    question: str,
    broken: Callable[[Kontor], AbstractContextManager[None]],
) -> None:
    with broken(kontor):
        fact = kontor.asked(question)

    assert fact.answer == Answer.NO, f"{fact.answer}: {fact.saw}"
    assert kontor.asked(question).answer == Answer.YES


def test_a_scanner_that_does_not_know_the_marker_is_found(kontor: Kontor) -> None:
    machine = kontor.relay_machine
    database = "/var/lib/clamav/ringfence.ndb"
    known = machine.read(database)
    machine.write(database, b"Some.Other.Thing:0:*:deadbeefdeadbeef\n")
    machine.restart("clamav-daemon")
    try:
        await_that(lambda: kontor.mailer().send(message("warm", kontor)).taken)
        assert kontor.asked("converged-scanned").answer == Answer.NO
    finally:
        machine.write(database, known, 0o444)
        machine.restart("clamav-daemon")
        await_that(lambda: kontor.asked("converged-scanned").answer == Answer.YES, 30)


def message(token: str, kontor: Kontor, text: str = "Hello") -> bytes:
    return compose(kontor.mailer().author, token, text)


def test_mail_waits_for_a_server_that_is_down_and_outlives_a_restart(kontor: Kontor) -> None:
    token = secrets.token_hex(8)
    server = kontor.lab.machine("mail1")
    server.stop("mail-stand-in")
    try:
        with kontor.logged("mail-relay", "KEPT", "ConnectionRefusedError"):
            assert kontor.mailer().send(message(token, kontor)).taken
        assert kontor.waiting()
        pid = kontor.relay_machine.service("mail-relay").pid
        kontor.relay_machine.run(["kill", "-9", str(pid)], check=True)
        await_that(lambda: kontor.relay_machine.service("mail-relay").pid not in {0, pid})
    finally:
        server.start_service("mail-stand-in")

    await_that(lambda: kontor.arrived(token), 30)
    await_that(lambda: not kontor.waiting())


def test_without_a_scanner_nothing_is_taken(kontor: Kontor) -> None:
    kontor.relay_machine.stop("clamav-daemon")
    try:
        with kontor.logged("mail-relay", "REFUSED", "reason=not-scanned"):
            assert kontor.mailer().send(message("x", kontor)).code == 451
    finally:
        kontor.relay_machine.start_service("clamav-daemon")
        await_that(lambda: kontor.mailer().send(message("x", kontor)).taken, 30)


def test_every_refusal_is_logged_with_its_reason(kontor: Kontor) -> None:
    mailer, sip = kontor.mailer(), str(kontor.system.sip_server.address)

    with kontor.logged("mail-relay", "REFUSED", "reason=no-certificate", f"client={sip}"):
        kontor.mailer(anonymous=True).greet()
    with kontor.logged("mail-relay", "REFUSED", "reason=malicious:Ringfence", f"client={sip}"):
        mailer.send(message("x", kontor, marker().decode()))
    with kontor.logged("mail-relay", "REFUSED", "reason=foreign-recipient", "x@else.example"):
        mailer.greet(to="x@else.example")


def test_a_line_without_end_ends_the_session(kontor: Kontor) -> None:
    with kontor.logged("mail-relay", "REFUSED", "reason=line-without-end"):
        reply = kontor.mailer().send(message("x", kontor) + b"x" * 500_000)

    assert not reply.taken
    assert kontor.mailer().greet().taken


def test_a_mail_server_with_another_name_gets_nothing(kontor: Kontor) -> None:
    token = secrets.token_hex(8)

    with kontor.relay_with("mail-relay", "name = mail.kontor", "name = post.kontor"):
        with kontor.logged("mail-relay", "KEPT", "SSLCertVerificationError"):
            assert kontor.mailer().send(message(token, kontor)).taken
        assert not kontor.arrived(token)
    await_that(lambda: kontor.arrived(token), 30)


def test_pc1_reads_the_directory_with_what_it_was_given(kontor: Kontor, tmp_path: Path) -> None:
    (pc,) = kontor.design.of_kind(HostKind.PC)
    for name in ("certificate.pem", "key.pem", "ca.pem"):
        (tmp_path / name).write_bytes(kontor.lab.machine(pc.name).read(f"{READER}/{name}"))
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    reader = Reader(kontor.system, pc, context)

    assert "Jörg Ähler" in reader.get("/directory.json").text
    assert "FN:Lager\\, Halle 2\\; Tor\r\n" in reader.get("/directory.vcf").text
    with kontor.logged("directory", "REFUSED", "reason=request-line", "pc1.ruf.kontor.example"):
        assert reader.ask(b"DELETE /directory.json HTTP/1.1\r\n\r\n").code == 400


def test_phones_find_the_relay_by_its_name(kontor: Kontor) -> None:
    said = kontor.lab.machine("p41").run(["getent", "ahostsv4", kontor.relay.fqdn], check=True)

    assert str(kontor.relay.address) in said.stdout


def test_no_timer_runs_in_a_lab_and_its_service_waits_for_a_command(kontor: Kontor) -> None:
    for host in kontor.system.server_hosts:
        assert kontor.lab.machine(host.name).service("malware-scan").state == "idle"


def test_a_revoked_phone_reads_no_more(kontor: Kontor, tmp_path: Path) -> None:
    """The last test of this lab: the phone stays shut out."""
    phone = kontor.design.of_kind(HostKind.PHONE)[-1]
    held = tmp_path / "phone.pem"
    held.write_bytes(kontor.lab.machine(phone.name).read("/etc/softphone/phone.pem"))
    anchor = tmp_path / "ca.pem"
    anchor.write_bytes(kontor.system.vault.trust_anchor)
    context = ssl.create_default_context(cafile=str(anchor))
    context.load_cert_chain(held)
    reader = Reader(kontor.system, phone, context)
    assert reader.get("/directory.json").code == 200

    revoke(kontor.lab, kontor.design, str(phone.extension))

    with kontor.logged("directory", "REFUSED", "reason=revoked"):
        assert reader.get("/directory.json").code == 403
