"""Keys of the assessor and of persons."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ringfence.evidence.errors import EvidenceError, KeyShutError
from ringfence.evidence.keys import ASSESSOR, Keys, key_id, same_name, slug

WORD = b"three blind mice and a cat"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


def test_a_key_that_was_made_opens_and_signs(keys: Keys) -> None:
    made = keys.make("Anna", WORD)
    opened = keys.open("Anna", WORD)

    opened.public_key.verify(made.sign(b"words"), b"words")
    assert opened.key_id == made.key_id == key_id(keys.public("Anna"))
    assert len(made.key_id) == 64


def test_only_the_owner_can_read_a_private_key(keys: Keys, tmp_path: Path) -> None:
    keys.make(ASSESSOR, WORD)

    directory = tmp_path / "keys"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "assessor.key").stat().st_mode & 0o777 == 0o600
    assert (directory / "assessor.pub").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in directory.iterdir()) == ["assessor.key", "assessor.pub"]


def test_a_private_key_is_encrypted_on_disk(keys: Keys, tmp_path: Path) -> None:
    keys.make(ASSESSOR, WORD)

    pem = (tmp_path / "keys" / "assessor.key").read_bytes()
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.parametrize("wrong", [b"three blind mice and a dog", b"", b"x" * 5000, b"\xff\x00"])
def test_a_wrong_passphrase_is_told_of_and_never_repeated(keys: Keys, wrong: bytes) -> None:
    keys.make("Anna", WORD)

    with pytest.raises(KeyShutError, match="passphrase is another") as error:
        keys.open("Anna", wrong)
    assert "blind" not in str(error.value)


def test_a_passphrase_of_fourteen_characters_makes_no_key(keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="14 characters is too short; take 15"):
        keys.make("Anna", "žluťoučký kůňů"[:14].encode())
    assert not (tmp_path / "keys").exists()
    assert keys.make("Anna", "žluťoučký kůňův"[:15].encode())


def test_a_passphrase_longer_than_the_library_takes_is_refused(keys: Keys) -> None:
    with pytest.raises(EvidenceError, match="bytes at most"):
        keys.make("Anna", b"x" * 1001)


def test_a_key_is_never_overwritten(keys: Keys) -> None:
    first = keys.make("Anna", WORD)

    with pytest.raises(EvidenceError, match="has a key already"):
        keys.make(" anna ", WORD)
    assert keys.open("Anna", WORD).key_id == first.key_id


def test_a_person_without_a_key_is_named(keys: Keys) -> None:
    assert not keys.has("Bob")
    with pytest.raises(KeyShutError, match="Bob has no key"):
        keys.open("Bob", WORD)
    with pytest.raises(EvidenceError, match="No such file"):
        keys.public("Bob")


def test_a_lost_public_key_file_is_written_anew(keys: Keys, tmp_path: Path) -> None:
    made = keys.make(ASSESSOR, WORD)
    (tmp_path / "keys" / "assessor.pub").unlink()

    keys.open(ASSESSOR, WORD)

    assert key_id(keys.public(ASSESSOR)) == made.key_id


def test_what_is_no_key_of_ours_is_refused(keys: Keys, tmp_path: Path) -> None:
    keys.make(ASSESSOR, WORD)
    path = tmp_path / "keys" / "assessor.key"
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8

    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(pem, pkcs8, plain))
    with pytest.raises(EvidenceError, match="no encrypted private key"):
        keys.open(ASSESSOR, WORD)
    other = generate_private_key(SECP256R1())
    locked = serialization.BestAvailableEncryption(WORD)
    path.write_bytes(other.private_bytes(pem, pkcs8, locked))
    with pytest.raises(EvidenceError, match="no Ed25519 key"):
        keys.open(ASSESSOR, WORD)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "keys" / "assessor.pub").write_bytes(other.public_key().public_bytes(pem, spki))
    with pytest.raises(EvidenceError, match="no Ed25519 key"):
        keys.public(ASSESSOR)
    (tmp_path / "keys" / "assessor.pub").write_bytes(b"nothing")
    with pytest.raises(EvidenceError, match="no public key"):
        keys.public(ASSESSOR)


def test_a_key_that_could_not_be_written_leaves_nothing(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    (tmp_path / "keys").mkdir()

    with pytest.raises(EvidenceError, match="No space left"):
        keys.make("Anna", WORD)
    assert list((tmp_path / "keys").iterdir()) == []


def test_names_that_differ_have_files_that_differ() -> None:
    names = [
        "Jan Müller",
        "Jan Muller",
        "王伟",
        "李娜",
        "assessor-",
        "../../etc/passwd",
        "Jan-Muller",
    ]

    assert len({slug(name) for name in names}) == len(names)


def test_one_persons_name_may_be_spelled_in_several_ways() -> None:
    composed, combining = "Anna Nov\u00e1kov\u00e1", "anna  Nova\u0301kova\u0301 "

    assert slug(composed) == slug(combining)
    assert same_name(composed, combining)
    assert slug("Assessor ") == slug(ASSESSOR) == "assessor"


@given(st.text())
def test_a_name_never_leads_out_of_the_directory(name: str) -> None:
    made = slug(name)

    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not made.startswith("-")
