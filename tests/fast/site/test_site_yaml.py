import os
from pathlib import Path

import pytest

from ringfence.site import SiteError, load_site
from site_files import SITE, complaints

LAUGHS = "a: &a [lol, lol]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"
HOSTILE = [
    (LAUGHS, "site.yaml:1: anchors (&a) are not supported"),
    ("a: &x 1\n", "site.yaml:1: anchors (&x) are not supported"),
    ("a: 1\nb: *x\n", "site.yaml:2: aliases (*x) are not supported"),
    ("a:\n  &a [*a]\n", "site.yaml:2: anchors (&a) are not supported"),
    ("a: 1\n<<: *b\n", "site.yaml:2: aliases (*b) are not supported"),
    ("a: !!python/object/apply:os.system [id]\n", "site.yaml:1: tags (tag:yaml.org,2002:python/"),
    ("a: !mine x\n", "site.yaml:1: tags (!mine) are not supported"),
    ("a: ! x\n", "site.yaml:1: tags (!) are not supported"),
    ("a: !!set {x}\n", "site.yaml:1: tags (tag:yaml.org,2002:set) are not supported"),
    ("a: 1\nb: 2\na: 3\n", "site.yaml:3: the key 'a' is on line 1 already"),
    ("a: 1\n? [b]\n: 2\n", "site.yaml:2: a key must be a word, not a list, a mapping or nothing"),
    ("a: 1\n~: 2\n", "site.yaml:2: a key must be a word, not a list, a mapping or nothing"),
    ("a: 1\n---\nb: 2\n", "site.yaml:2: a second document starts here; one is enough"),
    ("a: " + "[" * 1000 + "]" * 1000, "site.yaml:1: nested deeper than 20 levels"),
    ("[" * 100_000, "site.yaml:1: nested deeper than 20 levels"),
    ("- " * 1000, "site.yaml:1: nested deeper than 20 levels"),
    ("- a\n" * 300_000, "site.yaml:250000: more than 250000 values; a long list of phones"),
    ("", "site.yaml:1: the file is empty"),
    ("# nothing yet\n", "site.yaml:1: the file is empty"),
    ("---\n", "site.yaml:1: the file is empty"),
    ("- a\n- b\n", "site.yaml:1: must be a mapping of keys such as 'domain: ...'"),
    ("word", "site.yaml:1: must be a mapping of keys such as 'domain: ...'"),
    (
        "a: 1\n\tb: 2\n",
        "site.yaml:2: is not YAML: found a tab character that violates indentation (in",
    ),
    ("a: @b\n", "site.yaml:1: is not YAML: found character that cannot start any token (indent "),
    ("a: b: c\n", "site.yaml:1: is not YAML: mapping values are not allowed in this context (a "),
    ("a: 1\n b: 2\n", "site.yaml:2: is not YAML: mapping values are not allowed in this context"),
    ('a: "b\nc: d\n', "site.yaml:3: is not YAML: found unexpected end of stream (a quote is open"),
    (
        "a: 1\nb\n",
        "site.yaml:3: is not YAML: could not find expected ':' (every entry reads 'key: ",
    ),
    ('a: "\\uD800"\n', "site.yaml:1: is not YAML: found invalid Unicode character escape code"),
    (b"a: 1\nb: \x00\n", "site.yaml:2: holds the character U+0000, which has no place in a text"),
    (b"a: 1\r\nb: \x1b\r\n", "site.yaml:2: holds the character U+001B, which has no place in a"),
    ("a: 1\u2028b: 2\n", "site.yaml:1: holds the character U+2028, which has no place in a text"),
    (b"a: 1\nb: caf\xe9\n", "site.yaml:2: byte 0xe9 is not UTF-8; save the file as UTF-8 text"),
    ("a: 1\n".encode("utf-16"), "site.yaml:1: byte 0xff is not UTF-8; save the file as UTF-8"),
    (b"\x7fELF\x02\x01\x01\x00", "site.yaml:1: holds the character U+007F, which has no place in"),
    (b"\xef\xbb\xbfa: 1\nb: \xff", "site.yaml:2: byte 0xff is not UTF-8; save the file as UTF-8"),
]


@pytest.mark.parametrize(("text", "complaint"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_in_one_line(
    tmp_path: Path,
    text: str | bytes,
    complaint: str,
) -> None:
    said = complaints(tmp_path, text)

    assert len(said) == 1
    assert said[0].startswith(complaint), said[0]


def test_twenty_levels_are_not_too_deep(tmp_path: Path) -> None:
    said = complaints(tmp_path, "a: " + "[" * 19 + "]" * 19)

    assert said[-1].startswith("site.yaml:1: a: no such key; choose from organisation, domain")


def test_quoted_words_stay_words(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("Łukasz", '"null"').replace("Zoë Müller", "'~'")) == []
    assert [phone.name for phone in load_site(tmp_path).phones] == ["~", "null"]


def test_a_byte_order_mark_and_foreign_line_ends_are_fine(tmp_path: Path) -> None:
    assert complaints(tmp_path, b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode()) == []


def test_a_file_of_fifty_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    with path.open("wb") as file:
        file.truncate(50 << 20)

    with pytest.raises(SiteError, match=r"site\.yaml: is larger than 16 MB$"):
        load_site(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").mkdir()
    with pytest.raises(SiteError, match=r"/site\.yaml: is a directory, not a file$"):
        load_site(tmp_path)

    with pytest.raises(SiteError, match=r"none\.yaml: there is no such file$"):
        load_site(tmp_path / "none.yaml")

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SiteError, match=r"pipe: is not a regular file$"):
        load_site(tmp_path / "pipe")

    with pytest.raises(SiteError, match=r"/dev/zero: is not a regular file$"):
        load_site(Path("/dev/zero"))

    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SiteError, match=r"loop: cannot be read: Too many levels"):
        load_site(tmp_path / "loop")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    path.chmod(0)

    with pytest.raises(SiteError, match=r"site\.yaml: may not be read by this user$"):
        load_site(path)
