"""What is asked of the rendered files."""

from typing import Final

from ringfence.guide import Method
from ringfence.probe.question import Question
from ringfence.probe.switch_questions import SWITCHES

RENDERED: Final = (
    Question(
        id="crossing-flows",
        asks="Do the firewall's rules let exactly the flows of the design pass, statefully, and "
        "drop and log the rest?",
        method=Method.PROVED,
        decides=("SEP-6", "SEP-8", "PSW-2", "CNV-4"),
    ),
    Question(
        id="ipt-and-data",
        asks="Do the firewall's rules let nothing pass between the IPT zones and the data zone, "
        "directly or by way of a DMZ?",
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
        id="logs-forwarded",
        asks="Does every server and firewall send all its lines to the log server, over TLS, and "
        "keep them on disk while it is away?",
        method=Method.PROVED,
        decides=("LOG-3",),
        limits="What systemd's journal passes on is as systemd's manual has it.",
    ),
    Question(
        id="log-senders",
        asks="Does the log server take lines over TLS only, and from exactly the hosts of the "
        "design, known by their certificates?",
        method=Method.PROVED,
        decides=("LOG-4",),
    ),
    Question(
        id="time-proved",
        asks="Do servers and the firewall believe only time sources that prove who they are?",
        method=Method.PROVED,
        bears_on=("SEP-11",),
        limits="A relay in the DMZ takes its time from the firewall, which proves nothing to it.",
    ),
    Question(
        id="data-services",
        asks="Do data devices get addresses, names and time from a server of the data network's "
        "own, which serves no other?",
        method=Method.PROVED,
        bears_on=("SEP-11",),
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
    Question(
        id="sensor-mirrors",
        asks="Does the sensor get a copy of every frame that enters a zone, at ports without an "
        "address that send nothing, and may it do no more than listen?",
        method=Method.PROVED,
        bears_on=("NID-1",),
        limits="At a real site the access switches' monitoring sessions copy the frames; they are "
        "configured in their own language.",
    ),
    Question(
        id="sensor-orders",
        asks="Is the sensor told of exactly the design's flows and hosts, and of a limit for every "
        "kind of intrusion?",
        method=Method.PROVED,
        bears_on=("NID-1",),
    ),
    Question(
        id="by-way-of-the-relay",
        asks="Do telephones and data meet at the relay in the DMZ, at its own services, and "
        "nowhere else?",
        method=Method.PROVED,
        decides=("CNV-3", "SEP-10"),
        bears_on=("CNV-5", "SEP-9"),
    ),
    Question(
        id="relay-certificates",
        asks="Does the relay demand a certificate of the site of every client, and name whose may "
        "do what?",
        method=Method.PROVED,
        bears_on=("CNV-2",),
    ),
    Question(
        id="relay-examines",
        asks="Does the relay take apart what it passes on, and pass it only to domains that the "
        "site names?",
        method=Method.PROVED,
        bears_on=("CNV-5", "SEP-9"),
    ),
    Question(
        id="relay-scans",
        asks="Is every message given to a scanner to which what it cannot look into is malicious?",
        method=Method.PROVED,
        bears_on=("CNV-6",),
    ),
    *SWITCHES,
)
