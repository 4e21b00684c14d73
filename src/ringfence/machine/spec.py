"""What a lab consists of: machines, their ports and files, and the bridges between them."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ringfence.machine import accounts, netconf, units
from ringfence.machine.record import SWITCH

_UNITS = PurePosixPath("/etc/systemd/system")
_NETWORKS = PurePosixPath("/etc/systemd/network")
_SYSCTLS = PurePosixPath("/etc/sysctl.d")
_ACCOUNTS = PurePosixPath(accounts.DIRECTORY)


def _plain_path(path: str) -> str:
    if not path.startswith("/") or str(PurePosixPath(path)) != path or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not a plain absolute path")
    return path


DeviceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,14}$")]
LabName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]
MachineName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$")]
Path = Annotated[str, AfterValidator(_plain_path)]


class Model(BaseModel):
    """The base of every part of a spec."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Installed(Model):
    """A file to be there when a machine starts; ``data`` may be secret and is never shown."""

    path: Path
    data: bytes = Field(repr=False)
    mode: int = Field(default=0o644, ge=0, le=0o7777)
    owner: str = "root"
    group: str = "root"


class Port(Model):
    """A network device of a machine, plugged into a bridge.

    Without one it is plugged into the switch all the same, which may send it copies of frames.
    """

    name: DeviceName
    bridge: DeviceName | None
    mac: str = Field(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")


class MachineSpec(Model):
    """A machine: the units among its files are started, its .network and sysctl files applied.

    ``disk`` bounds in MiB what it can write, its files included; that is memory.
    """

    name: MachineName
    hostname: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$")
    ports: tuple[Port, ...] = ()
    files: tuple[Installed, ...] = ()
    disk: int = Field(default=64, ge=8)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _unique([port.name for port in self.ports], f"ports of {self.name}")
        _unique([file.path for file in self.files], f"files of {self.name}")
        try:
            units.in_order(
                units.parse(name.removesuffix(".service"), text)
                for name, text in self._texts(_UNITS, ".service").items()
            )
            devices = [port.name for port in self.ports]
            netconf.ip_commands(self._texts(_NETWORKS, ".network"), devices)
            netconf.settings(self._texts(_SYSCTLS, ".conf"))
            for name, text in self._texts(_ACCOUNTS, ".conf").items():
                accounts.parse(name, text)
        except (units.UnitError, netconf.NetworkError, accounts.AccountError) as error:
            raise ValueError(f"{self.name}: {error}") from None
        return self

    def _texts(self, directory: PurePosixPath, suffix: str) -> dict[str, str]:
        found = {}
        for file in self.files:
            path = PurePosixPath(file.path)
            if path.parent == directory and path.suffix == suffix:
                found[path.name] = file.data.decode()
        return found


class LabSpec(Model):
    """A whole lab. The switch is a machine too, and may be given files and units.

    ``hidden`` are paths of the real machine that no machine of the lab may see, such as the
    directory where the site's keys are kept.
    """

    name: LabName
    bridges: tuple[DeviceName, ...]
    machines: tuple[MachineSpec, ...]
    switch: MachineSpec = Field(default_factory=lambda: MachineSpec(name=SWITCH, hostname=SWITCH))
    hidden: tuple[Path, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.switch.name != SWITCH or self.switch.ports:
            raise ValueError(f"the switch is called {SWITCH!r} and has no ports of its own")
        _unique([SWITCH, *(machine.name for machine in self.machines)], "machines")
        plugs = [(machine, port) for machine in self.machines for port in machine.ports]
        for machine, port in plugs:
            if port.bridge is not None and port.bridge not in self.bridges:
                raise ValueError(f"{machine.name}: there is no bridge {port.bridge!r}")
        devices = [port_name(machine, port) for machine, port in plugs]
        _unique(["lo", *self.bridges, *devices], "devices of the switch")
        return self


def port_name(machine: MachineSpec, port: Port) -> str:
    """The device of the switch that a machine's port is plugged into; see ``device_name``."""
    return device_name(machine.name, port.name, alone=len(machine.ports) == 1)


def device_name(machine: str, port: str, *, alone: bool) -> str:
    """What the switch calls a machine's port.

    It has the machine's name, or ``machine.port`` unless the port is the machine's only one.
    Raises ValueError if that is longer than the kernel's 15 characters.
    """
    name = machine if alone else f"{machine}.{port}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,14}", name):
        raise ValueError(f"{name!r} is too long for a device name: 15 characters at most")
    return name


def _unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what}: {', '.join(twice)} more than once")
