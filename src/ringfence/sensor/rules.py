"""What the sensor looks for, as data: each kind of intrusion, and when it counts as one.

This is the one source: the detector takes its limits from here, and the rules for Suricata are
rendered from the same list.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of intrusion; the value is what an alert says."""

    PORT_SCAN = "port-scan"
    ADDRESS_SCAN = "address-scan"
    SLOW_SCAN = "slow-scan"
    ICMP_SWEEP = "icmp-sweep"
    SIP_SCAN = "sip-scan"
    SIP_FLOOD = "sip-flood"
    TLS_REFUSED = "tls-refused"
    TLS_FLOOD = "tls-flood"
    CONNECTION_FLOOD = "connection-flood"
    SLOW_DRIP = "slow-drip"
    ARP_BINDING = "arp-binding"
    DUPLICATE_ADDRESS = "duplicate-address"
    ARP_FLOOD = "arp-flood"
    DHCP_SERVER = "dhcp-server"
    DHCP_STARVATION = "dhcp-starvation"
    MAC_FLOOD = "mac-flood"
    FOREIGN_SOURCE = "foreign-source"
    MEDIA_WITHOUT_CALL = "media-without-call"
    UNNAMED_TRAFFIC = "unnamed-traffic"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of what a rule counts, from one source and within so many seconds, are an intrusion.

    ``crowd`` is how many make one whoever they come from; 0 if only single sources count.
    """

    count: int
    seconds: int
    crowd: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind: what is counted, from which number on it is an intrusion, and which one.

    ``per_phone`` raises the crowd with the site: a thousand phones may come back at once.
    """

    kind: Kind
    limit: Limit
    counts: str
    answers: str
    per_phone: int = 0

    def limit_for(self, phones: int) -> Limit:
        """The limit at a site with so many phones."""
        limit = self.limit
        if not limit.crowd:
            return limit
        return Limit(limit.count, limit.seconds, max(limit.crowd, self.per_phone * phones))


_HOUR = 3600

RULES = (
    Rule(
        Kind.PORT_SCAN,
        Limit(15, 60),
        "ports tried at one address that the design does not open",
        "somebody looks for the services of a host",
    ),
    Rule(
        Kind.ADDRESS_SCAN,
        Limit(10, 60),
        "addresses tried at one port, or asked for by ARP, without need",
        "somebody looks for hosts, or a worm for victims",
    ),
    Rule(
        Kind.SLOW_SCAN,
        Limit(30, _HOUR),
        "ports and addresses tried over an hour",
        "somebody scans slowly, to stay below what others count",
    ),
    Rule(
        Kind.ICMP_SWEEP,
        Limit(5, 60),
        "addresses that were sent echo requests",
        "somebody looks for hosts that are up",
    ),
    Rule(
        Kind.SIP_SCAN,
        Limit(3, _HOUR),
        "SIP requests in the clear, or towards the TLS port without TLS; one with a scanner's name",
        "somebody looks for SIP servers and extensions, or walks number prefixes slowly",
    ),
    Rule(
        Kind.SIP_FLOOD,
        Limit(30, 10),
        "INVITE and REGISTER requests that can be read",
        "a server is kept busy, or passwords are guessed",
    ),
    Rule(
        Kind.TLS_REFUSED,
        Limit(5, 600),
        "TLS handshakes at the signalling port that came to nothing, one after the other",
        "somebody without a certificate of the site tries to get in",
    ),
    Rule(
        Kind.TLS_FLOOD,
        Limit(20, 10, 100),
        "TLS handshakes that were begun at the signalling port",
        "handshakes are dear for a server, and cheap for whoever begins them",
        per_phone=3,
    ),
    Rule(
        Kind.CONNECTION_FLOOD,
        Limit(50, 10, 200),
        "TCP connections that were begun",
        "a server's connections are used up",
        per_phone=3,
    ),
    Rule(
        Kind.SLOW_DRIP,
        Limit(10, 5, 100),
        "connections that are half open, or say nothing, for longer than the seconds",
        "a server's connections are held without traffic",
        per_phone=1,
    ),
    Rule(
        Kind.ARP_BINDING,
        Limit(1, 60),
        "claims to an address by a device that the design does not give it to",
        "somebody puts a computer between a phone and its gateway",
    ),
    Rule(
        Kind.DUPLICATE_ADDRESS,
        Limit(2, 60),
        "devices that claim one address",
        "two devices fight for an address, or one is impersonated",
    ),
    Rule(
        Kind.ARP_FLOOD,
        Limit(10, 10),
        "ARP announcements and answers that nobody asked for",
        "the neighbour tables of others are being poisoned",
    ),
    Rule(
        Kind.DHCP_SERVER,
        Limit(1, 60),
        "DHCP answers of a device that is no address server of the zone",
        "a rogue server tells phones of a false gateway or name server",
    ),
    Rule(
        Kind.DHCP_STARVATION,
        Limit(20, 60),
        "clients, by hardware address, that ask for an address and are not known",
        "an address server is made to give all its addresses away",
    ),
    Rule(
        Kind.MAC_FLOOD,
        Limit(50, 10),
        "MAC addresses that were not seen before",
        "a switch's table is overfilled, so that it sends all frames to all ports",
    ),
    Rule(
        Kind.FOREIGN_SOURCE,
        Limit(1, 60),
        "packets under an address that is another zone's or another device's",
        "somebody pretends to be another host",
    ),
    Rule(
        Kind.MEDIA_WITHOUT_CALL,
        Limit(500, 20, 20),
        "packets to the media relay that nothing answers; the crowd is of ports so tried",
        "somebody injects speech, or searches for the ports of calls",
    ),
    Rule(
        Kind.UNNAMED_TRAFFIC,
        Limit(1, 60),
        "packets of a protocol, or to a port, that the design does not name",
        "something is in the zone that does not belong there",
    ),
)
"""Every kind once. Limits are such that one phone or server at work never reaches them."""

SCANNERS = (
    "friendly-scanner",
    "sipvicious",
    "sipcli/",
    "sip-scan",
    "sundayddr",
    "iwar",
    "pplsip",
    "vaxsipuseragent",
)
"""How tools that search for SIP servers call themselves, in small letters."""

SIP_REQUESTS = ("OPTIONS ", "REGISTER ", "INVITE ", "SUBSCRIBE ", "MESSAGE ", "NOTIFY ", "BYE ")
"""How SIP requests begin that a scanner sends."""
