"""The controls: with its mitigation taken out, each attack on what crosses must succeed."""

import secrets
from collections.abc import Iterator

import pytest
from kontor import Kontor, await_that

from ringfence.deploy.definitions import marker
from ringfence.design.model import HostKind
from ringfence.probe.fact import Answer
from ringfence.probe.running.relay_clients import Reader, compose

TAKEN_OUT = ("CNV-2", "CNV-3", "CNV-5", "CNV-6", "SEP-9", "SEP-10")


@pytest.fixture(scope="module", name="open_kontor")
def _open_kontor() -> Iterator[Kontor]:
    kontor = None
    try:
        kontor = Kontor("testkontoropen", *TAKEN_OUT)
        yield kontor
    finally:
        if kontor:
            kontor.down()


def arrives(kontor: Kontor, message: bytes, token: str, *, anonymous: bool = False) -> None:
    assert kontor.mailer(anonymous=anonymous).send(message).taken
    await_that(lambda: kontor.arrived(token))


def test_without_cnv_2_anybody_brings_mail(open_kontor: Kontor) -> None:
    token = secrets.token_hex(8)
    message = compose(open_kontor.mailer().author, token)

    arrives(open_kontor, message, token, anonymous=True)


def test_without_cnv_2_anybody_reads_the_directory(open_kontor: Kontor) -> None:
    (pc,) = open_kontor.design.of_kind(HostKind.PC)
    nobody = open_kontor.mailer(anonymous=True).context

    assert Reader(open_kontor.system, pc, nobody).get("/directory.json").code == 200


def test_without_cnv_6_the_marker_arrives(open_kontor: Kontor) -> None:
    token = secrets.token_hex(8)
    text = marker().decode("ascii")

    arrives(open_kontor, compose(open_kontor.mailer().author, token, text), token)


def test_without_cnv_5_and_sep_9_a_program_arrives(open_kontor: Kontor) -> None:
    token = secrets.token_hex(8)
    program = (b"MZ" + bytes(100), "application/octet-stream", "update.exe")

    arrives(open_kontor, compose(open_kontor.mailer().author, token, attachment=program), token)


def test_without_cnv_3_and_sep_10_data_devices_reach_into_the_servers_zone(
    open_kontor: Kontor,
) -> None:
    fact = open_kontor.asked("nothing-past-the-relay")

    assert fact.answer == Answer.NO
    assert any("pc1 -> relay1 tcp 443" in line for line in fact.contrary)


@pytest.mark.parametrize(
    "question", ["converged-clients", "converged-understood", "converged-scanned"]
)
def test_each_question_about_what_crosses_says_no(open_kontor: Kontor, question: str) -> None:
    fact = open_kontor.asked(question)

    assert fact.answer == Answer.NO, f"{fact.answer}: {fact.saw}"
