"""The words that are exchanged with clamd; nothing but a verdict is taken for one."""

import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.relay.scanner import ScanError, finding, request, scan


@given(st.binary(max_size=200_000))
def test_data_is_sent_in_chunks_that_add_up(data: bytes) -> None:
    head, *chunks, end = request(data)

    assert head == b"zINSTREAM\0"
    assert end == bytes(4)
    assert b"".join(chunk[4:] for chunk in chunks) == data
    assert all(int.from_bytes(chunk[:4], "big") == len(chunk) - 4 > 0 for chunk in chunks)


def test_clean_is_clean_and_found_has_a_name() -> None:
    assert finding(b"stream: OK\0") is None
    assert finding(b"stream: Some.Name.UNOFFICIAL FOUND\0") == "Some.Name.UNOFFICIAL"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"OK",
        b"stream: ",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: OK\0stream: X FOUND\0",
        b"stream: Can't allocate memory ERROR\0",
    ],
)
def test_whatever_else_comes_is_no_verdict(answer: bytes) -> None:
    with pytest.raises(ScanError):
        finding(answer)


def test_without_a_scanner_there_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="nobody"):
        scan(str(tmp_path / "nobody"), b"x")


@pytest.mark.parametrize("answer", [b"stream: OK\0", b""])
def test_a_scanner_is_asked_over_its_socket(tmp_path: Path, answer: bytes) -> None:
    path = str(tmp_path / "clamd")
    heard = bytearray()

    def clamd(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            while not heard.endswith(bytes(4)):
                heard.extend(connection.recv(65536))
            connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        thread = threading.Thread(target=clamd, args=(listening,))
        thread.start()
        try:
            if answer:
                assert scan(path, b"x" * 100_000) is None
            else:
                with pytest.raises(ScanError):
                    scan(path, b"x")
        finally:
            thread.join(timeout=10)
    assert bytes(heard).startswith(b"zINSTREAM\0")
