"""The end of a certificate's validity, as OpenSSL prints it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.callcontrol.validity import end_of

MOMENTS = st.integers(min_value=0, max_value=4_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


def printed(moment: datetime) -> str:
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S %Y} GMT"


@given(MOMENTS)
def test_it_agrees_with_the_calendar(ends: datetime) -> None:
    assert end_of(printed(ends)) == ends.timestamp()


@pytest.mark.parametrize(
    "text", ["", "0", "<null>", "2026-11-23", "Nov 23 08:52:35 2026", "Xyz 23 08:52:35 2026 GMT"]
)
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="end of validity"):
        end_of(text)
