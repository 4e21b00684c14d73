"""Time that was proved, and services that answer their own network only, on a running system."""

import secrets
import socket
import struct
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

import dpkt

from ringfence.design.model import Host, HostKind, Service, ZoneKind
from ringfence.machine.inside import Machine
from ringfence.probe.fact import Seen
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError
from ringfence.render.chrony import COMMAND_SOCKET

_SYNCHRONISED_WITHIN: Final = 40.0
"""Seconds: who finds its source away at first tries again after 16."""
_NONE: Final = "it follows no source"
_ANSWERED: Final = 0.5
_OFFERED: Final = 1.5
_NTP_REQUEST: Final = bytes([0b00_100_011]) + bytes(47)  # version 4, a client's (RFC 5905, 7.3)
_BROADCAST: Final = b"\xff" * 6
_MAGIC: Final = bytes([0x63, 0x82, 0x53, 0x63])  # RFC 2131, 3


def time_sources(system: System) -> Seen:
    """Every server and firewall follows a source that has proved who it is."""
    primary = {host.name for host in system.design.of_kind(HostKind.ADMIN)}
    hosts = [
        host
        for host in system.server_hosts
        if host.name not in primary
        and (host.kind == HostKind.FIREWALL or host.zone != ZoneKind.DMZ)
    ]
    pending = {host.name: host for host in hosts}
    why: dict[str, str] = {}
    said: dict[str, str] = {}
    deadline = time.monotonic() + _SYNCHRONISED_WITHIN
    while pending:
        for name, host in [*pending.items()]:
            machine = system.machine(host)
            said[name] = _chronyc(machine, "authdata")
            why[name] = _unproved(said[name], _chronyc(machine, "sources"))
            if not why[name]:
                del pending[name]
        waiting = pending and all(why[name] == _NONE for name in pending)
        if not waiting or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    return Seen.against(
        [f"{name}: {why[name]}" for name in pending],
        len(hosts),
        yes=f"{len(hosts)} hosts follow a source that has proved who it is (NTS)",
        no="a host follows a time source that has proved nothing, or none",
        exhibits=tuple((f"{name}: chronyc authdata", text.encode()) for name, text in said.items()),
    )


def _chronyc(machine: Machine, report: str) -> str:
    return machine.run(["chronyc", "-h", COMMAND_SOCKET, "-c", "-N", report]).stdout


def _unproved(authdata: str, sources: str) -> str:
    """What keeps a host's time from being proved, if anything does (chronyc(1))."""
    proved = {
        fields[0]
        for line in authdata.splitlines()
        if (fields := line.split(","))[1] == "NTS" and int(fields[4]) > 0
    }
    chosen = [
        fields[2] for line in sources.splitlines() if (fields := line.split(","))[1] in {"*", "+"}
    ]
    if not chosen:
        return _NONE
    return "; ".join(f"{each} has proved nothing" for each in chosen if each not in proved)


def services_apart(system: System) -> Seen:
    """The data network's services answer its devices, and neither network's answer the other."""
    data, others = _seats(system)
    own = system.design.of_kind(HostKind.DATA_SERVICES)
    ours = [
        *system.design.of_kind(HostKind.SERVICES),
        *system.design.of_kind(HostKind.ADMIN),
    ]
    contrary: list[str] = []
    tried = 0
    for asker, servers, wanted in (
        *((seat, own, True) for seat in data),
        *((seat, ours, False) for seat in data),
        *((seat, own, False) for seat in others),
    ):
        for server in servers:
            for what, answered in _asked(system, asker, server):
                tried += 1
                if answered != wanted:
                    how = "gets" if answered else "gets no"
                    contrary.append(f"{asker.name} {how} {what} from {server.name}")
    if not own:
        contrary.append("the data network has no services of its own")
    if system.design.dhcp:
        tried += 1
        contrary += _wrong_offers(system, data[0], own)
    return Seen.against(
        contrary,
        tried,
        yes=f"of {tried} questions, those of a data device to its own server were answered and "
        "none that crossed between the networks was",
        no="services of one network answer the other, or do not answer their own",
    )


def _seats(system: System) -> tuple[tuple[Host, ...], tuple[Host, ...]]:
    data = system.design.of_kind(HostKind.PC)
    if not data:
        raise UnseenError("there is no data device to ask from")
    return data, (*system.free_phones[:1], system.sip_server)


def _asked(system: System, asker: Host, server: Host) -> Iterator[tuple[str, bool]]:
    if Service.UNBOUND in server.services:
        query = bytes(dpkt.dns.DNS(qd=[dpkt.dns.DNS.Q(name=server.fqdn)]))
        answer = _reply(system, asker, server.address, 53, query)
        yield "names", answer is not None and dpkt.dns.DNS(answer).rcode == dpkt.dns.DNS_RCODE_NOERR
    answer = _reply(system, asker, server.address, 123, _NTP_REQUEST)
    yield "the time", answer is not None and answer[0] & 7 == 4  # noqa: PLR2004 - a server's


def _reply(
    system: System, asker: Host, address: IPv4Address, port: int, data: bytes
) -> bytes | None:
    with system.machine(asker).netns():
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with asking:
        asking.settimeout(_ANSWERED)
        try:
            asking.connect((str(address), port))
            asking.send(data)
            return asking.recv(2048)
        except OSError:
            return None


def _wrong_offers(system: System, seat: Host, own: tuple[Host, ...]) -> list[str]:
    """Ask for an address as a computer that nobody knows; only the own server may offer one."""
    allowed = {server.address for server in own}
    offers = set(_offers(system, seat))
    found = [f"{seat.name} is offered an address by {each}" for each in offers - allowed]
    if not offers & allowed:
        found.append(f"{seat.name} is offered no address by the data network's own server")
    return found


def _offers(system: System, seat: Host) -> Iterator[IPv4Address]:
    """Who offers an address to a new device at a seat (RFC 2131, 4.3.1)."""
    mac = bytes([0x02, *secrets.token_bytes(5)])
    transaction = secrets.token_bytes(4)
    place = system.seat(seat)
    with place.open() as opened:
        opened.send(_discover(bytes.fromhex(place.mac.replace(":", "")), mac, transaction))
        deadline = time.monotonic() + _OFFERED
        while time.monotonic() < deadline:
            try:
                offer = opened.recv(2048)
            except BlockingIOError:
                time.sleep(0.02)
                continue
            sender = _offering(offer, transaction)
            if sender is not None:
                yield sender


def _discover(sender: bytes, mac: bytes, transaction: bytes) -> bytes:
    """A DHCPDISCOVER that asks for its answer by broadcast."""
    head = bytes([1, 1, 6, 0]) + transaction + bytes(2) + b"\x80\0" + bytes(16)
    message = head + mac.ljust(16, b"\0") + bytes(192) + _MAGIC + bytes([53, 1, 1, 255])
    datagram = dpkt.udp.UDP(sport=68, dport=67, data=message.ljust(300, b"\0"))
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=bytes(4), dst=b"\xff" * 4, p=dpkt.ip.IP_PROTO_UDP, data=datagram)
    packet.len = len(packet)
    return _BROADCAST + sender + b"\x08\x00" + bytes(packet)


def _offering(frame: bytes, transaction: bytes) -> IPv4Address | None:
    """The server whose DHCPOFFER a frame is, if it answers that transaction."""
    if frame[12:14] != b"\x08\x00" or frame[23:24] != b"\x11":
        return None
    start = 14 + (frame[14] & 15) * 4 + 8
    if frame[start : start + 1] != b"\x02" or frame[start + 4 : start + 8] != transaction:
        return None
    return IPv4Address(struct.unpack_from("!I", frame, 26)[0])
