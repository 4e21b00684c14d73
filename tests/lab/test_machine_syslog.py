"""A machine's lines reach its syslog service, also those printed while it is away."""

import textwrap
import time
from collections.abc import Iterator

import pytest

from ringfence.machine.inside import Machine
from ringfence.machine.lab import temporary
from ringfence.machine.spec import Installed, LabSpec, MachineSpec

RECEIVER = """\
import os, socket
assert os.environ["LISTEN_PID"] == str(os.getpid())
for _ in range(int(os.environ["LISTEN_FDS"])):
    taken = socket.socket(fileno=3)
with open("/var/lib/taker/lines", "ab", buffering=0) as kept:
    print("listening", flush=True)
    while True:
        kept.write(taken.recv(65536) + b"\\n")
"""


def unit(name: str, *lines: str) -> Installed:
    text = "\n".join(["[Service]", *lines, ""])
    return Installed(path=f"/etc/systemd/system/{name}.service", data=text.encode())


FILES = (
    Installed(
        path="/etc/sysusers.d/taker.conf",
        data=b'u taker - "Takes lines"\n',
    ),
    Installed(path="/srv/take.py", data=RECEIVER.encode(), owner="taker", mode=0o400),
    unit(
        "rsyslog",
        "User=taker",
        "StateDirectory=taker",
        "Sockets=syslog.socket",
        "ExecStart=/usr/bin/python3 -I -S /srv/take.py",
        "Restart=always",
    ),
    unit(
        "talker",
        "SyslogIdentifier=talk",
        "ExecStart=/bin/sh -c 'echo first; exec sleep 1000'",
    ),
    unit("nameless", "ExecStart=/bin/sh -c 'echo mine; exec sleep 1000'"),
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    spec = LabSpec(
        name="mtsyslog",
        bridges=(),
        machines=(MachineSpec(name="m1", hostname="m1", files=FILES),),
    )
    with temporary(spec) as lab:
        yield lab.machine("m1")


def await_line(machine: Machine, *parts: str) -> str:
    deadline = time.monotonic() + 5
    lines: list[str] = []
    while time.monotonic() < deadline:
        lines = machine.run(["cat", "/var/lib/taker/lines"]).stdout.splitlines()
        for line in lines:
            if all(part in line for part in parts):
                return line
        time.sleep(0.05)
    raise AssertionError(textwrap.indent("\n".join(lines), "  "))


def test_what_a_unit_prints_is_passed_on_under_its_identifier(machine: Machine) -> None:
    line = await_line(machine, " talk[", "]: first")

    assert line.startswith("<30>")
    await_line(machine, " sh[", "]: mine")


def test_what_the_init_does_to_a_unit_is_passed_on_too(machine: Machine) -> None:
    machine.restart("talker")

    await_line(machine, "init[1]: talker: [init] stopped")


def test_the_syslog_service_does_not_hear_itself(machine: Machine) -> None:
    machine.say("rsyslog", "echoes")
    machine.say("talker", "after-the-echo")

    await_line(machine, "after-the-echo")
    assert "echoes" not in machine.run(["cat", "/var/lib/taker/lines"]).stdout
    assert any("listening" in line for line in machine.log_tail("rsyslog"))


def test_lines_printed_while_the_syslog_service_is_away_wait_for_it(machine: Machine) -> None:
    machine.stop("rsyslog")
    for number in range(1500):
        machine.say("talker", f"meanwhile-{number};")
    machine.start_service("rsyslog")

    for number in (0, 700, 1499):
        await_line(machine, f"meanwhile-{number};")


def test_the_account_that_a_file_declares_exists_without_a_password(machine: Machine) -> None:
    assert machine.run(["id", "-un", "taker"]).stdout == "taker\n"
    shadow = machine.run(["grep", "^taker:", "/etc/shadow"]).stdout
    assert shadow.split(":")[1].startswith("!")
    owner = machine.run(["stat", "-c", "%U %a", "/srv/take.py"]).stdout
    assert owner == "taker 400\n"
