"""What rsyslog, the data network's services and the time are told, as a design has it."""

import json

import pytest

from ringfence.design.model import Design, Host, HostKind, IdentityProfile, Service
from ringfence.guide import Level
from ringfence.render import chrony, kea, log_keeper, rsyslog
from ringfence.render.catalogue import tree
from samples import make_design, make_site


def only(design: Design, kind: HostKind) -> Host:
    return design.of_kind(kind)[0]


def text_of(design: Design, host: Host, path: str) -> str:
    return next(file.text for file in tree(design, host).files if file.path == path)


@pytest.mark.parametrize("level", [Level.MEDIUM, Level.HIGHEST])
def test_where_it_is_demanded_there_is_a_log_server_and_everybody_sends(level: Level) -> None:
    design = make_design(level=level)

    assert design.log_server is not None
    assert design.log_server.name == "log1"
    assert design.log_server.zone == "admin"
    sending = {host.name for host in design.running(Service.SYSLOG)}
    assert sending == {"fw", "sip1", "net1", "admin1", "log1", "ids1"}


def test_where_it_is_not_demanded_there_is_none() -> None:
    design = make_design()

    assert design.log_server is None
    assert design.logs is None
    assert not design.running(Service.SYSLOG)


def test_only_hosts_of_the_design_are_permitted_and_each_has_a_certificate_for_it() -> None:
    design = make_design(level=Level.MEDIUM)
    text = text_of(design, only(design, HostKind.LOG), rsyslog.PATH)
    names = [host.fqdn for host in rsyslog.senders(design)]

    permitted = ",".join(f'"{name}"' for name in names)
    assert f"tls.permittedPeer=[{permitted}]" in text
    issued = [each for each in design.identities if each.profile == IdentityProfile.LOG_SENDER]
    assert [each.dns for each in issued] == [(name,) for name in names]
    assert not any(each.uri or each.addresses for each in issued)


def test_a_hosts_lines_are_filed_by_the_addresses_it_has() -> None:
    design = make_design(level=Level.MEDIUM)
    table = json.loads(text_of(design, only(design, HostKind.LOG), rsyslog.SENDERS))["table"]

    found = {row["index"]: row["value"] for row in table}
    assert found["10.16.0.10"] == "sip1"
    assert set(found.values()) == {"fw", "sip1", "net1", "admin1", "ids1"}
    assert sum(value == "fw" for value in found.values()) == len(design.zones)


def test_the_keys_for_logs_are_the_syslog_services_alone() -> None:
    design = make_design(level=Level.MEDIUM)

    for host in design.running(Service.SYSLOG):
        for deposit in rsyslog.deposits(design, host):
            assert (deposit.mode, deposit.owner) == (0o400, rsyslog.ACCOUNT)


def test_files_are_kept_for_as_many_days_as_the_site_says() -> None:
    design = make_design(level=Level.MEDIUM)
    unit = text_of(design, only(design, HostKind.LOG), "/etc/systemd/system/log-keeper.service")

    assert make_site().logs.keep_days == 400
    assert f"{log_keeper.PATH} /var/log/hosts 400\n" in unit
    assert "CapabilityBoundingSet=CAP_LINUX_IMMUTABLE\n" in unit


def test_computers_of_the_data_network_get_addresses_and_phones_none_there() -> None:
    design = make_design()
    text = text_of(design, only(design, HostKind.DATA_SERVICES), kea.PATH)
    (subnet,) = json.loads(text.partition("\n")[2])["Dhcp4"]["subnet4"]

    assert subnet["pools"] == [{"pool": "10.16.2.128 - 10.16.2.254"}]
    assert [each["ip-address"] for each in subnet["reservations"]] == ["10.16.2.10"]


def test_at_the_highest_level_the_data_network_has_no_dhcp_either() -> None:
    design = make_design(level=Level.HIGHEST)

    assert not design.running(Service.KEA)
    pc = only(design, HostKind.PC)
    assert "nameserver 10.16.2.11" in text_of(design, pc, "/etc/resolv.conf")


def test_time_servers_prove_themselves_by_address() -> None:
    design = make_design()
    admin = only(design, HostKind.ADMIN)

    identity = design.identity(admin.name)
    assert identity is not None
    assert identity.addresses == (admin.address,)
    paths = {deposit.path for deposit in chrony.deposits(design, admin)}
    assert paths == {f"/etc/chrony/nts/{name}.pem" for name in ("ca", "certificate", "key")}
    (trusted,) = chrony.deposits(design, only(design, HostKind.SIP))
    assert trusted.path == "/etc/chrony/nts/ca.pem"
    assert not chrony.deposits(design, only(design, HostKind.PC))


def test_phones_take_the_time_plain() -> None:
    design = make_design()
    flows = {flow.name: flow for flow in design.flows}

    assert str(flows["time-phones"].ports) == "123"
    assert "time-phones-keys" not in flows
    assert str(flows["time-servers-keys"].ports) == "4460"
