"""What an organisation declares about its site, as frozen models."""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ringfence.guide import Level

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _domain_name(value: str) -> str:
    name = value.strip().rstrip(".").lower()
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("is not a domain name") from None
    if "." not in name or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError("is not a domain name such as 'branch.example'")
    return name


def _mac_address(value: str) -> str:
    digits = re.sub(r"[:.\-]", "", value.strip()).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise ValueError("is not a MAC address such as '02:00:5e:10:20:01'")
    if int(digits[:2], 16) & 1:
        raise ValueError("is a multicast address, not that of a device")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


DomainName = Annotated[str, AfterValidator(_domain_name)]
MacAddress = Annotated[str, AfterValidator(_mac_address)]
Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")]
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,11}$")]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Model(BaseModel):
    """The base of every declaration: frozen, and refusing keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(StrEnum):
    """What a server is for."""

    SIP = "sip"
    SERVICES = "services"
    ADMIN = "admin"


class Server(Model):
    """One server of the site."""

    name: HostName
    role: Role


class Phone(Model):
    """One telephone: its extension is the user part of its address-of-record."""

    extension: Extension
    name: Text
    model: Text = "generic"
    mac: MacAddress
    location: Text | None = None


class Addressing(Model):
    """Where the site's subnets lie; each zone's subnet is derived unless it is stated."""

    supernet: IPv4Network = IPv4Network("10.16.0.0/12")
    zones: dict[str, IPv4Network] = Field(default_factory=dict)
    fixed: dict[str, IPv4Address] = Field(default_factory=dict)


DEFAULT_SERVERS = (
    Server(name="sip1", role=Role.SIP),
    Server(name="net1", role=Role.SERVICES),
    Server(name="admin1", role=Role.ADMIN),
)


class Site(Model):
    """A whole site, as its site file declares it."""

    organisation: Text
    domain: DomainName
    country: CountryCode
    level: Level
    servers: tuple[Server, ...] = DEFAULT_SERVERS
    phones: tuple[Phone, ...] = Field(min_length=1)
    addressing: Addressing = Addressing()
