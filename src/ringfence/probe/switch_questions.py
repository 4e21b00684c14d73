"""Questions about the configurations of access switches; a site without any is not asked them."""

from typing import Final

from ringfence.guide import Method, MitigationId, Subject
from ringfence.probe.question import Question


def _asked(
    id: str,  # noqa: A002 - as the field of a question is called
    asks: str,
    decides: tuple[MitigationId, ...] = (),
    bears_on: tuple[MitigationId, ...] = (),
    limits: str = "",
) -> Question:
    limits = f"The configuration is read, not the switch. {limits}".rstrip()
    subject = Subject.ACCESS_SWITCHES
    return Question(id, asks, Method.PROVED, decides, bears_on, limits, subject)


SWITCHES: Final = (
    _asked(
        id="switch-devices",
        asks="Does every access port take its own device only, by MAC address or by 802.1X, is "
        "every unused port shut, and does no port take bridges or storms?",
        decides=("SEP-4",),
    ),
    _asked(
        id="switch-doors",
        asks="Can a switch be reached by SSH version 2 from the administration only, and by no "
        "Telnet, web or SNMP?",
        bears_on=("SEP-4",),
    ),
    _asked(
        id="switch-senders",
        asks="Does every access port drop frames of devices that do not belong there: by a fixed "
        "list of MAC addresses, or by the address that belongs to each device?",
        decides=("EAV-2",),
    ),
    _asked(
        id="switch-addresses",
        asks="Are packets and ARP dropped at every access port unless the address belongs to the "
        "device there?",
        decides=("ACC-3", "DHC-7"),
        limits="An address that DHCP has leased is known to the switch alone.",
    ),
    _asked(
        id="switch-address-servers",
        asks="Do answers of address servers come in through uplinks only?",
        bears_on=("ACC-3", "DHC-7"),
    ),
    _asked(
        id="switch-alerts",
        asks="Does every access port report frames of strangers, and every switch send its "
        "reports to the administration?",
        decides=("EAV-3",),
        limits="A port that knows its devices reports before a table of addresses can fill up; "
        "whether somebody reads the reports is another question.",
    ),
    _asked(
        id="switch-authenticates-phones",
        asks="Does every telephone's port demand 802.1X, again at short intervals?",
        decides=("DHC-2",),
        bears_on=("SEP-5", "DHC-6"),
        limits="That only EAP-TLS is taken is for the RADIUS server to say.",
    ),
    _asked(
        id="switch-authenticates-all",
        asks="Is every server on a declared switch, and does every access port demand 802.1X?",
        decides=("SEP-5", "DHC-6"),
        limits="Firewalls and switches are infrastructure, on uplinks. A site file cannot say "
        "where the sensor and the relay are plugged in, so their ports are not looked at.",
    ),
    _asked(
        id="switch-vlans",
        asks="Does every access port carry the VLAN of its device's zone and no other, and does an "
        "uplink carry tagged frames only?",
        decides=("PSW-4",),
        bears_on=("SEP-1", "SEP-2"),
    ),
    _asked(
        id="switch-computer-ports",
        asks="Is a telephone's own VLAN tagged, and do frames from the computer behind it get into "
        "the data VLAN or nowhere?",
        bears_on=("ETH-1",),
        limits="What the switch inside the telephone does is in the telephone's configuration.",
    ),
    _asked(
        id="switch-no-computers",
        asks="Does nothing behind a telephone get anywhere?",
        bears_on=("ETH-2",),
        limits="That the telephone's computer port is off is in the telephone's configuration.",
    ),
    _asked(
        id="switch-closed-phones",
        asks="Does nothing that comes in at an access port reach the web, SNMP, Telnet or SSH "
        "ports of telephones?",
        bears_on=("PWB-1", "SNM-3"),
    ),
)
