"""What the bench changes in the rendered text is named, complete, and really there."""

from ipaddress import IPv4Network

import pytest
from bench import ours
from bench.__main__ import main
from bench.sandbox import BenchError
from bench.users import make_users

from ringfence.design.model import Design, Service
from ringfence.identity.authority import Authority, utc_now
from ringfence.render import kamailio_config

USERS = make_users(2)
CHANGES = (ours.FLOODS, ours.NO_RELAY, ours.RESUMPTION, ours.plain_transports("127.16.0.10"))


@pytest.fixture(scope="module")
def design() -> Design:
    return ours.make_design(USERS, IPv4Network("127.16.0.0/12"))


def render(design: Design, *changes: ours.Change) -> dict[str, str]:
    host = design.running(Service.KAMAILIO)[0]
    authority = Authority.found("test", utc_now())
    files = ours.rendered_files(design, host, USERS, authority, changes)
    return {file.path: file.data.decode(errors="replace") for file in files}


def test_all_policy_is_on(design: Design) -> None:
    assert design.signalling.mutual
    assert design.signalling.digest
    assert design.media.srtp


def test_the_server_lies_on_the_loopback(design: Design) -> None:
    (host,) = design.running(Service.KAMAILIO)
    assert host.address.is_loopback


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what[:20])
def test_each_change_finds_what_it_changes_in_the_rendered_text(
    design: Design, change: ours.Change
) -> None:
    assert render(design, change)[change.path] != render(design)[change.path]


def test_without_changes_nothing_differs_from_what_is_rendered(design: Design) -> None:
    host = design.running(Service.KAMAILIO)[0]
    text = render(design)[kamailio_config.CONFIG]
    assert text.replace("of no value outside this run", "{secret:kamailio/route-key}") == (
        kamailio_config.config_text(design, host)
    )


def test_without_the_relay_nobody_asks_it_and_sessions_are_still_checked(design: Design) -> None:
    text = render(design, ours.NO_RELAY)[kamailio_config.CONFIG]
    assert "rtpengine_offer(" not in text
    assert text.count('python_exec("media", "caller")') == (
        render(design)[kamailio_config.CONFIG].count('python_exec("media"')
    )


def test_a_change_that_finds_nothing_is_an_error() -> None:
    with pytest.raises(BenchError, match=r"cannot make the change .flood limit"):
        ours.FLOODS.apply("nothing of the kind")


def test_a_change_that_leaves_what_must_go_is_an_error() -> None:
    change = ours.Change("no relay", "path", (("offer()", "1"),), gone=("answer()",))
    with pytest.raises(BenchError, match="leaves"):
        change.apply("offer() answer()")


def test_the_tuned_peer_gets_what_we_render(design: Design) -> None:
    tuning = ours.worker_settings(design)
    assert tuning.options == ["-x", "tlsf", "-X", "tlsf", "-n", "1", "-N", "1"]


@pytest.mark.parametrize("words", [["sip", "--rounds", "0"], ["sip", "--fast"], []])
def test_a_misused_command_says_so(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: script/bench" in capsys.readouterr().err


def test_without_root_it_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["sip", "--quick"]) == 2
    assert "use root" in capsys.readouterr().err
