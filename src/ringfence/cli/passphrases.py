"""How commands get a passphrase: from a file, from a terminal, never from the command line."""

import stat
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.output import Exit, fail

ENVIRONMENT = "RINGFENCE_PASSPHRASE_FILE"

PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar=ENVIRONMENT,
        help="A file, for your eyes only, with the passphrase of the assessor's key. Without it "
        "a terminal asks.",
    ),
]


def passphrase(file: Path | None, whose: str, *, new: bool = False, as_json: bool = False) -> bytes:
    """The passphrase of a key; a new one is asked for twice. Ends the command if there is none."""
    if file is not None:
        return _from_file(file, as_json=as_json)
    if not sys.stdin.isatty():
        message = f"the passphrase of {whose} is needed: name a file with --passphrase-file"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    try:
        word = getpass(f"{'New passphrase' if new else 'Passphrase'} of {whose}: ")
        if new and getpass("Once more: ") != word:
            fail("these were two different ones", code=Exit.USED_WRONGLY, as_json=as_json)
    except (EOFError, KeyboardInterrupt):
        fail("nothing was done", code=Exit.USED_WRONGLY, as_json=as_json)
    return word.encode()


def at_hand(file: Path | None) -> bool:
    """Whether a passphrase can be had: a file is named, or somebody sits at a terminal."""
    return file is not None or sys.stdin.isatty()


def _from_file(file: Path, *, as_json: bool) -> bytes:
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            message = f"{file}: others can read it; first: chmod 600 {file}"
            fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        fail(f"{file}: {error.strerror}", code=Exit.USED_WRONGLY, as_json=as_json)
