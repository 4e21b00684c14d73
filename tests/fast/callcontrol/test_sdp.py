"""The media gate: no description passes that would let speech travel in the clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.callcontrol.sdp import Leg, UnprotectedError, narrow

HEAD = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
CALLER_KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40
CALLEE_KEY = "a=crypto:2 AEAD_AES_256_GCM inline:" + "B" * 59
WEAK_KEY = "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" + "C" * 40


def stream(*keys: str, port: int = 4000, profile: str = "RTP/SAVP", kind: str = "audio") -> str:
    return "".join(f"{line}\r\n" for line in (f"m={kind} {port} {profile} 0 101", *keys))


def test_each_leg_keeps_only_the_keys_of_its_suites() -> None:
    body = HEAD + stream(CALLER_KEY, CALLEE_KEY, WEAK_KEY)

    assert narrow(body, Leg.CALLER) == HEAD + stream(CALLER_KEY)
    assert narrow(body, Leg.CALLEE) == HEAD + stream(CALLEE_KEY)


def test_the_legs_have_no_suite_in_common() -> None:
    assert not Leg.CALLER.value & Leg.CALLEE.value


@pytest.mark.parametrize(
    "profile", ["RTP/AVP", "RTP/AVPF", "UDP/TLS/RTP/SAVPF", "udp", "TCP/RTP/SAVP", "rtp/savp"]
)
def test_only_srtp_passes(profile: str) -> None:
    with pytest.raises(UnprotectedError, match=r"plain-rtp|malformed-media"):
        narrow(HEAD + stream(CALLER_KEY, profile=profile), Leg.CALLER)


def test_a_second_stream_in_the_clear_is_found() -> None:
    body = HEAD + stream(CALLER_KEY) + stream(profile="RTP/AVP", kind="video")

    with pytest.raises(UnprotectedError, match="plain-rtp"):
        narrow(body, Leg.CALLER)


def test_a_declined_stream_may_be_anything() -> None:
    body = HEAD + stream(CALLER_KEY) + stream(profile="RTP/AVP", kind="video", port=0)

    assert narrow(body, Leg.CALLER) == body


def test_srtp_without_a_key_does_not_pass() -> None:
    with pytest.raises(UnprotectedError, match="no-usable-srtp-key"):
        narrow(HEAD + stream(), Leg.CALLER)


def test_a_weak_suite_alone_does_not_pass() -> None:
    with pytest.raises(UnprotectedError, match="no-usable-srtp-key"):
        narrow(HEAD + stream(WEAK_KEY), Leg.CALLER)


@pytest.mark.parametrize(
    "parameter", ["UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP", "UNAUTHENTICATED_SRTP", "KDR=1"]
)
def test_a_key_with_session_parameters_is_not_used(parameter: str) -> None:
    with pytest.raises(UnprotectedError, match="no-usable-srtp-key"):
        narrow(HEAD + stream(f"{CALLER_KEY} {parameter}"), Leg.CALLER)


def test_a_key_for_the_session_protects_no_stream() -> None:
    with pytest.raises(UnprotectedError, match="no-usable-srtp-key"):
        narrow(HEAD + CALLER_KEY + "\r\n" + stream(), Leg.CALLER)


def test_a_bare_carriage_return_cannot_hide_a_stream() -> None:
    with pytest.raises(UnprotectedError, match="control-character"):
        narrow(HEAD + "a=x\rm=audio 4 RTP/AVP 0\r\n" + stream(CALLER_KEY), Leg.CALLER)


@pytest.mark.parametrize("body", ["", "v=0\r\n", HEAD])
def test_a_description_without_streams_does_not_pass(body: str) -> None:
    with pytest.raises(UnprotectedError, match="no-media"):
        narrow(body, Leg.CALLER)


LINES = st.sampled_from(
    [
        "v=0",
        "a=sendrecv",
        CALLER_KEY,
        CALLEE_KEY,
        WEAK_KEY,
        CALLER_KEY + " UNENCRYPTED_SRTP",
        "m=audio 4000 RTP/SAVP 0",
        "m=audio 4000 RTP/SAVPF 0",
        "m=audio 4000 RTP/AVP 0",
        "m=audio 0 RTP/AVP 0",
        "m=audio  4000 RTP/AVP 0",
        "m=video 4000/2 RTP/AVPF 0",
        "",
        " m=audio 1 RTP/AVP 0",
    ]
)


@given(st.lists(LINES, max_size=12), st.sampled_from(Leg))
def test_whatever_passes_is_protected(lines: list[str], leg: Leg) -> None:
    try:
        passed = narrow("\r\n".join(lines), leg)
    except UnprotectedError:
        return

    streams = ("\n" + passed.replace("\r", "")).split("\nm=")[1:]
    assert streams
    for text in streams:
        kind, port, profile = text.split()[:3]
        assert kind in {"audio", "video"}
        if port != "0":
            assert profile in {"RTP/SAVP", "RTP/SAVPF"}
            assert "a=crypto:" in text
    used = {line.split()[1] for line in passed.splitlines() if line.startswith("a=crypto")}
    assert used <= leg.value
    assert "UN" not in passed


@given(st.lists(LINES, max_size=12), st.sampled_from(Leg))
def test_narrowing_twice_changes_nothing(lines: list[str], leg: Leg) -> None:
    try:
        once = narrow("\r\n".join(lines), leg)
    except UnprotectedError:
        return

    assert narrow(once, leg) == once
