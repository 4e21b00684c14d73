"""Signed notes and checkpoints."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import Keys, Signer
from ringfence.evidence.note import parse_note, sign_note, verify_note

ORIGIN = "ringfence/office.example"
ROOT = bytes(range(32))
WORD = b"three blind mice and a cat"

# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
NEUMANN = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
NEUMANNS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Keys(tmp_path_factory.mktemp("keys")).make("assessor", WORD)


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Keys(tmp_path_factory.mktemp("keys")).make("witness", WORD)


def test_a_note_that_another_program_signed_is_verified() -> None:
    key = Ed25519PublicKey.from_public_bytes(NEUMANN)

    text = verify_note(NEUMANNS_NOTE.encode(), "PeterNeumann", key)

    assert text == NEUMANNS_NOTE.split("\n\n", maxsplit=1)[0] + "\n"


def test_a_note_comes_back_as_it_was_signed(signer: Signer) -> None:
    note = sign_note("one\n\ntwo, naïvely\n", ORIGIN, signer)

    assert verify_note(note, ORIGIN, signer.public_key) == "one\n\ntwo, naïvely\n"


def test_another_name_or_key_is_not_taken_for_the_signer(signer: Signer, witness: Signer) -> None:
    note = sign_note("one\n", ORIGIN, signer)

    with pytest.raises(EvidenceError, match="not signed with the expected key"):
        verify_note(note, "ringfence/elsewhere.example", signer.public_key)
    with pytest.raises(EvidenceError, match="not signed with the expected key"):
        verify_note(note, ORIGIN, witness.public_key)


def test_a_witness_may_sign_as_well(signer: Signer, witness: Signer) -> None:
    note = sign_note("one\n", ORIGIN, signer)
    cosigned = note + sign_note("one\n", "witness.example", witness).partition(b"\n\n")[2]

    assert verify_note(cosigned, ORIGIN, signer.public_key) == "one\n"
    assert verify_note(cosigned, "witness.example", witness.public_key) == "one\n"


def test_no_byte_of_a_note_can_be_changed(signer: Signer) -> None:
    note = sign_note("one\ntwo\n", ORIGIN, signer)

    for at in range(len(note)):
        for flip in (1, 2, 4, 0x20, 0x80):
            bent = note[:at] + bytes([note[at] ^ flip]) + note[at + 1 :]
            with pytest.raises(EvidenceError):
                verify_note(bent, ORIGIN, signer.public_key)


@given(st.binary(max_size=200))
def test_whatever_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_note(data)


@pytest.mark.parametrize(
    "note",
    [
        "one\n",
        "one\n\n",
        "\n\n— a b\n",
        "one\n\n— a AAAAAAAA",
        "one\n\n— a AAAAAAAA\r\n",
        "one\n\n- a AAAAAAAA\n",
        "one\n\n—  AAAAAAAA\n",
        "one\n\n— a+b AAAAAAAA\n",
        "one\n\n— a AAAA\n",
        "one\n\n— a AAAAAAAB=\n",
        "o\tne\n\n— a AAAAAAAA\n",
        "one\n\n" + "— a AAAAAAAA\n" * 101,
    ],
)
def test_a_note_that_is_put_wrongly_is_refused(note: str) -> None:
    assert parse_note(b"one\n\n\xe2\x80\x94 a AAAAAAAA\n").text == "one\n"
    with pytest.raises(EvidenceError):
        parse_note(note.encode())


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u2003b", "a\x00b", "a\n"])
def test_what_cannot_name_a_key_signs_nothing(name: str, signer: Signer) -> None:
    with pytest.raises(EvidenceError, match="cannot name a key"):
        sign_note("one\n", name, signer)


@pytest.mark.parametrize("text", ["", "one", "one\r\n"])
def test_what_cannot_be_in_a_note_is_not_signed(text: str, signer: Signer) -> None:
    with pytest.raises(EvidenceError, match="note's text"):
        sign_note(text, ORIGIN, signer)


def test_a_checkpoint_has_three_lines_and_comes_back(signer: Signer) -> None:
    head = Checkpoint(ORIGIN, 7, ROOT)

    assert head.text == (
        "ringfence/office.example\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )
    assert Checkpoint.verified(head.signed(signer), signer.public_key) == head


def test_a_checkpoint_of_another_key_is_refused(signer: Signer, witness: Signer) -> None:
    note = Checkpoint(ORIGIN, 7, ROOT).signed(witness)

    with pytest.raises(EvidenceError, match="not signed with the expected key"):
        Checkpoint.verified(note, signer.public_key)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n07\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n-7\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n\u0667\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n{'9' * 19}\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT[1:]).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode().replace('8=', '9=')}\n",
        f"{ORIGIN}\n7\nnothing\n",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}\nmore\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}",
        f"\n7\n{base64.b64encode(ROOT).decode()}\n",
    ],
)
def test_a_checkpoint_that_is_put_wrongly_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        Checkpoint.parse(text)


@given(st.integers(min_value=0, max_value=10**18 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_can_be_read_again(size: int, root: bytes) -> None:
    head = Checkpoint(ORIGIN, size, root)

    assert Checkpoint.parse(head.text) == head
