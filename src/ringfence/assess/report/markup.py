"""HTML by construction: whatever is not markup already is text, and gets escaped.

There is no other way to make ``Markup`` in the reports than the functions here, so a name in a
site file can neither open an element nor close one.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Final


class Markup(str):
    """Text that is HTML, made by ``el``, ``joined`` or ``trusted``."""

    __slots__ = ()


Child = str | None | Iterable["Child"]
"""What an element may hold: text, markup, nothing, or several of these."""

_VOID: Final = frozenset({"br", "hr", "meta", "use", "rect", "path", "circle", "line"})
_ILLEGIBLE: Final = re.compile(
    # Control characters, lone surrogates, and what turns the direction of writing: a name that
    # does could put the words of a verdict into another order.
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]",
)


def legible(text: str) -> str:
    """The text with every character that XML, HTML or an eye cannot take replaced by U+FFFD."""
    return _ILLEGIBLE.sub("\ufffd", text)


def el(tag: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element. ``class_`` and the like lose their underscore; others become hyphens.

    An attribute that is none or false is left out; one that is true stands without a value.
    """
    opening = f"<{tag}{''.join(_attribute(*each) for each in attributes.items())}"
    if tag in _VOID:
        return Markup(f"{opening}/>")
    return Markup(f"{opening}>{joined(*children)}</{tag}>")


def joined(*children: Child) -> Markup:
    """Texts and markup in a row, each escaped if it needs to be."""
    return Markup("".join(_flat(children)))


def trusted(text: str) -> Markup:
    """Our own style sheet, or another text of ours that is HTML as it stands."""
    return Markup(text)


def separated(separator: str, children: Iterable[Child]) -> list[Child]:
    """The children with a text between each two."""
    listed = list(children)
    return [part for child in listed for part in (separator, child)][1:]


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        match child:
            case None:
                pass
            case Markup():
                yield child
            case str():
                yield escape(legible(child))
            case _:
                yield from _flat(child)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {shown}"
    return f' {shown}="{escape(legible(str(value)))}"'
