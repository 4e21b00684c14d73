"""When a call is not as asked. The measurement itself holds no verdict; this does."""

import pytest

from ringfence.cli.calls import shortfalls
from ringfence.probe.call import CallReport, Media, Signalling

TLS = Signalling(version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384")
SRTP = Media(protocol="RTP/SAVP", suite="AEAD_AES_256_GCM")
GOOD = CallReport(
    caller="1",
    callee="2",
    seconds=3,
    answered=True,
    setup_ms=80,
    signalling={"1": TLS, "2": TLS},
    media={"1": SRTP, "2": SRTP},
    heard={"1": 0.98, "2": 0.9},
    lost_packets=0,
    plaintext_packets=0,
)


def test_a_good_call_wants_nothing() -> None:
    assert shortfalls(GOOD) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"answered": False, "reason": "486 Busy Here"}, "486"),
        ({"reason": "the far phone hung up"}, "ended early"),
        ({"heard": {"1": 0.98}}, "2 heard nothing"),
        ({"heard": {"1": 0.89, "2": 1.0}}, "1 heard 0.89"),
        ({"signalling": {"1": TLS}}, "2 signals over ?"),
        ({"signalling": {"1": TLS, "2": TLS.model_copy(update={"version": "TLSv1.1"})}}, "1.1"),
        ({"media": {"1": SRTP, "2": Media(protocol="RTP/AVP", suite=None)}}, "media of 2"),
        ({"plaintext_packets": 3}, "plaintext packets: 3"),
        ({"plaintext_packets": None}, "plaintext packets: None"),
    ],
)
def test_each_fault_is_found_and_named(change: dict[str, object], word: str) -> None:
    found = shortfalls(GOOD.model_copy(update=change))

    assert len(found) == 1
    assert word in found[0]
