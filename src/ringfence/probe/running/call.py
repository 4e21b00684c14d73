"""What a real call shows: whether it is heard, what of it is in the clear, what is recorded."""

from ringfence.probe.fact import Answer, Seen
from ringfence.probe.running.system import System

_HEARD = 0.9


def call_in_the_clear(system: System) -> Seen:
    """A call is heard by both sides, over SRTP, and nothing of it is in the clear."""
    report = system.placed_call.report
    contrary = []
    if not report.answered:
        contrary.append(f"it was not answered: {report.reason}")
    contrary += [
        f"{extension} heard {heard:.2f} of it"
        for extension, heard in report.heard.items()
        if heard < _HEARD
    ]
    for extension in (report.caller, report.callee):
        media = report.media.get(extension)
        if media is None or media.suite is None:
            contrary.append(f"the media of {extension} is not known to be SRTP")
    contrary += [
        f"{p.packets} packets of {p.kind} from {p.source} to {p.target} in the clear"
        for p in report.plaintext
        if p.kind != "rtcp"
    ]
    if report.plaintext_packets is None:
        return Seen(Answer.UNSEEN, "the switch ports could not be recorded", 0)
    packets = sum(sum(each.packets.values()) for each in report.searched.values())
    return Seen.against(
        contrary,
        packets,
        yes=f"{report.caller} and {report.callee} heard each other over SRTP, and none of "
        f"{packets} packets on both ports is signalling or speech in the clear",
        no="a call is not as it should be",
        exhibits=(("call", report.model_dump_json(indent=1).encode()),),
    )


def call_recorded(system: System) -> Seen:
    """The call has left a record, and the firewall has a log of what it drops."""
    placed = system.placed_call
    report = placed.report
    wanted = (f"CDR caller={report.caller} callee={report.callee} ", " code=200 ")
    records = [line for line in placed.logged if all(part in line for part in wanted)]
    contrary = [] if records else [f"no record of {report.caller} calling {report.callee}"]
    for host in system.server_hosts:
        machine = system.machine(host)
        for service in machine.services():
            if service.pid and not machine.log_tail(service.unit, 1):
                contrary.append(f"{host.name}: {service.unit} has logged nothing")
    return Seen.against(
        contrary,
        1,
        yes="the call has one record, and every running service keeps a log",
        no="something leaves no trace",
        exhibits=(("call detail record", "\n".join(records).encode()),),
    )
