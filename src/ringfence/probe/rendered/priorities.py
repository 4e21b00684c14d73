"""What comes first on the firewall, read back from its marks and queues."""

import re
from collections.abc import Iterator
from typing import Final

from ringfence.probe.fact import Seen
from ringfence.probe.rendered.reading import HostFiles, Rendered

RULES: Final = "/etc/ringfence/priorities.nft"
CLASSES: Final = "/etc/ringfence/priorities.tc"
_MARK: Final = re.compile(
    r'^iifname "(\S+)" oifname "(\S+)" (udp|tcp) ([sd])port (\S+) ip dscp set (\w+) '
    r'meta priority set "(1:\d+)"$'
)
_EVERYTHING: Final = re.compile(r'^ip dscp set cs0 meta priority set "(1:\d+)"$')
_CLASS: Final = re.compile(
    r"^class replace dev (\S+) parent 1:1 classid (1:\d+) htb rate \d+mbit ceil \d+mbit prio (\d+)$"
)


def priorities(rendered: Rendered) -> Seen:
    """Speech has the first class on every leg, and what is not telephony the last."""
    contrary: list[str] = []
    firewalls = [each for each in rendered.firewalls if RULES in each.texts]
    if not firewalls:
        contrary.append("no firewall has priorities")
    for firewall in firewalls:
        contrary += _wrong(rendered, firewall)
    return Seen.against(
        contrary,
        len(rendered.firewalls),
        yes="speech comes first on every leg of the firewall, then signalling, and data last",
        no="the firewall does not put speech first",
        exhibits=tuple(each.exhibit(path) for each in firewalls for path in (RULES, CLASSES)),
    )


def _wrong(rendered: Rendered, firewall: HostFiles) -> Iterator[str]:
    lines = [line.strip() for line in firewall.texts[RULES].splitlines()]
    marked = {
        (found[1], found[2], found[3], found[5]): (found[6], found[7])
        for found in map(_MARK.match, lines)
        if found and found[4] == "d"
    }
    orders = _orders(firewall.texts[CLASSES])
    everything = next((found[1] for found in map(_EVERYTHING.match, lines) if found), None)
    media = rendered.design.media
    for flow in rendered.design.crossing():
        if flow.protocol != "udp" or flow.ports not in {media.ports, media.phone_ports}:
            continue
        mark = marked.get((flow.from_zone, flow.to_zone, "udp", str(flow.ports)))
        if mark is None or mark[0] != "ef":
            yield f"the speech of {flow.name} is not marked EF"
            continue
        for zone in rendered.design.zones:
            own = orders.get((zone.name, mark[1]))
            others = [order for (leg, _), order in orders.items() if leg == zone.name]
            if own is None or own != min(others) or others.count(own) > 1:
                yield f"the class of {flow.name} is not the first on the leg {zone.name}"
            if everything is None or orders.get((zone.name, everything)) != max(others):
                yield f"what is not telephony is not the last on the leg {zone.name}"


def _orders(text: str) -> dict[tuple[str, str], int]:
    """Leg and class -> its priority: the lowest number is served first."""
    return {
        (found[1], found[2]): int(found[3])
        for found in map(_CLASS.match, text.splitlines())
        if found
    }
