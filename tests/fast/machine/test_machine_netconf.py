import os
from pathlib import Path

import pytest

from ringfence.machine.journal import Journal
from ringfence.machine.netconf import NetworkError, apply_settings, ip_commands, settings

LEG = "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.0.5/24\nGateway=10.0.0.1\nIPv6AcceptRA=no\n"


def test_a_leg_gets_its_address_and_route() -> None:
    assert ip_commands({"10-eth0": LEG}, ["eth0"]) == [
        "link set dev lo up",
        "link set dev eth0 up",
        "address add 10.0.0.5/24 dev eth0",
        "route add default via 10.0.0.1 dev eth0",
    ]


def test_a_leg_with_dhcp_or_without_a_file_is_only_brought_up() -> None:
    files = {"10-eth0": "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n"}

    assert ip_commands(files, ["eth0", "eth1"]) == [
        "link set dev lo up",
        "link set dev eth0 up",
        "link set dev eth1 up",
    ]


def test_a_device_that_only_listens_answers_no_arp_before_it_is_up() -> None:
    files = {"50-span10": "[Match]\nName=span10\n[Link]\nARP=no\n[Network]\nIPv6AcceptRA=no\n"}

    assert ip_commands(files, ["span10"])[1:] == [
        "link set dev span10 arp off",
        "link set dev span10 up",
    ]


def test_the_first_file_that_matches_counts() -> None:
    other = LEG.replace("10.0.0.5", "10.0.0.6")

    assert "address add 10.0.0.5/24 dev eth0" in ip_commands({"20": other, "10": LEG}, ["eth0"])
    assert "address add 10.0.0.6/24 dev eth0" in ip_commands({"10": other, "20": LEG}, ["eth0"])


def test_every_route_and_address_counts() -> None:
    text = (
        "[Match]\nName=eth0\n[Network]\nAddress=10.0.0.5/24\nAddress=10.0.0.6/24\n"
        "[Route]\nDestination=10.1.0.0/16\nGateway=10.0.0.1\n"
        "[Route]\nDestination=10.2.0.0/16\nGateway=10.0.0.2\n"
    )

    assert ip_commands({"x": text}, ["eth0"])[2:] == [
        "address add 10.0.0.5/24 dev eth0",
        "address add 10.0.0.6/24 dev eth0",
        "route add 10.1.0.0/16 via 10.0.0.1 dev eth0",
        "route add 10.2.0.0/16 via 10.0.0.2 dev eth0",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[Match]\nName=eth0\n[Network]\nBridge=br0\n",
        "[Match]\nMACAddress=02:00:00:00:00:01\n",
        "[Network]\nAddress=10.0.0.5/24\n",
        "[Match]\nName=eth0\n[Tunnel]\nMode=gre\n",
        "[Match]\nName=eth0\n[Route]\nGateway=10.0.0.1\n",
        "Name=eth0\n",
        "[Match]\nName\n",
    ],
)
def test_a_network_file_that_cannot_be_obeyed_is_refused(text: str) -> None:
    with pytest.raises(NetworkError, match="leg"):
        ip_commands({"leg": text}, ["eth0"])


def test_settings_in_order_and_in_both_notations() -> None:
    files = {
        "60-b": "# remark\nnet.ipv4.ip_forward = 1\n-net/ipv4/conf/eth0.5/rp_filter=1\n",
        "10-a": "; remark\n\nkernel.kptr_restrict=2",
    }

    assert settings(files) == [
        ("kernel/kptr_restrict", "2"),
        ("net/ipv4/ip_forward", "1"),
        ("net/ipv4/conf/eth0.5/rp_filter", "1"),
    ]


@pytest.mark.parametrize("line", ["net.ipv4.ip_forward", "net.ipv4.conf.*.rp_filter=1", "../x=1"])
def test_a_line_that_is_no_setting_is_refused(line: str) -> None:
    with pytest.raises(NetworkError, match="60-x, line 1"):
        settings({"60-x": line})


def test_settings_of_the_whole_machine_are_not_touched() -> None:
    before = Path("/proc/sys/kernel/kptr_restrict").read_text()

    missed = apply_settings([("kernel/kptr_restrict", "7"), ("net/no/such/thing", "1")])

    assert missed == [
        "kernel/kptr_restrict = 7: not set, it would change the whole real machine",
        "net/no/such/thing = 1: not set, No such file or directory",
    ]
    assert Path("/proc/sys/kernel/kptr_restrict").read_text() == before


def test_a_journal_stamps_lines_and_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    journal = Journal(str(path), limit=2000)
    os.write(journal.write_end, b"one\ntwo\nthr")
    journal.pump()
    os.write(journal.write_end, b"ee\n")
    journal.pump()

    assert [line.split("Z ")[1] for line in path.read_text().splitlines()] == [
        "one",
        "two",
        "three",
    ]

    for _ in range(100):
        os.write(journal.write_end, b"x" * 100 + b"\n")
        journal.pump()

    assert path.stat().st_size <= 2000
    assert (tmp_path / "x.log.1").stat().st_size <= 2000
    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.log", "x.log.1"]


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "x.log"))
    for _ in range(10):
        os.write(journal.write_end, b"x" * 4096)
        journal.pump()

    assert len((tmp_path / "x.log").read_bytes()) > 8192 * 3
