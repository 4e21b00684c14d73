"""SIP messages: what is written is read again, however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.probe.sip.message import MalformedError, Request, Response, read, respond

INVITE = Request(
    (
        ("Via", "SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1"),
        ("Record-Route", "<sip:a;lr>"),
        ("Record-Route", "<sip:b;lr>"),
        ("From", '"A" <sip:2001@office.example>;tag=x1'),
        ("To", "<sip:2002@office.example>"),
        ("Call-ID", "c1"),
        ("CSeq", "7 INVITE"),
    ),
    "v=0\r\n",
    "INVITE",
    "sip:2002@office.example",
)

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
HEADERS = st.lists(st.tuples(st.from_regex(r"X-[A-Za-z]{1,8}", fullmatch=True), TEXT), max_size=5)


@given(HEADERS, st.text(max_size=50), st.integers(min_value=100, max_value=699))
def test_a_response_survives_the_wire(headers: list[tuple[str, str]], body: str, code: int) -> None:
    response = Response(tuple(headers), body, code, "Phrase")

    assert read(response.encode()) == (response, b"")


@given(st.integers(min_value=0, max_value=400))
def test_a_message_in_two_pieces_is_read_when_whole(cut: int) -> None:
    data = INVITE.encode()
    cut = min(cut, len(data) - 1)

    assert read(data[:cut]) is None
    assert read(data) == (INVITE, b"")


def test_messages_in_one_piece_are_read_one_by_one() -> None:
    first, rest = read(b"\r\n\r\n" + INVITE.encode() + INVITE.encode() + b"INV") or (None, b"")

    assert first == INVITE
    assert read(rest) == (INVITE, b"INV")


def test_headers_are_found_by_any_name() -> None:
    found = read(b"SIP/2.0 200 OK\r\ni: c9\r\nTO: <sip:a>;tag=t\r\nl: 0\r\n\r\n")

    assert found is not None
    assert found[0].get("Call-ID") == "c9"
    assert found[0].tag("to") == "t"


def test_a_folded_header_is_one() -> None:
    found = read(b"SIP/2.0 200 OK\r\nSubject: one\r\n two\r\n\r\n")

    assert found is not None
    assert found[0].get("Subject") == "one two"


@pytest.mark.parametrize(
    "data",
    [
        b"HELLO\r\n\r\n",
        b"SIP/2.0 99 Low\r\n\r\n",
        b"SIP/2.0 200 OK\r\nno colon\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: many\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_sip_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except MalformedError:
        return


def test_a_response_goes_back_the_way_the_request_came() -> None:
    response = respond(INVITE, 180, "Ringing", tag="y1")

    assert response.all("Via") == INVITE.all("Via")
    assert response.all("Record-Route") == ("<sip:a;lr>", "<sip:b;lr>")
    assert response.tag("To") == "y1"
    assert response.cseq == (7, "INVITE")


def test_addresses_are_taken_apart() -> None:
    assert INVITE.uri("From") == "sip:2001@office.example"
    assert INVITE.tag("From") == "x1"
    assert INVITE.tag("To") == ""
