"""What a real call shows: whether it is heard, what of it is in the clear, what is recorded."""

from collections.abc import Iterator

from ringfence.probe.call import CallReport
from ringfence.probe.fact import Answer, Seen
from ringfence.probe.running.logs import log_has
from ringfence.probe.running.system import System
from ringfence.probe.wire import RTCP

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
        f"{each.packets} packets of {each.kind} from {each.source} to {each.target} in the clear"
        for each in report.plaintext
        if each.kind != RTCP
    ]
    if report.plaintext_packets is None:
        return Seen(Answer.UNSEEN, "the switch ports could not be recorded", 0)
    packets = sum(sum(each.packets.values()) for each in report.searched.values())
    return Seen.against(
        contrary,
        packets,
        yes=f"{report.caller} and {report.callee} heard each other over SRTP, and none of "
        f"{packets} packets on both ports is signalling or speech in the clear{_reports(report)}",
        no="a call is not as it should be",
        exhibits=(("call", report.model_dump_json(indent=1).encode()),),
    )


def _reports(report: CallReport) -> str:
    """What the lab's stand-in for a phone lets slip: it drops its keys before it says goodbye."""
    count = report.plaintext_rtcp_packets
    return f" ({count} media reports of the softphone baresip are)" if count else ""


def call_recorded(system: System) -> Seen:
    """The call has left a record, and the firewall has a log of what it drops."""
    placed = system.placed_call
    report = placed.report
    wanted = (f"CDR caller={report.caller} callee={report.callee} ", " code=200 ")
    records = [line for line in placed.logged if all(part in line for part in wanted)]
    contrary = [] if records else [f"no record of {report.caller} calling {report.callee}"]
    contrary += [
        f"{host.name}: {service.unit} has logged nothing"
        for host in system.server_hosts
        for service in system.machine(host).services()
        if service.pid and not system.machine(host).log_tail(service.unit, 1)
    ]
    if records and system.design.log_server is not None:
        contrary += _not_arrived(system, records)
    where = " here and on the log server" if system.design.log_server else ""
    return Seen.against(
        contrary,
        1,
        yes=f"the call has one record{where}, and every running service keeps a log",
        no="something leaves no trace",
        exhibits=(("call detail record", "\n".join(records).encode()),),
    )


def _not_arrived(system: System, records: list[str]) -> Iterator[str]:
    """The records that have not reached the log server in time."""
    for record in records:
        words = record[record.index("CDR ") :]
        if not log_has(system, system.sip_server, words):
            yield f"the record has not reached the log server: {words}"
