"""Whether a service does its work: each is asked its own question, from inside its machine."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, assert_never

from ringfence.design.model import Design, Host, HostKind, Service
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.machine.service import State
from ringfence.render import chrony, clamav, kamailio_config, kea, log_keeper, nft, rsyslog

_PATIENCE = 10.0
_TABLES = {Service.NFTABLES: "ringfence", Service.PRIORITIES: "priorities"}

Question = Callable[[], bool]


@dataclass(frozen=True)
class Check:
    """A service of a host, and the question whose yes says that it is ready."""

    host: str
    service: Service
    ask: Question


def checks(lab: Lab, design: Design, shut_out: frozenset[str]) -> list[Check]:
    """One check for every service of every host, in the order in which they can succeed.

    Of the hosts that are shut out nobody expects that they register.
    """
    found = [
        Check(host.name, service, _question(lab, design, host, service))
        for host in design.hosts
        for service in host.services
        if not (service == Service.SOFTPHONE and host.name in shut_out)
    ]
    return sorted(found, key=lambda check: check.service == Service.SOFTPHONE)


def _question(lab: Lab, design: Design, host: Host, service: Service) -> Question:
    machine = lab.machine(host.name)
    match service:
        case Service.NFTABLES | Service.PRIORITIES:
            table = _TABLES[service]
            return lambda: _succeeds(machine, "nft", "list", "table", "inet", table)
        case Service.FIREWALL_LOG:
            return lambda: _listens_to_drops(machine)
        case Service.DHCP_RELAY:
            return lambda: _udp_bound(machine, 67)
        case Service.KAMAILIO:
            return lambda: _has_relay(machine) and _answers_options(machine, design, host)
        case Service.RTPENGINE:
            return lambda: _answers_ping(machine)
        case Service.SENSOR:
            return lambda: _has_copies(lab.switch) and _listens(machine, host)
        case Service.KEA | Service.UNBOUND | Service.CHRONY | Service.SYSLOG | Service.LOG_KEEPER:
            return _network_service(lab, design, host, service)
        case Service.DHCP_CLIENT:
            return lambda: f"inet {host.address}/" in _output(machine, "ip", "-4", "-o", "address")
        case Service.SOFTPHONE:
            server = lab.machine(design.of_kind(HostKind.SIP)[0].name)
            return lambda: registered(server, f"{host.extension}@{design.domain}")
        case (
            Service.MAIL_RELAY
            | Service.DIRECTORY
            | Service.MAIL_STAND_IN
            | Service.SCANNER
            | Service.NIGHTLY_SCAN
            | Service.DEFINITIONS
        ):
            return _of_relay_or_scanner(machine, design, service)
        case _:
            assert_never(service)


def _network_service(
    lab: Lab,
    design: Design,
    host: Host,
    service: Literal[
        Service.KEA, Service.UNBOUND, Service.CHRONY, Service.SYSLOG, Service.LOG_KEEPER
    ],
) -> Question:
    machine = lab.machine(host.name)
    match service:
        case Service.KEA:
            return lambda: _kea_serves(machine)
        case Service.UNBOUND:
            return lambda: str(host.address) in _output(machine, "getent", "ahostsv4", host.fqdn)
        case Service.CHRONY:
            return lambda: _succeeds(machine, "chronyc", "-h", chrony.COMMAND_SOCKET, "tracking")
        case Service.SYSLOG:
            return lambda: _log_is_kept(lab, design, host)
        case Service.LOG_KEEPER:
            return lambda: _runs(machine, log_keeper.PATH)
        case _:
            assert_never(service)


def _of_relay_or_scanner(machine: Machine, design: Design, service: Service) -> Question:
    match service:
        case Service.SCANNER:
            return lambda: _answers_scanner(machine)
        case Service.NIGHTLY_SCAN:
            scan = ("clamscan", "--no-summary", f"--database={clamav.DATABASE}")
            return lambda: _succeeds(machine, *scan, "/etc/hostname")
        case Service.DEFINITIONS:
            return lambda: machine.service(service).state == State.RUNNING
        case _:
            ports = {flow.ports.first for flow in design.flows if flow.service == service}
            return lambda: all(_tcp_listens(machine, port) for port in ports)


def registered(server: Machine, address_of_record: str) -> bool:
    """Whether the registrar knows where an address-of-record is to be reached."""
    return _succeeds(server, *control("ul.lookup", "location", address_of_record))


def control(*command: str) -> list[str]:
    """The command line that asks the SIP server something."""
    return ["kamcmd", "-s", f"unix:{kamailio_config.CONTROL_SOCKET}", *command]


def _output(machine: Machine, *argv: str) -> str:
    return machine.run(argv, timeout=_PATIENCE).stdout


def _succeeds(machine: Machine, *argv: str) -> bool:
    done = machine.run(argv, timeout=_PATIENCE)
    # kamcmd ends with 0 whatever the answer; an error is told in words.
    return (
        done.returncode == 0
        and not done.stdout.startswith("error:")
        and not (done.stderr.startswith("error:"))
    )


def _log_is_kept(lab: Lab, design: Design, host: Host) -> bool:
    """Whether the log server has a file of this host: its init has said something by now."""
    server = design.log_server
    if server is None:
        return False
    kept = lab.machine(server.name)
    return _succeeds(kept, "sh", "-c", f"ls {rsyslog.LOGS}/{host.name}/*.log")


def _runs(machine: Machine, program: str) -> bool:
    return program in _output(machine, "ps", "-eo", "args")


def _listens_to_drops(machine: Machine) -> bool:
    bound = _output(machine, "cat", "/proc/net/netfilter/nfnetlink_log")
    return re.search(rf"^\s*{nft.LOG_GROUP}\s", bound, flags=re.MULTILINE) is not None


def _has_copies(switch: Machine) -> bool:
    return _succeeds(switch, "nft", "list", "table", "netdev", "mirror")


def _listens(machine: Machine, host: Host) -> bool:
    """Whether a socket takes whatever comes in at every mirror port."""
    sockets = _output(machine, "ss", "-H", "-0", "-n")
    return all(f"*:{mirror.name} " in sockets for mirror in host.mirrors)


def _udp_bound(machine: Machine, port: int) -> bool:
    return f":{port} " in _output(machine, "ss", "-Hlun")


def _tcp_listens(machine: Machine, port: int) -> bool:
    return f":{port} " in _output(machine, "ss", "-Hltn")


def _answers_scanner(machine: Machine) -> bool:
    script = (
        "import socket; s=socket.socket(socket.AF_UNIX); s.settimeout(1);"
        f"s.connect('{clamav.SOCKET}'); s.send(b'zPING\\0'); print(s.recv(100))"
    )
    return "PONG" in _output(machine, "/usr/bin/python3", "-I", "-c", script)


def _answers_options(machine: Machine, design: Design, host: Host) -> bool:
    """Speak mutual TLS with the server's own certificate and expect a 200 to OPTIONS."""
    target = f"{host.address}:{design.signalling.port}"
    request = (
        f"OPTIONS sip:{design.domain} SIP/2.0\r\n"
        f"Via: SIP/2.0/TLS {host.fqdn};branch=z9hG4bK-ready\r\n"
        f"From: <sip:ready@{design.domain}>;tag=ready\r\nTo: <sip:{design.domain}>\r\n"
        "Call-ID: ready\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"
    )
    keys = kamailio_config.KEYS
    client = (
        f"timeout 2 openssl s_client -quiet -verify_return_error -connect {target} "
        f"-servername {host.fqdn} -verify_hostname {host.fqdn} -CAfile {keys}/ca.pem "
        f"-cert {keys}/certificate.pem -key {keys}/key.pem"
    )
    # The client hangs up when its input ends, so the input stays open for the answer.
    command = f"{{ cat; sleep 1; }} | {client} 2>/dev/null | head -n 1"
    done = machine.run(["sh", "-c", command], input=request, timeout=_PATIENCE)
    return done.stdout.startswith("SIP/2.0 200")


def _has_relay(machine: Machine) -> bool:
    """Whether the SIP server has found the media relay; it asks again every few seconds."""
    return "disabled: 0" in _output(machine, *control("rtpengine.show", "all"))


def _answers_ping(machine: Machine) -> bool:
    address, port = kamailio_config.NG_SOCKET.split(":")
    script = (
        "import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1);"
        f"s.sendto(b'ready d7:command4:pinge', ('{address}', {port})); print(s.recv(1000))"
    )
    return "pong" in _output(machine, "/usr/bin/python3", "-I", "-c", script)


def _kea_serves(machine: Machine) -> bool:
    script = (
        "import socket; s=socket.socket(socket.AF_UNIX); s.settimeout(1);"
        f"s.connect('{kea.CONTROL_SOCKET}'); s.send(b'{{\"command\":\"status-get\"}}');"
        "print(s.recv(10000))"
    )
    return '"result": 0' in _output(machine, "/usr/bin/python3", "-I", "-c", script)
