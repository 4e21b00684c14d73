"""The phone directory that telephones and data devices read, and cannot change.

JSON, and vCard (RFC 6350). See docs/converged.md.
"""

import json

from ringfence.design.model import (
    Design,
    Host,
    HostKind,
    Service,
)
from ringfence.design.settings import (
    Converged,
)
from ringfence.render import relay_host
from ringfence.render.files import Deposit, File
from ringfence.render.systemd import STRICT, Unit, unit_file

USER = "www-data"
"""Debian's own account for web servers; nothing else runs as it on this host."""
READER = "/etc/ringfence/reader"
"""Where a data device has what it reads the directory with."""
_PLACE = relay_host.directory_of(Service.DIRECTORY)
_FOLD = 75  # octets, RFC 6350, 3.2
_MODULES = (
    "directory_policy",
    "directory_settings",
    "door",
    "journal",
    "peer",
    "refusal",
    "settings",
    "tls",
)


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The service's modules, settings and unit, and the directory itself."""
    passing = _passing(design)
    asked = design.asked_by("CNV-2", "CNV-3", "CNV-5", "SEP-9", "SEP-10")
    unit = Unit(
        name=Service.DIRECTORY,
        description="Phone directory, to be read by telephones and data devices",
        start=relay_host.command(Service.DIRECTORY, relay_host.settings_of(Service.DIRECTORY)),
        user=USER,
        group=USER,
        capabilities=("CAP_NET_BIND_SERVICE",),
        after=(Service.NFTABLES,),
        open_files=512,
        sandbox=STRICT,
        serves=asked,
    )
    read = {"mode": 0o640, "group": USER}
    return (
        *relay_host.modules(Service.DIRECTORY, "directory_server", *_MODULES),
        _settings(design, host, passing),
        File(path=f"{_PLACE}/directory.json", text=_json(design), **read),
        File(path=f"{_PLACE}/directory.vcf", text=_vcards(design), **read),
        unit_file(unit),
    )


def deposits(_design: Design, host: Host) -> tuple[Deposit, ...]:
    """The service's keys and the revoked certificates."""
    return (
        *relay_host.keys(_PLACE, host.name, USER),
        relay_host.revocations(Service.DIRECTORY, USER),
    )


def reader_deposits(design: Design, host: Host) -> tuple[Deposit, ...]:
    """What a data device that may read the directory is given."""
    if design.converged is None or host.name not in design.converged.readers:
        return ()
    return relay_host.keys(READER, host.name, "root")


def _settings(design: Design, host: Host, passing: Converged) -> File:
    asked = " ".join(design.asked_by("CNV-2"))
    phones = design.of_kind(HostKind.PHONE)
    return relay_host.settings(
        Service.DIRECTORY,
        USER,
        "Who may read the phone directory. Nobody may change it.",
        {
            "listen": relay_host.listening(host, Service.DIRECTORY),
            f"clients\n{asked}": {
                "certificates": "required" if passing.authenticated else "none",
                "domain": design.domain,
                "readers": " ".join(f"{name}.{design.domain}" for name in passing.readers),
                "extensions": " ".join(str(phone.extension) for phone in phones),
            },
            "files": {
                "json": f"{_PLACE}/directory.json",
                "vcard": f"{_PLACE}/directory.vcf",
            },
        },
    )


def _json(design: Design) -> str:
    entries = [
        {
            "name": phone.display_name,
            "number": phone.extension,
            "uri": f"sip:{phone.extension}@{design.domain}",
        }
        for phone in design.of_kind(HostKind.PHONE)
    ]
    document = {"organisation": design.organisation, "entries": entries}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _vcards(design: Design) -> str:
    lines: list[str] = []
    for phone in design.of_kind(HostKind.PHONE):
        lines += [
            "BEGIN:VCARD",
            "VERSION:4.0",
            f"FN:{_escaped(phone.display_name or '')}",
            f"ORG:{_escaped(design.organisation)}",
            f"TEL;TYPE=work;VALUE=uri:sip:{phone.extension}@{design.domain}",
            "END:VCARD",
        ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")


def _folded(line: str) -> list[str]:
    """A line in pieces of at most so many octets; those after the first begin with a space."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > _FOLD:
            pieces.append(piece)
            piece = " "
        piece += character
    return [*pieces, piece]


def _passing(design: Design) -> Converged:
    if design.converged is None:
        raise ValueError("no directory is read in this design")
    return design.converged
