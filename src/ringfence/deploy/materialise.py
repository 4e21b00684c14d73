"""From rendered trees to the very bytes that hosts get: secrets filled in, deposits made."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from ringfence.deploy.definitions import marker_database
from ringfence.deploy.users import user_table
from ringfence.design.model import Design, HostKind
from ringfence.identity.vault import Issued, Vault
from ringfence.machine.spec import Installed
from ringfence.render.files import Deposit, File, Material, Tree

_MARK = re.compile(r"\{secret:([^{}]+)\}")


@dataclass(frozen=True)
class Keyring:
    """Everything secret that one deployment of a design needs, made once for all its hosts."""

    issued: Mapping[str, Issued]
    secrets: Mapping[str, str]
    trust_anchor: bytes
    user_table: bytes
    revoked: bytes


def gather(design: Design, trees: Iterable[Tree], vault: Vault) -> Keyring:
    """Issue what the design's hosts need and make the secrets that their files mark."""
    return Keyring(
        issued=vault.issue(design.identities),
        secrets=vault.secrets(sorted(marks(trees))),
        trust_anchor=vault.trust_anchor,
        user_table=users_of(design, vault),
        revoked=revoked_of(vault),
    )


def users_of(design: Design, vault: Vault) -> bytes:
    """The SIP server's table of users and revoked certificates, as they stand now."""
    extensions = [str(host.extension) for host in design.of_kind(HostKind.PHONE)]
    passwords: dict[str, str | None] = dict.fromkeys(extensions)
    if design.signalling.digest:
        secrets = vault.secrets(f"digest/{extension}" for extension in extensions)
        passwords = {extension: secrets[f"digest/{extension}"] for extension in extensions}
    revoked = [entry.serial for entry in vault.revoked()]
    return user_table(design.domain, passwords, revoked)


def revoked_of(vault: Vault) -> bytes:
    """The serial numbers of revoked certificates, one a line, as they stand now."""
    return "".join(f"{entry.serial}\n" for entry in vault.revoked()).encode("ascii")


def installed(tree: Tree, keyring: Keyring) -> tuple[Installed, ...]:
    """The files of one host, as bytes."""
    return (
        *(filled(file, keyring.secrets) for file in tree.files),
        *(_deposit(deposit, keyring) for deposit in tree.deposits),
    )


def marks(trees: Iterable[Tree]) -> set[str]:
    """The names of the secrets that files mark."""
    return {name for tree in trees for file in tree.files for name in _MARK.findall(file.text)}


def filled(file: File, secrets: Mapping[str, str]) -> Installed:
    """A file with its marks replaced by the secrets that they stand for."""
    text = _MARK.sub(lambda mark: secrets[mark[1]], file.text)
    return Installed(
        path=file.path, data=text.encode(), mode=file.mode, owner=file.owner, group=file.group
    )


def _deposit(deposit: Deposit, keyring: Keyring) -> Installed:
    return Installed(
        path=deposit.path,
        data=_material(deposit, keyring),
        mode=deposit.mode,
        owner=deposit.owner,
        group=deposit.group,
    )


def _material(deposit: Deposit, keyring: Keyring) -> bytes:
    match deposit.material:
        case Material.TRUST_ANCHOR:
            return keyring.trust_anchor
        case Material.USER_TABLE:
            return keyring.user_table
        case Material.REVOKED:
            return keyring.revoked
        case Material.MARKER_DEFINITIONS:
            return marker_database()
        case Material.CERTIFICATE:
            return _issued(deposit, keyring).certificate
        case Material.PRIVATE_KEY:
            return _issued(deposit, keyring).key
        case Material.CERTIFICATE_AND_KEY:
            own = _issued(deposit, keyring)
            return own.certificate + own.key
        case _:
            assert_never(deposit.material)


def _issued(deposit: Deposit, keyring: Keyring) -> Issued:
    if deposit.of is None:
        raise ValueError(f"{deposit.path}: a {deposit.material} of nobody")
    return keyring.issued[deposit.of]
