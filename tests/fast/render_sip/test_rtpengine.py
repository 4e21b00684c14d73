"""The media relay's command line carries its whole configuration."""

import pytest

from ringfence.design.model import HostKind
from ringfence.render import rtpengine
from samples import make_design


@pytest.fixture
def command() -> list[str]:
    design = make_design()
    (unit,) = rtpengine.files(design, design.of_kind(HostKind.SIP)[0])
    line = next(line for line in unit.text.splitlines() if line.startswith("ExecStart="))
    return line.split()


def test_it_learns_no_addresses_from_packets(command: list[str]) -> None:
    assert "--endpoint-learning=off" in command


def test_it_reads_no_packaged_configuration(command: list[str]) -> None:
    assert "--config-file=none" in command


def test_it_takes_commands_from_its_own_machine_only(command: list[str]) -> None:
    listeners = [option for option in command if option.startswith("--listen")]

    assert listeners == ["--listen-ng=127.0.0.1:2223"]


def test_it_runs_without_rights() -> None:
    design = make_design()
    (unit,) = rtpengine.files(design, design.of_kind(HostKind.SIP)[0])

    assert "User=rtpengine\n" in unit.text
    assert "CapabilityBoundingSet=\n" in unit.text


def test_it_uses_the_ports_of_the_design(command: list[str]) -> None:
    assert {"--port-min=30000", "--port-max=39999"} <= set(command)
