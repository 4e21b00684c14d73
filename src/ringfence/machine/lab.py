"""Labs: made, opened and taken away. A lab's name keeps it apart from all others."""

import base64
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ringfence.machine import boot, network, preflight, record
from ringfence.machine.boot import Order
from ringfence.machine.destroy import Progress, claim_mount, destroy, remove, silent
from ringfence.machine.guard import Guard
from ringfence.machine.inside import Machine, Memory
from ringfence.machine.lock import lab_lock, machine_lock
from ringfence.machine.record import SWITCH, LabError, namespace_path
from ringfence.machine.root import FileRecord
from ringfence.machine.spec import Installed, LabSpec, MachineSpec, port_name

_PATIENCE = 60.0


class Lab:
    """A lab that is up."""

    def __init__(self, spec: LabSpec) -> None:
        self.spec = spec

    @classmethod
    def open(cls, name: str) -> "Lab":
        """The lab of that name; raises LabError if there is none or it is not whole."""
        if name not in names():
            raise LabError(f"there is no lab {name!r}: run `up` first")
        return cls(LabSpec.model_validate_json(record.spec(name)))

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.spec.name

    @property
    def switch(self) -> Machine:
        """The machine that has the bridges and every machine's port."""
        return Machine(self.name, SWITCH)

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Every machine but the switch, as in the spec."""
        return tuple(Machine(self.name, machine.name) for machine in self.spec.machines)

    def machine(self, name: str) -> Machine:
        """The machine of that name; raises LabError if there is none."""
        self._spec_of(name)
        return Machine(self.name, name)

    def port(self, machine: str, port: str) -> str:
        """The switch's device that a machine's port is plugged into."""
        spec = self._spec_of(machine)
        for each in spec.ports:
            if each.name == port:
                return port_name(spec, each)
        raise LabError(f"{machine} has no port {port!r}")

    def memory(self) -> Memory:
        """What all machines take together."""
        return sum((each.memory() for each in self.machines), start=self.switch.memory())

    def _spec_of(self, name: str) -> MachineSpec:
        for machine in self.spec.machines:
            if machine.name == name:
                return machine
        raise LabError(f"the lab {self.name!r} has no machine {name!r}")


def names() -> tuple[str, ...]:
    """The names of all labs on this machine, half-built ones included."""
    return record.existing()


def create(spec: LabSpec, progress: Progress = silent) -> Lab:
    """Make a lab; when it returns, every machine has its network and its services are starting.

    What a broken-off attempt left is removed first. If it fails, is interrupted or killed,
    nothing of the lab stays. Raises LabError: this machine cannot do it, the lab is up already,
    another command works on it, or a machine did not start.
    """
    lab, guard = _create(spec, progress)
    guard.release()
    return lab


@contextmanager
def temporary(spec: LabSpec, progress: Progress = silent) -> Iterator[Lab]:
    """A lab for the length of a ``with`` block, gone after it even if this process is killed."""
    lab, guard = _create(spec, progress)
    try:
        yield lab
    finally:
        destroy(spec.name, progress)
        guard.release()


def _create(spec: LabSpec, progress: Progress) -> tuple[Lab, Guard]:
    """Make a lab and leave its guard on duty."""
    if problems := preflight.problems():
        raise LabError("this machine cannot run a lab:\n" + "\n".join(problems))
    with lab_lock(spec.name) as lock:
        if record.is_complete(spec.name):
            raise LabError(f"the lab {spec.name!r} is up already; `down` takes it away")
        if record.directory(spec.name).exists():
            progress("removing what a broken-off attempt left")
            remove(spec.name, progress)
        _demand_free_names(spec)
        guard = Guard(spec.name)
        try:
            _make(spec, lock, progress)
        except BaseException:
            # An interruption of this in its turn ends the process, and then the guard takes over.
            remove(spec.name, progress)
            guard.release()
            raise
    return Lab(_without_files(spec)), guard


def _make(spec: LabSpec, lock: int, progress: Progress) -> None:
    names = [SWITCH, *(machine.name for machine in spec.machines)]
    with machine_lock():
        claim_mount()
        record.begin(spec.name, names, _without_files(spec).model_dump_json())
    progress(f"connecting {len(spec.machines)} machines to {len(spec.bridges)} VLANs")
    network.connect(spec, lock)
    launchers: dict[str, subprocess.Popen[str]] = {}
    try:
        for machine in (spec.switch, *spec.machines):
            launchers[machine.name] = _launch(spec, machine, lock)
        _await_ready(launchers, progress)
    finally:
        for launcher in launchers.values():
            launcher.kill()
            launcher.wait()
            if launcher.stdout:
                launcher.stdout.close()
    record.complete(spec.name)


def _launch(spec: LabSpec, machine: MachineSpec, lock: int) -> subprocess.Popen[str]:
    """Start a machine's launcher.

    It holds the lab's lock too, so that no other command can miss what it is about to record.
    Its order passes through memory, never through a disk.
    """
    order = Order(
        lab=spec.name,
        machine=machine.name,
        hostname=machine.hostname,
        disk=machine.disk,
        hidden=list(spec.hidden),
        files=[_file(file) for file in (*_usual_files(spec, machine), *machine.files)],
    )
    with os.fdopen(os.memfd_create("order"), "w+", encoding="utf-8") as sheet:
        json.dump(order._asdict(), sheet)
        sheet.seek(0)
        return subprocess.Popen(
            boot.command("boot", spec.name, machine.name),
            stdin=sheet,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[lock],
            start_new_session=True,
            cwd="/",
            text=True,
            errors="replace",
        )


def _await_ready(launchers: dict[str, subprocess.Popen[str]], progress: Progress) -> None:
    """Wait until every machine's init has said that it is ready; raises LabError."""
    deadline = time.monotonic() + _PATIENCE
    for count, (name, launcher) in enumerate(launchers.items()):
        try:
            said, _ = launcher.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise LabError(f"{name} was not up after {_PATIENCE:g} seconds") from None
        if not said.endswith("ready\n"):
            raise LabError(f"{name} did not start: {said.strip() or 'its launcher was ended'}")
        progress(f"{count} of {len(launchers) - 1} machines are up")


def _usual_files(spec: LabSpec, machine: MachineSpec) -> tuple[Installed, ...]:
    """What every host has, unless the spec gives another."""
    unique = hashlib.sha256(f"{spec.name}/{machine.name}".encode()).hexdigest()[:32]
    short = machine.hostname.partition(".")[0]
    usual = {
        "/etc/hostname": f"{machine.hostname}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {machine.hostname} {short}\n",
        "/etc/machine-id": f"{unique}\n",
        "/etc/resolv.conf": "# No name service here.\n",
    }
    given = {file.path for file in machine.files}
    return tuple(
        Installed(path=path, data=text.encode())
        for path, text in usual.items()
        if path not in given
    )


def _file(file: Installed) -> FileRecord:
    return FileRecord(
        path=file.path,
        data=base64.b64encode(file.data).decode(),
        mode=file.mode,
        owner=file.owner,
        group=file.group,
    )


def _demand_free_names(spec: LabSpec) -> None:
    for machine in (spec.switch, *spec.machines):
        path = namespace_path(spec.name, machine.name)
        if path.exists():
            raise LabError(
                f"there is a network namespace {path.name} that no record of ours names; if "
                f"nobody needs it, remove it: ip netns delete {path.name}"
            )


def _without_files(spec: LabSpec) -> LabSpec:
    """What may be written down: no file, for files may be secret."""
    bare = tuple(machine.model_copy(update={"files": ()}) for machine in spec.machines)
    switch = spec.switch.model_copy(update={"files": ()})
    return spec.model_copy(update={"machines": bare, "switch": switch})
