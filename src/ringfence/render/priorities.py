"""Speech before everything else: marks and queues on the firewall (the guide's DOS-3).

Packets that cross are marked for whoever carries them on (RFC 4594: EF for speech, CS3 for
signalling) and put into one of four classes of a hierarchical token bucket on every leg. What is
data's comes last, so that a worm there cannot drown the telephones. See nft(8), tc-htb(8).
"""

from collections.abc import Iterator

from ringfence.design.model import (
    IPT_KINDS,
    Design,
    Flow,
    Host,
    Service,
    ZoneName,
)
from ringfence.render.files import File
from ringfence.render.systemd import Unit, unit_file

RULES = "/etc/ringfence/priorities.nft"
CLASSES = "/etc/ringfence/priorities.tc"

SPEECH, SIGNALLING, TELEPHONY, DATA = "1:10", "1:20", "1:30", "1:40"
LINK_MBIT = 1000
"""The speed of a leg; what a class is promised is a share of it."""

_SHARES = {SPEECH: (40, 0), SIGNALLING: (10, 1), TELEPHONY: (10, 2), DATA: (20, 7)}
"""Class -> percent of the link that it is promised, and its priority; each may take all."""


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The marks, the queues, and the unit that loads both."""
    asked = design.asked_by("DOS-3")
    unit = Unit(
        name=Service.PRIORITIES,
        description="Priorities of what crosses",
        prepare=(f"/usr/sbin/nft -f {RULES}",),
        start=f"/usr/sbin/tc -batch {CLASSES}",
        capabilities=("CAP_NET_ADMIN",),
        # Tables stand in the kernel in the order of their loading, and are compared in it.
        after=(Service.NFTABLES,),
        oneshot=True,
        serves=asked,
    )
    remark = f"# Speech first, then signalling, then other telephony, data last: {' '.join(asked)}"
    return (
        File(path=RULES, text=_rules(design, remark), mode=0o640),
        File(path=CLASSES, text=_classes(host, remark)),
        unit_file(unit),
    )


def _rules(design: Design, remark: str) -> str:
    ipt = ", ".join(f'"{zone.name}"' for zone in design.zones_of(*sorted(IPT_KINDS)))
    lines = [
        f'ip dscp set cs0 meta priority set "{DATA}"',
        f'iifname {{ {ipt} }} oifname {{ {ipt} }} meta priority set "{TELEPHONY}"',
        *_of_flows(design),
    ]
    body = "\n".join(f"    {line}" for line in lines)
    return (
        f"#!/usr/sbin/nft -f\n{remark}\n"
        "table inet priorities\ndelete table inet priorities\ntable inet priorities {\n"
        "  chain forward {\n    type filter hook forward priority mangle\n    policy accept\n"
        f"{body}\n  }}\n}}\n"
    )


def _of_flows(design: Design) -> Iterator[str]:
    for flow in design.crossing():
        ends = f'iifname "{flow.from_zone}" oifname "{flow.to_zone}"'
        back = f'iifname "{flow.to_zone}" oifname "{flow.from_zone}"'
        if is_speech(design, flow):
            yield f'{ends} udp dport {flow.ports} ip dscp set ef meta priority set "{SPEECH}"'
        elif flow.service == Service.KAMAILIO:
            marked = f'ip dscp set cs3 meta priority set "{SIGNALLING}"'
            yield f"{ends} tcp dport {flow.ports} {marked}"
            yield f"{back} tcp sport {flow.ports} {marked}"


def is_speech(design: Design, flow: Flow) -> bool:
    """Whether a flow carries speech."""
    return flow.protocol == "udp" and flow.ports in {design.media.ports, design.media.phone_ports}


def _classes(host: Host, remark: str) -> str:
    lines = [line for leg in host.interfaces for line in _leg(leg.zone)]
    return "\n".join([remark, *lines, ""])


def _leg(device: ZoneName) -> Iterator[str]:
    yield f"qdisc replace dev {device} root handle 1: htb default 40 r2q 1000"
    yield f"class replace dev {device} parent 1: classid 1:1 htb rate {LINK_MBIT}mbit"
    for class_, (percent, priority) in _SHARES.items():
        rate = LINK_MBIT * percent // 100
        yield (
            f"class replace dev {device} parent 1:1 classid {class_} htb rate {rate}mbit "
            f"ceil {LINK_MBIT}mbit prio {priority}"
        )
