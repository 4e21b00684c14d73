"""Messages are taken apart, and only what is understood goes on."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.relay.message import examine, received

SENDER = "voicemail@office.example"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256))


def make(
    text: str = "You have a voice message.\n",
    attachment: tuple[bytes, str, str] | None = None,
    **headers: str,
) -> bytes:
    message = EmailMessage()
    for name, value in ({"From": SENDER, "To": "a@corp.example", "Subject": "x"} | headers).items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if attachment is not None:
        content, kind, name = attachment
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes(policy=SMTP)


def why(data: bytes, *, inspected: bool = True) -> str | None:
    refusal = examine(data, SENDER, inspected=inspected)
    return refusal.reason if refusal else None


@pytest.mark.parametrize(
    "data",
    [
        make(),
        make("Grüße an Łukasz\n", Subject="Nachricht für Zoë Müller"),
        make(From='"Jörg Ähler" <2001@office.example>'),
        make(attachment=(WAV, "audio/wav", "message.wav")),
        make(attachment=(b"ID3\x03" + bytes(100), "audio/mpeg", "message (2).mp3")),
        make(attachment=(b"transcript", "text/plain", "transcript.txt")),
        received("relay1", "sip1", "id1", "Tue, 24 Nov 2026 12:00:00 -0000") + make(),
    ],
)
def test_text_and_sound_go_on(data: bytes) -> None:
    assert why(data) is None


PLAIN = make()
ODD = {
    "bare-line-end": PLAIN + b"x\n.\r\nMAIL FROM:<x@y>\r\n",
    "bare-line-end ": PLAIN + b"x\r.\r\n",
    "bare-line-end  ": PLAIN.replace(b"voice", b"vo\0ice"),
    "file-name": make(attachment=(b"MZ", "application/octet-stream", "update.exe")),
    "file-name ": make(attachment=(WAV, "audio/wav", "message.wav.exe")),
    "file-name  ": make(attachment=(WAV, "audio/wav", "../message.wav")),
    "content-type": make(attachment=(b"PK\x03\x04", "application/zip", "message.wav")),
    "content-type ": PLAIN.replace(b"text/plain", b"text/html"),
    "content-type  ": make(attachment=(b"From: a\r\n\r\nx", "application/x-mail", "a.txt")),
    "not-what-it-says": make(attachment=(b"MZ" + bytes(90), "audio/wav", "message.wav")),
    "foreign-author": make(From="director@elsewhere.example"),
    "foreign-author ": make(From="director@office.example.elsewhere.example"),
    "malformed": make(From="a@office.example, b@office.example"),
    "header-twice": PLAIN.replace(b"Subject: x", b"Subject: x\r\nFrom: b@office.example"),
    "header-twice ": PLAIN.replace(b"MIME-Version", b"Content-Type: text/html\r\nMIME-Version"),
    "no-author": PLAIN.replace(b"From:", b"X-From:"),
    "encoding": PLAIN.replace(b"Encoding: 7bit", b"Encoding: x-uuencode"),
    "encoding ": PLAIN.replace(b"Encoding: 7bit", b"Encoding: base64") + b"!!!!\r\n",
    "too-many-headers": PLAIN.replace(b"To:", b"X-Y: z\r\n" * 101 + b"To:"),
    "malformed ": b"",
    "malformed  ": b"\r\n\r\njust text\r\n",
}


@pytest.mark.parametrize("reason", ODD)
def test_what_is_not_understood_is_refused(reason: str) -> None:
    found = why(ODD[reason])

    assert found is not None
    assert found == reason.strip() or reason.startswith("malformed"), found


def nested(depth: int) -> bytes:
    head = b"From: voicemail@office.example\r\nMIME-Version: 1.0\r\n"
    body = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(depth)
    )
    ends = b"".join(b"--b%d--\r\n" % n for n in reversed(range(depth)))
    return head + body + b"Content-Type: text/plain\r\n\r\nx\r\n" + ends


def test_parts_within_parts_have_an_end() -> None:
    assert why(nested(2)) is None
    assert why(nested(12)) is not None
    assert why(nested(3000)) is not None


def test_many_parts_are_refused() -> None:
    message = EmailMessage()
    message["From"] = SENDER
    message.set_content("x")
    for _ in range(30):
        message.add_attachment("y", filename="y.txt")

    assert why(message.as_bytes(policy=SMTP)) == "too-many-parts"


def test_a_page_where_nothing_is_inspected_goes_on_but_no_bare_line_end_does() -> None:
    """The control: this is what the inspection is there against."""
    page = PLAIN.replace(b"text/plain", b"text/html")

    assert why(page, inspected=False) is None
    assert why(ODD["file-name"], inspected=False) is None
    assert why(PLAIN + b"\n", inspected=False) == "bare-line-end"


@given(st.binary(max_size=2000))
@settings(max_examples=200)
def test_any_bytes_at_all_are_judged_without_failing(data: bytes) -> None:
    examine(data, SENDER, inspected=True)
    examine(PLAIN + data, SENDER, inspected=True)


@pytest.mark.parametrize("filler", [b" ", b"=", b"A", b"\r\n", b"--x\r\n"])
def test_no_long_message_keeps_its_reader_busy_without_end(filler: bytes) -> None:
    data = PLAIN.replace(b"Encoding: 7bit", b"Encoding: base64") + filler * 200_000 + b"!\r\n"

    assert why(data) is not None


def test_the_way_that_a_message_came_is_told_without_addresses() -> None:
    head = received("relay1.office.example", "a\r\nX-Evil: 1", "id", "date").decode()

    assert head.count("\r\n") == 3
    assert head.startswith("Received: from a??X-Evil:?1\r\n\tby relay1")
