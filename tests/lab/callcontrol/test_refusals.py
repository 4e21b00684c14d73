"""Who and what the running SIP server refuses, and the reason that its log then has."""

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ringfence.design.model import Identity, IdentityProfile
from ringfence.identity.authority import Authority, Credential, Period, utc_now
from ringfence.probe.sip import Account, Agent, Credentials, RefusedError
from ringfence.probe.sip.media import description
from samples import make_design
from sip_engines import PASSWORD, Engines

ALICE, BOB, CAROL, DAVE = "100000", "100001", "100002", "100003"
NOBODY = "199999"
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
    agent = engines.agent(ALICE)
    assert agent.register().code == 200
    return agent


def issue(authority: Authority, uri: str, begins: int, ends: int) -> Credential:
    """A phone's credential that is valid between two moments, in days from now."""
    period = Period(utc_now() + timedelta(days=begins), utc_now() + timedelta(days=ends))
    return authority.issue(Identity(name="phone", profile=IdentityProfile.PHONE, uri=uri), period)


def register_with(
    engines: Engines, credentials: Credentials, version: ssl.TLSVersion | None = None
) -> None:
    connection = engines.connect(credentials, version=version)
    Agent(connection, Account(ALICE, engines.design.domain, PASSWORD)).register()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_certificate(engines: Engines, version: ssl.TLSVersion) -> None:
    nothing = Credentials(trust_anchor=engines.directory / "ca.pem", server_name=engines.host.fqdn)
    with pytest.raises(RefusedError):
        register_with(engines, nothing, version)

    engines.await_log("peer did not return a certificate")


def test_a_certificate_of_another_authority(engines: Engines) -> None:
    stranger = issue(Authority.found("Other", utc_now()), f"sip:{ALICE}@office.example", -1, 1)
    with pytest.raises(RefusedError, match=r"unknown ca|UNKNOWN_CA"):
        register_with(engines, engines.credentials("stranger", stranger))

    engines.await_log("certificate verify failed")


def test_an_expired_certificate(engines: Engines) -> None:
    expired = issue(engines.authority, f"sip:{ALICE}@office.example", -2, -1)
    with pytest.raises(RefusedError, match=r"expired"):
        register_with(engines, engines.credentials("expired", expired))

    engines.await_log("certificate verify failed")


def test_a_certificate_that_expires_while_its_connection_is_open(engines: Engines) -> None:
    ends = utc_now() + timedelta(seconds=3)
    uri = "sip:100012@office.example"
    identity = Identity(name="brief", profile=IdentityProfile.PHONE, uri=uri)
    credential = engines.authority.issue(identity, Period(utc_now() - timedelta(days=1), ends))
    connection = engines.connect(engines.credentials("brief", credential))
    agent = Agent(connection, Account("100012", engines.design.domain, PASSWORD))
    assert agent.register().code == 200

    time.sleep(max(0, (ends - utc_now()).total_seconds()) + 1)
    assert agent.register().code == 403
    engines.await_log("REFUSED reason=expired method=REGISTER", f"cert={uri}")
    assert engines.ended(connection)


def test_a_closed_connection_is_forgotten(engines: Engines) -> None:
    agent = engines.agent(DAVE)
    agent.register()
    host, port = agent.connection.local_address
    assert f"{host}:{port}" in engines.rpc("htable.dump", "flows")

    agent.connection.close()
    time.sleep(0.5)
    assert f"{host}:{port}" not in engines.rpc("htable.dump", "flows")


def test_a_revoked_certificate(engines: Engines) -> None:
    credential = engines.phone("100010")
    engines.revoke(credential.certificate.serial_number)
    connection = engines.connect(engines.credentials("revoked", credential))
    agent = Agent(connection, Account("100010", engines.design.domain, PASSWORD))

    assert agent.register().code == 403
    engines.await_log("REFUSED reason=revoked method=REGISTER", "cert=sip:100010@office.example")
    with pytest.raises(RefusedError):
        connection.receive(3)


def test_an_open_connection_is_cut_when_its_certificate_is_revoked(engines: Engines) -> None:
    credential = engines.phone("100011")
    connection = engines.connect(engines.credentials("soon-revoked", credential))
    agent = Agent(connection, Account("100011", engines.design.domain, PASSWORD))
    assert agent.register().code == 200

    engines.revoke(credential.certificate.serial_number)
    with pytest.raises(RefusedError):
        connection.receive(4)
    engines.await_log("REFUSED reason=revoked", "cert=sip:100011@office.example", "code=cut")


def test_a_registration_with_another_phones_certificate(engines: Engines) -> None:
    assert engines.agent(ALICE, certificate_of=BOB).register().code == 403
    engines.await_log(
        "REFUSED reason=identity method=REGISTER", f"from=sip:{ALICE}@", f"cert=sip:{BOB}@"
    )


def test_a_registration_for_somebody_else(engines: Engines) -> None:
    agent = engines.agent(BOB)

    assert agent.register(address_of_record="sip:100000@office.example").code == 403
    engines.await_log("REFUSED reason=third-party-registration")


def test_a_call_under_another_name(engines: Engines) -> None:
    agent = engines.agent(ALICE, certificate_of=BOB)

    assert agent.ask(agent.outside_dialog("INVITE", f"sip:{BOB}@office.example", OFFER)).code == 403
    engines.await_log("REFUSED reason=identity method=INVITE", f"cert=sip:{BOB}@")


def test_a_phone_that_the_site_does_not_have(engines: Engines) -> None:
    assert engines.agent(NOBODY).register().code == 403
    engines.await_log("REFUSED reason=unknown-caller method=REGISTER", f"from=sip:{NOBODY}@")


def test_a_wrong_password(engines: Engines) -> None:
    assert engines.agent(CAROL, password="guess", source="127.0.0.21").register().code == 403
    engines.await_log("REFUSED reason=password method=REGISTER", "src=127.0.0.21:")


def test_somebody_elses_digest_user(engines: Engines) -> None:
    agent = engines.agent(CAROL, source="127.0.0.22")
    agent.account = Account(DAVE, engines.design.domain, PASSWORD)
    request = agent.outside_dialog("REGISTER", "sip:office.example")
    own = f"<sip:{CAROL}@office.example>"
    request = request.without("From").without("To")
    request = request.with_header("From", f"{own};tag=1").with_header("To", own)

    assert agent.ask(request).code == 403
    engines.await_log("REFUSED reason=digest-user method=REGISTER", f"from=sip:{CAROL}@")


def test_guessing_is_stopped(engines: Engines) -> None:
    guesses = [
        engines.agent(CAROL, password=f"guess{n}", source="127.0.0.23").register().phrase
        for n in range(6)
    ]

    assert guesses == ["Refused (password)"] * 5 + ["Refused (banned)"]
    assert engines.agent(CAROL, source="127.0.0.23").register().code == 403
    assert engines.agent(CAROL, source="127.0.0.24").register().code == 200


def test_challenges_alone_are_not_guesses(engines: Engines) -> None:
    agent = engines.agent(CAROL, password=None, source="127.0.0.25")

    assert {agent.register().code for _ in range(8)} == {401}
    assert engines.agent(CAROL, source="127.0.0.25").register().code == 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (description("127.0.0.1", 4000, profile="RTP/AVP"), "plain-rtp"),
        (description("127.0.0.1", 4000, profile="RTP/AVP", crypto=[]), "plain-rtp"),
        (description("127.0.0.1", 4000, crypto=[]), "no-usable-srtp-key"),
        (OFFER + "m=video 4002 RTP/AVP 96\r\n", "plain-rtp"),
        ("", "no-media"),
    ],
)
def test_an_offer_without_srtp(engines: Engines, alice: Agent, body: str, reason: str) -> None:
    bob = engines.agent(BOB)
    bob.register()

    refusal = alice.final(alice.invite(BOB, body))

    assert refusal.code == 488
    line = engines.await_log(f"REFUSED reason={reason} method=INVITE")
    assert f"from=sip:{ALICE}@office.example" in line
    engines.await_log(f"CDR caller={ALICE} callee={BOB}", "code=488")


def test_an_offer_that_is_no_sdp(engines: Engines, alice: Agent) -> None:
    engines.agent(BOB).register()
    request = alice.outside_dialog("INVITE", f"sip:{BOB}@office.example", OFFER)
    request = request.without("Content-Type").with_header(
        "Content-Type", "multipart/mixed;boundary=x"
    )

    assert alice.ask(request).code == 488


@pytest.mark.parametrize(
    ("dialled", "code", "reason"),
    [
        (NOBODY, 404, "unknown-extension"),
        ("alice", 404, "not-an-extension"),
        ("100030", 480, "not-registered"),
    ],
)
def test_whom_nobody_can_call(
    engines: Engines, alice: Agent, dialled: str, code: int, reason: str
) -> None:
    assert alice.final(alice.invite(dialled, OFFER)).code == code
    engines.await_log(f"REFUSED reason={reason} method=INVITE", f"uri=sip:{dialled}%40")
    engines.await_log(f"CDR caller={ALICE} callee={dialled}", "answer=-", f"code={code}")


def test_a_call_to_another_domain(engines: Engines, alice: Agent) -> None:
    request = alice.outside_dialog("INVITE", "sip:900123@outside.example", OFFER)

    assert alice.ask(request).code == 403
    engines.await_log("REFUSED reason=foreign-domain method=INVITE")


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "NOTIFY", "INFO"])
def test_methods_that_are_not_served(engines: Engines, alice: Agent, method: str) -> None:
    assert alice.ask(alice.outside_dialog(method, f"sip:{BOB}@office.example")).code == 405
    engines.await_log(f"REFUSED reason=method method={method}")


def test_a_server_of_the_site_may_only_ask_whether_we_are_well(engines: Engines) -> None:
    admin = Identity(name="admin", profile=IdentityProfile.SERVER, dns=("admin1.office.example",))
    period = Period.starting(utc_now(), timedelta(days=1))
    credential = engines.authority.issue(admin, period)
    connection = engines.connect(engines.credentials("admin", credential))
    agent = Agent(connection, Account(ALICE, engines.design.domain, PASSWORD))

    assert agent.options().code == 200
    assert agent.register().code == 403
    assert agent.final(agent.invite(BOB, OFFER)).code == 403
    engines.await_log("REFUSED reason=identity method=REGISTER", "cert=-")


def test_too_many_hops(engines: Engines, alice: Agent) -> None:
    request = alice.outside_dialog("OPTIONS", "sip:office.example").without("Max-Forwards")

    assert alice.ask(request.with_header("Max-Forwards", "0")).code == 483
    engines.await_log("REFUSED reason=too-many-hops")


def test_a_flood(engines: Engines) -> None:
    agent = engines.agent(DAVE, password=None, source="127.0.0.26")
    for _ in range(900):
        agent.connection.send(agent.outside_dialog("OPTIONS", "sip:office.example"))

    engines.await_log("REFUSED reason=flood", "src=127.0.0.26:")
    time.sleep(0.1)
    assert engines.agent(DAVE, source="127.0.0.27").options().code == 200
