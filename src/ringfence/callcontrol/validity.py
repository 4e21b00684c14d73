"""When a certificate ends: looked at again while its connection stays open."""

import calendar
import re

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(
    rf"({'|'.join(_MONTHS)}) ([ 0-9][0-9]) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) ([0-9]{{4}}) GMT"
)


def end_of(not_after: str) -> int:
    """The moment at which a certificate expires, in seconds since 1970.

    ``not_after`` is as OpenSSL prints it: ``Nov 23 08:52:35 2026 GMT``. Raises ValueError for
    anything else.
    """
    found = _TIME.fullmatch(not_after)
    if found is None:
        raise ValueError(f"end of validity {not_after!r}")
    month, day, hour, minute, second, year = found.groups()
    parts = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    return calendar.timegm((*parts, 0, 0, 0))
