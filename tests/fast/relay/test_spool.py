"""Nothing that was taken is lost, and no more is taken than there is room for."""

from pathlib import Path

import pytest

from ringfence.relay.spool import Envelope, Spool, SpoolFullError, new_identifier

A, B = "a@corp.example", "b@corp.example"
ENVELOPE = Envelope("voicemail@office.example", (A, B), "10.0.0.1", 1000.0)
MESSAGE = b"Subject: x\r\n\r\n\n{not json}\r\n"


def spool(directory: Path, messages: int = 10, size: int = 10_000) -> Spool:
    return Spool(directory, messages, size)


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    spool(tmp_path).put("1", ENVELOPE, MESSAGE)

    again = spool(tmp_path)

    assert again.waiting() == ["1"]
    assert again.get("1") == (ENVELOPE, MESSAGE)


def test_what_was_handed_over_is_gone(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.put("1", ENVELOPE, MESSAGE)
    kept.done("1")

    assert kept.waiting() == []
    assert spool(tmp_path).waiting() == []


def test_half_a_message_was_never_taken(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.put("2", ENVELOPE, MESSAGE)
    (tmp_path / "waiting" / "1.part").write_bytes(b"{")

    assert kept.waiting() == ["2"]
    assert spool(tmp_path).waiting() == ["2"]
    assert not list((tmp_path / "waiting").glob("*.part"))


def test_those_who_have_a_message_do_not_get_it_again(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.put("1", ENVELOPE, MESSAGE)
    kept.narrow("1", (B,))

    envelope, message = spool(tmp_path).get("1")
    assert envelope.recipients == (B,)
    assert message == MESSAGE


def test_what_cannot_be_delivered_is_kept_for_a_person(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.put("1", ENVELOPE, MESSAGE)
    kept.set_aside("1", (A,))
    kept.done("1")

    assert (tmp_path / "failed" / "1").read_bytes().endswith(MESSAGE)
    assert spool(tmp_path).waiting() == []


def test_there_is_an_end_to_messages_and_to_bytes_and_what_failed_counts(tmp_path: Path) -> None:
    few = spool(tmp_path, messages=2)
    few.put("1", ENVELOPE, MESSAGE)
    few.set_aside("1", (A,))

    with pytest.raises(SpoolFullError, match="2 messages"):
        few.put("2", ENVELOPE, MESSAGE)
    with pytest.raises(SpoolFullError):
        spool(tmp_path, size=500).put("2", ENVELOPE, bytes(500))
    assert few.waiting() == ["1"]


def test_a_disk_that_takes_nothing_is_a_spool_without_room(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    (tmp_path / "waiting" / "1.part").mkdir()

    with pytest.raises(SpoolFullError):
        kept.put("1", ENVELOPE, MESSAGE)


def test_later_messages_have_later_names() -> None:
    names = [new_identifier() for _ in range(50)]

    assert names == sorted(names)
    assert len(set(names)) == 50
