"""Calls through the running SIP server: set up, changed, ended, recorded, and defended."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ringfence.probe.sip import Agent, Dialog, Request
from ringfence.probe.sip.media import answer_to, crypto_of, description
from samples import make_design
from sip_engines import Engines

ALICE, BOB, MALLORY = "100000", "100001", "100002"
OFFER = description("127.0.0.1", 4000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with Engines(make_design(phones=40), tmp_path_factory.mktemp("sip")) as engines:
        yield engines


@pytest.fixture
def engines(running: Engines) -> Iterator[Engines]:
    yield running
    running.hang_up()


@pytest.fixture
def alice(engines: Engines) -> Agent:
    return registered(engines, ALICE)


@pytest.fixture
def bob(engines: Engines) -> Agent:
    return registered(engines, BOB)


@dataclass
class Call:
    """Both ends of an answered call, and the descriptions that they were given."""

    caller: Dialog
    callee: Dialog
    offer: str
    answer: str


def registered(engines: Engines, extension: str) -> Agent:
    agent = engines.agent(extension)
    # A phone's contact is where it listens, not where its connection comes from.
    agent.contact = f"sip:{extension}@127.0.0.99:5061;transport=tls"
    assert agent.register().code == 200
    return agent


def connect(alice: Agent, bob: Agent) -> Call:
    invite = alice.invite(BOB, OFFER)
    offered = bob.receive("INVITE")
    bob.reply(offered, 180)
    assert alice.provisional(invite, 180).code == 180
    answered = bob.reply(offered, 200, body=answer_to(offered.body, "127.0.0.1", 4002))
    answer = alice.final(invite)
    assert answer.code == 200
    call = Call(
        Dialog.of_caller(invite, answer),
        Dialog.of_callee(offered, answered),
        offered.body,
        answer.body,
    )
    alice.acknowledge(call.caller)
    bob.receive("ACK")
    return call


def hang_up(agent: Agent, dialog: Dialog, other: Agent) -> None:
    bye = agent.inside_dialog(dialog, "BYE")
    agent.connection.send(bye)
    other.reply(other.receive("BYE"), 200)
    assert agent.final(bye).code == 200


def test_a_call_is_recorded(engines: Engines, alice: Agent, bob: Agent) -> None:
    call = connect(alice, bob)
    time.sleep(0.3)
    hang_up(alice, call.caller, bob)

    record = engines.await_log(f"CDR caller={ALICE} callee={BOB}", f"callid={call.caller.call_id}")
    fields = dict(re.findall(r"(\w+)=(\S+)", record))
    assert fields["code"] == "200"
    assert 300 <= int(fields["duration_ms"]) < 2000
    start, answer, end = (float(fields[name]) for name in ("start", "answer", "end"))
    assert start <= answer <= end - 0.3
    assert abs(end - time.time()) < 5


def test_the_callee_may_hang_up(engines: Engines, alice: Agent, bob: Agent) -> None:
    call = connect(alice, bob)
    hang_up(bob, call.callee, alice)

    engines.await_log("CDR", f"callid={call.caller.call_id}", "code=200")


def test_the_legs_have_different_keys(alice: Agent, bob: Agent) -> None:
    call = connect(alice, bob)
    offered, answered = crypto_of(call.offer), crypto_of(call.answer)

    assert {suite for _, suite, _ in answered} == {"AES_CM_128_HMAC_SHA1_80"}
    assert {suite for _, suite, _ in offered} == {
        "AES_256_CM_HMAC_SHA1_80",
        "AEAD_AES_256_GCM",
        "AEAD_AES_128_GCM",
    }
    alices = {key for _, _, key in crypto_of(OFFER)}
    assert not alices & {key for _, _, key in offered}
    hang_up(alice, call.caller, bob)


def test_media_goes_through_the_relay(engines: Engines, alice: Agent, bob: Agent) -> None:
    call = connect(alice, bob)
    address = str(engines.host.address)

    for body in (call.offer, call.answer):
        assert f"c=IN IP4 {address}" in body
        assert "127.0.0.1" not in body
    hang_up(alice, call.caller, bob)


@pytest.mark.parametrize("by_callee", [False, True])
def test_hold_and_resume(alice: Agent, bob: Agent, by_callee: bool) -> None:
    call = connect(alice, bob)
    holder, held = (bob, alice) if by_callee else (alice, bob)
    dialog = call.callee if by_callee else call.caller
    for asked, given in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
        again = description("127.0.0.1", 4002 if by_callee else 4000, direction=asked)
        invite = holder.inside_dialog(dialog, "INVITE", again)
        holder.connection.send(invite)
        offered = held.receive("INVITE")
        assert f"a={asked}" in offered.body
        body = answer_to(offered.body, "127.0.0.1", 4004).replace("sendrecv", given)
        held.reply(offered, 200, body=body)
        answer = holder.final(invite)
        assert f"a={given}" in answer.body
        holder.acknowledge(dialog)
        held.receive("ACK")
    hang_up(alice, call.caller, bob)


def test_a_change_to_plain_rtp_is_refused_and_the_call_goes_on(
    engines: Engines, alice: Agent, bob: Agent
) -> None:
    call = connect(alice, bob)
    plain = description("127.0.0.1", 4000, profile="RTP/AVP", crypto=[])

    assert alice.ask(alice.inside_dialog(call.caller, "INVITE", plain)).code == 488
    assert alice.ask(alice.inside_dialog(call.caller, "INVITE")).code == 488
    engines.await_log("REFUSED reason=plain-rtp method=INVITE", f"callid={call.caller.call_id}")
    hang_up(alice, call.caller, bob)


def test_an_answer_with_plain_rtp_ends_the_call(engines: Engines, alice: Agent, bob: Agent) -> None:
    invite = alice.invite(BOB, OFFER)
    offered = bob.receive("INVITE")
    bob.reply(offered, 200, body=description("127.0.0.1", 4002, profile="RTP/AVP", crypto=[]))
    answer = alice.final(invite)

    assert "m=audio 0 " in answer.body
    alice.acknowledge(Dialog.of_caller(invite, answer))
    bob.receive("ACK")
    bob.reply(bob.receive("BYE"), 200)
    alice.reply(alice.receive("BYE"), 200)
    engines.await_log("REFUSED reason=answer-plain-rtp", f"callid={invite.get('Call-ID')}")
    engines.await_log("CDR", f"callid={invite.get('Call-ID')}")


def test_a_cancelled_call(engines: Engines, alice: Agent, bob: Agent) -> None:
    invite = alice.invite(BOB, OFFER)
    offered = bob.receive("INVITE")
    bob.reply(offered, 180)
    alice.provisional(invite, 180)

    assert alice.cancel(invite).code == 200
    bob.reply(bob.receive("CANCEL"), 200)
    bob.reply(offered, 487)
    assert alice.final(invite).code == 487
    engines.await_log("CDR", f"callid={invite.get('Call-ID')}", "answer=-", "code=487")


def test_a_busy_callee(engines: Engines, alice: Agent, bob: Agent) -> None:
    invite = alice.invite(BOB, OFFER)
    bob.reply(bob.receive("INVITE"), 486)

    assert alice.final(invite).code == 486
    engines.await_log("CDR", f"callid={invite.get('Call-ID')}", "code=486")


def test_a_call_follows_a_phone_to_its_new_connection(
    engines: Engines, alice: Agent, bob: Agent
) -> None:
    call = connect(alice, bob)
    bob.connection.close()
    again = registered(engines, BOB)

    hang_up(alice, call.caller, again)


def test_a_caller_can_hang_up_on_a_phone_that_is_gone(
    engines: Engines, alice: Agent, bob: Agent
) -> None:
    call = connect(alice, bob)
    bob.connection.close()
    time.sleep(0.3)
    again = alice.inside_dialog(call.caller, "INVITE", description("127.0.0.1", 4000))

    assert alice.ask(again).code == 480
    assert alice.ask(alice.inside_dialog(call.caller, "BYE")).code == 200
    engines.await_log("CDR", f"callid={call.caller.call_id}", "code=200")
    returned = registered(engines, BOB)
    assert returned.receive("BYE").get("Call-ID") == call.caller.call_id


def forged(agent: Agent, dialog: Dialog, method: str) -> Request:
    """A request inside a dialog that is not the agent's own."""
    return agent.inside_dialog(
        Dialog(
            dialog.call_id,
            dialog.local,
            dialog.remote,
            dialog.target,
            dialog.route,
            dialog.cseq + 10,
        ),
        method,
        OFFER if method == "INVITE" else "",
    )


@pytest.mark.parametrize("method", ["BYE", "INVITE", "INFO"])
def test_a_third_phone_cannot_meddle_with_a_call(
    engines: Engines, alice: Agent, bob: Agent, method: str
) -> None:
    call = connect(alice, bob)
    mallory = registered(engines, MALLORY)

    for dialog in (call.caller, call.callee):
        assert mallory.ask(forged(mallory, dialog, method)).code == 403
    engines.await_log(f"REFUSED reason=identity method={method}", f"cert=sip:{MALLORY}@")
    hang_up(alice, call.caller, bob)


def test_the_route_parameters_cannot_be_altered(engines: Engines, alice: Agent, bob: Agent) -> None:
    call = connect(alice, bob)
    mallory = registered(engines, MALLORY)
    dialog = Dialog(**vars(call.caller))
    dialog.route = tuple(route.replace(f"ca={ALICE}", f"ca={MALLORY}") for route in dialog.route)

    assert mallory.ask(forged(mallory, dialog, "BYE")).code == 481
    dialog.route = ()
    assert mallory.ask(forged(mallory, dialog, "BYE")).code == 481
    engines.await_log("REFUSED reason=not-our-dialog method=BYE", f"cert=sip:{MALLORY}@")
    hang_up(alice, call.caller, bob)


@pytest.mark.parametrize("method", ["REFER", "MESSAGE", "SUBSCRIBE"])
def test_methods_that_are_not_served_inside_a_dialog(alice: Agent, bob: Agent, method: str) -> None:
    call = connect(alice, bob)

    assert alice.ask(alice.inside_dialog(call.caller, method)).code == 405
    hang_up(alice, call.caller, bob)


def test_revocation_ends_a_call(engines: Engines, alice: Agent) -> None:
    extension = "100020"
    credential = engines.phone(extension)
    connection = engines.connect(engines.credentials("leaving", credential))
    leaving = Agent(connection, engines.agent(extension).account)
    leaving.register()
    invite = alice.invite(extension, OFFER)
    offered = leaving.receive("INVITE")
    leaving.reply(offered, 200, body=answer_to(offered.body, "127.0.0.1", 4002))
    alice.acknowledge(Dialog.of_caller(invite, alice.final(invite)))

    began = time.monotonic()
    engines.revoke(credential.certificate.serial_number)
    alice.receive("BYE")
    assert time.monotonic() - began < 3
    assert engines.ended(connection)
    engines.await_log("CDR", f"callid={invite.get('Call-ID')}")


def test_a_route_of_the_callers_choice_is_not_followed(alice: Agent, bob: Agent) -> None:
    invite = alice.outside_dialog("INVITE", f"sip:{BOB}@office.example", OFFER)
    invite = invite.with_header("Route", "<sip:127.71.0.10:5061;transport=tls;lr>")
    alice.send(invite.with_header("Route", "<sip:127.0.0.99:5060;lr>"))

    assert bob.receive("INVITE").all("Route") == ()
