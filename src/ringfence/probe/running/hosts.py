"""Who may do what on the hosts of a running system: accounts, services, listening sockets."""

import re
from collections.abc import Iterator
from typing import Final

from ringfence.design.model import Design, Host, HostKind
from ringfence.machine import capabilities, units
from ringfence.machine.inside import Machine, ServiceStatus
from ringfence.machine.service import State
from ringfence.probe.fact import Seen
from ringfence.probe.running.system import System

_SOCKET: Final = re.compile(r"^(tcp|udp)\s+\S+\s+\S+\s+\S+\s+(\S+):(\d+)\s", re.MULTILINE)
_NO_PASSWORD: Final = ("!", "*")
_LOOPBACK: Final = re.compile(r"^(127\.|\[?::1\]?$)")


def accounts(system: System) -> Seen:
    """No account has a password, nobody but root is root, and no key lets anybody in."""
    contrary: list[str] = []
    count = 0
    for host in system.server_hosts:
        machine = system.machine(host)
        names = [line.split(":") for line in _lines(machine, "/etc/passwd")]
        hashes = {line.split(":")[0]: line.split(":")[1] for line in _lines(machine, "/etc/shadow")}
        count += len(names)
        for name, _, user_id, _, _, home, _ in names:
            if not hashes.get(name, "").startswith(_NO_PASSWORD):
                contrary.append(f"{host.name}: {name} has a password, or needs none")
            if user_id == "0" and name != "root":
                contrary.append(f"{host.name}: {name} is root by another name")
            keys = f"{home.rstrip('/')}/.ssh/authorized_keys"
            if name != "root" and machine.run(["test", "-s", keys]).returncode == 0:
                contrary.append(f"{host.name}: {name} can log in with a key")
    return Seen.against(
        contrary,
        count,
        yes=f"{count} accounts on {len(system.server_hosts)} hosts have no password; only root "
        "administers, from the machine itself",
        no="somebody else than an administrator can log in, or a password can be guessed",
    )


def running_users(system: System) -> Seen:
    """Every running service has the user of its unit and none but its capabilities."""
    contrary: list[str] = []
    count = 0
    for host in system.server_hosts:
        machine = system.machine(host)
        users = {line.split(":")[0]: line.split(":")[2] for line in _lines(machine, "/etc/passwd")}
        for service in machine.services():
            if service.state == State.RUNNING:
                count += 1
                contrary += [
                    f"{host.name}: {service.unit} {what}"
                    for what in _beyond_its_unit(machine, service, users)
                ]
    return Seen.against(
        contrary,
        count,
        yes=f"{count} running services have the user and no more than the capabilities of their "
        "units",
        no="a service runs as another user, or with more capabilities, than its unit says",
    )


def listening_services(system: System) -> Seen:
    """Every server listens where flows of the design end, and else on itself alone."""
    contrary: list[str] = []
    exhibits: list[tuple[str, bytes]] = []
    count = 0
    for host in system.server_hosts:
        listing = system.machine(host).run(["ss", "-Hlntup"], check=True).stdout
        exhibits.append((f"{host.name}: ss -Hlntup", listing.encode()))
        found = {(protocol, where, int(port)) for protocol, where, port in _SOCKET.findall(listing)}
        count += 1
        contrary += [
            f"{host.name} listens at {protocol} {where}:{port}"
            for protocol, where, port in sorted(found)
            if not _LOOPBACK.match(where) and not _designed(system.design, host, protocol, port)
        ]
        heard = {(protocol, port) for protocol, _, port in found}
        contrary += [
            f"{host.name} does not listen at {protocol} {port}"
            for protocol, port in _single_ports(system.design, host)
            if (protocol, port) not in heard
        ]
    return Seen.against(
        contrary,
        count,
        yes=f"{count} hosts listen where flows of the design end, and else on themselves alone",
        no="a host listens where the design does not say so, or does not where it does",
        exhibits=tuple(exhibits),
    )


def _lines(machine: Machine, path: str) -> Iterator[str]:
    return (line for line in machine.read(path).decode().splitlines() if line)


def _beyond_its_unit(
    machine: Machine, service: ServiceStatus, users: dict[str, str]
) -> Iterator[str]:
    path = f"/etc/systemd/system/{service.unit}.service"
    unit = units.parse(service.unit, machine.read(path).decode())
    text = machine.read(f"/proc/{service.pid}/status").decode()
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    ids = set(status["Uid"].split())
    if ids != {users[unit.user]}:
        yield f"runs as {'/'.join(sorted(ids))}, not as {unit.user}"
    held = capabilities.named(int(status["CapPrm"], 16) | int(status["CapBnd"], 16))
    if unit.bounding is None or (beyond := held - unit.bounding):
        yield f"holds {', '.join(sorted(beyond)) if unit.bounding is not None else 'everything'}"
    if status["NoNewPrivs"].strip() != "1":
        yield "may gain privileges"


def _designed(design: Design, host: Host, protocol: str, port: int) -> bool:
    return any(
        flow.protocol == protocol and flow.ports.first <= port <= flow.ports.last
        for flow in design.flows
        if host.name in flow.to_hosts
    )


def _single_ports(design: Design, host: Host) -> set[tuple[str, int]]:
    """Where a host must listen; a range of ports is opened call by call."""
    return {
        (str(flow.protocol), flow.ports.first)
        for flow in design.flows
        if host.name in flow.to_hosts
        and flow.ports.first == flow.ports.last
        and host.kind != HostKind.PHONE
    }
