"""Access switches and their ports, as every maker's configuration can say it.

These are facts about a configuration, not orders: a renderer writes them down, and a reader of
the same platform finds them again in the text.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from pydantic import BaseModel, ConfigDict

from ringfence.site.model import SwitchPlatform

NATIVE_VLAN: Final = 3998
"""The VLAN of untagged frames on uplinks; nothing else is in it."""
PARKING_VLAN: Final = 3999
"""The VLAN of unused ports, and of untagged frames where no computer may be; it leads nowhere."""
MANAGEMENT_PORTS: Final = (("tcp", 22), ("tcp", 23), ("tcp", 80), ("tcp", 443), ("udp", 161))
"""Where telephones can be managed: SSH, Telnet, web, SNMP."""


class _Model(BaseModel):
    """The base of these facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PortUse(StrEnum):
    """What a port is for; the value is how a port's description begins."""

    PHONE = "phone"
    SERVER = "server"
    PC = "computer"
    UPLINK = "uplink"
    UNUSED = "unused"


class Binding(_Model):
    """A device's IP address, which it alone may use."""

    mac: str
    vlan: int
    address: IPv4Address


class SwitchPort(_Model):
    """One port.

    ``label`` names whom it serves. ``access_vlan`` is that of untagged frames, ``voice_vlan`` the
    tagged one of a telephone, ``trunk_vlans`` those of an uplink. Frames of other devices than
    ``known_macs`` are dropped; if it is empty, every device may send. ``bindings`` are set
    addresses; ``reserved`` are those that the address server keeps for a device.

    ``dhcp_guard``: answers of address servers do not come in here. ``source_guard`` and
    ``arp_inspection``: packets and ARP pass only with an address that belongs to the device.
    ``alerts``: frames of strangers are logged. ``authenticated``: 802.1X first. ``closed``: what
    comes in here reaches no telephone's management ports.
    """

    number: int
    use: PortUse
    label: str = ""
    shut: bool = False
    access_vlan: int
    voice_vlan: int | None = None
    trunk_vlans: tuple[int, ...] = ()
    known_macs: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    reserved: tuple[Binding, ...] = ()
    dhcp_guard: bool = False
    source_guard: bool = False
    arp_inspection: bool = False
    alerts: bool = False
    bpdu_guard: bool = False
    storm_control: bool = False
    authenticated: bool = False
    closed: bool = False

    @property
    def is_live(self) -> bool:
        """Whether a device may be plugged in here."""
        return self.use not in {PortUse.UPLINK, PortUse.UNUSED}

    @property
    def computer_allowed(self) -> bool:
        """Whether a computer may be behind the telephone (ETH-1, ETH-2)."""
        return self.use == PortUse.PHONE and self.access_vlan != PARKING_VLAN

    @property
    def device_vlans(self) -> tuple[int, ...]:
        """The VLANs that a device's frames get into; the parking VLAN leads nowhere."""
        vlans = (self.voice_vlan, self.access_vlan)
        return tuple(vlan for vlan in vlans if vlan not in {None, PARKING_VLAN} and vlan)


class Vlan(_Model):
    """A VLAN that a switch knows."""

    number: int
    name: str


class Doors(_Model):
    """The ways into the switch itself.

    ``old_ssh``: version 1 of SSH is taken too. ``ssh_from`` is where SSH may come from; none:
    anywhere.
    """

    telnet: bool
    http: bool
    snmp: bool
    old_ssh: bool
    ssh_from: IPv4Network | None


class AccessSwitch(_Model):
    """One switch.

    ``radius`` and ``reauthentication`` (in seconds) belong to authenticated ports.
    ``address_server`` is asked about addresses by platforms that ask. ``closed`` has the subnets
    of telephones whose management ports no device reaches. ``table_alert``: a full table of MAC
    addresses is reported.
    """

    name: str
    platform: SwitchPlatform
    domain: str
    vlans: tuple[Vlan, ...]
    management_vlan: int
    address: IPv4Interface
    gateway: IPv4Address
    doors: Doors
    logging: IPv4Address
    time: IPv4Address
    radius: IPv4Address | None = None
    reauthentication: int | None = None
    address_server: IPv4Address | None = None
    closed: tuple[IPv4Network, ...] = ()
    table_alert: bool = False
    ports: tuple[SwitchPort, ...]

    @property
    def live_ports(self) -> tuple[SwitchPort, ...]:
        """The ports into which devices may be plugged."""
        return tuple(port for port in self.ports if port.is_live)

    def vlan_name(self, number: int) -> str:
        """The name of a VLAN of that number."""
        return next(vlan.name for vlan in self.vlans if vlan.number == number)
