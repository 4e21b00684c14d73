"""What the relay's services share: their modules, keys, and the manner of their settings."""

from collections.abc import Mapping
from importlib.resources import files as resources

from ringfence.design.converged import DIRECTORY_PORT, SUBMISSION_PORT
from ringfence.design.model import Host, Service
from ringfence.render.files import Deposit, File, Material

LIBRARY = "/usr/lib/ringfence"
PYTHON = "/usr/bin/python3 -I -B"
_PORTS = {Service.MAIL_RELAY: SUBMISSION_PORT, Service.DIRECTORY: DIRECTORY_PORT}
_ENTRY = '''\
"""Where the system's Python enters: it finds the relay's modules beside this file."""

import sys

sys.path.insert(0, "{library}")

from relay.{module} import main

main()
'''


def directory_of(service: Service) -> str:
    """Where a service's settings and keys lie."""
    return f"/etc/ringfence/{service}"


def settings_of(service: Service) -> str:
    """A service's settings file."""
    return f"{directory_of(service)}/settings.ini"


def library_of(service: Service) -> str:
    """Where a service's program and its modules lie."""
    return f"{LIBRARY}/{service}"


def command(service: Service, *words: str) -> str:
    """The command line of a service's unit."""
    return " ".join((PYTHON, f"{library_of(service)}/main.py", *words))


def modules(service: Service, runner: str, *names: str) -> tuple[File, ...]:
    """The relay's modules that a service needs, and the program that starts them."""
    library = library_of(service)
    return (
        File(path=f"{library}/main.py", text=_ENTRY.format(library=library, module=runner)),
        *(_module(library, name) for name in ("__init__", runner, *names)),
    )


def settings(
    service: Service, group: str, title: str, sections: Mapping[str, Mapping[str, object]]
) -> File:
    """A settings file; a section's name may be followed by remarks, a line each."""
    lines = [f"# {title}"]
    for head, keys in sections.items():
        name, *remarks = head.split("\n")
        lines += ["", *(f"# {remark}" for remark in remarks if remark), f"[{name}]"]
        lines += [f"{key} = {value}".rstrip() for key, value in keys.items()]
    text = "\n".join((*lines, ""))
    return File(path=settings_of(service), text=text, mode=0o640, group=group)


def listening(host: Host, service: Service) -> dict[str, object]:
    """The settings of where a service listens, and with which keys."""
    place = directory_of(service)
    return {
        "address": host.address,
        "port": _PORTS[service],
        "name": host.fqdn,
        "certificate": f"{place}/certificate.pem",
        "key": f"{place}/key.pem",
        "authority": f"{place}/ca.pem",
        "revoked": f"{place}/revoked",
    }


def keys(place: str, identity: str, group: str) -> tuple[Deposit, ...]:
    """A certificate, its key and the trust anchor, for one group to read."""
    made = (
        ("certificate.pem", Material.CERTIFICATE, identity),
        ("key.pem", Material.PRIVATE_KEY, identity),
        ("ca.pem", Material.TRUST_ANCHOR, None),
    )
    return tuple(
        Deposit(path=f"{place}/{name}", material=material, of=of, mode=0o440, group=group)
        for name, material, of in made
    )


def revocations(service: Service, group: str) -> Deposit:
    """The revoked certificates, which a service reads each time that somebody comes."""
    path = f"{directory_of(service)}/revoked"
    return Deposit(path=path, material=Material.REVOKED, mode=0o440, group=group)


def _module(library: str, name: str) -> File:
    text = resources("ringfence.relay").joinpath(f"{name}.py").read_text(encoding="utf-8")
    return File(path=f"{library}/relay/{name}.py", text=text)
