"""What is asked of the running system."""

from typing import Final

from ringfence.guide import Method, Subject
from ringfence.probe.question import Question
from ringfence.probe.rendered_questions import RENDERED

RUNNING: Final = (
    # First, for other questions send what a sensor rightly finds strange.
    Question(
        id="sensor-quiet",
        asks="Do a call, and a minute without an intruder, raise no alert?",
        method=Method.PROBED,
        bears_on=("NID-1",),
    ),
    Question(
        id="intruders-seen",
        asks="Does each kind of attack that does no harm raise an alert within five seconds that "
        "names kind and source?",
        method=Method.PROBED,
        decides=("NID-1",),
        limits="Attacks inside TLS and SRTP are not visible to a network sensor. Of a flood of "
        "MAC addresses no source can be named; the switch knows the port.",
    ),
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
            *("PWB-1", "SNM-3", "SVC-1", "SEP-9", "SEP-10", "CNV-3", "CNV-4", "CNV-5"),
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
        asks="Does every server scan itself each night, with definitions of this week, and does "
        "its scanner find a marker?",
        method=Method.INSPECTED,
        decides=("SML-1",),
        limits="In a lab the definitions are of one harmless marker, made when the lab is made.",
    ),
    Question(
        id="logs-arrive",
        asks="Does a line that is logged on each server and firewall, or dropped by the firewall, "
        "arrive at the log server within 5 seconds?",
        method=Method.PROBED,
        decides=("LOG-3",),
        limits="Whether the log server's disk is backed up is not asked.",
    ),
    Question(
        id="log-strangers",
        asks="Does the log server take no line from a phone or a PC, with a phone's certificate or "
        "a stranger's, without one, or without TLS?",
        method=Method.PROBED,
        decides=("LOG-4",),
    ),
    Question(
        id="log-files",
        asks="Is there a file a host and day on the log server, append-only, its own user's alone, "
        "no older than the site wants, and with room for more?",
        method=Method.INSPECTED,
        bears_on=("LOG-3",),
    ),
    Question(
        id="log-digest",
        asks="Are the log server's files of days that have ended as they were when their digests "
        "were recorded?",
        method=Method.INSPECTED,
        bears_on=("LOG-3",),
        limits="A file can be changed before its day has ended and its digest is recorded.",
    ),
    Question(
        id="time-sources",
        asks="Have servers and the firewall chosen a time source that has proved who it is?",
        method=Method.INSPECTED,
        bears_on=("SEP-11",),
        limits="A relay in the DMZ takes its time from the firewall, which proves nothing to it.",
    ),
    Question(
        id="services-apart",
        asks="Do the data network's services answer a data device and no IPT host, and those of "
        "the IPT network no data device?",
        method=Method.PROBED,
        decides=("SEP-11",),
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
        asks="Does a call leave a call detail record, which reaches the log server where there is "
        "one, and does every service log?",
        method=Method.PROBED,
        decides=("LOG-1",),
    ),
    Question(
        id="mirrors-in-force",
        asks="Does the switch copy frames as its file says, and has nothing left a mirror port?",
        method=Method.INSPECTED,
        bears_on=("NID-1",),
        limits="In a lab, one bridge a VLAN stands for the access switches.",
    ),
    Question(
        id="nothing-past-the-relay",
        asks="Do packets from telephones and their servers to data devices, and back, not arrive?",
        method=Method.PROBED,
        bears_on=("SEP-7", "SEP-9", "SEP-10", "CNV-1", "CNV-3", "CNV-5"),
        limits="Some ports are tried, not all; the firewall's rules are read for the rest.",
    ),
    Question(
        id="converged-clients",
        asks="Are clients of the relay refused that have no certificate, a stranger's, or one for "
        "something else, and named ones served?",
        method=Method.PROBED,
        decides=("CNV-2",),
    ),
    Question(
        id="converged-understood",
        asks="Does the relay refuse mail and requests that are malformed, too large, or of a kind "
        "that it does not know?",
        method=Method.PROBED,
        decides=("CNV-5", "SEP-9"),
        limits="The relay is the application layer of the firewall; its packet filter sees "
        "encrypted streams only.",
    ),
    Question(
        id="converged-scanned",
        asks="Is a message with a marker refused by the scanner, and one without it delivered?",
        method=Method.PROBED,
        decides=("CNV-6",),
        limits="Both scans are the relay's, when a message comes and when it goes: the firewall's "
        "packet filter sees encrypted streams only.",
    ),
)
