"""The explicit list of questions. What is not asked here is not known by facts."""

from collections.abc import Container
from functools import cache
from typing import Final

from ringfence.guide import Method, MitigationId, Subject
from ringfence.probe.question import Question
from ringfence.probe.switch_questions import SWITCHES

RENDERED: Final = (
    Question(
        id="crossing-flows",
        asks="Do the firewall's rules let exactly the flows of the design pass, statefully, and "
        "drop and log the rest?",
        method=Method.PROVED,
        decides=("SEP-6", "SEP-8", "PSW-2"),
    ),
    Question(
        id="ipt-and-data",
        asks="Do the firewall's rules let nothing pass between the IPT zones and the data zone?",
        method=Method.PROVED,
        decides=("SEP-7",),
        bears_on=("CNV-1",),
    ),
    Question(
        id="inside-and-outside",
        asks="Do the firewall's rules let nothing pass between the inside and the outside?",
        method=Method.PROVED,
        decides=("TPS-4", "SML-2"),
        bears_on=("VEN-1",),
    ),
    Question(
        id="dhcp-client-port",
        asks="Do the firewall's rules let no packet cross to the DHCP client port?",
        method=Method.PROVED,
        decides=("DHC-4",),
    ),
    Question(
        id="phone-management-ports",
        asks="Do the firewall's rules let nobody reach the web, SNMP, Telnet or SSH ports of "
        "phones?",
        method=Method.PROVED,
        decides=("PWB-1", "SNM-3"),
        bears_on=("PWB-3", "PWB-4", "TEL-1"),
        limits="Devices in the phones' own zone do not pass the firewall.",
    ),
    Question(
        id="zone-subnets",
        asks="Does every host but the firewall have addresses in the subnet of one zone only, and "
        "do servers, phones and data devices have different subnets?",
        method=Method.PROVED,
        bears_on=("SEP-1", "SEP-2", "PSW-4"),
        limits="Which VLAN a switch port carries is not in these files.",
    ),
    Question(
        id="reserved-addresses",
        asks="Does the address server know every phone by its MAC address, and nobody else?",
        method=Method.PROVED,
        decides=("DHC-1",),
        bears_on=("ACC-3", "DHC-2"),
    ),
    Question(
        id="no-automatic-registration",
        asks="Does the SIP server take no extension that the site file does not name, and the "
        "address server no device?",
        method=Method.PROVED,
        bears_on=("ACC-1",),
    ),
    Question(
        id="no-dhcp",
        asks="Does no host serve, relay or ask for addresses?",
        method=Method.PROVED,
        decides=("ACC-2",),
    ),
    Question(
        id="phones-static",
        asks="Does every phone have a set address?",
        method=Method.PROVED,
        decides=("DHC-3",),
    ),
    Question(
        id="critical-static",
        asks="Does every server have a set address, and every phone a set or reserved one?",
        method=Method.PROVED,
        decides=("DHC-5",),
    ),
    Question(
        id="own-services",
        asks="Do IPT hosts ask only IPT servers for names, addresses and time, and can data "
        "devices not reach these?",
        method=Method.PROVED,
        decides=("SEP-11",),
    ),
    Question(
        id="signalling-encrypted",
        asks="Does the SIP server listen for TLS 1.2 or later only, and does every phone call it "
        "over TLS?",
        method=Method.PROVED,
        decides=("EAI-5",),
    ),
    Question(
        id="client-certificates",
        asks="Does the SIP server demand and verify a certificate, bind it to the sender, and does "
        "every phone get one?",
        method=Method.PROVED,
        bears_on=("ACC-4", "EAI-2"),
        limits="Whether each phone verifies the server is not in these files.",
    ),
    Question(
        id="media-encrypted",
        asks="Does the SIP server refuse plain RTP on every leg, and does every phone offer SRTP "
        "only?",
        method=Method.PROVED,
        decides=("EAI-4",),
    ),
    Question(
        id="challenge",
        asks="Does the SIP server challenge every request outside a dialog for digest "
        "credentials, and stop who keeps failing?",
        method=Method.PROVED,
        bears_on=("EAI-1",),
    ),
    Question(
        id="confined-services",
        asks="Does every server's service run as a user of its own, without new privileges and "
        "with the capabilities it needs?",
        method=Method.PROVED,
        bears_on=("BAS-1", "USR-2"),
    ),
    Question(
        id="own-filters",
        asks="Does every server's own filter accept its designed services only, and drop the rest?",
        method=Method.PROVED,
        bears_on=("SVC-1",),
    ),
    Question(
        id="priorities",
        asks="Does speech come first on every leg of the firewall, and data last?",
        method=Method.PROVED,
        bears_on=("DOS-3",),
    ),
    Question(
        id="no-softphones",
        asks="Is every phone a device of its own, not a program on a computer?",
        method=Method.PROVED,
        decides=("SFT-1",),
        limits="What the site file declares is read, not what stands on the desks.",
    ),
    Question(
        id="softphones-apart",
        asks="Do computers with softphones have a zone of their own?",
        method=Method.PROVED,
        decides=("SFT-2",),
    ),
    *SWITCHES,
)

RUNNING: Final = (
    Question(
        id="files-as-rendered",
        asks="Does every file on every host have the content, owner and mode that was rendered?",
        method=Method.INSPECTED,
        bears_on=tuple(
            dict.fromkeys(
                id_
                for each in RENDERED
                for id_ in each.decides
                if each.subject != Subject.ACCESS_SWITCHES
            )
        ),
    ),
    Question(
        id="rules-in-force",
        asks="Are the packet filters in the kernel of every host those of its file?",
        method=Method.INSPECTED,
        bears_on=(
            *("SEP-6", "SEP-7", "SEP-8", "SEP-11", "PSW-2", "TPS-4", "SML-2", "DHC-4"),
            *("PWB-1", "SNM-3", "SVC-1"),
        ),
    ),
    Question(
        id="zone-sweep",
        asks="Of packets sent from every zone to every other, do exactly those arrive that the "
        "flows of the design allow?",
        method=Method.PROBED,
        bears_on=(
            *("SEP-6", "SEP-7", "SEP-8", "SEP-11", "PSW-2", "TPS-4", "SML-2", "DHC-4"),
            *("PWB-1", "SNM-3", "CNV-1"),
        ),
        limits="A covering sample is sent; what lies beyond it is for the proof.",
    ),
    Question(
        id="speech-first",
        asks="Does speech that crosses the firewall arrive marked to come first, and do the "
        "queues exist?",
        method=Method.PROBED,
        decides=("DOS-3",),
    ),
    Question(
        id="ports-on-vlans",
        asks="Is every host's port on the switch of its zone, and does no port join two?",
        method=Method.INSPECTED,
        decides=("SEP-1", "SEP-2", "PSW-4"),
        limits="In a lab, one bridge a VLAN stands for the access switches.",
    ),
    Question(
        id="switched",
        asks="Does every port get only the frames that are for it?",
        method=Method.PROBED,
        decides=("EAV-1",),
        limits="In a lab, one bridge a VLAN stands for the access switches.",
    ),
    Question(
        id="listening-services",
        asks="Does every server listen where its design says, and nowhere else but on itself?",
        method=Method.INSPECTED,
        decides=("SVC-1",),
    ),
    Question(
        id="accounts",
        asks="Can nobody but an administrator log in on a server, and has no account a password?",
        method=Method.INSPECTED,
        decides=("USR-1", "USR-3", "USR-4", "USR-5"),
        limits="Lab machines show the accounts of the machine that runs the lab.",
    ),
    Question(
        id="running-users",
        asks="Does every running service have the user and the capabilities that its unit says?",
        method=Method.INSPECTED,
        bears_on=("BAS-1", "USR-2"),
    ),
    Question(
        id="private-keys",
        asks="Is the authority's key encrypted, and can every other private key be read by its "
        "owner and service only?",
        method=Method.INSPECTED,
        decides=("KEY-1",),
    ),
    Question(
        id="signed-packages",
        asks="Does every host take packages from signed sources only?",
        method=Method.INSPECTED,
        decides=("SSW-2",),
    ),
    Question(
        id="malware-scanner",
        asks="Does every server have a malware scanner with definitions of this week?",
        method=Method.INSPECTED,
        decides=("SML-1",),
    ),
    Question(
        id="certificate-needed",
        asks="Does the SIP server end connections that show no certificate of the site?",
        method=Method.PROBED,
        bears_on=("ACC-4", "EAI-2"),
    ),
    Question(
        id="old-tls-refused",
        asks="Does the SIP server refuse TLS before 1.2?",
        method=Method.PROBED,
        bears_on=("EAI-5",),
    ),
    Question(
        id="stranger-refused",
        asks="Is an extension that the site file does not name refused, even with a certificate?",
        method=Method.PROBED,
        decides=("ACC-1",),
    ),
    Question(
        id="password-needed",
        asks="Is a registration with a wrong password or none refused, and are passwords long?",
        method=Method.PROBED,
        decides=("EAI-1",),
    ),
    Question(
        id="call-in-the-clear",
        asks="Is a real call heard by both sides, and nothing of it in the clear on the wire?",
        method=Method.PROBED,
        bears_on=("EAI-4", "EAI-5"),
        limits="Media reports (RTCP) in the clear are told apart and do not count: the lab's "
        "softphone baresip sends one as each call ends.",
    ),
    Question(
        id="call-recorded",
        asks="Does a call leave a call detail record, and does every service log?",
        method=Method.PROBED,
        decides=("LOG-1",),
    ),
)

QUESTIONS: Final = (*RENDERED, *RUNNING)


@cache
def by_id() -> dict[str, Question]:
    """Every question by its id."""
    return {each.id: each for each in QUESTIONS}


@cache
def _about() -> dict[MitigationId, tuple[Question, ...]]:
    found: dict[MitigationId, list[Question]] = {}
    for question in QUESTIONS:
        for id_ in question.informs:
            found.setdefault(id_, []).append(question)
    return {id_: tuple(questions) for id_, questions in found.items()}


def about(id_: MitigationId, absent: Container[Subject] = frozenset()) -> tuple[Question, ...]:
    """Every question whose answer matters to a mitigation, at a site without some parts."""
    return tuple(each for each in _about().get(id_, ()) if each.subject not in absent)
