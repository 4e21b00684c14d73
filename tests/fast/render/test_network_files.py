"""What the network's renderers write, read back."""

import json
import re

import pytest

from ringfence.design.model import SERVER_KINDS, Design, Host, HostKind, Service
from ringfence.guide import Level
from ringfence.render import chrony, firewall, kea, network, packet_filter, unbound
from ringfence.render.files import File
from samples import make_design


def text_of(files: tuple[File, ...], path: str) -> str:
    return next(file.text for file in files if file.path == path)


def only(design: Design, kind: HostKind) -> Host:
    return design.of_kind(kind)[0]


def test_kea_reserves_exactly_the_sites_phones() -> None:
    design = make_design(phones=40)
    text = text_of(kea.files(design, only(design, HostKind.SERVICES)), kea.PATH)
    subnet = json.loads(re.sub(r"^//.*$", "", text, flags=re.MULTILINE))["Dhcp4"]["subnet4"][0]

    read = {(one["hw-address"], one["ip-address"]) for one in subnet["reservations"]}
    assert read == {
        (phone.interfaces[0].mac, str(phone.address)) for phone in design.of_kind(HostKind.PHONE)
    }
    assert "pools" not in subnet


def test_unbound_answers_for_every_server_and_refuses_the_rest() -> None:
    design = make_design()
    text = text_of(unbound.files(design, only(design, HostKind.SERVICES)), unbound.PATH)

    named = dict(re.findall(r'local-data: "(\S+)\. IN A (\S+)"', text))
    servers = SERVER_KINDS
    assert named == {host.fqdn: str(host.address) for host in design.hosts if host.kind in servers}
    assert 'local-zone: "." always_refuse' in text


def test_time_comes_from_administration_first() -> None:
    design = make_design()
    admin, sip = only(design, HostKind.ADMIN), only(design, HostKind.SIP)

    assert "server " not in text_of(chrony.files(design, admin), chrony.PATH)
    assert f"server {admin.address} nts iburst prefer" in text_of(
        chrony.files(design, sip), chrony.PATH
    )


def test_every_rule_of_the_firewall_drops_by_default_and_logs() -> None:
    design = make_design()
    text = text_of(firewall.files(design, only(design, HostKind.FIREWALL)), "/etc/nftables.conf")

    assert text.count("policy drop") == 3
    assert "policy accept" not in text
    chains = re.findall(r"chain (\w+) \{(.*?)\n  \}", text, flags=re.DOTALL)
    assert {"forward", "input", "output", "spoofed", "phones_servers"} <= {n for n, _ in chains}
    for name, body in chains:
        if name == "sources":  # it only sorts out the spoofed
            continue
        assert body.rstrip().endswith("counter drop"), name
        assert 'log prefix "RF drop ' in body, name


def test_the_firewall_accepts_what_the_flows_say_and_no_more() -> None:
    design = make_design()
    text = text_of(firewall.files(design, only(design, HostKind.FIREWALL)), "/etc/nftables.conf")

    named = set(re.findall(r'comment "([\w-]+): ', text))
    crossing = {flow.name for flow in design.flows if flow.from_zone != flow.to_zone}
    own = {flow.name for flow in design.flows if "fw" in (*flow.from_hosts, *flow.to_hosts)}
    assert named == crossing | own | {"sources"}


def test_data_and_outside_appear_in_no_zone_pair() -> None:
    design = make_design()
    text = text_of(firewall.files(design, only(design, HostKind.FIREWALL)), "/etc/nftables.conf")
    pairs = re.findall(r'"(\w+)" \. "(\w+)" : jump', text)

    assert pairs
    assert not {"data", "outside"} & {name for pair in pairs for name in pair}


def test_a_server_opens_only_its_own_services() -> None:
    design = make_design()
    sip = only(design, HostKind.SIP)
    text = text_of(packet_filter.files(design, sip), "/etc/nftables.conf")
    received = text.split("chain input")[1].split("chain output")[0]

    assert re.findall(r"dport (\S+)", received) == ["5061", "30000-39999"]


def test_only_the_firewall_forwards() -> None:
    design = make_design()

    for host in design.hosts:
        if host.kind == HostKind.PHONE:
            continue
        text = text_of(network.files(design, host), "/etc/sysctl.d/60-ringfence.conf")
        assert f"net.ipv4.ip_forward = {int(host.kind == HostKind.FIREWALL)}" in text


@pytest.mark.parametrize("level", Level)
def test_comments_name_only_mitigations_in_force(level: Level) -> None:
    design = make_design(level=level)
    renderers = {
        HostKind.FIREWALL: (firewall.files, network.files, chrony.files),
        HostKind.SERVICES: (packet_filter.files, kea.files, unbound.files, chrony.files),
    }
    for kind, made in renderers.items():
        host = only(design, kind)
        for renderer in made:
            if renderer is kea.files and Service.KEA not in host.services:
                continue
            for file in renderer(design, host):
                named = set(re.findall(r"\b[A-Z]{3}-\d{1,2}\b", file.text))
                assert named <= design.in_force, (file.path, named - design.in_force)
