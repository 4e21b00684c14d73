"""Who is refused by the running office, and that the reason is in its log."""

import re

import pytest
from office import A_DAY, Office

from ringfence.deploy.ready import control
from ringfence.deploy.revoke import revoke
from ringfence.design.model import HostKind
from ringfence.identity.authority import Authority, Period, utc_now
from ringfence.probe.sip import Agent, RefusedError, media
from ringfence.probe.sip.message import Request

HERE = "172.20.128.20"


def an_invite(caller: Agent, callee: str, body: str | None = None) -> Request:
    target = f"sip:{callee}@{caller.account.domain}"
    return caller.outside_dialog("INVITE", target, body or media.description(HERE, 20000))


def test_a_phone_with_everything_right_is_admitted(office: Office) -> None:
    """Without this, all that follows would prove nothing."""
    assert office.agent("305").register().code == 200


def lifetimes(office: Office, extension: str) -> list[int]:
    """How many seconds each connection from a phone's address may be silent."""
    phone = office.design.of_kind(HostKind.PHONE)
    address = next(str(each.address) for each in phone if each.extension == extension)
    listing = office.lab.machine(office.server.name).run(control("core.tcp_list"), check=True)
    found = re.findall(r"lifetime: (\d+).*?src_ip: (\S+)", listing.stdout, re.DOTALL)
    return [int(seconds) for seconds, source in found if source == address]


def test_a_phones_connection_may_be_silent_until_it_registers_again(office: Office) -> None:
    """It could not be called in between otherwise: the server never opens connections."""
    assert max(lifetimes(office, "301")) > 600


def test_a_connection_that_has_not_registered_ends_after_a_minute_of_silence(
    office: Office,
) -> None:
    office.agent("305").options()

    assert min(lifetimes(office, "305")) <= 60


def test_no_certificate(office: Office) -> None:
    with (
        office.logged_by_server("TLS accept", "peer did not return a certificate"),
        pytest.raises(RefusedError, match="required"),
    ):
        office.agent("305", office.nobody()).register()


def test_a_certificate_of_another_authority(office: Office) -> None:
    stranger = Authority.found(office.site.organisation, utc_now())
    forged = office.credentials("305", authority=stranger)

    with (
        office.logged_by_server("TLS accept", "certificate verify failed"),
        pytest.raises(RefusedError, match="unknown ca"),
    ):
        office.agent("305", forged).register()


def test_an_expired_certificate(office: Office) -> None:
    now = utc_now()
    old = office.credentials("305", period=Period(now - 3 * A_DAY, now - A_DAY))

    with (
        office.logged_by_server("TLS accept", "certificate verify failed"),
        pytest.raises(RefusedError, match="expired"),
    ):
        office.agent("305", old).register()


def test_a_certificate_that_is_another_phones(office: Office) -> None:
    with office.refused("reason=identity", "from=sip:302@"):
        code = office.agent("302", office.credentials("305")).register().code
    assert code == 403


def test_a_call_under_another_phones_name(office: Office) -> None:
    caller = office.agent("302", office.credentials("305"))

    with office.refused("reason=identity", "method=INVITE"):
        answer = caller.ask(an_invite(caller, "301"))
    assert answer.code == 403


def test_a_wrong_password(office: Office) -> None:
    with office.refused("reason=password"):
        code = office.agent("305", password="not-it").register().code
    assert code in {401, 403}


def test_an_offer_of_plain_rtp(office: Office) -> None:
    caller = office.agent("305")
    plain = media.description(HERE, 20000, profile="RTP/AVP", crypto=())

    with office.refused("reason=plain-rtp", "code=488"):
        answer = caller.ask(an_invite(caller, "301", plain))
    assert answer.code == 488


def test_a_call_to_an_extension_that_does_not_exist(office: Office) -> None:
    caller = office.agent("305")

    with office.refused("reason=unknown-extension"):
        answer = caller.ask(an_invite(caller, "399"))
    assert answer.code == 404


def test_a_registration_from_the_data_zone(office: Office) -> None:
    target = f"DST={office.server.address}"

    with (
        office.logged("fw", "firewall", "RF drop forward", "IN=data", target, "DPT=5061"),
        pytest.raises(RefusedError, match="no connection"),
    ):
        office.agent("305", seat="pc1").register()


def test_a_registration_from_the_outside(office: Office) -> None:
    with (
        office.logged("fw", "firewall", "RF drop forward", "IN=outside", "DPT=5061"),
        pytest.raises(RefusedError, match="no connection"),
    ):
        office.agent("305", seat="outside1").register()


def test_a_revoked_phone_and_the_connection_it_had_open(office: Office) -> None:
    """A thief with the very key of the phone of 303, connected before anybody noticed."""
    stolen = office.own_credentials("303")
    thief = office.agent("303", stolen)
    assert thief.register().code == 200

    with office.refused("reason=revoked"):
        revoke(office.lab, office.design, "303")

    with pytest.raises(RefusedError):
        thief.options()
    with office.refused("reason=revoked", "method=REGISTER"):
        assert office.agent("303", stolen).register().code == 403
    assert office.agent("305").register().code == 200
