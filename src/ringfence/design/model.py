"""The design of a site's network and telephony, as frozen models that renderers read."""

from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from pydantic import BaseModel, ConfigDict

from ringfence.design.access import AccessSwitch
from ringfence.guide import MitigationId

Serves = tuple[MitigationId, ...]
"""The mitigations that a part of the design serves, in the guide's order."""


class Model(BaseModel):
    """The base of every part of a design."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ZoneName = str
"""A zone's name; also the name of the firewall's leg in it (at most 15 characters)."""


class ZoneKind(StrEnum):
    """What a zone is for (the guide's figures 1, 2, 3 and 10).

    A design has one zone of each kind that it has at all, but for phones: each location has its
    own. The one zone of a kind bears the kind's name.
    """

    PHONES = "phones"
    SERVERS = "servers"
    ADMIN = "admin"
    DATA = "data"
    OUTSIDE = "outside"
    GATEWAYS = "gateways"
    SOFTPHONES = "softphones"
    DMZ = "dmz"


IPT_KINDS = frozenset(
    {
        ZoneKind.PHONES,
        ZoneKind.SOFTPHONES,
        ZoneKind.SERVERS,
        ZoneKind.GATEWAYS,
        ZoneKind.ADMIN,
    },
)
"""The kinds of zones that belong to the telephone network."""


class Zone(Model):
    """One VLAN and its subnet; the firewall's address in it is its gateway.

    ``location`` is that of a zone of phones, where the site has several.
    """

    name: ZoneName
    kind: ZoneKind
    title: str
    location: str | None = None
    vlan: int
    subnet: IPv4Network
    gateway: IPv4Address
    serves: Serves


class HostKind(StrEnum):
    """What a host is, and so what runs on it.

    A seat stands where a device of its zone would: from there the zone's borders are tried.
    """

    FIREWALL = "firewall"
    SIP = "sip"
    SERVICES = "services"
    ADMIN = "admin"
    PHONE = "phone"
    PC = "pc"
    OUTSIDER = "outsider"
    SEAT = "seat"


class Interface(Model):
    """A host's leg in a zone. ``name`` is the device's name inside the host."""

    name: str
    zone: ZoneName
    mac: str
    address: IPv4Address


class Service(StrEnum):
    """A service that runs on hosts; the value is the name of its systemd unit."""

    NFTABLES = "nftables"
    FIREWALL_LOG = "ulogd2"
    DHCP_RELAY = "dhcp-relay"
    PRIORITIES = "priorities"
    KAMAILIO = "kamailio"
    RTPENGINE = "rtpengine-daemon"
    KEA = "kea-dhcp4-server"
    UNBOUND = "unbound"
    CHRONY = "chrony"
    DHCP_CLIENT = "dhcp-client"
    SOFTPHONE = "softphone"


class Host(Model):
    """One machine of the design. Phones carry their extension, and only they."""

    name: str
    fqdn: str
    kind: HostKind
    interfaces: tuple[Interface, ...]
    services: tuple[Service, ...]
    extension: str | None = None
    display_name: str | None = None
    model: str | None = None

    @property
    def address(self) -> IPv4Address:
        """The address of a host with one leg; of the firewall, that of its first leg."""
        return self.interfaces[0].address

    @property
    def zone(self) -> ZoneName:
        """The zone of a host with one leg."""
        return self.interfaces[0].zone


class Protocol(StrEnum):
    """The transport of a flow."""

    TCP = "tcp"
    UDP = "udp"


class PortRange(Model):
    """Destination ports, both ends included."""

    first: int
    last: int

    def __str__(self) -> str:
        """Write a single port as a number and several as ``first-last``."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


class Flow(Model):
    """Traffic that may cross: who starts it, to whom, why, and which mitigations shape it.

    Without ``to_hosts`` every host of the zone is meant, and likewise ``from_hosts``. A flow
    within one zone does not meet the firewall; it opens the hosts' own rules only.
    """

    name: str
    from_zone: ZoneName
    to_zone: ZoneName
    protocol: Protocol
    ports: PortRange
    reason: str
    serves: Serves
    from_hosts: tuple[str, ...] = ()
    to_hosts: tuple[str, ...] = ()
    service: Service | None = None


class IdentityProfile(StrEnum):
    """What a certificate may be used for."""

    SERVER = "server"
    PHONE = "phone"


class Identity(Model):
    """A certificate to issue: a phone's has one URI name, a server's has DNS names."""

    name: str
    profile: IdentityProfile
    uri: str | None = None
    dns: tuple[str, ...] = ()


class Signalling(Model):
    """How phones and the SIP server speak, and which mitigations ask for it."""

    port: int = 5061
    mutual: bool
    """Client certificates are demanded and bound to the address-of-record (ACC-4, EAI-2)."""
    digest: bool
    """Digest credentials are demanded as well (EAI-1)."""


class Media(Model):
    """How speech travels."""

    srtp: bool
    """Plain RTP is refused (EAI-4)."""
    ports: PortRange = PortRange(first=30000, last=39999)
    """The relay's ports."""
    phone_ports: PortRange = PortRange(first=16384, last=32767)
    """The phones' ports."""


class PortSecurity(Model):
    """What access switches demand of a device at a port, whoever makes the switch.

    ``known_macs``: frames of the devices that belong there only (SEP-4, EAV-2). ``bindings``: a
    device speaks and answers for its own address only (EAV-2, ACC-3, DHC-7). ``dhcp_guard``:
    address servers answer from their own ports only (ACC-3, DHC-7). ``flood_alert``: a port that
    shows too many addresses raises an alert (EAV-3). ``authenticated``: 802.1X with certificates
    before anything else, again every ``reauthentication`` seconds (SEP-5, DHC-2, DHC-6).
    """

    known_macs: bool
    bindings: bool
    dhcp_guard: bool
    flood_alert: bool
    authenticated: bool
    reauthentication: int = 1800


class Design(Model):
    """Everything that renderers need, computed from a site and its requirements."""

    organisation: str
    domain: str
    zones: tuple[Zone, ...]
    hosts: tuple[Host, ...]
    flows: tuple[Flow, ...]
    identities: tuple[Identity, ...]
    signalling: Signalling
    media: Media
    ports: PortSecurity
    dhcp: bool
    """Phones get their addresses by DHCP; otherwise they are set by hand (DHC-3)."""
    in_force: frozenset[MitigationId]
    """The mitigations from which the design was computed."""
    switches: tuple[AccessSwitch, ...] = ()
    """The access switches that the site declares; a lab has stand-ins for them."""

    def asked_by(self, *mitigations: MitigationId) -> Serves:
        """Those of the mitigations that are in force: what a generated line may name."""
        return tuple(id_ for id_ in mitigations if id_ in self.in_force)

    def zone(self, name: ZoneName) -> Zone:
        """The zone of that name."""
        return next(zone for zone in self.zones if zone.name == name)

    def zones_of(self, *kinds: ZoneKind) -> tuple[Zone, ...]:
        """The zones of some kinds, in order."""
        return tuple(zone for zone in self.zones if zone.kind in kinds)

    def addresses(self, zone: ZoneName, named: tuple[str, ...]) -> tuple[IPv4Address, ...]:
        """One end of a flow: its named hosts and switches, or the zone's hosts if none is named."""
        hosts = (
            leg.address
            for host in self.hosts
            if (host.name in named if named else host.kind != HostKind.FIREWALL)
            for leg in host.interfaces
            if leg.zone == zone
        )
        return (*hosts, *(each.address.ip for each in self.switches if each.name in named))

    def of_kind(self, kind: HostKind) -> tuple[Host, ...]:
        """Every host of a kind, in order."""
        return self._by_kind.get(kind, ())

    def identity(self, name: str) -> Identity | None:
        """The identity of that name, if one is issued."""
        return self._identities_by_name.get(name)

    # Renderers ask these for every host; looking through the hosts each time would be quadratic.

    @cached_property
    def _by_kind(self) -> dict[HostKind, tuple[Host, ...]]:
        return {kind: tuple(host for host in self.hosts if host.kind == kind) for kind in HostKind}

    @cached_property
    def _identities_by_name(self) -> dict[str, Identity]:
        return {identity.name: identity for identity in self.identities}

    @cached_property
    def firewall_names(self) -> frozenset[str]:
        """The names of the firewalls."""
        return frozenset(host.name for host in self.of_kind(HostKind.FIREWALL))

    def crossing(self) -> tuple[Flow, ...]:
        """The flows that cross from zone to zone, neither from nor to a firewall itself."""
        return tuple(
            flow
            for flow in self.flows
            if flow.from_zone != flow.to_zone
            and not self.firewall_names & {*flow.from_hosts, *flow.to_hosts}
        )

    def running(self, service: Service) -> tuple[Host, ...]:
        """Every host that runs a service, in order."""
        return tuple(host for host in self.hosts if service in host.services)
