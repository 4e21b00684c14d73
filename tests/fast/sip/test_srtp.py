"""SRTP keys and packets, against the test vectors of RFC 3711, appendix B."""

import base64

from ringfence.probe.sip.srtp import Sender

MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
SALT = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
KEY = "inline:" + base64.b64encode(MASTER + SALT).decode()


def test_session_keys_are_those_of_the_standard() -> None:
    sender = Sender.of(KEY)

    assert sender.cipher.hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert sender.salt.hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert sender.authentication.hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


def test_a_packet_is_head_hidden_payload_and_tag() -> None:
    sender = Sender.of(KEY)
    packet = sender.packet(7, b"\xff" * 160)

    assert len(packet) == 12 + 160 + 10
    assert packet[:4] == b"\x80\x00\x00\x07"
    assert packet[12:172] != b"\xff" * 160
    assert packet != sender.packet(7, b"\xff" * 159 + b"\xfe")
