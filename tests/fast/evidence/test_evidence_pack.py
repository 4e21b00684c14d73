"""Packs: what is in them, and that the verifier which they carry accepts them."""

import io
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue

from ringfence.evidence.attestation import Attestation, Countersignature
from ringfence.evidence.encoding import to_base64
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Keys, Signer, public_pem
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.merkle import leaf_hash, root
from ringfence.evidence.pack import header, write_pack
from ringfence.evidence.records import attestation_record, countersignature_record, state_record
from ringfence.evidence.statement import Record

NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
FILES = {"report.html": b"<h1>Report</h1>", "oscal/catalog.json": b"{}", "empty": b""}


@pytest.fixture
def full(
    log: EvidenceLog,
    assessor: Signer,
    anna: Signer,
    fact: Callable[..., Record],
    attestation: Callable[..., Attestation],
) -> EvidenceLog:
    """A log with something of every kind."""
    log.append(assessor, [state_record("5a" * 32), fact(1), fact(2)], NOON)
    (entry,) = log.append(assessor, [attestation_record(attestation())], NOON)
    said = Countersignature(
        statement=entry.digest,
        mitigation="SEP-1",
        by="Anna Nováková",
        role="security officer",
        recorded=NOON,
    )
    log.append(assessor, [countersignature_record(said, anna)], NOON)
    return log


@pytest.fixture
def pack(full: EvidenceLog, assessor: Signer, tmp_path: Path) -> Path:
    out = tmp_path / "pack.tar"
    write_pack(full, assessor, FILES, out)
    return out


def test_a_pack_holds_all_that_is_needed(full: EvidenceLog, pack: Path) -> None:
    with tarfile.open(pack) as archive:
        names = archive.getnames()
        infos = archive.getmembers()

    exhibits = [f"exhibits/{path.name}" for path in (full.directory / "exhibits").iterdir()]
    keys = [f"keys/{id_}.pub" for id_ in full.holders]
    ours = ["README.txt", "checkpoint", "manifest", "statements.jsonl", "verify.py"]
    assert names == sorted([*FILES, *exhibits, *keys, *ours])
    assert len(exhibits) == len(keys) == 2
    assert {(i.uid, i.gid, i.mtime, i.mode, i.uname, i.gname) for i in infos} == {
        (0, 0, 0, 0o644, "", "")
    }
    assert all(info.isreg() for info in infos)


def test_a_packs_members_are_what_they_were_made_of(full: EvidenceLog, pack: Path) -> None:
    with tarfile.open(pack) as archive:
        members = {
            info.name: archive.extractfile(info).read()  # type: ignore[union-attr]
            for info in archive.getmembers()
        }

    assert members["statements.jsonl"] == full.statements()
    assert members["checkpoint"] == full.note
    for name, data in FILES.items():
        assert members[name] == data
    for id_, holder in full.holders.items():
        assert members[f"keys/{id_}.pub"] == public_pem(holder.public_key)
    for path in (full.directory / "exhibits").iterdir():
        assert members[f"exhibits/{path.name}"] == path.read_bytes()


def test_another_program_would_write_the_same_headers() -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("oscal/catalog.json")
        info.size = 1234
        archive.addfile(info, io.BytesIO(bytes(1234)))
    theirs = whole.getvalue()[:512]

    assert header("oscal/catalog.json", 1234) == theirs


def test_the_same_log_gives_the_same_bytes(
    full: EvidenceLog, assessor: Signer, pack: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.tar"
    write_pack(EvidenceLog.open(full.directory), assessor, dict(reversed(FILES.items())), again)

    assert again.read_bytes() == pack.read_bytes()


def test_surplus_lines_and_unnamed_exhibits_stay_out_of_a_pack(
    full: EvidenceLog, assessor: Signer, pack: Path, tmp_path: Path
) -> None:
    with (full.directory / "statements.jsonl").open("ab") as file:
        file.write(b'{"half":')
    (full.directory / "exhibits" / ("00" * 32)).write_bytes(b"stray")
    write_pack(EvidenceLog.open(full.directory), assessor, FILES, tmp_path / "again.tar")

    assert (tmp_path / "again.tar").read_bytes() == pack.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "manifest",
        "verify.py",
        "keys/mine.pub",
        "exhibits/00",
        "../out",
        "/etc/passwd",
        "a//b",
        "a/",
        "a/./b",
        ".hidden",
        "-rf",
        "two words",
        "naïve",
        "new\nline",
        "a\\b",
        "",
        "a" * 101,
    ],
)
def test_a_name_that_could_mislead_is_refused(
    name: str, full: EvidenceLog, assessor: Signer, tmp_path: Path
) -> None:
    with pytest.raises(EvidenceError, match=r"cannot be a name|uses this name"):
        write_pack(full, assessor, {name: b""}, tmp_path / "pack.tar")
    assert not (tmp_path / "pack.tar").exists()


def test_only_the_assessor_makes_a_pack(full: EvidenceLog, anna: Signer, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="is not its assessor"):
        write_pack(full, anna, {}, tmp_path / "pack.tar")


def test_an_exhibit_that_is_missing_or_damaged_makes_no_pack(
    full: EvidenceLog, assessor: Signer, tmp_path: Path
) -> None:
    path = next((full.directory / "exhibits").iterdir())
    data = path.read_bytes()

    path.write_bytes(data[:-1] + b"?")
    with pytest.raises(EvidenceError, match="has changed"):
        write_pack(full, assessor, {}, tmp_path / "pack.tar")
    path.unlink()
    with pytest.raises(EvidenceError, match="is missing"):
        write_pack(full, assessor, {}, tmp_path / "pack.tar")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["evidence"]


def test_a_pack_that_cannot_be_written_leaves_the_old_one(
    full: EvidenceLog, assessor: Signer, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pack.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(EvidenceError, match="No space left"):
        write_pack(full, assessor, {}, pack)
    assert pack.read_bytes() == before
    assert sorted(each.name for each in pack.parent.iterdir()) == ["evidence", "pack.tar"]


def test_a_member_too_large_for_the_format_is_refused() -> None:
    assert header("large", 8**11 - 1)
    with pytest.raises(EvidenceError, match="too large"):
        header("large", 8**11)


def unpack(pack: Path, to: Path) -> None:
    to.mkdir()
    subprocess.run(["tar", "-xf", pack, "-C", to], check=True)


def run(
    *arguments: str | Path, at: Path, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-I", "-W", "error", *arguments],
        cwd=at,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_verifier_in_a_pack_accepts_it(full: EvidenceLog, pack: Path, tmp_path: Path) -> None:
    unpack(pack, tmp_path / "out")
    (tmp_path / "noted").write_bytes(full.note)

    done = run(
        "verify.py",
        pack,
        "--key",
        full.fingerprint,
        "--checkpoint",
        tmp_path / "noted",
        at=tmp_path / "out",
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "ACCEPTED"
    assert full.fingerprint in done.stdout
    assert "7 statements" in done.stdout


def test_debians_own_python_is_enough_for_the_verifier(pack: Path, tmp_path: Path) -> None:
    python = "/usr/bin/python3"
    unpack(pack, tmp_path / "out")
    if (
        not Path(python).exists()
        or run("-c", "import cryptography", at=tmp_path, python=python).returncode
    ):
        pytest.skip("the system's Python has no cryptography")

    done = run("verify.py", pack, at=tmp_path / "out", python=python)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_forged_pack_is_refused_on_one_line(pack: Path, tmp_path: Path) -> None:
    unpack(pack, tmp_path / "out")
    data = pack.read_bytes()
    pack.write_bytes(data.replace(b"<h1>Report</h1>", b"<h1>Praise</h1>"))

    done = run("verify.py", pack, at=tmp_path / "out")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "REFUSED: manifest: it is not of what is here\n"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_a_pack_is_verified_by_hand_as_its_readme_says(
    full: EvidenceLog, pack: Path, tmp_path: Path
) -> None:
    unpack(pack, tmp_path / "out")
    readme = (tmp_path / "out" / "README.txt").read_text()
    steps = readme[readme.index("Verify it by hand") :].splitlines()
    commands = "\n".join(line for line in steps if re.match(r"  (?! \S)", line))
    commands = commands.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - what the text says

    done = subprocess.run(
        ["sh", "-euc", commands], cwd=tmp_path / "out", capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Signature Verified Successfully") == 3
    assert "FAILED" not in done.stdout
    assert "report.html: OK" in done.stdout
    leaves = [leaf_hash(line) for line in full.statements().split(b"\n")[:2]]
    assert done.stdout.endswith(to_base64(root(leaves)) + "\n")
    assert '"_type":"https://in-toto.io/Statement/v1"' in done.stdout


def test_a_readme_says_what_signatures_do_not_prove(
    full: EvidenceLog, pack: Path, tmp_path: Path
) -> None:
    unpack(pack, tmp_path / "out")
    readme = " ".join((tmp_path / "out" / "README.txt").read_text().split())

    assert full.fingerprint in readme
    assert "do not prove that what was written is true" in readme
    assert "can write another log from the start" in readme
    assert "@" not in readme


def test_a_pack_of_a_log_with_a_replaced_key_is_accepted(
    full: EvidenceLog, assessor: Signer, tmp_path: Path
) -> None:
    new = Keys(tmp_path / "elsewhere").make("Anna Nováková", b"three blind mice and a dog")
    full.enrol(assessor, "Anna Nováková", "security officer", new.public_key, NOON)
    pack = tmp_path / "pack.tar"
    write_pack(full, assessor, FILES, pack)
    unpack(pack, tmp_path / "out")

    done = run("verify.py", pack, at=tmp_path / "out")

    assert done.returncode == 0
    assert "3 keys" in done.stdout


def test_an_exhibit_that_changes_while_a_pack_is_written_makes_no_pack(
    full: EvidenceLog, assessor: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddle(_: str, size: int) -> bytes:
        for path in (full.directory / "exhibits").iterdir():
            path.write_bytes(b"?" * path.stat().st_size)
        return bytes(512 + 0 * size)

    monkeypatch.setattr("ringfence.evidence.pack.header", meddle)
    with pytest.raises(EvidenceError, match="changed while the pack was written"):
        write_pack(full, assessor, {}, tmp_path / "pack.tar")
    assert not (tmp_path / "pack.tar").exists()


def test_a_large_exhibit_that_was_not_kept_is_counted(
    full: EvidenceLog, assessor: Signer, fact: Callable[..., Record], tmp_path: Path
) -> None:
    record = fact(3)
    large: JsonValue = {"name": "capture.pcap", "sha256": "5c" * 32, "size": (1 << 20) + 1}
    full.append(
        assessor, [replace(record, body={**record.body, "exhibits": [large]}, exhibits={})], NOON
    )
    write_pack(full, assessor, FILES, tmp_path / "pack.tar")
    unpack(tmp_path / "pack.tar", tmp_path / "out")

    done = run("verify.py", tmp_path / "pack.tar", at=tmp_path / "out")

    assert done.returncode == 0
    assert "1 large ones known by digest alone" in done.stdout
