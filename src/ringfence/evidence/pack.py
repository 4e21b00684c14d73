"""Evidence packs: one archive with everything that an auditor needs to verify a log.

The archive is a plain POSIX tar (USTAR) in which nothing is left to chance: the same log and the
same files give the same bytes.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import BinaryIO

from ringfence.evidence.chain import exhibits_of
from ringfence.evidence.encoding import sha256, to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.files import draft, told
from ringfence.evidence.keys import Signer, public_pem
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.note import sign_note
from ringfence.probe.take import LARGEST_EXHIBIT

TITLE = "ringfence evidence pack 1"
"""The first line of a manifest; the number goes up when older verifiers would be misled."""

_FOR_ITS_OWNER = 0o600
_BLOCK = 512
_CHUNK = 1 << 20
_LONGEST_NAME = 100
_LARGEST = 8**11 - 1
"""Bytes of a member: eleven octal digits."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_OURS = ("README.txt", "checkpoint", "manifest", "statements.jsonl", "verify.py")
_OUR_DIRECTORIES = ("exhibits/", "keys/")

_Member = bytes | Path


def write_pack(log: EvidenceLog, signer: Signer, files: Mapping[str, bytes], out: Path) -> None:
    """Write a pack: the log, the exhibits that it names and has, and files such as a report.

    ``signer`` is the log's assessor, who signs the list of everything in it. The pack appears
    under its name when it is whole.

    Raises:
        EvidenceError: the signer is not the assessor, a file's name cannot be used, or an exhibit
            that must be there is missing or has changed.

    """
    if signer.key_id != log.fingerprint:
        raise EvidenceError(f"{log.directory}: {signer.name} is not its assessor")
    for name in files:
        _check_name(name)
    with told(out):
        members: dict[str, _Member] = {
            **files,
            **_exhibits(log),
            **{f"keys/{id_}.pub": public_pem(each.public_key) for id_, each in log.holders.items()},
            "README.txt": _readme(log),
            "checkpoint": log.note,
            "statements.jsonl": log.statements(),
            "verify.py": _resource("verify.py"),
        }
        members["manifest"] = _manifest(log, signer, members)
        with draft(out, _FOR_ITS_OWNER) as file:
            for name in sorted(members):
                _write(file, name, members[name])
            file.write(bytes(2 * _BLOCK))


def _manifest(log: EvidenceLog, signer: Signer, members: Mapping[str, _Member]) -> bytes:
    head = log.checkpoint
    lines = [TITLE, head.origin, to_base64(head.root)]
    lines += [
        f"{_digest(members[name])}  {_size(members[name])}  {name}" for name in sorted(members)
    ]
    return sign_note("".join(f"{line}\n" for line in lines), head.origin, signer)


def _exhibits(log: EvidenceLog) -> dict[str, Path]:
    found = {}
    for each in {each for opened in log.entries for each in exhibits_of(opened.statement)}:
        path = log.exhibit(each.sha256)
        if path is not None:
            if _size(path) != each.size or _digest(path) != each.sha256:
                raise EvidenceError(f"{path}: the exhibit {each.name} has changed")
            found[f"exhibits/{each.sha256}"] = path
        elif each.size <= LARGEST_EXHIBIT:
            raise EvidenceError(
                f"{log.directory}: the exhibit {each.name} is missing: {each.sha256}"
            )
    return found


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise EvidenceError(
            f"{name!r} cannot be a name in a pack: letters, digits, '.', '_', '-' and '/' only,"
            f" {_LONGEST_NAME} at most, and no part may begin with a dot or a dash"
        )
    if name in _OURS or name.startswith(_OUR_DIRECTORIES):
        raise EvidenceError(f"{name!r}: a pack uses this name itself")


def _write(file: BinaryIO, name: str, member: _Member) -> None:
    size, hashed = _size(member), hashlib.sha256()
    file.write(header(name, size))
    written = 0
    for chunk in _chunks(member):
        file.write(chunk)
        hashed.update(chunk)
        written += len(chunk)
    if written != size or (name.startswith("exhibits/") and not name.endswith(hashed.hexdigest())):
        raise EvidenceError(f"{name} changed while the pack was written")
    file.write(bytes(-size % _BLOCK))


def header(name: str, size: int) -> bytes:
    """The 512 bytes before a member: mode 0644, and no owner and no time (POSIX.1-1988 ustar).

    Raises:
        EvidenceError: the member is too large for the format.

    """
    if size > _LARGEST:
        raise EvidenceError(f"{name} is too large for a pack: {size} bytes")
    before = name.encode("ascii").ljust(100, b"\0") + b"0000644\0" + 2 * b"0000000\0"
    before += b"%011o\0" % size + b"%011o\0" % 0
    after = b"0" + bytes(100) + b"ustar\x0000"
    after = after.ljust(_BLOCK - len(before) - 8, b"\0")
    # The sum counts its own eight bytes as spaces.
    return before + b"%06o\0 " % (sum(before) + sum(after) + 8 * 32) + after


def _chunks(member: _Member) -> Iterator[bytes]:
    if isinstance(member, bytes):
        yield member
        return
    with member.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _digest(member: _Member) -> str:
    if isinstance(member, bytes):
        return sha256(member)
    with member.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(member: _Member) -> int:
    return len(member) if isinstance(member, bytes) else member.stat().st_size


def _resource(name: str) -> bytes:
    return resources("ringfence.evidence").joinpath(name).read_bytes()


def _readme(log: EvidenceLog) -> bytes:
    text = _resource("pack_readme.txt").decode()
    text = text.replace("@FINGERPRINT@", log.fingerprint)
    return text.replace("@ORIGIN@", log.checkpoint.origin).encode()
