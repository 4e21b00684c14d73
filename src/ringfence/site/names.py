"""Names of domains and hosts as a site file has them."""

import re
from ipaddress import IPv4Address
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from ringfence.site.words import Otherwise

_LONGEST_DOMAIN: Final = 240
"""A host's name in front of it must still fit into the 253 characters of RFC 1035."""
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST: Final = r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?"


def _domain_name(value: str) -> str:
    name = value.strip().rstrip(".").lower()
    if len(name) > _LONGEST_DOMAIN:
        raise ValueError(f"is longer than {_LONGEST_DOMAIN} characters")
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("is not a domain name such as 'branch.example'") from None
    labels = name.split(".")
    if (
        len(labels) == 1
        or len(name) > _LONGEST_DOMAIN
        or labels[-1].isdigit()
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise ValueError("is not a domain name such as 'branch.example'")
    return name


def _host_or_address(value: str) -> str:
    word = value.strip()
    if re.fullmatch(r"[0-9.]+", word):
        try:
            return str(IPv4Address(word))
        except ValueError:
            raise ValueError("is not an IPv4 address such as '10.16.1.10'") from None
    if not re.fullmatch(_HOST, word):
        raise ValueError("is neither a host name such as 'mail1' nor an IPv4 address")
    return word


DomainName = Annotated[str, AfterValidator(_domain_name)]
HostName = Annotated[
    str,
    StringConstraints(pattern=f"^{_HOST}$"),
    Otherwise(
        "is not a host name such as 'sip1': up to 12 small letters, digits and hyphens, "
        "with a letter first and no hyphen last",
    ),
]
HostOrAddress = Annotated[str, AfterValidator(_host_or_address)]
"""A host's name, or an IPv4 address."""


def as_address(value: str) -> IPv4Address | None:
    """The address that a ``HostOrAddress`` is, if it is one."""
    return IPv4Address(value) if value[:1].isdigit() else None
