"""What a small machine is from the inside, and what can be done to it from outside."""

import socket
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab, temporary
from ringfence.machine.record import LabError
from ringfence.machine.service import State
from ringfence.machine.spec import Installed, LabSpec, MachineSpec, Port

CAP_NET_BIND_SERVICE = 10
CAP_NET_ADMIN = 12
TMP = "/tmp"  # noqa: S108 - a mount is looked for there


def unit(name: str, text: str) -> Installed:
    path = f"/etc/systemd/system/{name}.service"
    return Installed(path=path, data=textwrap.dedent(text).encode())


def leg(device: str, address: str, *more: str) -> Installed:
    lines = ["[Match]", f"Name={device}", "[Network]", f"Address={address}", *more, ""]
    path = f"/etc/systemd/network/10-{device}.network"
    return Installed(path=path, data="\n".join(lines).encode())


def port(device: str, bridge: str, last: int) -> Port:
    return Port(name=device, bridge=bridge, mac=f"02:00:00:00:99:{last:02x}")


SERVICES = (
    unit(
        "prepare",
        """\
        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/bin/sh -c 'sleep 0.3; date +%%s.%%N > /run/prepared'
        """,
    ),
    unit(
        "worker",
        """\
        [Unit]
        After=network.target prepare.service
        [Service]
        User=nobody
        Group=nogroup
        Environment=GREETING=hello
        RuntimeDirectory=worker
        RuntimeDirectoryMode=0750
        StateDirectory=worker/deep
        StateDirectoryMode=0700
        ExecStartPre=/bin/sh -c 'cat /run/prepared; ulimit -n; umask'
        ExecStartPre=/bin/echo ${GREETING} $STATE_DIRECTORY
        ExecStart=/bin/sh -c 'trap "echo reloaded" HUP; while :; do sleep 0.1; done'
        ExecReload=/bin/kill -HUP $MAINPID
        Restart=always
        RestartSec=200ms
        LimitNOFILE=4321
        UMask=0027
        NoNewPrivileges=yes
        CapabilityBoundingSet=CAP_NET_BIND_SERVICE
        AmbientCapabilities=CAP_NET_BIND_SERVICE
        ProtectSystem=full
        """,
    ),
    unit(
        "overseer",
        """\
        [Service]
        ExecStart=/bin/sleep 54321
        CapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_TIME
        """,
    ),
    unit(
        "broken",
        """\
        [Unit]
        StartLimitBurst=3
        [Service]
        ExecStart=/bin/sh -c 'echo alas; exit 3'
        Restart=always
        RestartSec=50ms
        """,
    ),
    unit("absent", "[Service]\nExecStart=/usr/bin/no-such-program\n"),
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    served = MachineSpec(
        name="server",
        hostname="server.example",
        ports=(port("eth0", "blue", 1),),
        files=(
            leg("eth0", "10.99.1.1/24", "Gateway=10.99.1.254"),
            Installed(path="/etc/sysctl.d/60-x.conf", data=b"net.ipv4.tcp_syncookies=0\nvm.x=1\n"),
            Installed(path="/etc/key", data=b"secret", mode=0o440, owner="nobody", group="nogroup"),
            *SERVICES,
        ),
    )
    router = MachineSpec(
        name="router",
        hostname="router",
        ports=(port("blue", "blue", 2), port("red", "red", 3)),
        files=(
            leg("blue", "10.99.1.254/24"),
            leg("red", "10.99.2.254/24"),
            Installed(path="/etc/sysctl.d/60-x.conf", data=b"net.ipv4.ip_forward = 1\n"),
        ),
    )
    client = MachineSpec(
        name="client",
        hostname="client",
        ports=(port("eth0", "red", 4),),
        files=(leg("eth0", "10.99.2.1/24", "Gateway=10.99.2.254"),),
    )
    spec = LabSpec(
        name="mtinside",
        bridges=("blue", "red"),
        machines=(served, router, client),
        hidden=("/usr/share/common-licenses", "/etc/debian_version"),
    )
    with temporary(spec) as made:
        server = made.machine("server")
        eventually(lambda: server.service("broken").state == State.FAILED)
        eventually(lambda: server.service("worker").state == State.RUNNING)
        yield made


@pytest.fixture
def server(lab: Lab) -> Machine:
    return lab.machine("server")


def here() -> str:
    return str(Path("/proc/thread-self/ns/net").readlink())


def eventually(true: Callable[[], bool], patience: float = 5) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def said(machine: Machine, *argv: str) -> str:
    return machine.run(argv, check=True).stdout.strip()


def test_machines_reach_each_other_through_bridges_and_a_router(lab: Lab) -> None:
    client, listener = lab.machine("client"), socket.socket
    with lab.machine("server").netns(), listener() as ear:
        ear.bind(("10.99.1.1", 8000))
        ear.listen()
        with client.netns(), socket.create_connection(("10.99.1.1", 8000), 2) as mouth:
            mouth.sendall(b"through")
            there, (caller, _) = ear.accept()
            with there:
                assert there.recv(16) == b"through"

    assert caller == "10.99.2.1"


def test_the_thread_is_back_home_after_netns(server: Machine) -> None:
    home = here()
    with server.netns():
        assert here() != home
    with pytest.raises(ZeroDivisionError), server.netns():
        raise ZeroDivisionError
    assert here() == home


def test_the_switch_has_a_port_for_every_leg(lab: Lab) -> None:
    links = said(lab.switch, "bridge", "link", "show")

    for machine, device, name in (
        ("server", "eth0", "server"),
        ("router", "blue", "router.blue"),
        ("router", "red", "router.red"),
    ):
        assert lab.port(machine, device) == name
        assert f" {name}@" in links


def test_there_is_no_ipv6(lab: Lab) -> None:
    for machine in (*lab.machines, lab.switch):
        assert said(machine, "ip", "-6", "address") == ""


def test_what_belongs_to_the_real_machine_is_out_of_sight(lab: Lab, server: Machine) -> None:
    assert said(server, "ls", "-A", "/root", "/home") == "/home:\n\n/root:"
    assert server.run(["ls", "/run/netns"]).returncode != 0
    assert lab.name not in said(server, "ls", "/run/ringfence")
    assert said(server, "ls", "-A", "/usr/share/common-licenses") == ""
    assert server.run(["cat", "/etc/debian_version"]).returncode != 0
    units = said(server, "ls", "/etc/systemd/system").split()
    assert sorted(units) == sorted(f.path.rpartition("/")[2] for f in SERVICES)
    assert said(server, "find", "/var/log", "-type", "f", "!", "-newer", "/etc/hostname") == ""
    assert set(said(server, "ls", "/dev").split()) == {
        *("fd", "full", "net", "null", "ptmx", "pts", "random", "shm"),
        *("stderr", "stdin", "stdout", "tty", "urandom", "zero"),
    }
    processes = said(server, "ps", "-e", "-o", "pid=").split()
    assert "1" in processes
    assert len(processes) < 20
    assert lab.name in said(server, "cat", "/proc/1/cmdline")


def test_mounts_of_the_real_machine_are_gone(server: Machine) -> None:
    places = {line.split()[4] for line in said(server, "cat", "/proc/self/mountinfo").splitlines()}

    assert places <= {
        *("/", "/proc", "/proc/sys", "/proc/sys/net", "/proc/sysrq-trigger", "/sys"),
        *("/dev", "/dev/pts", "/run", TMP),
    }


def test_what_a_machine_writes_stays_inside(server: Machine, lab: Lab) -> None:
    said(server, "sh", "-c", "echo mine > /etc/ringfence-mark; echo mine > /srv/ringfence-mark")

    assert not Path("/etc/ringfence-mark").exists()
    assert not Path("/srv/ringfence-mark").exists()
    assert lab.machine("client").run(["cat", "/etc/ringfence-mark"]).returncode != 0


def test_a_machine_cannot_write_more_than_its_disk(server: Machine) -> None:
    full = server.run(["dd", "if=/dev/zero", "of=/srv/big", "bs=1M", "count=100"])
    said(server, "rm", "/srv/big")

    assert "No space left" in full.stderr


def test_names_and_files_are_as_asked(server: Machine) -> None:
    assert said(server, "hostname") == "server.example"
    assert server.read("/etc/hostname") == b"server.example\n"
    assert said(server, "stat", "-c", "%U:%G %a", "/etc/key") == "nobody:nogroup 440"
    assert server.read("/etc/key") == b"secret"


def test_settings_of_the_network_are_made_and_no_others(server: Machine) -> None:
    assert said(server, "cat", "/proc/sys/net/ipv4/tcp_syncookies") == "0"
    assert server.not_applied() == ("vm/x = 1: not set, it would change the whole real machine",)
    assert server.run(["sh", "-c", "echo 1 > /proc/sys/vm/swappiness"]).returncode != 0


def test_a_service_runs_as_its_unit_says(server: Machine) -> None:
    status = server.service("worker")
    assert status.state == State.RUNNING
    assert status.not_enforced == ("ProtectSystem",)
    text = said(server, "cat", f"/proc/{status.pid}/status")
    fields = {line.split(":")[0]: line.split(":")[1].split() for line in text.splitlines()}

    assert set(fields["Uid"]) == {"65534"}
    assert set(fields["Gid"]) == {"65534"}
    assert fields["NoNewPrivs"] == ["1"]
    for mask in ("CapBnd", "CapAmb", "CapEff"):
        assert int(fields[mask][0], 16) == 1 << CAP_NET_BIND_SERVICE
    assert said(server, "stat", "-c", "%U %a", "/run/worker") == "nobody 750"
    assert said(server, "stat", "-c", "%U %a", "/var/lib/worker/deep") == "nobody 700"


def test_output_is_kept_with_its_time_and_shows_limits_and_environment(server: Machine) -> None:
    lines = [line.split("Z ", 1) for line in server.log_tail("worker", 100)]
    printed = [text for _, text in lines if not text.startswith("[init]")]

    assert printed[1:4] == ["4321", "0027", "hello /var/lib/worker/deep"]
    assert all(len(stamp) == len("2026-01-01T00:00:00.000") for stamp, _ in lines)


def test_a_service_waits_for_what_it_starts_after(server: Machine) -> None:
    first, second = (server.log_tail(name, 100)[0][:23] for name in ("prepare", "worker"))
    prepared = server.service("prepare")

    assert (prepared.state, prepared.starts) == (State.DONE, 1)
    assert first < second


def test_root_too_is_bounded_and_never_sets_the_clock(server: Machine) -> None:
    status = server.service("overseer")
    text = said(server, "cat", f"/proc/{status.pid}/status")
    bounding = next(line.split()[1] for line in text.splitlines() if line.startswith("CapBnd"))

    assert int(bounding, 16) == 1 << CAP_NET_ADMIN
    assert status.withheld == ("CAP_SYS_TIME",)


def test_a_crashed_service_is_started_again(server: Machine) -> None:
    before = server.service("worker")
    said(server, "kill", "-9", str(before.pid))

    eventually(lambda: server.service("worker").starts == before.starts + 1)
    eventually(lambda: server.service("worker").state == State.RUNNING)
    assert any("Killed" in line for line in server.log_tail("worker"))


def test_a_service_that_keeps_failing_is_given_up(server: Machine) -> None:
    status = server.service("broken")

    assert (status.state, status.starts) == (State.FAILED, 3)
    assert "3 starts within 10 s" in status.detail
    assert "status 3" in status.detail
    with pytest.raises(LabError, match=r"(?s)broken of server is failed.*alas"):
        server.restart("broken")


def test_a_program_that_is_not_there_is_named(server: Machine) -> None:
    assert server.service("absent").state == State.FAILED
    assert any("no-such-program" in line for line in server.log_tail("absent"))


def test_stop_start_restart_and_reload(server: Machine) -> None:
    server.stop("worker")
    assert server.service("worker").state == State.STOPPED
    assert server.run(["pgrep", "-u", "nobody"]).stdout == ""
    server.start_service("worker")
    eventually(lambda: server.service("worker").state == State.RUNNING)
    first = server.service("worker")
    server.start_service("worker")
    assert server.service("worker") == first
    server.restart("worker")
    assert server.service("worker").pid != first.pid
    server.reload("worker")
    eventually(lambda: any("reloaded" in line for line in server.log_tail("worker")))
    with pytest.raises(LabError, match="overseer has no ExecReload"):
        server.reload("overseer")
    with pytest.raises(LabError, match="not a command"):
        server.start_service("nothing")


def test_orphans_are_reaped(server: Machine) -> None:
    said(server, "sh", "-c", "(sleep 0.2 &) ; exit 0")
    time.sleep(0.5)

    assert "Z" not in said(server, "ps", "-e", "-o", "stat=")


def test_run_gives_input_and_takes_output(server: Machine) -> None:
    done = server.run(["sh", "-c", "cat; echo bad >&2; exit 4"], input="good")

    assert (done.stdout, done.stderr, done.returncode) == ("good", "bad\n", 4)
    with pytest.raises(subprocess.CalledProcessError):
        server.run(["false"], check=True)


def test_run_ends_what_takes_too_long_with_its_children(server: Machine) -> None:
    before = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        server.run(["sh", "-c", "sleep 7654 & sleep 7654"], timeout=0.3)

    assert time.monotonic() - before < 2
    assert server.run(["pgrep", "-f", "sleep 7654"]).stdout == ""


def test_a_capture_in_the_switch_is_whole_after_stop(lab: Lab) -> None:
    words = [
        "tcpdump",
        "-Z",
        "root",
        "--immediate-mode",
        "-i",
        lab.port("client", "eth0"),
        "-w",
        "/srv/c.pcap",
        "icmp or arp",
    ]
    with lab.switch.start(words, stderr=subprocess.PIPE) as capture:
        assert capture.stderr is not None
        assert b"listening" in capture.stderr.readline()
        with lab.machine("client").netns(), socket.socket(type=socket.SOCK_DGRAM) as mouth:
            mouth.sendto(b"x", ("10.99.2.77", 9))
        time.sleep(0.3)
        assert capture.stop() == 0

    assert "10.99.2.77" in said(lab.switch, "tcpdump", "-nr", "/srv/c.pcap")


def test_files_are_written_whole_and_links_lead_nowhere_outside(server: Machine) -> None:
    said(server, "ln", "-sfn", "/etc/hostname", "/srv/link")
    said(server, "ln", "-sfn", "/etc", "/srv/door")

    assert server.read("/srv/link") == b"server.example\n"
    server.write("/srv/door/ringfence-probe", b"new", mode=0o600, owner="nobody", group="nogroup")
    assert said(server, "stat", "-c", "%U:%G %a", "/etc/ringfence-probe") == "nobody:nogroup 600"
    assert not Path("/etc/ringfence-probe").exists()
    with pytest.raises(LabError, match="no account 'nemo'"):
        server.write("/srv/x", b"", owner="nemo")
    with pytest.raises(FileNotFoundError):
        server.read("/no/such/file")


def test_memory_is_measured(lab: Lab, server: Machine) -> None:
    before = server.memory()
    said(server, "dd", "if=/dev/zero", "of=/srv/ten", "bs=1M", "count=10")
    after = server.memory()
    said(server, "rm", "/srv/ten")

    assert after.files - before.files == pytest.approx(10 << 20, abs=1 << 16)
    assert 2e6 < lab.machine("client").memory().processes < 10e6
    assert lab.memory().total > server.memory().total
