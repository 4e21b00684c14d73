"""Shutting a phone out: its certificate is believed no more, and its connection is cut."""

from ringfence.deploy.keeping import Keeping
from ringfence.deploy.materialise import revoked_of, users_of
from ringfence.deploy.ready import control
from ringfence.design.model import SERVER_KINDS, Design, HostKind
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.machine.record import LabError
from ringfence.render.catalogue import tree
from ringfence.render.files import Material
from ringfence.site.model import phone_host_name


def revoke(lab: Lab, design: Design, extension: str) -> int:
    """Revoke the certificate of an extension's phone everywhere; returns its serial number.

    The SIP server gets a new table of revoked certificates, takes it up, and closes every
    connection that the certificate holds. The relay gets the list too, and reads it each time.

    Raises:
        LabError: the site has no such extension, or the server did not take the change up.

    """
    if all(phone.extension != extension for phone in design.of_kind(HostKind.PHONE)):
        raise LabError(f"the site has no extension {extension!r}")
    vault = Keeping(lab.name).vault()
    serial = vault.serial(phone_host_name(extension))
    vault.revoke(serial)
    fresh = {Material.USER_TABLE: users_of(design, vault), Material.REVOKED: revoked_of(vault)}
    for server in (host for host in design.hosts if host.kind in SERVER_KINDS):
        machine = lab.machine(server.name)
        for deposit in tree(design, server).deposits:
            if deposit.material in fresh:
                data = fresh[deposit.material]
                machine.write(deposit.path, data, deposit.mode, deposit.owner, deposit.group)
        if server.kind == HostKind.SIP:
            _take_up(machine)
    return serial


def _take_up(machine: Machine) -> None:
    for command in (
        ("htable.reload", "revoked"),
        ("htable.seti", "pending", "cut", "1"),
    ):
        done = machine.run(control(*command))
        if done.returncode or "error" in done.stdout + done.stderr:
            raise LabError(f"{machine.name}: {' '.join(command)}: {done.stdout}{done.stderr}")
