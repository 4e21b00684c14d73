"""The design of a site's network and telephony, as frozen models that renderers read."""

from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from ringfence.design.access import AccessSwitch
from ringfence.design.base import Model
from ringfence.design.settings import Converged, Logs, PortSecurity
from ringfence.guide import MitigationId

Serves = tuple[MitigationId, ...]
"""The mitigations that a part of the design serves, in the guide's order."""


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
    SENSOR = "sensor"
    RELAY = "relay"
    PHONE = "phone"
    PC = "pc"
    MAIL = "mail"
    MIRROR = "mirror"
    OUTSIDER = "outsider"
    SEAT = "seat"
    LOG = "log"
    DATA_SERVICES = "data-services"


SERVER_KINDS = frozenset(
    {
        *(HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN),
        *(HostKind.LOG, HostKind.SENSOR, HostKind.RELAY),
    }
)
"""The servers of the telephone system."""
BYSTANDERS = frozenset(
    {
        *(HostKind.PC, HostKind.OUTSIDER, HostKind.SEAT),
        *(HostKind.DATA_SERVICES, HostKind.MAIL, HostKind.MIRROR),
    }
)
"""What is no part of the telephone system: others' machines, and seats to test its borders from."""


class Interface(Model):
    """A host's leg in a zone. ``name`` is the device's name inside the host."""

    name: str
    zone: ZoneName
    mac: str
    address: IPv4Address


class Mirror(Model):
    """A port of the sensor that gets a copy of every frame that enters a zone.

    Access switches copy what arrives at any of the zone's ports, the firewall's among them, so
    each frame comes once. ``name`` is the device inside the sensor; it has no address, and
    nothing is ever sent from it.
    """

    name: str
    zone: ZoneName
    mac: str


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
    SENSOR = "sensor"
    DHCP_CLIENT = "dhcp-client"
    SOFTPHONE = "softphone"
    MAIL_STAND_IN = "mail-stand-in"
    MAIL_RELAY = "mail-relay"
    DIRECTORY = "directory"
    SCANNER = "clamav-daemon"
    NIGHTLY_SCAN = "malware-scan"
    DEFINITIONS = "clamav-freshclam"
    SYSLOG = "rsyslog"
    LOG_KEEPER = "log-keeper"


class Host(Model):
    """One machine of the design. Phones carry their extension, and only they.

    ``mirrors`` are ports at which the host listens to copies of what is others'.
    """

    name: str
    fqdn: str
    kind: HostKind
    interfaces: tuple[Interface, ...]
    services: tuple[Service, ...]
    mirrors: tuple[Mirror, ...] = ()
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

    Without ``to_hosts`` every host of the zone is meant, and likewise ``from_hosts``; of the data
    zone, whose hosts a design does not know, that is its whole subnet. A flow within one zone
    does not meet the firewall; it opens the hosts' own rules only.
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
    LOG_SENDER = "log-sender"
    READER = "reader"
    """A data device: it asks, and is never a server."""
    MAIL_SERVER = "mail server"
    """The data network's: it is called, and never calls."""


class Identity(Model):
    """A certificate to issue: a phone's has one URI name, all others have DNS names.

    A server that others know by its address alone has that in it too.
    """

    name: str
    profile: IdentityProfile
    uri: str | None = None
    dns: tuple[str, ...] = ()
    addresses: tuple[IPv4Address, ...] = ()


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
    logs: Logs | None = None
    """What the log server does, where there is one (LOG-3)."""
    nts: bool
    """Servers take the time with proof of where it comes from (SEP-11; RFC 8915)."""
    dhcp: bool
    """Phones get their addresses by DHCP; otherwise they are set by hand (DHC-3)."""
    in_force: frozenset[MitigationId]
    """The mitigations from which the design was computed."""
    converged: Converged | None = None
    """What crosses between telephones and data; without it, nothing does."""
    switches: tuple[AccessSwitch, ...] = ()
    """The access switches that the site declares; a lab has stand-ins for them."""

    def whole_subnet(self, zone: ZoneName, named: tuple[str, ...]) -> IPv4Network | None:
        """The subnet that an end of a flow is, if it is that of every data device."""
        found = self.zone(zone)
        return found.subnet if found.kind == ZoneKind.DATA and not named else None

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

    @property
    def data_apart(self) -> bool:
        """Whether the data network has names, addresses and time of its own (SEP-11)."""
        return bool(self.of_kind(HostKind.DATA_SERVICES))

    @property
    def log_server(self) -> Host | None:
        """The log server, if there is one."""
        return next(iter(self.of_kind(HostKind.LOG)), None)

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
