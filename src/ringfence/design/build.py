"""Site x Requirements -> Design. What the design is follows from the mitigations in force."""

from ringfence.design.addresses import gateway, subnets
from ringfence.design.flows import flows
from ringfence.design.hosts import Subnets, hosts
from ringfence.design.model import (
    Design,
    Host,
    HostKind,
    Identity,
    IdentityProfile,
    Media,
    Serves,
    Signalling,
    Zone,
    ZoneName,
)
from ringfence.policy import Requirements
from ringfence.site.model import Site

_SERVER_KINDS = {HostKind.SIP, HostKind.SERVICES, HostKind.ADMIN}

_ZONES = {
    ZoneName.PHONES: ("IPT phones", 10),
    ZoneName.SERVERS: ("IPT servers", 20),
    ZoneName.ADMIN: ("Administration", 30),
    ZoneName.DATA: ("Data", 40),
    ZoneName.OUTSIDE: ("Outside", 50),
}


def build(site: Site, requirements: Requirements) -> Design:
    """Compute the design of a site, in time linear in its size.

    Raises:
        AddressError: the stated subnets or addresses cannot be had.

    """
    nets = subnets(site)
    dhcp = "DHC-3" not in requirements and "ACC-2" not in requirements
    signalling = Signalling(
        mutual="EAI-2" in requirements or "ACC-4" in requirements,
        digest="EAI-1" in requirements,
    )
    media = Media(srtp="EAI-4" in requirements)
    everyone = hosts(site, nets, dhcp=dhcp)
    return Design(
        organisation=site.organisation,
        domain=site.domain,
        zones=_zones(nets, requirements),
        hosts=everyone,
        flows=tuple(
            flow.model_copy(update={"serves": _in_force(flow.serves, requirements)})
            for flow in flows(everyone, signalling, media, dhcp=dhcp)
        ),
        identities=_identities(site, everyone),
        signalling=signalling,
        media=media,
        dhcp=dhcp,
        in_force=frozenset(requirements.in_force),
    )


def _in_force(serves: Serves, requirements: Requirements) -> Serves:
    return tuple(id_ for id_ in serves if id_ in requirements)


def _zones(nets: Subnets, requirements: Requirements) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            name=name,
            title=title,
            vlan=vlan,
            subnet=nets[name],
            gateway=gateway(nets[name]),
            serves=_in_force(("SEP-1", "PSW-4"), requirements),
        )
        for name, (title, vlan) in _ZONES.items()
    )


def _identities(site: Site, everyone: tuple[Host, ...]) -> tuple[Identity, ...]:
    """One certificate a server, by name, and one a phone, by address-of-record."""
    servers = (
        Identity(name=host.name, profile=IdentityProfile.SERVER, dns=(host.fqdn,))
        for host in everyone
        if host.kind in _SERVER_KINDS
    )
    phones = (
        Identity(
            name=host.name,
            profile=IdentityProfile.PHONE,
            uri=f"sip:{host.extension}@{site.domain}",
        )
        for host in everyone
        if host.kind == HostKind.PHONE
    )
    return (*servers, *phones)
