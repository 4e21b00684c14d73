import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence.site import SiteError, load_site
from site_files import SITE

HEAD = "organisation: O\ndomain: o.example\ncountry: DE\nlevel: minimum\nphones: phones.csv\n"
YAML = st.lists(
    st.sampled_from([*SITE.splitlines(keepends=True), *"&*!?-:,[]{}#|>@`%'\"\t\n \\~", "<<: "]),
    max_size=40,
).map("".join)
VALUES = st.one_of(
    st.text(max_size=50),
    st.sampled_from(
        ["[]", "{}", "~", "''", "1e999", "0x1F", "0/0", "::1", "-", "\u202e", "1" * 5000]
    ),
)


@contextmanager
def _only_site_errors() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)
        with suppress(SiteError):
            load_site(Path(directory))


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    with _only_site_errors() as directory:
        (directory / "site.yaml").write_bytes(data)


@given(st.one_of(st.text(max_size=300), YAML))
def test_any_text(text: str) -> None:
    with _only_site_errors() as directory:
        (directory / "site.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))


@given(st.integers(0, len(SITE.splitlines()) - 1), VALUES)
@example(1, "xn--" + "a" * 70 + ".x")
@settings(max_examples=300)
def test_any_value_in_place_of_a_good_one(line: int, value: str) -> None:
    lines = SITE.splitlines()
    key, _, _ = lines[line].partition(":")
    lines[line] = f"{key}: {value}"
    with _only_site_errors() as directory:
        text = "\n".join(lines).encode("utf-8", "surrogatepass")
        (directory / "site.yaml").write_bytes(text)


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "ignore"))
    )
)
def test_any_phone_list(data: bytes) -> None:
    with _only_site_errors() as directory:
        (directory / "site.yaml").write_text(HEAD)
        (directory / "phones.csv").write_bytes(b"extension,name,mac\n" + data)


@given(st.text(max_size=40))
def test_any_name_of_a_phone_list(name: str) -> None:
    with _only_site_errors() as directory:
        text = HEAD.replace("phones.csv", f"{name}.csv").encode("utf-8", "surrogatepass")
        (directory / "site.yaml").write_bytes(text)
