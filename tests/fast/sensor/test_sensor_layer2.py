"""ARP, DHCP, MAC addresses and strange frames, as dialogues."""

from ipaddress import IPv4Address

import pytest

from dialogues import Watch, kinds, of_kind
from ringfence.design import build
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.probe import frames
from ringfence.probe.frames import ALL_ADDRESSES, EVERYBODY, NOBODY, End
from ringfence.sensor.alerts import MANY
from ringfence.sensor.rules import Kind
from samples import TODAY, make_design, make_site

STRANGER = "02:aa:bb:cc:dd:ee"
NULL = "00:00:00:00:00:00"
OFFER, DISCOVER, REQUEST, GIVEN = 2, 1, 3, 5


def claim(end: End, address: str) -> bytes:
    one = End(end.mac, IPv4Address(address))
    return frames.arp(one, End(NULL, one.address))


def test_an_address_claimed_by_another_than_its_owner_is_told_with_the_liar() -> None:
    watch = Watch("phones")
    phone, gateway = watch.host(watch.phone), watch.gateway

    alerts = watch.see(
        frames.arp(End(phone.mac, gateway.address), watch.host(watch.other_phone), 2)
    )

    (alert,) = of_kind(alerts, Kind.ARP_BINDING)
    assert (alert.source, alert.target) == (phone.mac, str(gateway.address))


def test_an_address_of_nobody_is_nobodys_to_announce() -> None:
    watch = Watch("phones")

    (alert,) = watch.see(claim(watch.host(watch.phone), "10.24.0.250"))

    assert (alert.kind, alert.target) == (Kind.ARP_BINDING, "10.24.0.250")


def test_the_sender_of_a_false_claim_is_named_even_if_it_lies_inside_the_frame() -> None:
    watch = Watch("phones")
    phone, other = watch.host(watch.phone), watch.host(watch.other_phone)
    frame = frames.arp(other, End(NULL, watch.gateway.address))
    lying = frame[:6] + bytes.fromhex(phone.mac.replace(":", "")) + frame[12:]

    (alert,) = watch.see(lying)

    assert (alert.kind, alert.source) == (Kind.ARP_BINDING, phone.mac)


def test_what_arp_is_for_is_not_told() -> None:
    watch = Watch("phones")
    phone, gateway = watch.host(watch.phone), watch.gateway
    question = frames.arp(phone, End(NULL, gateway.address))
    probe = frames.arp(End(phone.mac, NOBODY), End(NULL, phone.address))

    assert not watch.see(
        probe, question, frames.arp(gateway, phone, 2, phone.mac), claim(phone, str(phone.address))
    )


def test_two_devices_with_one_address_are_told_where_the_design_knows_neither() -> None:
    watch = Watch("data")
    one, other = End(STRANGER, NOBODY), End("02:aa:bb:cc:dd:ef", NOBODY)

    first = watch.see(claim(one, "10.16.2.77"))
    watch.wait(10)
    (alert,) = watch.see(claim(other, "10.16.2.77"))

    assert not first
    assert (alert.kind, alert.source, alert.target) == (
        *(Kind.DUPLICATE_ADDRESS, other.mac, "10.16.2.77"),
    )


def test_an_address_that_has_become_free_may_be_taken() -> None:
    watch = Watch("data")

    watch.see(claim(End(STRANGER, NOBODY), "10.16.2.77"))
    watch.wait(120)

    assert not watch.see(claim(End("02:aa:bb:cc:dd:ef", NOBODY), "10.16.2.77"))


def test_the_gateways_address_is_its_own_in_every_zone() -> None:
    watch = Watch("data")

    assert Kind.ARP_BINDING in kinds(watch.see(claim(End(STRANGER, NOBODY), "10.16.2.1")))


def test_announcements_without_end_are_a_flood() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)

    (alert,) = watch.see(*[claim(phone, str(phone.address))] * 10)

    assert (alert.kind, alert.source, alert.count) == (Kind.ARP_FLOOD, phone.mac, 10)


def test_asking_for_every_address_of_a_zone_is_a_scan_unless_the_firewall_does() -> None:
    watch = Watch("phones")
    wanted = [End(NULL, IPv4Address(f"10.24.0.{n}")) for n in range(100, 110)]

    assert not watch.see(*(frames.arp(watch.gateway, each) for each in wanted))
    (alert,) = watch.see(*(frames.arp(watch.host(watch.phone), each) for each in wanted))

    assert (alert.kind, alert.target, alert.count) == (Kind.ADDRESS_SCAN, "arp", 10)


def offer(source: End, client: str) -> bytes:
    body = frames.boot(2, client, OFFER, IPv4Address("10.24.0.66"))
    return frames.udp(End(source.mac, source.address, 67), End(EVERYBODY, ALL_ADDRESSES, 68), body)


def test_a_dhcp_offer_of_a_phone_is_told_with_the_phone() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)

    alerts = watch.see(offer(phone, STRANGER))

    (alert,) = of_kind(alerts, Kind.DHCP_SERVER)
    assert (alert.source, alert.target) == (phone.mac, str(phone.address))


def test_an_offer_under_the_servers_address_from_another_device_is_told() -> None:
    watch = Watch("phones")
    thief = End(watch.host(watch.phone).mac, watch.host("net1").address)

    assert Kind.DHCP_SERVER in kinds(watch.see(offer(thief, STRANGER)))


def test_an_address_got_and_kept_the_designed_way_is_not_told() -> None:
    watch = Watch("phones")
    phone, gateway, server = watch.host(watch.phone, 68), watch.gateway, watch.host("net1", 67)
    nobody, everybody = End(phone.mac, NOBODY, 68), End(EVERYBODY, ALL_ADDRESSES, 67)
    relayed = End(gateway.mac, gateway.address, 67)

    assert not watch.see(
        frames.udp(nobody, everybody, frames.boot(1, phone.mac, DISCOVER)),
        frames.udp(relayed, End(EVERYBODY, ALL_ADDRESSES, 68), frames.boot(2, phone.mac, OFFER)),
        frames.udp(nobody, everybody, frames.boot(1, phone.mac, REQUEST)),
        frames.udp(relayed, phone, frames.boot(2, phone.mac, GIVEN, phone.address)),
        frames.udp(phone, server, frames.boot(1, phone.mac, REQUEST)),
        frames.udp(server, phone, frames.boot(2, phone.mac, GIVEN, phone.address)),
    )


def test_a_second_dhcp_server_is_told_where_the_design_names_none() -> None:
    watch = Watch("data")
    own = End("02:aa:00:00:00:01", IPv4Address("10.16.2.5"))
    rogue = End("02:aa:00:00:00:02", IPv4Address("10.16.2.6"))

    assert not watch.see(offer(own, STRANGER), offer(own, STRANGER))
    assert kinds(watch.see(offer(rogue, STRANGER))) == {Kind.DHCP_SERVER}


def test_a_server_of_addresses_is_rogue_where_phones_have_set_ones() -> None:
    watch = Watch("phones", make_design(phones=5, level=Level.HIGHEST))

    assert Kind.DHCP_SERVER in kinds(watch.see(offer(watch.gateway, STRANGER)))


@pytest.mark.parametrize("own_mac", [True, False])
def test_many_clients_that_nobody_knows_are_a_starvation(*, own_mac: bool) -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)
    given = []
    for number in range(20):
        client = f"02:ff:00:00:00:{number:02x}"
        source = End(phone.mac if own_mac else client, NOBODY, 68)
        body = frames.boot(1, client, DISCOVER)
        given.append(frames.udp(source, End(EVERYBODY, ALL_ADDRESSES, 67), body))

    (alert,) = watch.see(*given)

    assert (alert.kind, alert.target, alert.count) == (Kind.DHCP_STARVATION, "phones", 20)
    assert alert.source == (phone.mac if own_mac else MANY)


def test_all_phones_asking_at_once_after_a_power_cut_are_no_starvation() -> None:
    watch = Watch("phones", build(site := make_site(60, Level.MEDIUM), resolve(site, TODAY)))
    given = []
    for host in watch.design.hosts:
        if host.name.startswith("p1000"):
            mac = host.interfaces[0].mac
            body = frames.boot(1, mac, DISCOVER)
            given.append(frames.udp(End(mac, NOBODY, 68), End(EVERYBODY, ALL_ADDRESSES, 67), body))

    assert len(given) == 60
    assert not watch.see(*given * 3)


@pytest.mark.parametrize(("zone", "limit"), [("phones", 50), ("data", 200)])
def test_addresses_of_devices_in_numbers_are_a_flood(zone: str, limit: int) -> None:
    watch = Watch(zone)
    ether = 0x0800
    given = [
        frames.ethernet(f"02:00:11:22:{n >> 8:02x}:{n & 255:02x}", STRANGER, ether, bytes(40))
        for n in range(limit)
    ]

    assert Kind.MAC_FLOOD not in kinds(watch.see(*given[:-1]))
    (alert,) = of_kind(watch.see(given[-1]), Kind.MAC_FLOOD)
    assert (alert.source, alert.target, alert.count) == (MANY, zone, limit)


@pytest.mark.parametrize(
    ("zone", "who", "address"),
    [
        ("phones", None, "10.16.0.10"),  # another zone's
        ("phones", None, "10.24.0.11"),  # another phone's
        ("phones", None, "198.51.100.1"),  # the world's
        ("data", "pc1", "10.24.0.10"),
        ("outside", "outside1", "10.16.2.9"),
    ],
)
def test_a_source_that_is_not_the_devices_own_is_told(
    zone: str, who: str | None, address: str
) -> None:
    watch = Watch(zone)
    device = watch.host(who or watch.phone)

    alerts = watch.see(
        frames.udp(End(device.mac, IPv4Address(address), 9), watch.host("net1", 53), b"x" * 40)
    )

    (alert,) = of_kind(alerts, Kind.FOREIGN_SOURCE)
    assert (alert.source, alert.target) == (device.mac, address)


def test_who_borrows_the_gateways_device_for_an_address_of_the_zone_is_told() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)

    alerts = watch.see(
        frames.udp(End(watch.gateway.mac, phone.address, 9), watch.host("net1", 53), b"x" * 40)
    )

    assert Kind.FOREIGN_SOURCE in kinds(alerts)


def test_strange_kinds_of_frames_are_told_and_a_switchs_own_are_not() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)

    told = watch.see(
        frames.ethernet(phone.mac, EVERYBODY, 0x8100, bytes(46)),
        frames.ethernet(phone.mac, EVERYBODY, 0x88B5, bytes(46)),
        frames.ethernet(phone.mac, EVERYBODY, 0x0026, bytes(46)),
    )
    quiet = watch.see(frames.ethernet(phone.mac, "01:80:c2:00:00:0e", 0x88CC, bytes(46)))

    assert [alert.target for alert in told] == [
        *("ethertype-8100", "ethertype-88b5", "ethertype-0026")
    ]
    assert not quiet


def test_ipv6_that_a_kernel_sends_of_itself_is_not_told_and_a_routers_word_is() -> None:
    watch = Watch("phones")
    phone = watch.host(watch.phone)

    def icmp6(kind: int, *, hop_by_hop: bool = False) -> bytes:
        option = bytes([58, 0, 5, 2, 0, 0, 1, 0]) if hop_by_hop else b""
        head = bytes([0x60, 0, 0, 0, 0, 16, 0 if hop_by_hop else 58, 255]) + bytes(32)
        body = head + option + bytes([kind, 0]) + bytes(14)
        return frames.ethernet(phone.mac, "33:33:00:00:00:02", 0x86DD, body)

    assert not watch.see(icmp6(133), icmp6(135), icmp6(143, hop_by_hop=True))
    assert kinds(watch.see(icmp6(134))) == {Kind.UNNAMED_TRAFFIC}
