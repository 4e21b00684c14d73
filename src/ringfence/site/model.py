"""What an organisation declares about its site, as frozen models."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

from ringfence.guide import Level
from ringfence.site.countries import countries
from ringfence.site.problems import nearest

ZONE_NAMES = ("phones", "servers", "admin", "data", "outside")
"""The zones whose subnets a site may state."""
OUTSIDE_SUBNET = IPv4Network("192.0.2.0/24")
"""Where the outside zone lies unless it is stated: a range kept for examples (RFC 5737)."""
RESERVED_NAMES = ("fw", "pc1", "outside1", "localhost")
"""Names of hosts that every site has, so no server may take them."""
_LONGEST_DOMAIN = 240
"""A host's name in front of it must still fit into the 253 characters of RFC 1035."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Otherwise:
    """Says in plain words what is wrong with a value that its type refuses.

    The words follow the value in a message: ``'20 01' is not an extension ...``.
    """

    words: str

    def __get_pydantic_core_schema__(
        self,
        source: Any,
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """Wrap the type's own schema."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type="refused",
            custom_error_message=self.words,
        )


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


def _mac_address(value: str) -> str:
    digits = re.sub(r"[:.\-]", "", value.strip()).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise ValueError("is not a MAC address such as '02:00:5e:10:20:01'")
    if int(digits[:2], 16) & 1:
        raise ValueError("is a multicast address, not that of a device")
    if int(digits, 16) == 0:
        raise ValueError("is not the address of any device")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _country_code(value: str) -> str:
    known = countries()
    if value in known:
        return value
    codes = {name: code for code, name in known.items()} | {"UK": "GB"}
    meant = value.upper() if value.upper() in known else codes.get(nearest(value, codes) or "")
    hint = f"; did you mean {meant!r}, {known[meant]}?" if meant else ""
    raise ValueError(f"is not a country's two-letter code such as 'GB'{hint}")


def _subnet(value: object) -> object:
    """Tell a network from an address with a prefix, which is the usual slip."""
    if isinstance(value, str):
        try:
            network = IPv4Network(value, strict=False)
        except ValueError:
            raise ValueError("is not an IPv4 subnet such as '10.16.0.0/12'") from None
        if value.partition("/")[0] != str(network.network_address):
            raise ValueError(f"is an address inside a subnet; did you mean '{network}'?")
    return value


def _composed(value: str) -> str:
    """One form for letters with accents, however the author's system writes them."""
    return unicodedata.normalize("NFC", value)


DomainName = Annotated[str, AfterValidator(_domain_name)]
MacAddress = Annotated[str, AfterValidator(_mac_address)]
Extension = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2,8}$"),
    Otherwise("is not an extension of 2 to 8 digits, such as '2001'"),
]
HostName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$"),
    Otherwise(
        "is not a host name such as 'sip1': up to 12 small letters, digits and hyphens, "
        "with a letter first and no hyphen last",
    ),
]
Text = Annotated[
    str,
    # Beside control characters, those that break lines or turn the writing direction.
    StringConstraints(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$",
        strip_whitespace=True,
    ),
    Otherwise("is not a text of 1 to 100 characters on one line"),
    AfterValidator(_composed),
]
CountryCode = Annotated[str, AfterValidator(_country_code)]
Subnet = Annotated[IPv4Network, BeforeValidator(_subnet)]
Address = Annotated[IPv4Address, Otherwise("is not an IPv4 address such as '10.16.1.10'")]


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

    name: HostName = Field(description="Its host name, up to 12 characters.")
    role: Role = Field(description="What it is for; a site has one server of each role.")


class Phone(Model):
    """One telephone: its extension is the user part of its address-of-record."""

    extension: Extension = Field(description="2 to 8 digits, such as 2001.")
    name: Text = Field(description="Whose telephone it is, as other telephones display it.")
    model: Text = Field(default="generic", description="The device's maker and model.")
    mac: MacAddress = Field(description="The device's MAC address.")
    location: Text | None = Field(default=None, description="Where in the building it stands.")


class Addressing(Model):
    """Where the site's subnets lie; each zone's subnet is derived unless it is stated."""

    supernet: Subnet = Field(
        default=IPv4Network("10.16.0.0/12"),
        description="The range that derived subnets are taken from.",
    )
    zones: dict[str, Subnet] = Field(
        default_factory=dict,
        description=f"Subnets stated by zone: {', '.join(ZONE_NAMES)}.",
    )
    fixed: dict[str, Address] = Field(
        default_factory=dict,
        description="Addresses stated by host name; a phone's is 'p' and its extension.",
    )


DEFAULT_SERVERS = (
    Server(name="sip1", role=Role.SIP),
    Server(name="net1", role=Role.SERVICES),
    Server(name="admin1", role=Role.ADMIN),
)


class Site(Model):
    """A whole site, as its site file declares it."""

    organisation: Text = Field(description="The organisation's name.")
    domain: DomainName = Field(description="The domain of telephony: 2001@<domain> rings 2001.")
    country: CountryCode = Field(description="The country's two-letter code (ISO 3166-1).")
    level: Level = Field(description="The robustness level of the guide to be met.")
    servers: tuple[Server, ...] = Field(
        default=DEFAULT_SERVERS,
        description="The site's servers, one of each role.",
    )
    phones: tuple[Phone, ...] = Field(
        min_length=1,
        description="The telephones, or the name of a CSV file beside this one.",
    )
    addressing: Addressing = Field(
        default=Addressing(),
        description="Addresses; everything here is derived unless it is stated.",
    )


def phone_host_name(extension: str) -> str:
    """The host name of the phone with that extension."""
    return f"p{extension}"
