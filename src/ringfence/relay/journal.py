"""One line of the log for each thing that happens, whatever strangers have put into its fields."""

_KEPT = 120


def line(event: str, **fields: object) -> str:
    """An event and its fields, as ``EVENT key=value``: nothing in a value ends it or the line.

    A value with spaces stands in double quotes, and no value holds one.
    """
    words = [f"{key}={_value(str(value))}" for key, value in fields.items()]
    return " ".join([event, *words])


def say(event: str, **fields: object) -> None:
    """Print a line of the log."""
    print(line(event, **fields), flush=True)  # noqa: T201 - the unit's output is its log


def _value(text: str) -> str:
    shown = text if len(text) <= _KEPT else f"{text[:_KEPT]}..."
    safe = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in shown)
    return f'"{safe}"' if " " in safe or not safe else safe
