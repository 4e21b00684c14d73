"""Nothing that strangers say makes a second line or field of the log."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.relay.journal import line


def test_an_event_is_one_line_of_fields() -> None:
    assert (
        line("REFUSED", reason="no-certificate", size=5) == "REFUSED reason=no-certificate size=5"
    )
    assert line("KEPT", why="no route") == 'KEPT why="no route"'
    assert line("X", empty="") == 'X empty=""'


@given(st.text())
def test_no_value_ends_its_field(value: str) -> None:
    made = line("EVENT", value=value, last=1)

    assert made.isascii()
    assert made.isprintable()
    assert made.endswith(" last=1")
    assert made.count('"') in {0, 2}
    inner = made.removeprefix("EVENT value=").removesuffix(" last=1")
    assert " " not in inner or (inner[0] == inner[-1] == '"')
    assert len(inner) < 130
