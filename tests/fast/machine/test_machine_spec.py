import pytest
from pydantic import ValidationError

from ringfence.machine.network import namespace_commands, switch_commands
from ringfence.machine.spec import Installed, LabSpec, MachineSpec, Port, port_name


def port(name: str = "eth0", bridge: str = "phones", last: int = 1) -> Port:
    return Port(name=name, bridge=bridge, mac=f"02:00:00:00:00:{last:02x}")


def machine(name: str, *ports: Port, files: tuple[Installed, ...] = ()) -> MachineSpec:
    return MachineSpec(name=name, hostname=name, ports=ports, files=files)


def lab(*machines: MachineSpec, name: str = "branch", **said: object) -> LabSpec:
    fields = {"name": name, "bridges": ("phones", "servers"), "machines": machines}
    return LabSpec.model_validate(fields | said)


def unit(text: str) -> Installed:
    return Installed(path="/etc/systemd/system/x.service", data=text.encode())


FIREWALL = machine("fw", port("phones", "phones", 1), port("servers", "servers", 2))


def test_a_port_of_the_switch_is_named_after_its_machine() -> None:
    phone = machine("phone-2001", port())

    assert port_name(phone, phone.ports[0]) == "phone-2001"
    assert [port_name(FIREWALL, each) for each in FIREWALL.ports] == ["fw.phones", "fw.servers"]


def test_the_wires_of_a_lab() -> None:
    spec = lab(machine("p1", port()), FIREWALL)

    assert namespace_commands(spec) == [
        "netns add rf-branch-switch",
        "netns add rf-branch-p1",
        "netns add rf-branch-fw",
    ]
    assert switch_commands(spec)[4:6] == [
        "link add p1 type veth peer name eth0 address 02:00:00:00:00:01 netns rf-branch-p1",
        "link set p1 master phones up",
    ]
    assert "link set fw.servers master servers up" in switch_commands(spec)


def test_a_port_without_a_bridge_is_plugged_in_and_joined_to_nothing() -> None:
    ear = Port(name="span10", bridge=None, mac="06:52:00:00:00:0a")
    sensor = machine("ids1", port(bridge="servers"), ear)

    commands = switch_commands(lab(sensor))

    assert "link set ids1.eth0 master servers up" in commands
    assert "link set ids1.span10 up" in commands


@pytest.mark.parametrize("name", ["", "Branch", "head-office", "a" * 17, "../x", "a b"])
def test_lab_names_that_would_not_fit_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        lab(name=name)


@pytest.mark.parametrize(
    ("machines", "complaint"),
    [
        ([machine("a", port()), machine("a", port())], "machines: a more than once"),
        ([machine("switch", port())], "machines: switch more than once"),
        ([machine("phones", port())], "devices of the switch: phones more than once"),
        ([machine("lo", port())], "devices of the switch: lo more than once"),
        ([machine("a", port(bridge="attic"))], "a: there is no bridge 'attic'"),
        (
            [machine("firewall-one", port("phones"), port("servers", "servers", 2))],
            "'firewall-one.phones' is too long",
        ),
    ],
)
def test_labs_that_cannot_be_wired_are_refused(machines: list[MachineSpec], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        lab(*machines)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[Service]\nExecStart=/bin/true\nCPUQuota=1\n", "a: x.service, line 3: .* CPUQuota="),
        ("[Unit]\nAfter=x.service\n[Service]\nExecStart=/bin/true\n", "wait for each other"),
    ],
)
def test_a_unit_that_cannot_be_obeyed_is_refused_before_anything_is_made(
    text: str, complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        machine("a", files=(unit(text),))


def test_network_settings_and_account_files_are_checked_too() -> None:
    for path in (
        "/etc/systemd/network/10-x.network",
        "/etc/sysctl.d/10-x.conf",
        "/etc/sysusers.d/x.conf",
    ):
        with pytest.raises(ValidationError, match=f"{path.rpartition('/')[2]}, line 1"):
            machine("a", port(), files=(Installed(path=path, data=b"nonsense"),))


@pytest.mark.parametrize("path", ["etc/x", "/etc/../x", "/etc//x", "/etc/x/", "."])
def test_paths_are_plain_and_absolute(path: str) -> None:
    with pytest.raises(ValidationError, match="plain absolute path"):
        Installed(path=path, data=b"")


def test_a_file_is_given_once() -> None:
    file = Installed(path="/etc/x", data=b"")

    with pytest.raises(ValidationError, match="/etc/x more than once"):
        machine("a", files=(file, file))


def test_what_a_file_holds_is_never_shown() -> None:
    file = Installed(path="/etc/key", data=b"hunter2")

    assert "hunter2" not in repr(lab(machine("a", port(), files=(file,))))
    with pytest.raises(ValidationError) as refusal:
        Installed.model_validate({"path": "etc/key", "data": b"hunter2"})
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(ValidationError) as refusal:
        machine("a", files=(file, file))
    assert "hunter2" not in str(refusal.value)
