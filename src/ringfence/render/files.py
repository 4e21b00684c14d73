"""What a renderer returns: files for a host, and deposits that only deployment can make."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """The base of rendered things."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class File(Model):
    """A text file at an absolute path of a host.

    ``text`` may hold marks such as ``{secret:digest/2001}``: deployment replaces each by that
    secret, so a file with marks must not be readable by others (mode without group and other
    bits, or a group of its own).
    """

    path: str
    text: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


class Material(StrEnum):
    """What a deposit is made from."""

    CERTIFICATE = "certificate"
    PRIVATE_KEY = "private key"
    CERTIFICATE_AND_KEY = "certificate and private key in one file"
    TRUST_ANCHOR = "the site's certification authority"
    USER_TABLE = "SQLite table of users and their digest hashes"
    REVOKED = "serial numbers of revoked certificates"
    MARKER_DEFINITIONS = "a malware scanner's definition of a harmless marker"


class Deposit(Model):
    """A file that holds key material or secrets; a plan names it, deployment makes it.

    ``of`` is the name of the identity it belongs to, for the first three materials.
    """

    path: str
    material: Material
    of: str | None = None
    mode: int = 0o400
    owner: str = "root"
    group: str = "root"


class Tree(Model):
    """Everything one host is given."""

    host: str
    files: tuple[File, ...]
    deposits: tuple[Deposit, ...] = ()
