"""System accounts, as sysusers.d asks for them."""

from pathlib import Path

import pytest

from ringfence.machine.accounts import Account, AccountError, create, parse

TEXT = '# why\n\nu sensor - "Network sensor"\n'
PASSWD = "root:x:0:0:root:/root:/bin/bash\nntp:x:999:998:time:/:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nntp:x:998:\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "passwd").write_text(PASSWD)
    (etc / "group").write_text(GROUP)
    (etc / "shadow").write_text("root:*:1::::::\n")
    return tmp_path


def test_a_line_names_an_account() -> None:
    assert parse("x.conf", TEXT) == (Account("sensor", "Network sensor"),)


@pytest.mark.parametrize(
    "line",
    [
        'g sensor - "A group"',
        'u sensor 0 "Root by another name"',
        'u sensor - "x" /root /bin/bash',
        'u sensor - "x:0:0"',
        "m sensor root",
        "u Sensor - x",
    ],
)
def test_what_else_sysusers_can_say_is_refused(line: str) -> None:
    with pytest.raises(AccountError, match=r"x\.conf, line 1"):
        parse("x.conf", line)


def test_an_account_gets_a_free_number_no_password_and_no_shell(root: Path) -> None:
    create(parse("x.conf", TEXT), root)

    etc = root / "etc"
    assert (etc / "passwd").read_text() == (
        PASSWD + "sensor:x:997:997:Network sensor:/:/usr/sbin/nologin\n"
    )
    assert (etc / "group").read_text() == GROUP + "sensor:x:997:\n"
    assert (etc / "shadow").read_text().endswith("\nsensor:!*:::::::\n")


def test_an_account_that_is_there_stays_as_it_is(root: Path) -> None:
    create((Account("ntp", "other"), Account("a", "A"), Account("b", "B")), root)

    names = [line.split(":")[:3] for line in (root / "etc/passwd").read_text().splitlines()[1:]]
    assert names == [["ntp", "x", "999"], ["a", "x", "997"], ["b", "x", "996"]]
