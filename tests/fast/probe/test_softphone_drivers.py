"""The drivers' protocol cores, as written dialogues."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.probe.baresip import Decoder, Event, Response, after, encode
from ringfence.probe.linphone import phase
from ringfence.probe.softphone import Call, Phase, PhoneError


def netstring(body: dict[str, object]) -> bytes:
    text = json.dumps(body, ensure_ascii=False).encode()
    return b"%d:%s," % (len(text), text)


DIALOGUE = netstring({"response": True, "ok": True, "data": "done\n", "token": "1"}) + netstring(
    {"event": True, "type": "CALL_CLOSED", "peerdisplayname": "Zoë", "param": "480 Gone", "id": "x"}
)


@given(cuts=st.lists(st.integers(0, len(DIALOGUE)), max_size=8).map(sorted))
def test_messages_are_whole_however_they_are_cut(cuts: list[int]) -> None:
    decoder = Decoder()
    edges = [0, *cuts, len(DIALOGUE)]
    parts = [DIALOGUE[start:end] for start, end in pairwise(edges)]

    assert [message for part in parts for message in decoder.feed(part)] == [
        Response(ok=True, data="done\n", token="1"),
        Event("CALL_CLOSED", "480 Gone", "x"),
    ]


def test_a_command_is_a_netstring_of_json() -> None:
    length, _, rest = encode("dial", "sip:2002@branch.example", "7").partition(b":")

    assert int(length) == len(rest) - 1
    assert json.loads(rest[:-1]) == {
        "command": "dial",
        "params": "sip:2002@branch.example",
        "token": "7",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200",
        b"99999999999:",
        b"2:{}x",
        b"2:{},",
        b"1:x,",
        netstring({"response": True, "ok": "yes"}),
    ],
)
def test_another_protocol_is_refused(data: bytes) -> None:
    with pytest.raises(PhoneError):
        Decoder().feed(data)


@given(data=st.binary(max_size=60))
def test_no_bytes_end_in_anything_but_a_refusal(data: bytes) -> None:
    try:
        Decoder().feed(data)
    except PhoneError:
        return


def test_a_call_follows_its_events() -> None:
    call = Call(Phase.DIALLING)
    phases = []
    for event in (
        Event("CALL_LOCAL_SDP"),
        Event("CALL_RINGING"),
        Event("CALL_ESTABLISHED"),
        Event("CALL_RTCP"),
        Event("CALL_CLOSED", "Connection reset by peer"),
    ):
        call = after(call, event)
        phases.append(call.phase)

    assert phases == [
        Phase.DIALLING,
        Phase.RINGING,
        Phase.ESTABLISHED,
        Phase.ESTABLISHED,
        Phase.CLOSED,
    ]
    assert call.reason == "Connection reset by peer"


HEAD = (
    "Call states\nId |            Destination              |      State      |    Flags   |\n---\n"
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("(empty)\n", Phase.NONE),
        ('1  | "Zoë | 2002" <sip:2002@b.example> | IncomingReceived | \n', Phase.INCOMING),
        ("2  | sip:2002@branch.example             | StreamsRunning  | \n", Phase.ESTABLISHED),
        ("2  | sip:2002@branch.example             | End  | \n", Phase.NONE),
    ],
)
def test_linphones_table_of_calls_is_read(row: str, expected: Phase) -> None:
    assert phase(HEAD + row) is expected


def test_an_unknown_state_is_not_guessed() -> None:
    with pytest.raises(PhoneError, match="Levitating"):
        phase(HEAD + "2  | sip:2002@branch.example | Levitating  | \n")
