"""Labs come and go without a trace, also when what makes them is interrupted or killed."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringfence.machine import lab as labs
from ringfence.machine import record
from ringfence.machine.destroy import destroy
from ringfence.machine.guard import Guard
from ringfence.machine.lab import Lab, create, temporary
from ringfence.machine.lock import lab_lock
from ringfence.machine.record import LabError, namespace_path
from ringfence.machine.spec import Installed, LabSpec, MachineSpec, Port

NAME = "mtlife"
OTHER = "mtother"
MARK = "98765.4"
"""How long the services of these labs sleep: by this they are known in the list of processes."""

SLEEPER = f"[Service]\nExecStart=/bin/sleep {MARK}\n"


def a_lab(name: str = NAME, count: int = 6, *more: Installed) -> LabSpec:
    machines = []
    for number in range(1, count + 1):
        network = f"[Match]\nName=eth0\n[Network]\nAddress=10.98.0.{number}/24\n"
        leg = Installed(path="/etc/systemd/network/10-eth0.network", data=network.encode())
        unit = Installed(path="/etc/systemd/system/sleeper.service", data=SLEEPER.encode())
        port = Port(name="eth0", bridge="blue", mac=f"02:00:00:00:98:{number:02x}")
        host = f"m{number}"
        machines.append(
            MachineSpec(name=host, hostname=host, ports=(port,), files=(leg, unit, *more))
        )
    return LabSpec(name=name, bridges=("blue",), machines=tuple(machines))


def traces() -> list[str]:
    """Everything that could be left of these tests' labs."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    places = [*Path("/run/netns").glob("*"), *Path("/run/ringfence").glob("*")]
    found = [line for line in mounts if NAME in line or OTHER in line or "overlay" in line]
    found += [str(path) for path in places if NAME in path.name or OTHER in path.name]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_text().split("\0")
            if NAME in words or OTHER in words or MARK in words:
                found.append(f"{process.name}: {' '.join(words)}")
    return found


def until_clean(patience: float = 25) -> None:
    deadline = time.monotonic() + patience
    while left := traces():
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _nothing_before_or_after() -> Iterator[None]:
    for name in (NAME, OTHER):
        destroy(name)
    assert traces() == []
    yield
    left = traces()
    for name in (NAME, OTHER):
        destroy(name)
    assert left == []


def test_a_lab_comes_and_goes() -> None:
    said: list[str] = []
    lab = create(a_lab(), said.append)

    assert NAME in labs.names()
    assert Lab.open(NAME).spec == lab.spec
    assert Lab.open(NAME).machine("m1").run(["hostname"]).stdout == "m1\n"
    assert "6 of 6 machines are up" in said
    assert Path("/run/ringfence").stat().st_mode & 0o777 == 0o700
    assert (Path("/run/ringfence") / NAME).stat().st_mode & 0o777 == 0o700
    assert len(traces()) > 12

    destroy(NAME)

    assert traces() == []
    destroy(NAME)
    assert NAME not in labs.names()
    with pytest.raises(LabError, match="there is no lab 'mtlife'"):
        Lab.open(NAME)


def test_two_labs_live_side_by_side_with_the_same_addresses() -> None:
    with temporary(a_lab(NAME, 2)) as one, temporary(a_lab(OTHER, 2)) as two:
        with one.machine("m2").netns():
            ear = socket.socket(type=socket.SOCK_DGRAM)
            ear.bind(("10.98.0.2", 7000))
        with ear:
            ear.settimeout(1)
            for lab in (two, one):
                with lab.machine("m1").netns(), socket.socket(type=socket.SOCK_DGRAM) as mouth:
                    mouth.sendto(lab.name.encode(), ("10.98.0.2", 7000))
            assert ear.recv(100) == NAME.encode()
        destroy(OTHER)
        assert one.machine("m1").service("sleeper").pid
        with pytest.raises(LabError, match="m1 of lab 'mtother' does not run"):
            two.machine("m1").service("sleeper")


def test_secrets_are_never_written_to_a_disk() -> None:
    secret = b"hunter2-hunter2"
    key = Installed(path="/etc/key", data=secret, mode=0o400)
    with temporary(a_lab(NAME, 1, key)) as lab:
        assert lab.machine("m1").read("/etc/key") == secret
        for path in Path("/run/ringfence").rglob("*"):
            if path.is_file():
                assert secret not in path.read_bytes()
        assert not Path("/etc/key").exists()


def test_a_lab_that_is_up_is_not_made_again() -> None:
    with temporary(a_lab(NAME, 1)) as lab:
        with pytest.raises(LabError, match="'mtlife' is up already"):
            create(a_lab(NAME, 1))
        assert lab.machine("m1").run(["true"]).returncode == 0


def test_a_machine_that_cannot_start_is_named_and_nothing_stays() -> None:
    bad = Installed(path="/etc/x", data=b"", owner="nemo")
    with pytest.raises(LabError, match=r"m1 did not start: .*'nemo'"):
        create(a_lab(NAME, 2, bad))

    assert traces() == []


def test_addresses_that_cannot_be_set_stop_the_lab() -> None:
    spec = a_lab(NAME, 1)
    bad = Installed(
        path="/etc/systemd/network/10-eth0.network",
        data=b"[Match]\nName=eth0\n[Network]\nAddress=10.98.0.999/24\n",
    )
    machine = spec.machines[0].model_copy(update={"files": (bad,)})
    with pytest.raises(LabError, match=r"(?s)m1 did not start: .*10\.98\.0\.999"):
        create(spec.model_copy(update={"machines": (machine,)}))

    assert traces() == []


def test_a_namespace_of_somebody_else_is_left_alone() -> None:
    theirs = namespace_path(NAME, "m2").name
    subprocess.run(["ip", "netns", "add", theirs], check=True)
    try:
        with pytest.raises(LabError, match=f"ip netns delete {theirs}"):
            create(a_lab(NAME, 2))
        destroy(NAME)
        assert namespace_path(NAME, "m2").exists()
    finally:
        subprocess.run(["ip", "netns", "delete", theirs], check=True)


def test_two_commands_do_not_collide() -> None:
    with lab_lock(NAME):
        for command in (lambda: destroy(NAME), lambda: create(a_lab(NAME, 1))):
            with pytest.raises(LabError, match=f"pid {os.getpid()}, is working on lab 'mtlife'"):
                command()


def test_a_process_number_used_again_is_never_hit() -> None:
    create(a_lab(NAME, 1))
    victim = subprocess.Popen(["/bin/sleep", "60"])
    try:
        init = record.process(NAME, "m1")
        assert init is not None
        record.write_process(NAME, "m1", init._replace(pid=victim.pid))
        destroy(NAME)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()
        os.kill(init.pid, signal.SIGKILL) if init else None
    until_clean()


def test_records_of_an_earlier_boot_name_no_process() -> None:
    create(a_lab(NAME, 1))
    path = record.directory(NAME) / "lab.json"
    now = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    whole = path.read_text()

    path.write_text(whole.replace(now, "11111111-2222-3333-4444-555555555555"))
    assert record.process(NAME, "m1") is None
    path.write_text(whole)
    destroy(NAME)


def test_services_end_in_reverse_order() -> None:
    def unit(name: str, after: str) -> Installed:
        text = f"""\
            [Unit]
            After={after}
            [Service]
            ExecStart=/bin/bash -c 'trap "echo -n {name} >/dev/udp/127.0.0.1/7001; exit" TERM; \
while :; do sleep 0.05; done'
            """
        path = f"/etc/systemd/system/{name}.service"
        return Installed(path=path, data=textwrap.dedent(text).encode())

    units = (unit("first", ""), unit("second", "first.service"), unit("third", "second.service"))
    lab = create(a_lab(NAME, 1, *units))
    machine = lab.machine("m1")
    while {machine.service(name).state for name in ("first", "second", "third")} != {"running"}:
        time.sleep(0.02)
    time.sleep(0.2)
    with machine.netns():
        ear = socket.socket(type=socket.SOCK_DGRAM)
    with ear:
        ear.bind(("127.0.0.1", 7001))
        ear.settimeout(2)
        destroy(NAME)
        assert [ear.recv(10) for _ in range(3)] == [b"third", b"second", b"first"]


def test_a_service_that_will_not_end_is_killed_in_time() -> None:
    text = "[Service]\nTimeoutStopSec=1\nExecStart=/bin/bash -c 'trap \"\" TERM; sleep 98765.4'\n"
    unit = Installed(path="/etc/systemd/system/deaf.service", data=text.encode())
    create(a_lab(NAME, 1, unit))
    time.sleep(0.3)
    before = time.monotonic()

    destroy(NAME)

    assert 0.9 < time.monotonic() - before < 4


def test_helpers_end_with_their_lab() -> None:
    lab = create(a_lab(NAME, 1))
    helper = lab.switch.start(["/bin/sleep", MARK])
    time.sleep(0.1)

    destroy(NAME)

    assert helper.wait(2) != 0


MAKER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_machine_life import *
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it
print("ready", flush=True)
with temporary(a_lab({NAME!r}, 6), lambda text: print(text, flush=True)):
    time.sleep(60)
"""


@contextlib.contextmanager
def maker() -> Iterator[subprocess.Popen[str]]:
    """Another process that makes a lab."""
    with subprocess.Popen(
        [sys.executable, "-c", MAKER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


_CHANCE = random.Random(20050614)  # noqa: S311 - nothing is to be kept secret
DELAYS = [_CHANCE.uniform(0, 0.9) for _ in range(12)]


@pytest.mark.parametrize("delay", DELAYS)
def test_a_killed_command_is_cleaned_up_after_by_itself(delay: float) -> None:
    with maker() as process:
        time.sleep(delay)
        process.kill()
        process.wait()
        until_clean()


@pytest.mark.parametrize("delay", DELAYS)
def test_down_works_even_if_the_guard_was_killed_too(delay: float) -> None:
    with maker() as process:
        time.sleep(delay)
        os.kill(process.pid, signal.SIGSTOP)
        for pid in children(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        destroy(NAME)
        until_clean(2)


def test_down_waits_for_launchers_that_outlive_their_maker() -> None:
    with maker() as process:
        launchers: list[int] = []
        while not launchers:
            for pid in children(process.pid):
                with contextlib.suppress(OSError):
                    if "boot.main()" in Path(f"/proc/{pid}/cmdline").read_text():
                        os.kill(pid, signal.SIGSTOP)
                        launchers.append(pid)
        os.kill(process.pid, signal.SIGSTOP)
        for pid in set(children(process.pid)) - set(launchers):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        with ThreadPoolExecutor() as pool:
            down = pool.submit(destroy, NAME)
            time.sleep(0.5)
            early = down.done()
            for pid in launchers:
                os.kill(pid, signal.SIGCONT)
            down.result(20)
        assert not early
        until_clean(1)


def test_a_guard_waits_for_a_maker_that_still_holds_the_lock_while_it_dies() -> None:
    with lab_lock(NAME):
        record.begin(NAME, ["m1"], "{}")
        subprocess.run(["ip", "netns", "add", namespace_path(NAME, "m1").name], check=True)
        guard = Guard(NAME)._process
        assert guard.stdin is not None
        guard.stdin.close()
        time.sleep(1)
        assert guard.poll() is None
    assert guard.wait(5) == 0
    until_clean(1)


def test_a_guard_leaves_a_lab_alone_that_another_command_made() -> None:
    with maker() as process:
        assert process.stdout is not None
        process.stdout.readline()
        guard = next(
            pid
            for pid in children(process.pid)
            if "guard.main()" in Path(f"/proc/{pid}/cmdline").read_text()
        )
        os.kill(guard, signal.SIGSTOP)
        process.kill()
        process.wait()
    lab = create(a_lab(NAME, 1))
    os.kill(guard, signal.SIGCONT)
    while Path(f"/proc/{guard}").exists():
        time.sleep(0.05)
    assert lab.machine("m1").run(["hostname"]).stdout == "m1\n"
    destroy(NAME)


def test_a_command_killed_while_it_makes_namespaces_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes them outlives the command, here by half a second, and must be waited for."""
    slow = tmp_path / "ip"
    slow.write_text(f'#!/bin/sh\nsleep 0.5\nexec {shutil.which("ip")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with maker() as process:
        assert process.stdout is not None
        while "connecting" not in process.stdout.readline():
            pass
        time.sleep(0.2)
        process.kill()
        process.wait()
    time.sleep(1.5)
    until_clean()


def test_an_interrupted_command_cleans_up() -> None:
    for _ in range(3):
        with maker() as process:
            assert process.stdout is not None
            process.stdout.readline()
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(20) == -signal.SIGINT
            until_clean(1)


def test_up_after_a_kill_removes_the_rest_first() -> None:
    with maker() as process:
        assert process.stdout is not None
        while "machines are up" not in process.stdout.readline():
            pass
        os.kill(process.pid, signal.SIGSTOP)
        for pid in children(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
    with pytest.raises(LabError, match="half built"):
        Lab.open(NAME)
    said: list[str] = []
    with temporary(a_lab(), said.append) as lab:
        assert said[0] == "removing what a broken-off attempt left"
        assert lab.machine("m6").service("sleeper").pid


def test_a_killed_down_can_be_run_again() -> None:
    for delay in (0.0, 0.05, 0.1, 0.2):
        create(a_lab())
        code = (
            f"from ringfence.machine.destroy import destroy; print(flush=True); destroy({NAME!r})"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        destroy(NAME)
        until_clean(1)


def test_a_user_who_is_not_root_is_told_so() -> None:
    # It changes the user itself, for the environment may lie where nobody else may look.
    code = """
import os
from ringfence.machine.preflight import problems
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(problems())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "not root (user id 65534)" in done.stdout
    assert "sudo" in done.stdout


@pytest.mark.parametrize(
    ("without", "complaint"),
    [
        ("-sys_admin", "network namespaces cannot be used"),
        ("-net_admin", "bridges cannot be used"),
    ],
)
def test_a_root_without_the_power_is_told_what_is_missing(without: str, complaint: str) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_machine_life import *
try:
    create(a_lab())
except LabError as error:
    print(error)
"""
    words = ["setpriv", f"--bounding-set={without}", f"--inh-caps={without}", "--"]
    done = subprocess.run(
        [*words, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "this machine cannot run a lab" in done.stdout
    assert complaint in done.stdout
    assert traces() == []
