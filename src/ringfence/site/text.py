"""Reading text files that anybody may have written."""

import codecs
import os
import re
import stat
from pathlib import Path

from ringfence.site.problems import SiteError

_MEGABYTE = 1 << 20
_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n?|\n")


def read_text(path: Path, megabytes: int) -> str:
    """Read a text file in UTF-8, with or without a byte-order mark.

    Raises:
        SiteError: it is missing, unreadable, no regular file, larger than that, not UTF-8, or
            holds control characters.

    """
    data = _read(path, megabytes * _MEGABYTE).removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise SiteError.of(
            path,
            _line(before),
            "",
            f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8 text",
        ) from None
    if unfit := _UNFIT.search(text):
        raise SiteError.of(
            path,
            _line(text[: unfit.start()]),
            "",
            f"holds the character U+{ord(unfit[0]):04X}, which has no place in a text file",
        )
    return text


def _read(path: Path, limit: int) -> bytes:
    """Read a regular file whole, without ever waiting for a pipe or a device."""
    try:
        with open(path, "rb", buffering=0, opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SiteError.of(path, None, "", "is not a regular file")
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise SiteError.of(path, None, "", "there is no such file") from None
    except IsADirectoryError:
        raise SiteError.of(path, None, "", "is a directory, not a file") from None
    except PermissionError:
        raise SiteError.of(path, None, "", "may not be read by this user") from None
    except OSError as error:
        raise SiteError.of(path, None, "", f"cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise SiteError.of(path, None, "", f"is larger than {limit // _MEGABYTE} MB")
    return data


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _line(before: str) -> int:
    return len(_LINE_BREAK.findall(before)) + 1
