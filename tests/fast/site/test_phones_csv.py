from pathlib import Path

import pytest

from ringfence.site import SiteError, load_site
from ringfence.site.model import Phone

SITE = "organisation: O\ndomain: o.example\ncountry: DE\nlevel: highest\nphones: phones.csv\n"
HEADER = "extension,name,model,mac,location\n"
ROW = "2001,Ada,yealink-t54w,02:00:5e:00:20:01,Hall\n"
ADA = Phone(
    extension="2001",
    name="Ada",
    model="yealink-t54w",
    mac="02:00:5e:00:20:01",
    location="Hall",
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("site.yaml")
    path.write_text(SITE)
    return path


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROW,
        "\ufeff" + HEADER + ROW,
        (HEADER + ROW).replace("\n", "\r\n"),
        (HEADER + ROW).replace(",", ";"),
        (HEADER + ROW).replace(",", " , "),
        HEADER.upper() + "\n" + ROW + ",,,,\n\n",
        "location,mac,name,extension,model\nHall,02005E002001,Ada,2001,yealink-t54w\n",
        HEADER + '"2001","Ada",yealink-t54w,02:00:5e:00:20:01,"Hall"',
    ],
)
def test_phone_lists_are_read_as_offices_write_them(site: Path, text: str) -> None:
    Path("phones.csv").write_text(text)

    assert load_site(site).phones == (ADA,)


def test_columns_and_cells_that_may_be_left_out(site: Path) -> None:
    Path("phones.csv").write_text("mac,extension,name\n02:00:5e:00:20:01,0201,Žofia\n")
    (phone,) = load_site(site).phones
    assert (phone.extension, phone.name, phone.model, phone.location) == (
        "0201",
        "Žofia",
        "generic",
        None,
    )

    Path("phones.csv").write_text(HEADER + "2001,Ada,,02:00:5e:00:20:01,\n")
    (phone,) = load_site(site).phones
    assert (phone.model, phone.location) == ("generic", None)


def test_ten_thousand_phones(site: Path) -> None:
    rows = [
        f"{10_000 + n},Person {n} Ångström,t54w,02:00:00:00:{n >> 8:02x}:{n & 255:02x},Floor\n"
        for n in range(10_000)
    ]
    Path("phones.csv").write_text(HEADER + "".join(rows))
    phones = load_site(site).phones

    assert len(phones) == 10_000
    assert phones[9_999] == Phone(
        extension="19999",
        name="Person 9999 Ångström",
        model="t54w",
        mac="02:00:00:00:27:0f",
        location="Floor",
    )


MISTAKES = [
    ("", "phones.csv:1: is empty; its first row must name extension, name, model, mac, location"),
    (HEADER, "site.yaml:5: phones: must have at least one entry"),
    (HEADER.replace("mac", "mak") + ROW, "phones.csv:1: mak: no such column; did you mean 'mac'?"),
    (HEADER.replace("mac", "MAC address"), "1: MAC address: no such column; did you mean 'mac'?"),
    (HEADER.replace("mac", "name") + ROW, "phones.csv:1: name: this column is there twice"),
    (HEADER.replace("mac", "model") + ROW, "phones.csv:1: mac: this column is missing"),
    (HEADER + ROW + "\n2002,Bo,t,zz,\n", "phones.csv:4: mac: 'zz' is not a MAC address such as"),
    (HEADER + "2001,,t,02005e002001,\n", "phones.csv:2: name: is missing"),
    (HEADER + ROW + ROW, "phones.csv:3: extension: '2001' is used already (first on line 2)"),
    (HEADER + ROW + "2002,Bo\n", "phones.csv:3: has 2 cells where the header has 5"),
    (HEADER + "2002,Bo\n", "phones.csv:2: has 2 cells where the header has 5"),
    (HEADER + ROW.replace("Hall", "Hall, left"), "has 6 cells where the header has 5; put quotes"),
    (HEADER + ROW + '2002,"Bo,t,\n', "phones.csv:3: is not CSV: unexpected end of data; is a quo"),
    (HEADER + '20"01,"Ada"x\n', "phones.csv:2: is not CSV: ',' expected after '\"'"),
    (HEADER + "x" * 200_000, "phones.csv:2: is not CSV: field larger than field limit (131072)"),
    (HEADER + '"2001\n",A,t,02005e002002,\n' + ROW, "phones.csv:4: extension: '2001' is used al"),
    (HEADER + ROW.replace("Ada", "A\0da"), "phones.csv:2: holds the character U+0000, which has"),
    (HEADER + ROW.replace("Ada", '"A\nda"'), "phones.csv:2: name: 'A\\nda' is not a text of 1 to"),
]


@pytest.mark.parametrize(("text", "complaint"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_named_with_its_line(site: Path, text: str, complaint: str) -> None:
    Path("phones.csv").write_text(text)

    with pytest.raises(SiteError) as caught:
        load_site(site)

    assert complaint in str(caught.value)


def test_bytes_that_are_not_utf8(site: Path) -> None:
    Path("phones.csv").write_bytes((HEADER + ROW).encode() + "2002,Zoë".encode("latin-1"))

    with pytest.raises(SiteError, match=r"phones\.csv:3: byte 0xeb is not UTF-8"):
        load_site(site)


def test_a_list_longer_than_the_limit(site: Path) -> None:
    Path("phones.csv").write_text("extension,name,mac\n" + "20,A,1\n" * 200_001)

    with pytest.raises(SiteError, match=r"phones\.csv:200002: more than 200000 phones"):
        load_site(site)


def test_a_list_without_one_whole_row_is_not_called_empty(site: Path) -> None:
    Path("phones.csv").write_text(HEADER + "2002,Bo\n2003\n")

    with pytest.raises(SiteError) as caught:
        load_site(site)

    assert [problem.file for problem in caught.value.problems] == ["phones.csv"] * 2


def test_a_phone_in_a_ragged_row_is_not_called_unknown(site: Path) -> None:
    site.write_text(SITE + "addressing:\n  fixed:\n    p2002: 10.24.0.9\n")
    Path("phones.csv").write_text(HEADER + ROW + "2002,Bo\n")

    with pytest.raises(SiteError) as caught:
        load_site(site)

    assert [(p.file, p.line) for p in caught.value.problems] == [("phones.csv", 3)]


def test_a_list_ragged_throughout_is_not_read_to_its_end(site: Path) -> None:
    Path("phones.csv").write_text(HEADER + ROW + "2002,Bo\n" * 3000)

    with pytest.raises(SiteError, match=r"\nand at least 980 more$"):
        load_site(site)


def test_mistakes_in_both_files_are_told_at_once(site: Path) -> None:
    site.write_text(SITE.replace("DE", "XX"))
    Path("phones.csv").write_text(HEADER + ROW + "1,Bo,t,02005e002002,\n2003\n")

    with pytest.raises(SiteError) as caught:
        load_site(site)

    assert [(p.file, p.line) for p in caught.value.problems] == [
        ("site.yaml", 3),
        ("phones.csv", 3),
        ("phones.csv", 4),
    ]


def test_a_list_wrong_throughout_is_not_judged_to_its_end(site: Path) -> None:
    Path("phones.csv").write_text(HEADER + "1,A,t,x,\n" * 5000)

    with pytest.raises(SiteError, match=r"\nand at least 980 more$") as caught:
        load_site(site)

    assert caught.value.problems[0].file == "phones.csv"


def test_the_list_lies_beside_the_site_file(site: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "list.csv").write_text(HEADER + ROW)
    site.write_text(SITE.replace("phones.csv", "inner/list.csv"))

    assert load_site(site).phones == (ADA,)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("missing.csv", "5: phones: there is no file 'missing.csv' beside the site file"),
        ("../phones.csv", "5: phones: '../phones.csv' must lie in the directory of the site file"),
        ("/etc/x.csv", "5: phones: '/etc/x.csv' must lie in the directory of the site file or be"),
        ("escape.csv", "5: phones: 'escape.csv' must lie in the directory of the site file or be"),
        ("loop.csv", "5: phones: 'loop.csv'"),
        ('"a\\0.csv"', "5: phones: 'a\\x00.csv' cannot be the name of a file"),
        ("n" * 5000 + ".csv", "cannot be the name of a file"),
        ("phones.xls", "5: phones: must be a list of phones, or the name of a CSV file such as"),
        ("{a: b}", "5: phones: must be a list, not a mapping"),
        ("", "5: phones: has no value"),
        ("[]", "5: phones: must have at least one entry"),
        ("[7]", "5: phones[0]: must be a mapping of keys to values, not '7'"),
    ],
)
def test_names_that_are_no_list_beside(
    site: Path,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    complaint: str,
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "phones.csv"
    outside.write_text(HEADER + ROW)
    Path("escape.csv").symlink_to(outside)
    Path("loop.csv").symlink_to("loop.csv")
    site.write_text(SITE.replace("phones.csv", name))

    with pytest.raises(SiteError) as caught:
        load_site(site)

    assert complaint in str(caught.value)
    assert len(caught.value.problems) == 1
