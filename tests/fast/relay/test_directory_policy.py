"""Who may read the directory, and what a request may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.relay.directory_policy import (
    DirectoryRules,
    Document,
    Request,
    find,
    may_read,
    read_head,
    response,
)
from ringfence.relay.peer import Peer
from ringfence.relay.refusal import Refusal

RULES = DirectoryRules(
    authenticated=True,
    domain="office.example",
    readers=frozenset({"pc1.office.example"}),
    extensions=frozenset({"2001", "2002"}),
)
OPEN = DirectoryRules(False, RULES.domain, RULES.readers, RULES.extensions)
DOCUMENT = Document("application/json", b"{}")


def phone(uri: str) -> Peer:
    return Peer(1, uris=frozenset({uri}))


def why(found: object) -> str | None:
    return found.reason if isinstance(found, Refusal) else None


def test_phones_and_named_data_devices_may_read() -> None:
    assert may_read(RULES, phone("sip:2001@office.example"), frozenset()) is None
    assert may_read(RULES, Peer(1, dns=frozenset({"pc1.office.example"})), frozenset()) is None


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        (None, "no-certificate"),
        (phone("sip:2999@office.example"), "not-a-reader"),
        (phone("sip:2001@elsewhere.example"), "not-a-reader"),
        (phone("sips:2001@office.example"), "not-a-reader"),
        (phone("sip:2001@office.example@x"), "not-a-reader"),
        (Peer(1, dns=frozenset({"sip1.office.example"})), "not-a-reader"),
        (Peer(1, dns=frozenset({"sip:2001@office.example"})), "not-a-reader"),
        (Peer(1), "not-a-reader"),
    ],
)
def test_nobody_else_may(peer: Peer | None, reason: str) -> None:
    assert why(may_read(RULES, peer, frozenset())) == reason
    assert may_read(OPEN, peer, frozenset()) is None


def test_a_revoked_phone_reads_no_more() -> None:
    assert why(may_read(RULES, phone("sip:2001@office.example"), frozenset({1}))) == "revoked"


def test_reading_is_understood() -> None:
    head = b"GET /directory.json HTTP/1.1\r\nHost: x\r\nAccept: */*"

    assert read_head(head) == Request("/directory.json", head=False)
    assert read_head(b"HEAD /directory.vcf HTTP/1.0") == Request("/directory.vcf", head=True)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"POST /directory.json HTTP/1.1", "request-line"),
        (b"PUT /directory.json HTTP/1.1", "request-line"),
        (b"GET /../etc/passwd HTTP/1.1", "request-line"),
        (b"GET /directory.json?x=1 HTTP/1.1", "request-line"),
        (b"GET http://x/ HTTP/1.1", "request-line"),
        (b"GET /directory.json HTTP/2", "request-line"),
        (b"GET  /directory.json HTTP/1.1", "request-line"),
        (b"GET /directory.json HTTP/1.1\r\nno header", "header"),
        (b"GET /directory.json HTTP/1.1\r\n folded: x", "header"),
        (b"GET /directory.json HTTP/1.1\r\nX: a\x01b", "header"),
        (b"GET /directory.json HTTP/1.1\r\nContent-Length: 5", "body"),
        (b"GET /directory.json HTTP/1.1\r\nTRANSFER-ENCODING: chunked", "body"),
        ("GET /é HTTP/1.1".encode(), "not-ascii"),
        (b"", "request-line"),
    ],
)
def test_nothing_else_is(head: bytes, reason: str) -> None:
    assert why(read_head(head)) == reason


@given(st.binary())
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    assert isinstance(read_head(data), Request | Refusal)


def test_an_answer_is_whole_and_ends_the_connection() -> None:
    sent = response(DOCUMENT)
    head, _, body = sent.partition(b"\r\n\r\n")

    assert body == b"{}"
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 2" in head
    assert b"Connection: close" in head
    assert response(DOCUMENT, head=True) == head + b"\r\n\r\n"
    assert response(Refusal(403, "revoked")).endswith(b"\r\n\r\nrevoked\n")


def test_only_documents_that_are_there_are_found() -> None:
    assert find({"/a": DOCUMENT}, Request("/a", head=False)) is DOCUMENT
    assert why(find({"/a": DOCUMENT}, Request("/b", head=False))) == "no-such-document"
