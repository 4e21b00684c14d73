"""The verifier and the archive itself: every byte counts."""

import ast
import random
import sys
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.evidence.pack import header

Judge = Callable[..., str]
Members = Mapping[str, bytes]


@pytest.fixture(scope="module")
def data(office: Path) -> bytes:
    return (office / "pack.tar").read_bytes()


@pytest.fixture(scope="module")
def members(data: bytes, verifier: ModuleType) -> Members:
    found: Members = verifier.members(data)
    return found


def archive(members: Members) -> bytes:
    blocks = [
        header(name, len(each)) + each + bytes(-len(each) % 512)
        for name, each in sorted(members.items())
    ]
    return b"".join(blocks) + bytes(1024)


def test_it_is_short_and_needs_nothing_of_ringfence() -> None:
    source = files("ringfence.evidence").joinpath("verify.py").read_text()
    tree = ast.parse(source)
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
        )
    }

    assert len(source.splitlines()) < 200
    assert imported <= {*sys.stdlib_module_names, "cryptography"}


def places(members: Members) -> list[int]:
    """A place in every part of the archive: each header's fields, contents, padding, the end."""
    found, at = [], 0
    fields = (0, 99, 100, 108, 116, 124, 134, 136, 148, 156, 157, 257, 263, 265, 297, 329, 345, 511)
    for _, each in sorted(members.items()):
        found += [at + field for field in fields]
        begin, end = at + 512, at + 512 + len(each)
        found += [begin, (begin + end) // 2, end - 1]
        at = end + -len(each) % 512
        found += [end, at - 1] if at > end else []
    return [*found, at, at + 511, at + 512, at + 1023]


@pytest.mark.parametrize("flip", [1, 0x20, 0xFF])
def test_a_change_in_any_part_of_the_archive_is_found(
    data: bytes, members: Members, judge: Judge, flip: int
) -> None:
    for at in places(members):
        bent = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
        assert judge(bent).startswith("REFUSED: "), at


def test_a_change_of_any_byte_is_found(data: bytes, judge: Judge) -> None:
    chance = random.Random(20060501)  # noqa: S311 - only to choose places

    for _ in range(300):
        at = chance.randrange(len(data))
        bent = data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :]
        assert judge(bent).startswith("REFUSED: "), at


def test_an_archive_that_is_cut_or_grows_is_refused(data: bytes, judge: Judge) -> None:
    for cut in (0, 1, 511, 512, 513, len(data) // 2, len(data) - 1024, len(data) - 1):
        assert judge(data[:cut]).startswith("REFUSED: archive: ")
    for more in (b"\0", bytes(512), b"x", data):
        assert judge(data + more).startswith("REFUSED: archive: ")


@given(st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_no_archive_is_refused(judge: Judge, data: bytes) -> None:
    assert judge(data).startswith("REFUSED: archive: ")


def test_a_member_of_negative_size_is_refused(data: bytes, judge: Judge) -> None:
    empty = archive({"empty": b""})[:512]
    bent = empty[:124] + b"-0000000001" + empty[135:]
    total = sum(bent[:148]) + sum(bent[156:]) + 8 * 32
    bent = bent[:148] + b"%06o\0 " % total + bent[156:]

    assert "not proper" in judge(bent + data)


def test_members_out_of_order_or_twice_are_refused(members: Members, judge: Judge) -> None:
    parts = [archive({name: each})[:-1024] for name, each in sorted(members.items())]

    assert judge(b"".join(parts) + bytes(1024)) == "ACCEPTED"
    assert "no proper name" in judge(b"".join(reversed(parts)) + bytes(1024))
    assert "no proper name" in judge(b"".join([parts[0], *parts]) + bytes(1024))


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", ".hidden", "a\\b", "two words"])
def test_a_name_that_leads_elsewhere_is_refused(members: Members, judge: Judge, name: str) -> None:
    assert "no proper name" in judge(archive({**members, name: b"x"}))


@pytest.mark.parametrize(
    "arguments", [[], ["no-such.tar"], ["--what"], ["pack.tar", "--checkpoint", "no-such"]]
)
def test_calling_it_wrongly_is_told_apart(
    arguments: list[str], office: Path, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office)

    with pytest.raises(SystemExit) as ended:
        verifier.main(arguments)
    assert ended.value.code == 2


def test_nothing_in_a_pack_can_play_tricks_on_the_terminal(members: Members, judge: Judge) -> None:
    assert "\x1b" not in judge(archive({**members, "red\x1b[31m": b"x"}))
