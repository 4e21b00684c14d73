"""What an organisation declares about its site, as frozen models."""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from ringfence.guide import Level, catalogue
from ringfence.site.countries import countries
from ringfence.site.deviations import Deviation
from ringfence.site.names import DomainName, HostName, as_address
from ringfence.site.neighbours import DATA_DEVICE, RELAY_NAME, Converged, Definitions
from ringfence.site.problems import did_you_mean, nearest
from ringfence.site.words import Otherwise, Text

ZONE_NAMES = (
    *("phones", "servers", "admin", "data", "outside"),
    *("gateways", "softphones", "dmz"),
)
"""The zones whose subnets a site may state, beside those of its locations' phones."""
OUTSIDE_SUBNET = IPv4Network("192.0.2.0/24")
"""Where the outside zone lies unless it is stated: a range kept for examples (RFC 5737)."""
RESERVED_NAMES = (
    *("fw", "ids1", DATA_DEVICE, "outside1", "seat1", "data1"),
    *(RELAY_NAME, "localhost"),
)
"""Names of hosts that every site has, so no server may take them."""
LOG_SERVER = "log1"
"""The log server's name where one is demanded and the site file names none."""
SOFTPHONE_MODELS = frozenset({"linphone", "baresip", "softphone"})
"""Models that are programs on a computer (the guide's "Softphones")."""


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


def _section(value: str) -> str:
    prefix = value.strip().upper()
    if prefix not in catalogue().by_prefix:
        hint = did_you_mean(prefix, catalogue().by_prefix)
        raise ValueError(f"is no section of the guide; {hint}")
    return prefix


MacAddress = Annotated[str, AfterValidator(_mac_address)]
Extension = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2,8}$"),
    Otherwise("is not an extension of 2 to 8 digits, such as '2001'"),
]
CountryCode = Annotated[str, AfterValidator(_country_code)]
Subnet = Annotated[IPv4Network, BeforeValidator(_subnet)]
LocationName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9]{0,7}$"),
    Otherwise("is not a short name such as 'annex': up to 8 small letters and digits"),
]
SectionPrefix = Annotated[str, AfterValidator(_section)]
Days = Annotated[
    int, Field(ge=1, le=3660), Otherwise("is not a number of days from 1 to 3660, such as 400")
]
Address = Annotated[IPv4Address, Otherwise("is not an IPv4 address such as '10.16.1.10'")]
MOST_PORTS = 512
"""The most ports of one switch, or of one stack that is managed as a switch."""
PortNumber = Annotated[
    int,
    Field(ge=1, le=MOST_PORTS),
    Otherwise(f"is not the number of a port, from 1 to {MOST_PORTS}"),
]
PortCount = Annotated[
    int,
    Field(ge=0, le=MOST_PORTS),
    Otherwise(f"is not a number of ports, up to {MOST_PORTS}"),
]


class Model(BaseModel):
    """The base of every declaration: frozen, and refusing keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(StrEnum):
    """What a server is for."""

    SIP = "sip"
    SERVICES = "services"
    ADMIN = "admin"
    LOG = "log"


class Server(Model):
    """One server of the site."""

    name: HostName = Field(description="Its host name, up to 12 characters.")
    role: Role = Field(
        description="What it is for. A site has one server of each role; the log server need not "
        "be named."
    )
    mac: MacAddress | None = Field(
        default=None, description="Its MAC address; a switch port takes known devices only."
    )
    switch: Text | None = Field(default=None, description="The access switch it is plugged into.")
    port: PortNumber | None = Field(default=None, description="The port of that switch.")


class Location(Model):
    """A building or floor whose phones have a VLAN of their own."""

    name: LocationName = Field(description="A short name, up to 8 small letters and digits.")
    title: Text | None = Field(default=None, description="What people call it.")


class SwitchPlatform(StrEnum):
    """The operating system of an access switch."""

    IOS_XE = "ios-xe"
    EOS = "eos"
    JUNOS = "junos"
    AOS_CX = "aos-cx"


class Switch(Model):
    """One access switch, or one stack that is managed as a switch."""

    name: HostName = Field(description="Its host name, up to 12 characters.")
    platform: SwitchPlatform = Field(
        description="Its operating system: Cisco IOS-XE, Arista EOS, Junos (EX) or Aruba AOS-CX."
    )
    location: LocationName | None = Field(
        default=None, description="Which of the site's locations it is at; the first unless stated."
    )
    ports: PortCount = Field(default=48, description="How many ports it has, uplinks among them.")
    uplinks: PortCount = Field(
        default=2, description="How many of them, the last, lead to other network equipment."
    )
    computers: dict[PortNumber, MacAddress] = Field(
        default_factory=dict,
        description="Data devices with a port of their own, by port: their MAC addresses.",
    )

    @property
    def device_ports(self) -> range:
        """The ports for devices: all but the uplinks."""
        return range(1, self.ports - self.uplinks + 1)


class Phone(Model):
    """One telephone: its extension is the user part of its address-of-record."""

    extension: Extension = Field(description="2 to 8 digits, such as 2001.")
    name: Text = Field(description="Whose telephone it is, as other telephones display it.")
    model: Text = Field(default="generic", description="The device's maker and model.")
    mac: MacAddress = Field(description="The device's MAC address.")
    location: Text | None = Field(default=None, description="Where in the building it stands.")
    at: LocationName | None = Field(
        default=None, description="Which of the site's locations it is at; the first unless stated."
    )
    switch: Text | None = Field(
        default=None,
        description="The access switch it is plugged into; one of its location unless stated.",
    )
    port: PortNumber | None = Field(
        default=None, description="The port of that switch; the next free one unless stated."
    )
    computer: MacAddress | None = Field(
        default=None, description="The MAC address of the computer behind it, if there is one."
    )

    @property
    def is_software(self) -> bool:
        """Whether it is a program on a computer rather than a device of its own."""
        return self.model.lower() in SOFTPHONE_MODELS


class Logs(Model):
    """What the log server keeps."""

    keep_days: Days = Field(
        default=400,
        description="For how many days the log server keeps what hosts have logged.",
    )


class Addressing(Model):
    """Where the site's subnets lie; each zone's subnet is derived unless it is stated."""

    supernet: Subnet = Field(
        default=IPv4Network("10.16.0.0/12"),
        description="The range that derived subnets are taken from.",
    )
    zones: dict[str, Subnet] = Field(
        default_factory=dict,
        description=f"Subnets stated by zone: {', '.join(ZONE_NAMES)}; the phones of a second "
        "location named 'annex' are in 'phones-annex'.",
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
    sections: dict[SectionPrefix, Level] = Field(
        default_factory=dict,
        description="Another level for a section of the guide, by its letters, such as DAT.",
    )
    deviations: tuple[Deviation, ...] = Field(
        default=(),
        description="Approved departures from what the levels demand.",
    )
    servers: tuple[Server, ...] = Field(
        default=DEFAULT_SERVERS,
        description="The site's servers, one of each role. Where a log server is demanded and "
        "none is named, there is one called log1.",
    )
    logs: Logs = Field(default=Logs(), description="What the log server keeps.")
    locations: tuple[Location, ...] = Field(
        default=(),
        description="The site's locations, where it has several: each has its own phone VLAN.",
    )
    switches: tuple[Switch, ...] = Field(
        default=(),
        description="The access switches whose configurations are wanted.",
    )
    radius: Address | None = Field(
        default=None,
        description="The RADIUS server in the zone admin that switches ask about devices (802.1X).",
    )
    phones: tuple[Phone, ...] = Field(
        min_length=1,
        description="The telephones, or the name of a CSV file beside this one.",
    )
    converged: Converged | None = Field(
        default=None,
        description="What crosses between telephones and data; nothing does unless it is stated.",
    )
    definitions: Definitions | None = Field(
        default=None,
        description="Where malware definitions come from; an administrator brings them unless "
        "it is stated.",
    )
    addressing: Addressing = Field(
        default=Addressing(),
        description="Addresses; everything here is derived unless it is stated.",
    )


def stated_addresses(site: "Site") -> dict[str, IPv4Address]:
    """Every address that the site file states, by host name, wherever it states it."""
    neighbours = {}
    if site.converged and site.converged.mail:
        neighbours[site.converged.mail.host] = as_address(site.converged.mail.to)
    if site.definitions:
        neighbours[site.definitions.host] = as_address(site.definitions.mirror)
    stated = {name: address for name, address in neighbours.items() if address is not None}
    return site.addressing.fixed | stated


def neighbour_names(site: "Site") -> dict[str, str]:
    """The hosts beside servers and phones that the site file brings in, each with its zone."""
    found = {}
    if site.converged:
        found[RELAY_NAME] = "dmz"
        if site.converged.mail:
            found[site.converged.mail.host] = "data"
    if site.definitions:
        found[site.definitions.host] = "admin"
    return found


def phone_zone_name(site: "Site", at: str | None) -> str:
    """The zone of the phones at a location; those of the first are in the zone ``phones``."""
    first = site.locations[0].name if site.locations else None
    return "phones" if at in {None, first} else f"phones-{at}"


def zone_names(site: "Site") -> tuple[str, ...]:
    """Every zone whose subnet the site may state."""
    others = (phone_zone_name(site, each.name) for each in site.locations[1:])
    return (*ZONE_NAMES, *others)


def phone_host_name(extension: str) -> str:
    """The host name of the phone with that extension."""
    return f"p{extension}"
