"""Verify a Ringfence evidence pack. README.txt in it says what that proves, and what not.

Returns 0 if the pack is accepted, 1 if it is refused, 2 if this was called wrongly.
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TITLE, PAYLOAD = "ringfence evidence pack 1", b"application/vnd.in-toto+json"
KINDS = ("fact", "attestation", "countersignature", "deviation", "rendered-state", "key")
FACT, ATTESTATION, *_, KEY = KNOWN = [f"urn:ringfence:{kind}:1" for kind in KINDS]
KEPT = 1 << 20  # bytes: an exhibit of that size or less must be there
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
PEM = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%b\n-----END PUBLIC KEY-----\n"  # RFC 8410


def need(held: bool, otherwise: str) -> None:
    if not held:
        raise ValueError(otherwise)


def from_base64(text: str) -> bytes:
    data = b64decode(text, validate=True)
    need(b64encode(data).decode() == text, "base64 is not in its one spelling")
    return data


def from_json(data: bytes, *keys: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data.decode())
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(text.encode() == data and set(value) == set(keys), f"no proper JSON of {keys}")
    return value


def members(data: bytes) -> dict[str, bytes]:
    """Unpack an archive that is, byte for byte, the one proper archive of its members."""
    found: dict[str, bytes] = {}
    at, name = 0, ""
    while data[at : at + 512] != bytes(512):
        before, name = name, data[at : at + 100].rstrip(b"\0").decode("ascii")
        need(bool(NAME.fullmatch(name)) and name > before, f"no proper name at byte {at}")
        size = int(data[at + 124 : at + 135], 8)
        # A ustar header: mode 0644, neither owner nor time; its sum counts itself as spaces.
        head = b"%b0000644\0%b%011o\0%011o\0" % (data[at : at + 100], 2 * b"0000000\0", size, 0)
        tail = b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
        head += b"%06o\0 " % (sum(head) + sum(tail) + sum(b" " * 8)) + tail
        need(data[at : at + 512] == head and size >= 0, f"the header of {name} is not proper")
        end = at + 512 + size
        found[name] = data[at + 512 : end]
        at = end + -size % 512
        need(at <= len(data) and not any(data[end:at]), f"{name} does not end properly")
    need(data[at:] == bytes(1024), "it does not end properly")
    return found


def note(data: bytes, origin: str, key: bytes) -> str:
    """The text of a signed note (https://c2sp.org/signed-note); others may have signed it too."""
    text, _, lines = data.decode().rpartition("\n\n")
    hint = sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    found = re.findall(rf"^\u2014 {re.escape(origin)} (\S+)$", lines, re.MULTILINE)
    ours = [raw[4:] for raw in map(from_base64, found) if raw[:4] == hint]
    need(bool(ours) and lines.endswith("\n"), f"it is not signed for {origin} with the log's key")
    for signature in ours:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, f"{text}\n".encode())
    return f"{text}\n"


def head(origin: str, lines: list[bytes]) -> str:
    """What the checkpoint of some statements says (https://c2sp.org/tlog-checkpoint, RFC 6962)."""
    level = [sha256(b"\0" + line).digest() for line in lines] or [sha256().digest()]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2])  # noqa: B905 - the last one may have no neighbour
        level = [sha256(b"\1" + a + b).digest() for a, b in pairs] + level[len(level) & ~1 :]
    return f"{origin}\n{len(lines)}\n{b64encode(level[0]).decode()}\n"


class Walk:
    """The statements one after another: each must keep the laws of the log."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}  # all that were introduced, by id
        self.valid: dict[str, str] = {}  # the id of each person's present key, by name
        self.exhibits: set[tuple[str, int]] = set()  # digests and sizes
        self.recorded = datetime.min.replace(tzinfo=UTC)

    def take(self, line: bytes, place: int) -> None:
        envelope = from_json(line, "payload", "payloadType", "signatures")
        payload = from_base64(envelope["payload"])
        statement = from_json(payload, "_type", "subject", "predicateType", "predicate")
        kind, said = statement["predicateType"], statement["predicate"]
        need(set(said) == {"sequence", "recorded", "body"}, "its predicate is not proper")
        if place == 0:
            self.introduce(said["body"])
        signatures = {each["keyid"]: each["sig"] for each in envelope["signatures"]}
        need([*signatures][:1] == [*self.keys][:1], "the assessor has not signed it first")
        proper = [{"keyid": id_, "sig": sig} for id_, sig in signatures.items()]
        need(envelope["signatures"] == proper, "its signatures are not proper")
        for id_, sig in signatures.items():
            need(id_ in self.valid.values(), f"no such key is valid here: {id_}")
            signed = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD), PAYLOAD, len(payload), payload)
            Ed25519PublicKey.from_public_bytes(self.keys[id_]).verify(from_base64(sig), signed)
        need(envelope["payloadType"] == PAYLOAD.decode(), "its payload is of another type")
        need(statement["_type"] == "https://in-toto.io/Statement/v1", "it is no statement")
        need(kind in KNOWN and (place > 0 or kind == KEY), f"it may not be {kind} here")
        need(repr(said["sequence"]) == str(place), f"it has the number {said['sequence']}")
        body, before, text = said["body"], self.recorded, said["recorded"]
        self.recorded = recorded = datetime.fromisoformat(text)
        need(f"{recorded:%Y-%m-%dT%H:%M:%SZ}" == text, f"its time is not proper: {text}")
        need(before <= recorded, f"recorded before the one before it: {text}")
        need(recorded < datetime.now(UTC) + timedelta(minutes=5), f"recorded in the future: {text}")
        if kind == FACT:
            taken = datetime.fromisoformat(body["taken"]).replace(microsecond=0)
            need(taken <= recorded, "recorded before it was taken")
        if kind == ATTESTATION:  # where it was seen, the day may begin up to 14 hours earlier
            latest = (recorded + timedelta(hours=14)).date()
            need(date.fromisoformat(body["seen_on"]) <= latest, "recorded before it was seen")
        self.exhibits |= {(each["sha256"], each["size"]) for each in body.get("exhibits", [])}
        if place and kind == KEY:
            self.introduce(body)

    def introduce(self, body: dict[str, str]) -> None:
        key, name = from_base64(body["public_key"]), body["name"].casefold()
        id_ = sha256(key).hexdigest()
        need((name == "assessor") is not bool(self.keys), "only the first key is the assessor's")
        need(id_ not in self.keys, "it introduces a key for the second time")
        self.keys[id_], self.valid[name] = key, id_


def verify(data: bytes, steps: list[str], wanted: str | None, old: bytes | None) -> list[str]:
    """Say what was verified, or raise an error; the last of ``steps`` is where it was."""
    pack = members(data)
    *lines, end = pack["statements.jsonl"].split(b"\n")
    need(end == b"" and len(set(lines)) == len(lines) > 0, "statements are cut off or duplicate")
    walk = Walk()
    for place, line in enumerate(lines):
        steps.append(f"statement {place}")
        walk.take(line, place)
    fingerprint, key = next(iter(walk.keys.items()))
    steps.append("key and checkpoint")
    need(wanted in {None, fingerprint}, f"the log's key is another: {fingerprint}")
    origin, now = pack["checkpoint"].decode().split("\n")[0], len(lines)
    here = head(origin, lines)
    need(note(pack["checkpoint"], origin, key) == here, f"the statements are {here.split()}")
    steps.append("earlier checkpoint")
    then = here if old is None else note(old, origin, key)
    size = int(then.split("\n")[1])
    need(size <= now, f"it has {size} statements, the log has {now}: it was rolled back")
    need(then == head(origin, lines[:size]), f"the first {size} statements were rewritten")
    steps.append("manifest")
    ours = [f"{sha256(pack[n]).hexdigest()}  {len(pack[n])}  {n}" for n in pack if n != "manifest"]
    text = "\n".join([TITLE, *here.split("\n")[::2], *ours, ""])
    alone = pack["manifest"].count(b"\n") == text.count("\n") + 2
    need(note(pack["manifest"], origin, key) == text and alone, "it is not of what is here")
    steps.append("keys and exhibits")
    pems = {f"keys/{i}.pub": PEM % b64encode(k) for i, k in walk.keys.items()}
    need(pems == {n: pack[n] for n in pack if n[:5] == "keys/"}, "the keys are not the log's")
    shown = {(n[9:], len(pack[n])) for n in pack if n[:9] == "exhibits/"}
    absent = walk.exhibits - shown
    need(shown <= walk.exhibits, "some exhibits are named by no statement, or of another size")
    need(all(size > KEPT for _, size in absent), f"exhibits are missing: {sorted(absent)}")
    need(all(sha256(pack[f"exhibits/{n}"]).hexdigest() == n for n, _ in shown), "exhibits changed")
    return [
        f"archive: {len(pack)} members, {len(data)} bytes, nothing changed, missing or surplus",
        f"log: {origin}, {now} statements in order, {len(walk.keys)} keys, every signature holds",
        f"exhibits: {len(shown)} as they were; {len(absent)} large ones known by digest alone",
        f"assessor's key, {'as given' if wanted else 'to be compared'}: {fingerprint}",
        f"earlier checkpoint: {'not given' if old is None else f'holds, of {size} statements'}",
        "ACCEPTED",
    ]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path, metavar="PACK.tar")
    parser.add_argument("--key", metavar="FINGERPRINT", help="the assessor's, from elsewhere")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="of an earlier pack")
    given, steps = parser.parse_args(arguments), ["archive"]
    try:
        old = given.checkpoint.read_bytes() if given.checkpoint else None
        report = verify(given.pack.read_bytes(), steps, given.key, old)
    except OSError as error:
        parser.error(str(error))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a pack, it is refused
        report = [f"REFUSED: {steps[-1]}: {str(error) or type(error).__name__}"]
    sys.stdout.write("".join(f"{ascii(line)[1:-1]}\n" for line in report))
    return int(report[-1] != "ACCEPTED")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
