"""What each port of the site's access switches is to do: zones, hosts and port security, port
by port, in time linear in the ports.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from typing import assert_never

from ringfence.design.access import (
    NATIVE_VLAN,
    PARKING_VLAN,
    AccessSwitch,
    Binding,
    Doors,
    PortUse,
    SwitchPort,
    Vlan,
)
from ringfence.design.addresses import AddressError
from ringfence.design.model import (
    Host,
    HostKind,
    Zone,
    ZoneKind,
)
from ringfence.design.settings import (
    PortSecurity,
)
from ringfence.policy import Requirements
from ringfence.site.model import SOFTPHONE_MODELS, Site, Switch, phone_host_name
from ringfence.site.placing import Seat, place

_MANAGEMENT_OF_PHONES = ("PWB-1", "SNM-3")


class SwitchError(ValueError):
    """The switches of a site cannot be configured as demanded; the message is for its author."""


def access_switches(
    site: Site,
    requirements: Requirements,
    zones: tuple[Zone, ...],
    hosts: tuple[Host, ...],
    ports: PortSecurity,
    *,
    dhcp: bool,
) -> tuple[AccessSwitch, ...]:
    """Every access switch that the site declares, with all its ports.

    Raises:
        SwitchError: a computer is behind a telephone and may not be, or nobody is named who
            authenticates devices.
        AddressError: the administration's subnet has no address for a switch.

    """
    if not site.switches:
        return ()
    _refuse_computers(site, requirements)
    computed = _Computed(site, requirements, zones, hosts, ports, dhcp=dhcp)
    return tuple(computed.switch(each) for each in site.switches)


def _refuse_computers(site: Site, requirements: Requirements) -> None:
    if "ETH-2" not in requirements:
        return
    for index, phone in enumerate(site.phones):
        if phone.computer is not None:
            raise SwitchError(
                f"phones[{index}].computer: ETH-2 is in force, so no computer is behind a phone; "
                "give it a port of its own under 'computers' of a switch, or have ETH-2 lowered "
                "and ETH-1 raised by approved deviations"
            )


class _Computed:
    """What all switches of a site have in common, looked up once."""

    def __init__(
        self,
        site: Site,
        requirements: Requirements,
        zones: tuple[Zone, ...],
        hosts: tuple[Host, ...],
        ports: PortSecurity,
        *,
        dhcp: bool,
    ) -> None:
        self._site = site
        self._security = ports
        self._dhcp = dhcp
        self._zones = {zone.name: zone for zone in zones}
        self._admin = self._zones[ZoneKind.ADMIN]
        self._data = self._zones[ZoneKind.DATA]
        self._hosts = {host.name: host for host in hosts}
        self._computers = {phone_host_name(each.extension): each.computer for each in site.phones}
        self._seats: dict[Seat, Host] = {
            seat: self._hosts[name] for name, seat in place(site).seats.items()
        }
        self._addresses = _management_addresses(site, self._admin, hosts)
        self._primary = _address_of(hosts, HostKind.ADMIN)
        self._address_server = _address_of(hosts, HostKind.SERVICES)
        self._radius = self._radius_server() if ports.authenticated else None
        # What asks for telephones alone (DHC-2) asks nothing of other devices.
        self._all_authenticate = any(id_ in requirements for id_ in ("SEP-5", "DHC-6"))
        wanted = any(id_ in requirements for id_ in _MANAGEMENT_OF_PHONES)
        phones = (zone for zone in zones if zone.kind == ZoneKind.PHONES)
        self._closed = tuple(sorted(zone.subnet for zone in phones)) if wanted else ()

    def switch(self, each: Switch) -> AccessSwitch:
        """One switch; its uplinks carry the VLANs of its devices, and its own."""
        devices = tuple(self._port(each, number) for number in each.device_ports)
        carried = {vlan for port in devices for vlan in port.device_vlans} | {self._admin.vlan}
        uplinks = tuple(
            SwitchPort(
                number=number,
                use=PortUse.UPLINK,
                access_vlan=NATIVE_VLAN,
                trunk_vlans=tuple(sorted(carried)),
            )
            for number in range(len(each.device_ports) + 1, each.ports + 1)
        )
        return AccessSwitch(
            name=each.name,
            platform=each.platform,
            domain=self._site.domain,
            vlans=self._vlans(carried),
            management_vlan=self._admin.vlan,
            address=IPv4Interface((self._addresses[each.name], self._admin.subnet.prefixlen)),
            gateway=self._admin.gateway,
            doors=Doors(
                telnet=False, http=False, snmp=False, old_ssh=False, ssh_from=self._admin.subnet
            ),
            logging=self._primary,
            time=self._primary,
            radius=self._radius,
            reauthentication=self._security.reauthentication if self._radius else None,
            address_server=self._address_server if self._security.bindings else None,
            closed=self._closed,
            table_alert=self._security.flood_alert,
            ports=(*devices, *uplinks),
        )

    def _vlans(self, carried: set[int]) -> tuple[Vlan, ...]:
        named = {zone.vlan: zone.name for zone in self._zones.values() if zone.vlan in carried}
        own = {NATIVE_VLAN: "native", PARKING_VLAN: "parking"}
        return tuple(Vlan(number=n, name=name) for n, name in sorted((named | own).items()))

    def _port(self, switch: Switch, number: int) -> SwitchPort:
        host = self._seats.get(Seat(switch.name, number))
        if host is not None:
            return self._of_host(number, host)
        computer = switch.computers.get(number)
        if computer is not None:
            return self._secured(
                SwitchPort(number=number, use=PortUse.PC, access_vlan=self._data.vlan),
                (computer,),
            )
        return SwitchPort(number=number, use=PortUse.UNUSED, shut=True, access_vlan=PARKING_VLAN)

    def _of_host(self, number: int, host: Host) -> SwitchPort:
        leg = host.interfaces[0]
        vlan = self._zones[leg.zone].vlan
        pair = (Binding(mac=leg.mac, vlan=vlan, address=leg.address),)
        reserved = self._dhcp and host.kind == HostKind.PHONE
        addresses = {"reserved" if reserved else "bindings": pair} if self._checked else {}
        use = _use(host)
        computer = self._computers.get(host.name) if use == PortUse.PHONE else None
        untagged = vlan if use != PortUse.PHONE else self._data.vlan if computer else PARKING_VLAN
        port = SwitchPort(
            number=number,
            use=use,
            label=host.name,
            access_vlan=untagged,
            voice_vlan=vlan if use == PortUse.PHONE else None,
            **addresses,
        )
        return self._secured(port, (leg.mac, *((computer,) if computer else ())))

    @property
    def _checked(self) -> bool:
        return self._security.bindings

    def _secured(self, port: SwitchPort, macs: tuple[str, ...]) -> SwitchPort:
        """A device's port with everything that is asked of such a port."""
        asked = self._security
        return port.model_copy(
            update={
                "known_macs": macs if asked.known_macs else (),
                # No platform checks addresses without guarding against forged leases too.
                "dhcp_guard": asked.dhcp_guard or asked.bindings,
                "source_guard": asked.bindings,
                "arp_inspection": asked.bindings,
                "alerts": asked.flood_alert and asked.known_macs,
                "bpdu_guard": asked.known_macs,
                "storm_control": asked.known_macs,
                "authenticated": asked.authenticated
                and (port.use == PortUse.PHONE or self._all_authenticate),
                "closed": bool(self._closed),
            }
        )

    def _radius_server(self) -> IPv4Address:
        address = self._site.radius
        if address is None:
            raise SwitchError(
                "radius: devices authenticate at their switch port here (802.1X), so state the "
                "address of the RADIUS server that knows them"
            )
        if address not in self._admin.subnet:
            raise SwitchError(
                f"radius: {address} lies outside {self._admin.subnet}, the administration's "
                "subnet; switches reach nothing beyond it"
            )
        return address


def _use(host: Host) -> PortUse:
    match host.kind:
        case HostKind.PHONE:
            is_program = (host.model or "").lower() in SOFTPHONE_MODELS
            return PortUse.PC if is_program else PortUse.PHONE
        case (
            HostKind.SIP
            | HostKind.SERVICES
            | HostKind.ADMIN
            | HostKind.LOG
            | HostKind.SENSOR
            | HostKind.RELAY
        ):
            return PortUse.SERVER
        case (
            HostKind.FIREWALL
            | HostKind.PC
            | HostKind.DATA_SERVICES
            | HostKind.MAIL
            | HostKind.MIRROR
            | HostKind.OUTSIDER
            | HostKind.SEAT
        ):
            raise ValueError(f"{host.name} has no place on an access switch")
        case _:
            assert_never(host.kind)


def _address_of(hosts: tuple[Host, ...], kind: HostKind) -> IPv4Address:
    return next(host.address for host in hosts if host.kind == kind)


def _management_addresses(
    site: Site, admin: Zone, hosts: tuple[Host, ...]
) -> dict[str, IPv4Address]:
    """Addresses from the end of the administration's subnet, so that no server moves."""
    fixed = site.addressing.fixed
    taken = {leg.address for host in hosts for leg in host.interfaces if leg.zone == admin.name}
    stated = {each.name: fixed[each.name] for each in site.switches if each.name in fixed}
    for name, address in stated.items():
        if address not in admin.subnet or address in taken:
            raise AddressError(
                f"addressing.fixed.{name}: {address} is not a free address of {admin.subnet}, "
                "where switches are managed"
            )
    kept = taken | set(stated.values()) | ({site.radius} if site.radius else set())
    free = _from_the_end(admin, kept)
    try:
        return {
            each.name: stated[each.name] if each.name in stated else next(free)
            for each in site.switches
        }
    except StopIteration:
        raise AddressError(
            f"addressing.zones.admin: {admin.subnet} has too few addresses for "
            f"{len(site.switches)} switches beside the servers; state a wider subnet"
        ) from None


def _from_the_end(admin: Zone, kept: set[IPv4Address]) -> Iterator[IPv4Address]:
    first, last = int(admin.gateway) + 1, int(admin.subnet.broadcast_address) - 1
    candidates = (IPv4Address(number) for number in range(last, first - 1, -1))
    return (address for address in candidates if address not in kept)
