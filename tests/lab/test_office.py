"""The running office is what its design says, and no more."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from office import NAME, SITE, Office

from ringfence.design.model import HostKind
from ringfence.machine.inside import Machine

RINGFENCE = Path(sys.executable).with_name("ringfence")
SERVERS = {HostKind.FIREWALL, HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN}


def said(machine: Machine, *argv: str) -> str:
    return machine.run(argv, check=True).stdout


def ringfence(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(RINGFENCE), *words, "--name", NAME]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def test_status_says_that_all_is_well_and_what_it_takes(office: Office) -> None:
    done = ringfence("status", str(SITE), "--json")
    report = json.loads(done.stdout)

    assert done.returncode == 0, done.stdout + done.stderr
    assert report["ok"]
    assert {machine["name"] for machine in report["machines"]} == {
        host.name for host in office.design.hosts
    }
    assert 0 < report["memory_mib"] < 1024
    assert report["differences"]


def test_a_second_up_finds_the_office_up(office: Office) -> None:
    before = [machine.pid for machine in office.lab.machines]
    done = ringfence("up", str(SITE), "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["made"] is False
    assert [machine.pid for machine in office.lab.machines] == before


def test_nothing_listens_that_the_design_does_not_name(office: Office) -> None:
    for host in office.design.hosts:
        if host.kind == HostKind.PHONE:
            continue
        named = {
            (flow.protocol.value, port)
            for flow in office.design.flows
            if host.name in flow.to_hosts
            for port in range(flow.ports.first, flow.ports.last + 1)
        }
        lines = said(office.lab.machine(host.name), "ss", "-Hltun").splitlines()
        sockets = [(line.split()[0], *line.split()[4].rsplit(":", 1)) for line in lines]
        heard = {(kind, int(port)) for kind, where, port in sockets if where != "127.0.0.1"}

        assert heard <= named, f"{host.name}: {heard - named}"
        assert host.kind in SERVERS | {HostKind.DATA_SERVICES} or not heard


def test_no_service_of_a_server_runs_as_root(office: Office) -> None:
    for host in office.design.hosts:
        if host.kind in SERVERS:
            machine = office.lab.machine(host.name)
            for service in machine.services():
                if service.state == "running":
                    user = said(machine, "stat", "-c", "%U", f"/proc/{service.pid}")
                    assert user.strip() != "root", f"{host.name}: {service.unit}"


def test_private_keys_and_passwords_are_readable_by_their_user_only(office: Office) -> None:
    for host in office.design.hosts:
        machine = office.lab.machine(host.name)
        held = machine.run(["grep", "-rlE", "PRIVATE KEY|auth_pass=", "/etc", "/usr/lib/ringfence"])
        ours = [path for path in held.stdout.splitlines() if not path.startswith("/etc/ssl")]
        if host.kind in {HostKind.PHONE, HostKind.SIP}:
            assert ours, host.name
        for path in ours:
            mode = int(said(machine, "stat", "-c", "%a", path), 8)
            assert mode & 0o007 == 0, f"{host.name}:{path} has mode {mode:o}"


def test_no_machine_sees_the_keys_of_the_authority(office: Office) -> None:
    assert Path("/var/lib/ringfence", NAME, "vault", "authority.key").exists()
    for host in office.design.hosts:
        seen = office.lab.machine(host.name).run(["ls", "-A", f"/var/lib/ringfence/{NAME}"])
        assert seen.stdout == "", host.name


def test_names_of_the_office_are_answered_and_no_others(office: Office) -> None:
    phone = office.lab.machine("p305")

    assert str(office.server.address) in said(phone, "getent", "ahostsv4", office.server.fqdn)
    assert phone.run(["getent", "ahostsv4", "www.example.com"]).returncode != 0


def test_an_unknown_device_in_the_phones_zone_gets_no_address(office: Office) -> None:
    phone = office.lab.machine("p305")
    ask = ["udhcpc", "-i", "stranger", "-n", "-q", "-t", "2", "-T", "1", "-s", "/bin/true"]
    said(phone, "ip", "link", "add", "link", "eth0", "name", "stranger", "type", "macvlan")
    try:
        said(phone, "ip", "link", "set", "stranger", "up")
        assert phone.run(ask).returncode != 0
        said(phone, "ip", "link", "del", "stranger")
        known = [word if word != "stranger" else "eth0" for word in ask]
        assert phone.run(known).returncode == 0, "a known device must get one"
    finally:
        phone.run(["ip", "link", "del", "stranger"])


@pytest.mark.parametrize("seat", ["pc1", "outside1"])
@pytest.mark.parametrize("target", ["registrar", "helper", "boss", "p301"])
def test_strangers_reach_nothing_and_the_log_names_the_zone(
    office: Office, seat: str, target: str
) -> None:
    host = next(host for host in office.design.hosts if host.name == target)
    zone = {"pc1": "data", "outside1": "outside"}[seat]
    knock = f"echo > /dev/tcp/{host.address}/53"

    with office.logged("fw", "firewall", "RF drop", f"IN={zone}", f"DST={host.address} "):
        done = office.lab.machine(seat).run(["timeout", "1", "bash", "-c", knock])
    assert done.returncode != 0


def test_a_stolen_address_is_dropped_as_spoofed(office: Office) -> None:
    """The data zone's PC claims a phone's address on its own wire."""
    seat = office.lab.machine("pc1")
    stolen = "172.20.128.77"
    knock = f"exec 3<>/dev/udp/{office.server.address}/30000; echo x >&3"
    seat.run(["bash", "-c", knock])  # the firewall's hardware address is learnt honestly
    said(seat, "ip", "address", "add", f"{stolen}/32", "dev", "eth0")
    said(seat, "ip", "route", "add", str(office.server.address), "via", "10.99.0.1", "src", stolen)
    try:
        with office.logged("fw", "firewall", "RF drop spoofed", "IN=data", f"SRC={stolen} "):
            seat.run(["bash", "-c", knock])
    finally:
        seat.run(["ip", "route", "del", str(office.server.address)])
        seat.run(["ip", "address", "del", f"{stolen}/32", "dev", "eth0"])


def test_a_service_that_dies_comes_back(office: Office) -> None:
    machine = office.lab.machine("helper")
    before = machine.service("unbound")
    said(machine, "kill", "-9", str(before.pid))

    office.await_that(lambda: machine.service("unbound").starts > before.starts)
    office.await_that(lambda: machine.service("unbound").state == "running")


def test_each_generated_rule_names_what_asked_for_it(office: Office) -> None:
    rules = said(office.lab.machine("fw"), "nft", "list", "table", "inet", "ringfence")
    accepting = [line for line in rules.splitlines() if " dport " in line and "accept" in line]

    assert accepting
    for line in accepting:
        comment = re.search(r'comment "[\w-]+: ([A-Z]{3}-\d+)', line)
        assert comment is not None, line
        assert comment[1] in office.design.in_force
