"""Real calls in the running office, and the recording that watches them."""

import pytest
from office import Office

from ringfence.probe.audio import signal
from ringfence.probe.call import place_call
from ringfence.probe.capture import recording
from ringfence.probe.wire import examine

BARESIP, OTHER, LINPHONE = "301", "302", "304"
SECONDS = 3.0

SENDER = """
import socket, sys, time
address, body = sys.argv[1], bytes.fromhex(sys.stdin.read())
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for place in range(len(body) // 160):
        header = bytes([128, 8]) + place.to_bytes(2, "big") + (160 * place).to_bytes(4, "big")
        sender.sendto(header + b"ssrc" + body[160 * place : 160 * place + 160], (address, 30001))
        time.sleep(0.002)
    sender.sendto(b"OPTIONS sip:x@y SIP/2.0\\r\\n\\r\\n", (address, 30001))
"""


@pytest.mark.parametrize(
    ("caller", "callee"), [(BARESIP, OTHER), (BARESIP, LINPHONE), (LINPHONE, BARESIP)]
)
def test_both_sides_hear_each_other_and_nothing_is_in_the_clear(
    office: Office, caller: str, callee: str
) -> None:
    report = place_call(office.lab, office.design, caller, callee, SECONDS)

    assert report.answered, report.reason
    assert report.unseen == ()
    assert set(report.heard) == {caller, callee}
    assert min(report.heard.values()) >= 0.9, report
    assert {leg.version for leg in report.signalling.values()} <= {"TLSv1.2", "TLSv1.3"}
    assert set(report.signalling) == set(report.media) == {caller, callee}
    assert all(leg.suite for leg in report.media.values())
    assert report.plaintext_packets == 0, report.plaintext
    assert report.plaintext_rtcp_packets == [caller, callee].count(BARESIP) + (callee == OTHER)
    assert report.lost_packets == 0
    assert min(one.packets["RTP or SRTP"] for one in report.searched.values()) > 200


def test_a_call_comes_back_from_hold(office: Office) -> None:
    report = place_call(office.lab, office.design, LINPHONE, BARESIP, SECONDS, hold_seconds=1.0)

    assert report.answered, report.reason
    assert report.heard[LINPHONE] >= 0.9
    assert any(BARESIP in line for line in report.unseen)


def test_a_call_to_a_phone_that_is_away_says_why_it_failed(office: Office) -> None:
    machine = office.lab.machine(f"p{OTHER}")
    machine.stop("softphone")
    try:
        with pytest.raises(Exception, match="baresip cannot be reached"):
            place_call(office.lab, office.design, BARESIP, OTHER, SECONDS)
    finally:
        machine.start_service("softphone")


def test_plain_sip_and_speech_on_a_switch_port_are_found(office: Office) -> None:
    """The control: a phone that talks in the clear to its neighbour is seen doing so."""
    spoken = signal(BARESIP, 2.0)
    machine = office.lab.machine(f"p{BARESIP}")
    target = next(host for host in office.design.hosts if host.extension == OTHER)
    body = bytes(0x55 ^ (0x80 if value > 0 else 0) for value in spoken)
    with recording(office.lab.switch, {BARESIP: office.lab.port(machine.name, "eth0")}) as records:
        script = ["/usr/bin/python3", "-I", "-c", SENDER, str(target.address)]
        machine.run(script, input=body.hex(), check=True)

    found = {seen.kind: seen.packets for seen in examine(records[BARESIP].frames).plaintext}
    assert found == {"RTP": len(body) // 160, "SIP": 1}
    assert records[BARESIP].missed == 0
