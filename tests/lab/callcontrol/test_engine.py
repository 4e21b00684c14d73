"""The rendered Kamailio as a program: it starts only when sound, and loads many users quickly."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence.deploy.users import user_table
from ringfence.design.model import Design
from samples import make_design
from sip_engines import ADDRESS, PASSWORD, Engines

ALICE, BOB = "100000", "100001"
MANY = 100_000


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    with Engines(make_design(phones=5), tmp_path) as running:
        yield running


def design_with(*, mutual: bool, digest: bool, srtp: bool) -> Design:
    design = make_design()
    signalling = design.signalling.model_copy(update={"mutual": mutual, "digest": digest})
    media = design.media.model_copy(update={"srtp": srtp})
    return design.model_copy(update={"signalling": signalling, "media": media})


@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize("digest", [True, False])
@pytest.mark.parametrize("srtp", [True, False])
def test_every_set_of_mitigations_makes_a_working_server(
    tmp_path: Path, mutual: bool, digest: bool, srtp: bool
) -> None:
    with Engines(design_with(mutual=mutual, digest=digest, srtp=srtp), tmp_path) as engines:
        agent = engines.agent(ALICE)
        assert agent.register().code == 200
        assert engines.agent(ALICE, password="wrong").register().code == (403 if digest else 200)
        stranger = engines.agent(ALICE, certificate_of=BOB)
        assert stranger.register().code == (403 if mutual else 200)
        assert "ERROR: <script>" not in engines.log


def test_kamailio_does_not_start_with_a_policy_that_fails_its_self_test(tmp_path: Path) -> None:
    engines = Engines(make_design(), tmp_path)
    module = tmp_path / "usr/lib/ringfence/callcontrol/sdp.py"
    text = module.read_text()
    assert 'raise UnprotectedError("plain-rtp")' in text
    module.write_text(text.replace('raise UnprotectedError("plain-rtp")', "pass"))

    with pytest.raises(AssertionError, match="expected -488, saw 1"), engines:
        pass


def test_kamailio_listens_nowhere_else(engines: Engines) -> None:
    listing = subprocess.run(
        ["ss", "-Hlntu", "-p"], check=True, capture_output=True, text=True
    ).stdout
    own = {
        line.split()[4]
        for line in listing.splitlines()
        if f"pid={engines.pid}," in line or f"{ADDRESS}:5061" in line
    }

    assert own == {f"{ADDRESS}:5061"}


def test_it_starts_again_after_it_was_killed(engines: Engines) -> None:
    assert engines.agent(ALICE).register().code == 200
    engines.hang_up()
    engines.kill_and_restart()

    assert engines.agent(ALICE).register().code == 200


def test_a_session_is_not_resumed(engines: Engines) -> None:
    credentials = engines.credentials(ALICE, engines.phone(ALICE))
    assert credentials.certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(credentials.trust_anchor)
    context.load_cert_chain(credentials.certificate, credentials.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    sessions: list[ssl.SSLSession | None] = [None]
    for _ in range(2):
        stream = context.wrap_socket(
            socket.create_connection((ADDRESS, 5061)),
            server_hostname=engines.host.fqdn,
            session=sessions[-1],
        )
        assert not stream.session_reused
        sessions.append(stream.session)
        stream.close()


def test_a_hundred_thousand_users_load_and_reload(tmp_path: Path) -> None:
    engines = Engines(make_design(phones=5), tmp_path)
    unit = tmp_path / "etc/systemd/system/kamailio.service"
    # What the renderer gives to a site of that size, but for the memory of its connections.
    text = unit.read_text()
    assert " -M 32 " in text
    unit.write_text(text.replace(" -M 32 ", " -M 282 "))
    passwords = dict.fromkeys((str(200_000 + n) for n in range(MANY)), PASSWORD)
    table = tmp_path / "etc/kamailio/users.db"
    table.write_bytes(user_table("office.example", passwords, range(1000)))
    config = tmp_path / "etc/kamailio/kamailio.cfg"
    config.write_text(config.read_text().replace("users=>size=8", "users=>size=17"))

    with engines:
        engines.rpc("htable.reload", "users")
        assert engines.agent("299999").register().code == 200
