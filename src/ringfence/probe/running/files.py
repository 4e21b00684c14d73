"""What lies on the hosts of a running system: files, rules in the kernel, keys, packages."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ringfence.deploy.differences import as_in_lab
from ringfence.deploy.keeping import Keeping
from ringfence.deploy.materialise import filled, marks
from ringfence.machine.inside import Machine
from ringfence.probe.fact import Seen
from ringfence.probe.running.system import System
from ringfence.probe.take import UnseenError
from ringfence.render import lab_switch
from ringfence.render.nft import PATH as RULES

_KEY: Final = "-----BEGIN ([A-Z]+ )*PRIVATE KEY-----"
_KEY_PLACES: Final = ("/etc", "/var/lib", "/srv", "/usr/lib/ringfence", "/root/.ssh")
_TRUSTED: Final = re.compile(r"\btrusted\s*[=:]\s*(yes|true|1)\b", re.IGNORECASE)
_LAX: Final = re.compile(
    r'^(\S*(?:AllowInsecureRepositories|AllowUnauthenticated|AllowWeakRepositories)\S*) "(.*)";$',
    re.MULTILINE,
)


def files_as_rendered(system: System) -> Seen:
    """Every file of every host has the content, owner and mode that it was given."""
    secrets = system.vault.secrets(sorted(marks(system.trees)))
    contrary: list[str] = []
    count = 0
    trees = (*system.trees, lab_switch.tree(system.design))
    for tree in trees:
        on_switch = tree.host == lab_switch.NAME
        machine = system.lab.switch if on_switch else system.lab.machine(tree.host)
        wanted = as_in_lab(tuple(filled(file, secrets) for file in tree.files))
        given = [(str(each.path), each.mode, each.owner, each.group) for each in wanted]
        given += [(each.path, each.mode, each.owner, each.group) for each in tree.deposits]
        found = dict(_ownership(machine, [path for path, *_ in given]))
        count += len(given)
        for path, mode, owner, group in given:
            if path not in found:
                contrary.append(f"{tree.host}:{path} is missing")
            elif found[path] != (mode, owner, group):
                was = "{:o} {}:{}".format(*found[path])
                contrary.append(f"{tree.host}:{path} is {was}, not {mode:o} {owner}:{group}")
        contrary += [
            f"{tree.host}:{each.path} has other content"
            for each in wanted
            if str(each.path) in found and machine.read(str(each.path)) != each.data
        ]
    return Seen.against(
        contrary,
        count,
        yes=f"{count} files on {len(trees)} hosts and switches are as they were rendered",
        no="files on hosts are not as they were rendered",
    )


def rules_in_force(system: System) -> Seen:
    """The kernel of every host with a packet filter has the rules of its file, and no others."""
    contrary: list[str] = []
    exhibits: list[tuple[str, bytes]] = []
    hosts = [host for host in system.server_hosts if _rule_files(system, host.name)]
    for host in hosts:
        machine = system.machine(host)
        listing = machine.run(["nft", "-s", "list", "ruleset"], check=True).stdout
        exhibits.append((f"{host.name}: nft list ruleset", listing.encode()))
        loaded = " && ".join(f"nft -f {path}" for path in _rule_files(system, host.name))
        afresh = f"{loaded} && nft -j -s list ruleset"
        wanted = machine.run(["unshare", "--net", "sh", "-c", afresh], check=True).stdout
        actual = machine.run(["nft", "-j", "-s", "list", "ruleset"], check=True).stdout
        if _canonical(actual) != _canonical(wanted):
            contrary.append(f"{host.name} has other rules in its kernel than in its files")
    return Seen.against(
        contrary,
        len(hosts),
        yes=f"the packet filters in the kernels of {len(hosts)} hosts are those of their files",
        no="a packet filter was changed after it was loaded",
        exhibits=tuple(exhibits),
    )


def private_keys(system: System) -> Seen:
    """The authority's key is encrypted; other keys are their owner's and service's alone."""
    keeping = Keeping(system.lab.name)
    vault = keeping.directory / "vault"
    contrary = [f"the vault: {each}" for each in _loose_vault(vault)]
    if stat.S_IMODE(keeping.passphrase.stat().st_mode) & 0o077:
        contrary.append("the passphrase of the authority's key can be read by others")
    count = 1
    for host in system.design.hosts:
        machine = system.machine(host)
        found = machine.run(["grep", "-rlsE", "-e", _KEY, *_KEY_PLACES], timeout=60).stdout
        paths = found.splitlines()
        count += len(paths)
        contrary += [
            f"{host.name}:{path} can be read by everybody"
            for path, (mode, _, _) in _ownership(machine, paths)
            if mode & 0o007
        ]
    return Seen.against(
        contrary,
        count,
        yes=f"the authority's key is encrypted, and {count - 1} keys on "
        f"{len(system.design.hosts)} hosts are readable by their owner and service only",
        no="a private key lies open",
    )


def signed_packages(system: System) -> Seen:
    """No host takes packages from a source that nobody has signed for."""
    contrary: list[str] = []
    exhibits: list[tuple[str, bytes]] = []
    sources = 0
    for host in system.server_hosts:
        machine = system.machine(host)
        settings = machine.run(["apt-config", "dump"]).stdout
        if not settings:
            raise UnseenError(f"{host.name} has no apt whose settings could be read")
        contrary += [
            f"{host.name}: {key} is on"
            for key, value in _LAX.findall(settings)
            if value.lower() in {"1", "true", "yes"}
        ]
        listing = "cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null; true"
        lines = machine.run(["sh", "-c", listing]).stdout
        lines += machine.run(["sh", "-c", "cat /etc/apt/sources.list.d/*.sources; true"]).stdout
        live = [line for line in lines.splitlines() if line.strip() and line[0] != "#"]
        sources += sum(line.startswith(("deb ", "deb\t", "URIs:")) for line in live)
        contrary += [
            f"{host.name} trusts unsigned: {line}" for line in live if _TRUSTED.search(line)
        ]
        exhibits.append((f"{host.name}: apt sources", "\n".join(live).encode()))
    return Seen.against(
        contrary,
        sources,
        yes=f"{len(system.server_hosts)} hosts take packages from signed sources only",
        no="a host takes packages that nobody has signed",
        exhibits=tuple(exhibits),
    )


def _ownership(machine: Machine, paths: list[str]) -> Iterator[tuple[str, tuple[int, str, str]]]:
    """Mode, owner and group of those of the paths that are there."""
    if not paths:
        return
    done = machine.run(["stat", "--dereference", "--format=%a %U %G %n", "--", *paths])
    for line in done.stdout.splitlines():
        mode, owner, group, path = line.split(" ", 3)
        yield path, (int(mode, 8), owner, group)


def _rule_files(system: System, host: str) -> list[str]:
    tree = next(tree for tree in system.trees if tree.host == host)
    paths = sorted(file.path for file in tree.files)
    return [path for path in paths if path == RULES or path.endswith(".nft")]


def _canonical(listing: str) -> object:
    """A listing of rules without what differs from one loading to the next.

    Tables stand there as they were loaded, and units may be started in any order.
    """
    entries = json.loads(listing)["nftables"][1:]
    return _without_handles(sorted(entries, key=_table_of))


def _table_of(entry: dict[str, dict[str, str]]) -> tuple[str, str]:
    ((kind, value),) = entry.items()
    return value["family"], value["name" if kind == "table" else "table"]


def _without_handles(value: Any) -> object:
    match value:
        case dict():
            plain = {k: _without_handles(v) for k, v in value.items() if k != "handle"}
            if isinstance(plain.get("elem"), list):
                plain["elem"] = sorted(json.dumps(each) for each in value["elem"])
            return plain
        case list():
            return [_without_handles(each) for each in value]
        case _:
            return value


def _loose_vault(vault: Path) -> Iterator[str]:
    if b"ENCRYPTED PRIVATE KEY" not in (vault / "authority.key").read_bytes():
        yield "the authority's key is not encrypted"
    for path in (vault, *vault.iterdir()):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield f"{path.name} can be read by others"
