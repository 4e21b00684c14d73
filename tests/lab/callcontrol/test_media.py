"""Speech through the running relay: only what the caller's phone itself has signed gets through."""

import re
import socket
import time
from collections.abc import Iterator

import pytest

from ringfence.probe.sip import Agent, Dialog
from ringfence.probe.sip.media import answer_to, crypto_of, description
from ringfence.probe.sip.srtp import Sender
from samples import make_design
from sip_engines import Engines

ALICE, BOB = "100000", "100001"
SPEECH = b"\x2a" * 160


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with Engines(make_design(), tmp_path_factory.mktemp("sip")) as running:
        yield running


def media_socket(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    made.settimeout(0.5)
    return made


def arrived(listener: socket.socket) -> int:
    """How many packets come within half a second."""
    count = 0
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        try:
            listener.recv(2000)
        except TimeoutError:
            break
        count += 1
    return count


def connect(alice: Agent, bob: Agent, offer: str, port: int) -> tuple[Dialog, str]:
    invite = alice.invite(BOB, offer)
    offered = bob.receive("INVITE")
    bob.reply(offered, 200, body=answer_to(offered.body, "127.0.0.1", port))
    answer = alice.final(invite)
    dialog = Dialog.of_caller(invite, answer)
    alice.acknowledge(dialog)
    bob.receive("ACK")
    return dialog, answer.body


def test_only_signed_speech_from_the_callers_own_port_gets_through(engines: Engines) -> None:
    alice, bob = engines.agent(ALICE), engines.agent(BOB)
    alice.register()
    bob.register()
    with (
        media_socket("127.0.0.1") as mouth,
        media_socket("127.0.0.1") as ear,
        media_socket("127.0.0.1") as neighbour,
        media_socket("127.0.0.66") as stranger,
    ):
        offer = description("127.0.0.1", mouth.getsockname()[1])
        sender = Sender.of(crypto_of(offer)[0][2])
        dialog, answer = connect(alice, bob, offer, ear.getsockname()[1])
        relay = re.search(r"m=audio (\d+)", answer)
        assert relay is not None
        there = (str(engines.host.address), int(relay[1]))

        for number in range(1, 6):
            mouth.sendto(sender.packet(number, SPEECH), there)
        assert arrived(ear) == 5

        for number in range(6, 11):
            forged = bytearray(sender.packet(number, SPEECH))
            forged[20] ^= 1
            mouth.sendto(bytes(forged), there)
        assert arrived(ear) == 0

        for other in (neighbour, stranger):
            for number in range(11, 16):
                other.sendto(sender.packet(number, SPEECH), there)
            assert arrived(ear) == 0

        mouth.sendto(sender.packet(20, SPEECH), there)
        assert arrived(ear) == 1

        bye = alice.inside_dialog(dialog, "BYE")
        alice.connection.send(bye)
        bob.reply(bob.receive("BYE"), 200)
        alice.final(bye)
        mouth.sendto(sender.packet(21, SPEECH), there)
        assert arrived(ear) == 0
