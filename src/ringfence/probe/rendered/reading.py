"""One look through everything that is rendered, keeping what questions ask for.

Servers' files are kept whole. Phones are many and alike, so each is read once and only what it
says about itself is kept: a site may have a hundred thousand.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Interface

from ringfence.design.access import AccessSwitch
from ringfence.design.model import SERVER_KINDS, Design, Host, HostKind
from ringfence.machine import netconf
from ringfence.packets.nftables import RuleSet, parse
from ringfence.probe.rendered.phones import PhoneSays, read_phone
from ringfence.render import lab_switch
from ringfence.render.files import Tree
from ringfence.render.state import StateDigest
from ringfence.render.switches import catalogue as switches
from ringfence.render.switches.reading import Parsed

RULES = "/etc/nftables.conf"
_NETWORKS = "/etc/systemd/network/"
_UNITS = "/etc/systemd/system/"


@dataclass(frozen=True)
class Leg:
    """What a host's .network file says of one device: set addresses, or asking for one."""

    device: str
    addresses: tuple[IPv4Interface, ...]
    leased: bool


@dataclass(frozen=True)
class HostFiles:
    """The files of a host that is not a phone, by path."""

    host: Host
    texts: dict[str, str]

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """Every device that a .network file names."""
        return tuple(
            leg_of(path, text) for path, text in self.texts.items() if path.startswith(_NETWORKS)
        )

    @cached_property
    def rules(self) -> RuleSet:
        """Its packet filter; raises RulesError if it cannot be read."""
        return parse(self.texts[RULES])

    @property
    def mirrors(self) -> frozenset[str]:
        """The devices at which it only listens."""
        return frozenset(mirror.name for mirror in self.host.mirrors)

    @property
    def units(self) -> dict[str, str]:
        """The texts of its units, by name without ``.service``."""
        return {
            path.removeprefix(_UNITS).removesuffix(".service"): text
            for path, text in self.texts.items()
            if path.startswith(_UNITS) and path.endswith(".service")
        }

    def exhibit(self, path: str) -> tuple[str, bytes]:
        """A file as what it is: something that was looked at."""
        return f"{self.host.name}:{path}", self.texts[path].encode()


@dataclass(frozen=True)
class SwitchFile:
    """The configuration of an access switch, and the switch as it was designed."""

    designed: AccessSwitch
    text: str

    @cached_property
    def says(self) -> Parsed:
        """What it says, read back; raises ReadError if it cannot be read."""
        return switches.parse(self.designed.platform, self.text)

    @property
    def exhibit(self) -> tuple[str, bytes]:
        """The file as what it is: something that was looked at."""
        return f"{self.designed.name}:{switches.PATH}", self.text.encode()


@dataclass(frozen=True)
class Rendered:
    """Everything that was read, and the digest of all that was rendered."""

    design: Design
    state: str
    hosts: dict[str, HostFiles]
    phones: tuple[PhoneSays, ...]
    switch: dict[str, str]
    """The files of the lab's switch, by path."""
    switches: tuple[SwitchFile, ...] = ()

    def of_kind(self, *kinds: HostKind) -> tuple[HostFiles, ...]:
        """The hosts of some kinds."""
        return tuple(each for each in self.hosts.values() if each.host.kind in kinds)

    @property
    def firewalls(self) -> tuple[HostFiles, ...]:
        """The firewalls."""
        return self.of_kind(HostKind.FIREWALL)

    @property
    def servers(self) -> tuple[HostFiles, ...]:
        """The servers of the system, without firewalls and bystanders."""
        return self.of_kind(*SERVER_KINDS)

    @cached_property
    def with_path(self) -> dict[str, tuple[HostFiles, ...]]:
        """The hosts that have a file at a path."""
        found: dict[str, list[HostFiles]] = {}
        for each in self.hosts.values():
            for path in each.texts:
                found.setdefault(path, []).append(each)
        return {path: tuple(hosts) for path, hosts in found.items()}


def read(design: Design, trees: Iterable[Tree], switch: Tree | None = None) -> Rendered:
    """Look through the rendered trees of a design: those of its hosts, then of its switches.

    ``switch`` is what the lab's switch is given, unless it is as rendered.
    """
    digest = StateDigest()
    hosts: dict[str, HostFiles] = {}
    phones: list[PhoneSays] = []
    switch_files: list[SwitchFile] = []
    elements: tuple[Host | AccessSwitch, ...] = (*design.hosts, *design.switches)
    for host, tree in zip(elements, trees, strict=True):
        digest.add(tree)
        if isinstance(host, AccessSwitch):
            (file,) = tree.files
            switch_files.append(SwitchFile(host, file.text))
            continue
        if host.kind == HostKind.PHONE:
            phones.append(read_phone(host, tree))
        else:
            texts = {file.path: file.text for file in tree.files}
            hosts[host.name] = HostFiles(host, texts)
    switch = switch or lab_switch.tree(design)
    digest.add(switch)
    on_switch = {file.path: file.text for file in switch.files}
    return Rendered(
        design, digest.hexdigest(), hosts, tuple(phones), on_switch, tuple(switch_files)
    )


def leg_of(path: str, text: str) -> Leg:
    """What a .network file says; raises NetworkError for what is not known."""
    said = netconf.parse(path, text)
    return Leg(
        device=said["Match.Name"][0],
        addresses=tuple(IPv4Interface(each) for each in said.get("Network.Address", ())),
        leased=said.get("Network.DHCP", ["no"]) != ["no"],
    )
