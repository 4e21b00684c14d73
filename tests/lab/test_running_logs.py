"""A lab at the medium level: where log lines arrive, whose are taken, and that they stay."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest
from breaking import changed, run_between, stopped

from ringfence.deploy import lab as labs
from ringfence.design import build
from ringfence.design.model import Design
from ringfence.identity.authority import utc_now
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.policy import Requirements, resolve
from ringfence.probe.fact import Answer, Fact
from ringfence.probe.questions import by_id
from ringfence.probe.running import System
from ringfence.probe.running.answers import ANSWERS
from ringfence.probe.take import take
from ringfence.render import rsyslog
from ringfence.render.catalogue import tree, trees
from ringfence.site import Site, load_site

NAME = "testlogs"
QUESTIONS = ("logs-arrive", "log-strangers", "log-files", "log-digest", "call-recorded")
SITE = """\
organisation: A place that keeps its logs
domain: logs.example
country: GB
level: medium
logs: {keep_days: 30}
servers:
  - {name: sip1, role: sip}
  - {name: net1, role: services}
  - {name: admin1, role: admin}
  - {name: archive, role: log}
phones:
  - {extension: 401, name: One, mac: "02:00:5e:00:04:01"}
  - {extension: 402, name: Two, mac: "02:00:5e:00:04:02"}
"""
RINGFENCE = (sys.executable, "-c", "from ringfence.cli.main import main; main()")


class Archive:
    """The running lab, its log server, and the site file that it was made from."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "site.yaml"
        self.path.write_text(SITE, encoding="utf-8")
        self.site: Site = load_site(directory)
        self.design = self.designed()
        labs.up(NAME, self.design, print)
        self.lab = Lab.open(NAME)
        self.server = self.lab.machine("archive")
        self.sip = self.lab.machine("sip1")

    def designed(self, *without: str) -> Design:
        """The design of the site without some mitigations."""
        full = resolve(self.site, utc_now().date())
        left = {id_: why for id_, why in full.in_force.items() if id_ not in without}
        return build(self.site, Requirements(MappingProxyType(left)))

    def asked(self, question: str, recorded: dict[str, dict[str, str]] | None = None) -> Fact:
        system = System.of(self.lab, self.design, trees(self.design), recorded)
        return take(by_id()[question], partial(ANSWERS[question], system), "0" * 64, utc_now()).fact

    def kept(self, words: str) -> int:
        """In how many lines of the log these words stand."""
        found = self.server.run(["grep", "-rhoF", "-e", words, rsyslog.LOGS]).stdout
        return len(found.splitlines())

    def await_kept(self, words: str, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not self.kept(words):
            assert time.monotonic() < deadline, f"{words} never arrived"
            time.sleep(0.2)

    @contextmanager
    def file_as_without(self, mitigation: str, host: str, path: str, unit: str) -> Iterator[None]:
        """A host with the file that it would be given were a mitigation not in force."""
        machine = self.lab.machine(host)
        design = self.designed(mitigation)
        named = next(each for each in design.hosts if each.name == host)
        text = next(file.text for file in tree(design, named).files if file.path == path)
        before = machine.read(path).decode()
        assert text != before
        with changed(machine, path, (before, text)):
            machine.restart(unit)
            yield
        machine.restart(unit)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    try:
        yield Archive(tmp_path_factory.mktemp("archive"))
    finally:
        labs.down(NAME, print)


Broken = Callable[[Archive], AbstractContextManager[None]]


def on_server(do: str, undo: str) -> Broken:
    return lambda archive: run_between(archive.server, do, undo)


def without_log_4(archive: Archive) -> AbstractContextManager[None]:
    return archive.file_as_without("LOG-4", "archive", rsyslog.PATH, "rsyslog")


TODAY = f"{rsyslog.LOGS}/sip1/$(date -u +%F).log"


@contextmanager
def with_mode_644(archive: Archive) -> Iterator[None]:
    """A file that others can read; a file that is marked cannot be given another mode."""
    with run_between(
        archive.server,
        f"chattr -a {TODAY}; chmod 644 {TODAY}",
        f"chattr -a {TODAY}; chmod 640 {TODAY}",
    ):
        yield


@contextmanager
def unmarked(archive: Archive) -> Iterator[None]:
    """A file that can be changed, with nobody there to notice."""
    with stopped(archive.server, "log-keeper"):
        archive.server.run(["sh", "-c", f"chattr -a {TODAY}"], check=True)
        yield


BREAKS: list[tuple[str, Broken]] = [
    ("logs-arrive", lambda archive: stopped(archive.sip, "rsyslog")),
    (
        "logs-arrive",
        lambda archive: run_between(
            archive.lab.machine("fw"),
            "mv /var/log/ulog/firewall.log /tmp/was; touch /var/log/ulog/firewall.log",
            "mv /tmp/was /var/log/ulog/firewall.log",
        ),
    ),
    ("log-files", with_mode_644),
    ("log-files", unmarked),
    (
        "log-files",
        on_server(
            f"install -d -o syslog -g syslog -m 750 {rsyslog.LOGS}/unknown; "
            f"install -o syslog -g syslog -m 640 /dev/null {TODAY.replace('sip1', 'unknown')}",
            f"chattr -a {rsyslog.LOGS}/unknown/*; rm -r {rsyslog.LOGS}/unknown",
        ),
    ),
    ("call-recorded", lambda archive: stopped(archive.sip, "rsyslog")),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_as_it_runs_every_question_about_logs_is_answered_yes(
    archive: Archive, question: str
) -> None:
    fact = archive.asked(question)

    assert fact.answer == Answer.YES, f"{fact.saw} {fact.contrary}"


@pytest.mark.parametrize(
    ("question", "broken"), BREAKS, ids=[f"{b[0]}-{n}" for n, b in enumerate(BREAKS)]
)
def test_what_is_broken_in_the_running_log_is_found(
    archive: Archive, question: str, broken: Broken
) -> None:
    with broken(archive):
        fact = archive.asked(question)

    assert fact.answer == Answer.NO, f"{fact.answer}: {fact.saw}"


def test_without_log_4_a_phones_certificate_puts_a_line_into_the_log_and_with_it_never(
    archive: Archive,
) -> None:
    with without_log_4(archive):
        weak = archive.asked("log-strangers")
    strong = archive.asked("log-strangers")

    assert "net1 with a phone's certificate" in weak.contrary
    assert "net1 without TLS" not in weak.contrary
    assert strong.answer == Answer.YES
    assert strong.subjects >= 10 + 3 + 3


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_no_line_is_lost_while_the_log_server_is_away(archive: Archive, signal: str) -> None:
    word = f"away-{secrets.token_hex(4)}"
    for number in range(200):
        if number == 50:
            pid = archive.server.service("rsyslog").pid
            archive.server.run(["kill", f"-{signal}", str(pid)], check=True)
        archive.sip.say("chrony", f"{word}-{number};")

    for number in range(200):
        archive.await_kept(f"{word}-{number};")
    assert archive.kept(word) <= 200 + 2 * 16


def test_lines_wait_on_disk_when_the_sender_ends_while_the_log_server_is_away(
    archive: Archive,
) -> None:
    word = f"kept-{secrets.token_hex(4)}"
    # What is on the way and not acknowledged when the sender ends is lost: a window's worth.
    with stopped(archive.server, "rsyslog"):
        for number in range(100):
            archive.sip.say("chrony", f"{word}-{number};")
        time.sleep(0.5)
        archive.sip.restart("rsyslog")
        waiting = archive.sip.run(["sh", "-c", "ls /var/lib/rsyslog/forward*"]).stdout
        assert waiting

    for number in range(16, 100):
        archive.await_kept(f"{word}-{number};")


def test_no_line_is_lost_while_the_log_servers_disk_is_full(archive: Archive) -> None:
    word = f"full-{secrets.token_hex(4)}"
    room = "dd if=/dev/zero of=/var/filling bs=1M count=124 2>/dev/null; true"
    with run_between(archive.server, room, "rm /var/filling"):
        deadline = time.monotonic() + 10
        while not any("HALTED" in line for line in archive.server.log_tail("log-keeper")):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        for number in range(500):
            archive.sip.say("chrony", f"{word}-{number};{'x' * 200}")
        time.sleep(1)
        assert archive.kept(word) == 0

    for number in range(500):
        archive.await_kept(f"{word}-{number};", 40)


@pytest.mark.parametrize(
    "deed", ["echo > {0}", "sed -i s/a/b/ {0}", "rm {0}", "mv {0} {0}.old", "truncate -s 0 {0}"]
)
@pytest.mark.parametrize("user", ["root", "syslog"])
def test_nobody_changes_a_line_that_was_written(archive: Archive, deed: str, user: str) -> None:
    path = archive.server.run(["sh", "-c", f"echo {TODAY}"]).stdout.strip()
    assert archive.asked("log-files").answer == Answer.YES
    before = archive.server.run(["stat", "-c", "%i", path]).stdout
    script = deed.format(path)

    done = archive.server.run(["setpriv", f"--reuid={user}", "--", "sh", "-c", script])

    assert done.returncode != 0
    assert archive.server.run(["stat", "-c", "%i", path]).stdout == before


def test_the_keeper_removes_what_is_older_than_the_site_wants(archive: Archive) -> None:
    old = f"{rsyslog.LOGS}/sip1/{utc_now().date() - timedelta(days=31)}.log"
    kept = f"{rsyslog.LOGS}/sip1/{utc_now().date() - timedelta(days=30)}.log"
    for path in (old, kept):
        make = ["install", "-o", "syslog", "-g", "syslog", "-m", "640", "/dev/null", path]
        archive.server.run(make, check=True)
    archive.server.restart("log-keeper")

    archive.await_kept(f"REMOVED {old}")
    assert archive.server.run(["test", "-e", kept]).returncode == 0
    archive.server.run(["sh", "-c", f"chattr -a {kept}; rm {kept}"], check=True)


def a_day(archive: Archive, ago: int, text: str) -> str:
    """Put a file of an ended day among the log server's; returns its path."""
    path = f"{rsyslog.LOGS}/sip1/{utc_now().date() - timedelta(days=ago)}.log"
    archive.server.run(["chattr", "-a", path])
    archive.server.write(path, text.encode(), 0o640, "syslog", "syslog")
    return path


def ringfence(archive: Archive, *words: str) -> subprocess.CompletedProcess[str]:
    secret = archive.path.with_name("passphrase")
    secret.write_text("a passphrase for tests", encoding="utf-8")
    secret.chmod(0o600)
    argv = [*RINGFENCE, "evidence", *words, str(archive.path.parent), "--json"]
    more = ["--passphrase-file", str(secret)]
    named = [] if words[0] == "init" else ["--name", NAME]
    return subprocess.run(
        [*argv, *more, *named], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_line_that_is_changed_after_its_day_has_ended_is_found(archive: Archive) -> None:
    path = a_day(archive, 1, "CDR caller=401 callee=402\nsomething else\n")
    assert ringfence(archive, "init").returncode == 0
    first = ringfence(archive, "digest")
    again = ringfence(archive, "digest")

    assert json.loads(first.stdout)["recorded"] == [path.removeprefix(f"{rsyslog.LOGS}/")]
    assert json.loads(again.stdout)["recorded"] == []

    a_day(archive, 1, "something else\n")
    changed_since = ringfence(archive, "digest")
    assert changed_since.returncode == 1
    assert "was changed" in json.loads(changed_since.stdout)["error"]
    archive.server.run(["sh", "-c", f"chattr -a {path}; rm {path}"], check=True)


def test_the_question_finds_what_was_changed_or_is_gone_or_was_never_recorded(
    archive: Archive,
) -> None:
    system = System.of(archive.lab, archive.design, ())
    path = a_day(archive, 2, "a line\n")
    name = path.removeprefix(f"{rsyslog.LOGS}/")
    digest = archive.server.run(["sha256sum", path]).stdout.split()[0]
    known = {system.authority: {name: digest}}

    assert archive.asked("log-digest").answer == Answer.UNSEEN
    assert archive.asked("log-digest", known).answer == Answer.YES
    a_day(archive, 2, "another line\n")
    assert archive.asked("log-digest", known).contrary == (f"{name} was changed",)
    archive.server.run(["sh", "-c", f"chattr -a {path}; rm {path}"], check=True)
    assert archive.asked("log-digest", known).contrary == (f"{name} is gone",)
    assert archive.asked("log-digest", {"0" * 64: {name: digest}}).answer == Answer.YES


FORGER = """\
import socket, struct, time
lie = 86400 + 2208988800
serving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
serving.bind(("", 123))
print("forging", flush=True)
while True:
    asked, where = serving.recvfrom(2048)
    now = time.time() + lie
    stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
    head = struct.pack("!BBbbII4s", 0x24, 2, 6, -20, 0, 0, b"LIES")
    serving.sendto(head + stamp + asked[40:48] + stamp + stamp, where)
"""


@contextmanager
def forged_time(archive: Archive) -> Iterator[None]:
    """Somebody answers at the primary source's address, a day ahead."""
    admin = archive.lab.machine("admin1")
    with stopped(admin, "chrony"), admin.start(["/usr/bin/python3", "-I", "-S", "-c", FORGER]):
        yield


def day_ahead(machine: Machine) -> bool:
    """Whether a source that is a day ahead is believed."""
    command = ["chronyc", "-h", "/run/chrony/chronyd.sock", "-c", "sources"]
    for line in machine.run(command).stdout.splitlines():
        fields = line.split(",")
        if fields[1] == "*" and abs(float(fields[8])) > 80000:
            return True
    return False


def follows_the_forger(machine: Machine, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if day_ahead(machine):
            return True
        machine.run(["chronyc", "-h", "/run/chrony/chronyd.sock", "burst", "4/4"])
        time.sleep(0.5)
    return False


def test_a_forged_time_is_followed_without_proof_and_not_with_it(archive: Archive) -> None:
    machine = archive.lab.machine("net1")
    chrony = "/etc/chrony/chrony.conf"
    honest = archive.asked("time-sources")
    assert honest.answer == Answer.YES, honest.contrary

    with forged_time(archive):
        assert not follows_the_forger(machine, 8)
        with archive.file_as_without("SEP-11", "net1", chrony, "chrony"):
            assert follows_the_forger(machine, 15)
