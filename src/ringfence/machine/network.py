"""The wires of a lab: a namespace a machine, and in the switch's one bridge a VLAN.

Everything goes to ip(8) in two batches, which takes a tenth of a second for 27 machines where
single commands take one.
"""

import subprocess
from collections.abc import Iterable

from ringfence.machine import boot, kernel
from ringfence.machine.record import SWITCH, LabError, namespace, namespace_path
from ringfence.machine.spec import LabSpec, port_name

_BRIDGE = "stp_state 0 forward_delay 0 mcast_snooping 0"


def connect(spec: LabSpec, lock: int) -> None:
    """Make the namespaces, the bridges and a cable for every port; raises LabError.

    What makes them holds the lab's lock by ``lock``: it may outlive us, and whoever cleans up
    must wait until it has ended.
    """
    ip_batch(namespace_commands(spec), lock)
    with kernel.network_namespace(str(namespace_path(spec.name, SWITCH))):
        boot.quiet_network()
        ip_batch(switch_commands(spec), lock)


def namespace_commands(spec: LabSpec) -> list[str]:
    """Make every namespace of a lab."""
    names = [SWITCH, *(machine.name for machine in spec.machines)]
    return [f"netns add {namespace(spec.name, name)}" for name in names]


def switch_commands(spec: LabSpec) -> list[str]:
    """Inside the switch: make the bridges and plug every machine in."""
    commands = []
    for bridge in spec.bridges:
        commands += [f"link add {bridge} type bridge {_BRIDGE}", f"link set {bridge} up"]
    for machine in spec.machines:
        there = namespace(spec.name, machine.name)
        for port in machine.ports:
            here = port_name(machine, port)
            peer = f"{port.name} address {port.mac} netns {there}"
            master = f"master {port.bridge} " if port.bridge else ""
            commands += [
                f"link add {here} type veth peer name {peer}",
                f"link set {here} {master}up",
            ]
    return commands


def ip_batch(commands: Iterable[str], lock: int) -> None:
    """Run commands in one ip process, in the calling thread's network namespace."""
    text = "\n".join([*commands, ""])
    done = subprocess.run(
        ["ip", "-batch", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=(lock,),
    )
    if done.returncode != 0:
        raise LabError(f"the lab's network could not be made: {done.stderr.strip()}")
