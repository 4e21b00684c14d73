"""Session descriptions and dialogs of the test client."""

from ringfence.callcontrol.sdp import Leg, narrow
from ringfence.probe.sip import Dialog, Request, Response
from ringfence.probe.sip.media import answer_to, crypto_of, description


def test_an_offer_has_a_suite_for_either_leg() -> None:
    for leg in Leg:
        assert crypto_of(narrow(description("10.0.0.1", 4000), leg))


def test_an_answer_takes_the_first_key_offered() -> None:
    offer = description("10.0.0.1", 4000)
    answer = answer_to(offer, "10.0.0.2", 4002)

    assert [pair[:2] for pair in crypto_of(answer)] == [crypto_of(offer)[0][:2]]
    assert crypto_of(answer)[0][2] != crypto_of(offer)[0][2]


def test_both_ends_of_a_dialog_agree() -> None:
    routes = (("Record-Route", "<sip:first;lr>"), ("Record-Route", "<sip:second;lr>"))
    ends = (("From", "<sip:a@x>;tag=1"), ("To", "<sip:b@x>"), ("Call-ID", "c"))
    invite = Request((*routes, *ends, ("CSeq", "5 INVITE"), ("Contact", "<sip:a@1>")), "", "INVITE")
    to = ("To", "<sip:b@x>;tag=2")
    answer = Response((*routes, ends[0], to, ("Contact", "<sip:b@2>")), "", 200, "OK")

    caller, callee = Dialog.of_caller(invite, answer), Dialog.of_callee(invite, answer)

    assert (caller.local, caller.remote) == (callee.remote, callee.local)
    assert caller.route == callee.route[::-1]
    assert (caller.target, callee.target) == ("sip:b@2", "sip:a@1")
    assert caller.next_cseq() == 6
    assert callee.next_cseq() == 1
