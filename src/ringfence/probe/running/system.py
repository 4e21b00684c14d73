"""The running system that questions are asked of, and what several of them ask for."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ringfence.deploy.keeping import Keeping
from ringfence.design.model import SERVER_KINDS, Design, Host, HostKind, Service, ZoneName
from ringfence.identity.vault import Vault
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.probe.call import CallReport, place_call
from ringfence.probe.packet import Seat
from ringfence.probe.take import UnseenError
from ringfence.render.files import Tree

_OWN_KINDS = {HostKind.FIREWALL, *SERVER_KINDS}
_TALK = 2.0
"""Seconds of the call that is placed to see one."""
_ALL = 1_000_000

Recorded = Mapping[str, Mapping[str, str]]
"""Digests of log files: authority -> host and day -> SHA-256."""


@dataclass(frozen=True)
class Placed:
    """A call that was placed, and what the SIP server and the sensor logged meanwhile."""

    report: CallReport
    logged: tuple[str, ...]
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class System:
    """A lab that is up, the design it runs, and what each host was given.

    ``recorded`` has the digests that were recorded of the log server's files of days that have
    ended, by the digest of the authority's certificate (a system that was made anew has another,
    and other logs), then by host and day, as in ``sip1/2026-06-01.log``.
    """

    lab: Lab
    design: Design
    trees: tuple[Tree, ...]
    recorded: Recorded = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        lab: Lab,
        design: Design,
        trees: Iterable[Tree],
        recorded: Recorded | None = None,
    ) -> "System":
        """The system that a lab runs."""
        return cls(lab, design, tuple(trees), recorded or {})

    @property
    def vault(self) -> Vault:
        """The vault of its keys."""
        return Keeping(self.lab.name).vault()

    @property
    def authority(self) -> str:
        """The SHA-256 digest of the authority's certificate."""
        return hashlib.sha256(self.vault.trust_anchor).hexdigest()

    @property
    def server_hosts(self) -> tuple[Host, ...]:
        """The hosts that are the system's own: firewalls and servers."""
        return tuple(host for host in self.design.hosts if host.kind in _OWN_KINDS)

    def machine(self, host: Host) -> Machine:
        """The machine that a host is."""
        return self.lab.machine(host.name)

    def seat(self, host: Host) -> Seat:
        """The place of a host in the network, past its own filters."""
        leg = host.interfaces[0]
        return Seat(self.machine(host), leg.name, leg.mac, leg.address)

    def gateway_mac(self, zone: ZoneName) -> str:
        """The MAC address of the firewall's leg in a zone."""
        wall = self.design.of_kind(HostKind.FIREWALL)[0]
        return next(leg.mac for leg in wall.interfaces if leg.zone == zone)

    @property
    def sip_server(self) -> Host:
        """The SIP server."""
        return self.design.of_kind(HostKind.SIP)[0]

    @property
    def relay(self) -> Host:
        """The host by way of which converged services go.

        Raises:
            UnseenError: nothing crosses between telephones and data.

        """
        found = self.design.of_kind(HostKind.RELAY)
        if not found:
            raise UnseenError("no service of the design crosses between telephones and data")
        return found[0]

    @cached_property
    def free_phones(self) -> tuple[Host, ...]:
        """The phones that may be used: those that nobody has shut out."""
        shut_out = self.vault.shut_out()
        return tuple(p for p in self.design.of_kind(HostKind.PHONE) if p.name not in shut_out)

    @cached_property
    def placed_call(self) -> Placed:
        """A call between the first two phones, placed once however many questions look at it.

        Raises:
            UnseenError: there are no two phones to place it between.

        """
        if len(self.free_phones) < 2:  # noqa: PLR2004 - a call takes two
            raise UnseenError("a call takes two phones")
        caller, callee = (str(phone.extension) for phone in self.free_phones[:2])
        server = self.machine(self.sip_server)
        before = len(server.log_tail(Service.KAMAILIO, _ALL))
        told = len(self._alerts)
        report = place_call(self.lab, self.design, caller, callee, _TALK)
        logged = server.log_tail(Service.KAMAILIO, _ALL)[before:]
        return Placed(report, logged, self._alerts[told:])

    @property
    def _alerts(self) -> tuple[str, ...]:
        """What the sensors, if there are any, have raised so far."""
        return tuple(
            line
            for host in self.design.of_kind(HostKind.SENSOR)
            for line in self.machine(host).log_tail(Service.SENSOR, _ALL)
            if " ALERT " in line
        )
