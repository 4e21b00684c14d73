"""Command lines as systemd reads them: words, quotes, escapes, variables.

Standard library only: it runs inside every machine. What systemd reads differently from what
one would expect is refused rather than guessed. See systemd.service(5), "COMMAND LINES".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_QUOTES = ("'", '"')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\'": "'", "\\s": " ", "%%": "%"}


def split(line: str) -> tuple[str, ...]:
    """Split a command line into words; quotes go around whole words.

    Raises ValueError for a quote inside a word or left open, and for backslash sequences and
    specifiers such as %i other than the plainest.
    """
    words = []
    rest = line.strip()
    while rest:
        word, rest = _first_word(rest)
        words.append(word)
        rest = rest.lstrip()
    return tuple(words)


def _first_word(rest: str) -> tuple[str, str]:
    quote = rest[0] if rest[0] in _QUOTES else ""
    word, position = "", len(quote)
    while position < len(rest):
        char, following = rest[position], rest[position + 1 : position + 2]
        if char == quote if quote else char.isspace():
            if quote and following.strip():
                raise ValueError(f"text follows the quote after {word!r}")
            return word, rest[position + 1 :]
        if char in _QUOTES and not quote:
            raise ValueError(f"a quote inside the word {word + char!r}")
        if char in "\\%":
            if char + following not in _ESCAPES:
                raise ValueError(f"{char}{following} is not known here; write {char}{char}")
            char = _ESCAPES[char + following]
            position += 1
        word += char
        position += 1
    if quote:
        raise ValueError(f"a quote {quote} is not closed")
    return word, ""


def expand(words: Sequence[str], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Put variables into words: ``$NAME`` as a whole word is split, ``${NAME}`` is not.

    As with systemd, one that is not set is empty, and ``$$`` stands for a dollar sign.
    """
    expanded: list[str] = []
    for word in words:
        if word.startswith("$") and word[1:].isidentifier():
            expanded += variables.get(word[1:], "").split()
        else:
            expanded.append(_inline(word, variables))
    return tuple(expanded)


def _inline(word: str, variables: Mapping[str, str]) -> str:
    head, *parts = word.split("${")
    done = [head]
    for part in parts:
        name, brace, tail = part.partition("}")
        done.append(variables.get(name, "") + tail if brace else "${" + part)
    return "".join(done).replace("$$", "$")
