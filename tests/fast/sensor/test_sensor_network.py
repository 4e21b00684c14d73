"""Scans, floods and strangers, as dialogues: what is told, and what is not."""

from ipaddress import IPv4Address

import pytest

from dialogues import (
    FATAL_ALERT,
    HELLO,
    Watch,
    admitted,
    connection,
    hung_up,
    kinds,
    of_kind,
    turned_away,
)
from ringfence.probe import frames
from ringfence.probe.frames import ACK, RST, SYN, End
from ringfence.sensor.alerts import MANY
from ringfence.sensor.rules import Kind

OPTIONS = b"OPTIONS sip:100@10.16.0.10 SIP/2.0\r\nUser-Agent: X\r\n\r\n"


def at(end: End, port: int) -> End:
    return End(end.mac, end.address, port)


def test_a_scan_of_ports_names_who_and_whom_and_how_many() -> None:
    watch = Watch("data")
    pc, server = watch.host("pc1", 40000), watch.host("sip1")

    alerts = watch.see(*(frames.tcp(pc, at(server, port), SYN) for port in range(1, 31)))

    scans = of_kind(alerts, Kind.PORT_SCAN)
    assert [(each.source, each.target, each.count) for each in scans] == [
        (str(pc.address), str(server.address), 15)
    ] * 2


def test_a_scan_that_leaves_half_of_its_ports_to_the_next_minute_is_found_all_the_same() -> None:
    watch = Watch("data")
    pc, server = watch.host("pc1", 40000), watch.host("sip1")

    watch.see(frames.tcp(pc, at(server, 1), SYN))
    watch.wait(55)
    first = watch.see(*(frames.tcp(pc, at(server, port), SYN) for port in range(2, 16)))
    watch.wait(6)
    alerts = first + watch.see(*(frames.tcp(pc, at(server, p), SYN) for p in range(16, 31)))

    assert Kind.PORT_SCAN in kinds(alerts)


def test_one_port_at_many_addresses_is_a_scan_of_addresses() -> None:
    watch = Watch("data")
    pc = watch.host("pc1", 40000)
    targets = [End(watch.gateway.mac, IPv4Address(f"10.16.0.{n}"), 22) for n in range(20, 31)]

    alerts = watch.see(*(frames.tcp(pc, each, SYN) for each in targets))

    (scan,) = of_kind(alerts, Kind.ADDRESS_SCAN)
    assert (scan.source, scan.count) == (str(pc.address), 10)
    assert scan.target.endswith(":22/tcp")


def test_a_scan_of_one_port_every_minute_is_found_within_the_hour() -> None:
    watch = Watch("data")
    pc, server = watch.host("pc1", 40000), watch.host("sip1")
    alerts = []

    for port in range(1, 31):
        alerts += watch.see(frames.tcp(pc, at(server, port), SYN))
        watch.wait(100)

    assert not {Kind.PORT_SCAN, Kind.ADDRESS_SCAN} & kinds(alerts)
    (slow,) = of_kind(alerts, Kind.SLOW_SCAN)
    assert (slow.source, slow.count) == (str(pc.address), 30)


@pytest.mark.parametrize("flags", [0, frames.FIN, ACK, frames.FIN | frames.PSH | 0x20])
def test_scans_with_other_flags_than_syn_are_scans(flags: int) -> None:
    watch = Watch("data")
    pc, server = watch.host("pc1", 40000), watch.host("sip1")

    alerts = watch.see(*(frames.tcp(pc, at(server, port), flags) for port in range(1, 16)))

    assert Kind.PORT_SCAN in kinds(alerts)


def test_a_port_scan_by_udp_is_found_and_whoever_answers_is_not_blamed() -> None:
    watch = Watch("phones")
    phone, other = watch.host(watch.phone, 5555), watch.host(watch.other_phone)
    given = []
    for port in range(1, 16):
        given.append(frames.udp(phone, at(other, port), b"?"))
        given.append(frames.udp(at(other, port), phone, b"!"))

    alerts = watch.see(*given)

    assert Kind.PORT_SCAN in kinds(alerts)
    assert {alert.source for alert in alerts} == {str(phone.address)}


def test_refusals_are_no_traffic_of_their_own() -> None:
    watch = Watch("phones")
    phone, other = watch.host(watch.phone, 80), watch.host(watch.other_phone, 5555)

    assert not watch.see(
        frames.tcp(phone, other, RST | ACK),
        frames.icmp(phone, other, 3),
        frames.icmp(phone, other, 0),
    )


def test_pings_of_five_hosts_are_a_sweep_and_one_is_only_strange() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)
    hosts = [End(watch.gateway.mac, IPv4Address(f"10.16.0.{n}")) for n in range(20, 25)]

    first = watch.see(frames.icmp(phone, hosts[0], 8))
    alerts = watch.see(*(frames.icmp(phone, each, 8) for each in hosts))

    assert kinds(first) == {Kind.UNNAMED_TRAFFIC}
    (sweep,) = of_kind(alerts, Kind.ICMP_SWEEP)
    assert (sweep.source, sweep.count) == (str(phone.address), 5)


@pytest.mark.parametrize("zone", ["data", "outside", "phones"])
def test_sip_in_the_clear_is_a_scan_at_the_third_request(zone: str) -> None:
    watch = Watch(zone)
    who = {"data": "pc1", "outside": "outside1", "phones": watch.phone}[zone]
    stranger, server = watch.host(who, 5062), watch.host("sip1", 5060)

    early = watch.see(*[frames.udp(stranger, server, OPTIONS)] * 2)
    alerts = watch.see(frames.udp(stranger, server, OPTIONS))

    assert Kind.SIP_SCAN not in kinds(early)
    (scan,) = of_kind(alerts, Kind.SIP_SCAN)
    assert (scan.source, scan.target) == (str(stranger.address), f"{server.address}:5060/udp")


def test_a_scanner_that_says_its_name_needs_no_second_request() -> None:
    watch = Watch("outside")
    stranger, server = watch.host("outside1", 5062), watch.host("sip1", 5060)

    alerts = watch.see(frames.udp(stranger, server, OPTIONS.replace(b"X", b"Friendly-Scanner")))

    assert Kind.SIP_SCAN in kinds(alerts)


def test_a_walk_along_prefixes_with_half_a_minute_between_calls_is_a_scan() -> None:
    watch = Watch("outside")
    stranger, server = watch.host("outside1", 5062), watch.host("sip1", 5060)
    alerts = []

    for prefix in (824, 825, 826):
        target = f"INVITE sip:{prefix}810441519471629@x SIP/2.0\r\n\r\n".encode()
        alerts += watch.see(frames.udp(stranger, server, target))
        watch.wait(35)

    assert len(of_kind(alerts, Kind.SIP_SCAN)) == 1


def test_knocking_at_the_port_of_clear_sip_counts_although_no_request_gets_through() -> None:
    watch = Watch("data")
    pc, server = watch.host("pc1"), watch.host("sip1", 5060)

    alerts = watch.see(*(frames.tcp(at(pc, port), server, SYN) for port in (4001, 4002, 4003)))

    assert Kind.SIP_SCAN in kinds(alerts)


def test_sip_at_the_tls_port_without_tls_is_a_scan() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    alerts = []

    for port in (4001, 4002, 4003):
        phone = watch.host(watch.phone, port)
        alerts += watch.see(*connection(phone, server, (True, OPTIONS)))

    assert kinds(alerts) == {Kind.SIP_SCAN}


def test_guessing_passwords_in_the_clear_is_a_flood() -> None:
    watch = Watch("outside")
    stranger, server = watch.host("outside1", 5062), watch.host("sip1", 5060)
    register = b"REGISTER sip:x SIP/2.0\r\n\r\n"

    alerts = watch.see(*[frames.udp(stranger, server, register)] * 30)

    (flood,) = of_kind(alerts, Kind.SIP_FLOOD)
    assert (flood.source, flood.count) == (str(stranger.address), 30)


@pytest.mark.parametrize("alert", [None, FATAL_ALERT])
def test_five_handshakes_without_a_certificate_in_a_row_are_told(alert: bytes | None) -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    alerts = []

    for port in range(4001, 4006):
        phone = watch.host(watch.phone, port)
        alerts += watch.see(
            *(turned_away(phone, server, alert) if alert else turned_away(phone, server))
        )

    (refused,) = alerts
    assert refused.kind == Kind.TLS_REFUSED
    assert (refused.source, refused.count) == (str(phone.address), 5)


def test_a_phone_that_is_let_in_now_and_then_is_never_refused_in_a_row() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    alerts = []

    for port in range(4001, 4021):
        phone = watch.host(watch.phone, port)
        said = admitted(phone, server) if port % 4 == 0 else turned_away(phone, server)
        alerts += watch.see(*said)
        watch.wait(3)

    assert not alerts


def test_a_second_greeting_does_not_hide_a_refusal() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    retry = bytes.fromhex("1603030058020000540303") + bytes(84)
    again = bytes.fromhex("140303000101") + HELLO
    alerts = []

    for port in range(4001, 4006):
        phone = watch.host(watch.phone, port)
        given = connection(
            phone,
            server,
            (True, HELLO),
            (False, retry),
            (True, again),
            (False, b"\x16\x03\x03\x05\x78\x02" + bytes(1400)),
            (True, b"\x17\x03\x03\x00\x4f" + bytes(79)),
            (False, b"\x17\x03\x03\x00\x13" + bytes(19)),
        )
        alerts += watch.see(*given, *hung_up(phone, server))

    assert kinds(alerts) == {Kind.TLS_REFUSED}


def test_handshakes_begun_at_a_rate_that_no_phone_has_are_a_flood() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    given = []
    for port in range(4001, 4021):
        given += connection(watch.host(watch.phone, port), server, (True, HELLO))

    (flood,) = watch.see(*given)

    assert (flood.kind, flood.count) == (Kind.TLS_FLOOD, 20)


def test_many_connections_from_one_phone_are_a_flood() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    given = [frames.tcp(watch.host(watch.phone, port), server, SYN) for port in range(4000, 4050)]

    (flood,) = watch.see(*given)

    assert (flood.kind, flood.count) == (Kind.CONNECTION_FLOOD, 50)


def test_connections_from_invented_addresses_are_a_flood_of_many() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    phones = [watch.host(host.name) for host in watch.design.hosts if host.name.startswith("p1000")]
    given = [
        frames.tcp(at(phones[number % len(phones)], 4000 + number), server, SYN)
        for number in range(200)
    ]

    alerts = watch.see(*given)

    assert kinds(alerts) == {Kind.CONNECTION_FLOOD}
    assert [alert.count for alert in alerts if alert.source == MANY] == [200]


@pytest.mark.parametrize("half_open", [True, False])
def test_connections_that_say_nothing_are_told_after_a_while(*, half_open: bool) -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    alerts = []

    for port in range(4001, 4011):
        given = connection(watch.host(watch.phone, port), server)
        alerts += watch.see(*(given[:1] if half_open else given))
    assert not alerts
    alerts = watch.wait(6)

    (drip,) = alerts
    assert (drip.kind, drip.count) == (Kind.SLOW_DRIP, 10)


def test_a_first_packet_sent_again_does_not_make_a_connection_young() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    given = [frames.tcp(watch.host(watch.phone, port), server, SYN) for port in range(4001, 4011)]

    watch.see(*given)
    watch.wait(3)
    watch.see(*given)

    assert kinds(watch.wait(3)) == {Kind.SLOW_DRIP}


def test_silent_connections_that_end_are_no_longer_counted() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    alerts = []

    for port in range(4001, 4031):
        phone = watch.host(watch.phone, port)
        alerts += watch.see(*connection(phone, server))
        alerts += watch.wait(6)
        alerts += watch.see(*hung_up(phone, server))

    assert not alerts


def test_every_phone_coming_back_at_once_is_no_attack() -> None:
    watch = Watch("phones")
    server = watch.host("sip1", 5061)
    alerts = []

    for host in watch.design.hosts:
        if host.name.startswith("p1000"):
            for port in (4001, 4002):
                alerts += watch.see(*admitted(watch.end(host, port), server))

    assert not alerts
    assert not watch.wait(60)


def test_packets_to_the_relay_that_nothing_answers_are_no_call() -> None:
    watch = Watch("phones")
    phone, relay = watch.host(watch.phone, 20000), watch.host("sip1", 30002)
    speech = bytes([0x80, 0]) + bytes(180)

    (alert,) = watch.see(*[frames.udp(phone, relay, speech)] * 500)

    assert (alert.kind, alert.count) == (Kind.MEDIA_WITHOUT_CALL, 500)


def test_searching_for_the_ports_of_calls_is_told_at_the_twentieth() -> None:
    watch = Watch("phones")
    phone, relay = watch.host(watch.phone, 20000), watch.host("sip1")

    (alert,) = watch.see(
        *(frames.udp(phone, at(relay, port), b"x" * 40) for port in range(30000, 30040, 2))
    )

    assert (alert.kind, alert.count) == (Kind.MEDIA_WITHOUT_CALL, 20)


@pytest.mark.parametrize("relay_first", [True, False])
def test_a_call_of_ten_minutes_is_no_attack_whoever_speaks_first(*, relay_first: bool) -> None:
    watch = Watch("phones")
    phone, relay = watch.host(watch.phone, 20000), watch.host("sip1", 30002)
    speech = bytes([0x80, 0]) + bytes(180)
    there, back = frames.udp(phone, relay, speech), frames.udp(relay, phone, speech)
    alerts = []

    for _ in range(600):
        alerts += watch.see(*([back, there] if relay_first else [there, back]) * 50)
        alerts += watch.wait(1)

    assert not alerts


def test_a_call_on_hold_in_which_only_reports_come_back_is_no_attack() -> None:
    watch = Watch("phones")
    phone, relay = watch.host(watch.phone, 20000), watch.host("sip1", 30002)
    there = frames.udp(phone, relay, bytes([0x80, 0]) + bytes(180))
    report = frames.udp(at(relay, 30003), at(phone, 20001), bytes([0x80, 201]) + bytes(60))
    alerts = watch.see(report)

    for second in range(300):
        alerts += watch.see(*[there] * 50)
        if second % 5 == 0:
            alerts += watch.see(report)
        alerts += watch.wait(1)

    assert not alerts


@pytest.mark.parametrize(
    ("zone", "who", "target", "port"),
    [
        ("phones", None, "sip1", 22),
        ("phones", None, "net1", 5061),
        ("servers", "sip1", "net1", 80),
        ("admin", "admin1", "sip1", 22),
        ("data", "pc1", "sip1", 5061),
        ("outside", "outside1", "net1", 53),
    ],
)
def test_what_no_flow_names_is_told_at_once(
    zone: str, who: str | None, target: str, port: int
) -> None:
    watch = Watch(zone)
    source, to = watch.host(who or watch.phone, 4000), watch.host(target, port)

    (alert,) = watch.see(frames.tcp(source, to, SYN))

    assert alert.kind == Kind.UNNAMED_TRAFFIC
    assert (alert.source, alert.target) == (str(source.address), f"{to.address}:{port}/tcp")


def test_what_data_devices_have_among_themselves_and_with_the_world_is_their_own_business() -> None:
    watch = Watch("data")
    pc = watch.host("pc1", 4000)
    world = End(watch.gateway.mac, IPv4Address("198.51.100.7"), 443)
    neighbours = End(frames.EVERYBODY, IPv4Address("10.16.2.255"), 137)

    assert not watch.see(frames.tcp(pc, world, SYN), frames.udp(pc, neighbours, b"x"))


def test_the_designs_own_flows_are_never_told() -> None:
    watch = Watch("servers")
    sip, net, admin = watch.host("sip1", 4000), watch.host("net1"), watch.host("admin1")
    time, names = at(net, 123), at(net, 53)
    given = []
    for one, other in ((sip, names), (sip, at(admin, 123)), (sip, time)):
        given += [frames.udp(one, other, b"?" * 40), frames.udp(other, one, b"!" * 40)]

    assert not watch.see(*given, *connection(sip, names, (True, b"?"), (False, b"!")))


@pytest.mark.parametrize("protocol", [2, 47, 50, 89, 103, 132])
def test_a_strange_protocol_in_a_zone_of_the_design_is_told(protocol: int) -> None:
    watch = Watch("phones")
    frame = bytearray(frames.icmp(watch.host(watch.phone), watch.host("sip1"), 8))
    frame[23] = protocol

    (alert,) = watch.see(bytes(frame))

    assert alert.target.endswith(f"/protocol-{protocol}")


def test_fragments_and_packets_that_contradict_themselves_are_told() -> None:
    watch = Watch("phones")
    whole = frames.udp(watch.host(watch.phone, 4000), watch.host("net1", 53), b"x" * 8)
    first, later, short = bytearray(whole), bytearray(whole), bytearray(whole)
    first[20:22] = b"\x20\x00"
    later[20:22] = b"\x00\x10"
    short[14] = 0x4F

    for frame, target in ((first, "fragment"), (later, "fragment"), (short, "ip/malformed")):
        (alert,) = watch.see(bytes(frame))
        assert alert.target.endswith(target)


def test_a_proved_exchange_does_not_cover_another_device_or_a_new_connection() -> None:
    watch = Watch("phones")
    phone, names = watch.host(watch.phone, 4000), watch.host("net1", 53)
    thief = End(watch.host(watch.other_phone).mac, phone.address, 4000)
    assert not watch.see(*[frames.udp(phone, names, b"x" * 40)] * 3)

    assert kinds(watch.see(frames.udp(thief, names, b"x" * 40))) == {Kind.FOREIGN_SOURCE}
