"""Who may send what to whom: what is not plainly allowed is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.relay.mail_policy import (
    MOST_RECIPIENTS,
    MailRules,
    domain_of,
    may_receive,
    may_send,
)
from ringfence.relay.peer import Peer, peer_of, revoked_serials
from ringfence.relay.refusal import Refusal

SIP = "sip1.office.example"
RULES = MailRules(
    authenticated=True,
    senders=frozenset({SIP}),
    origins=frozenset({"office.example"}),
    destinations=frozenset({"corp.example", "office.example"}),
)
OPEN = MailRules(False, RULES.senders, RULES.origins, RULES.destinations)
SERVER = Peer(7, dns=frozenset({SIP}))
VOICEMAIL = "voicemail@office.example"


def why(found: Refusal | None) -> str | None:
    return found.reason if found else None


def test_the_sip_server_may_send_under_the_sites_domain() -> None:
    assert may_send(RULES, SERVER, frozenset(), VOICEMAIL) is None
    assert may_receive(RULES, "Ada.Lovelace@Corp.Example", 0) is None


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        (None, "no-certificate"),
        (Peer(8, dns=frozenset({"admin1.office.example"})), "not-a-mail-client"),
        (Peer(8, uris=frozenset({"sip:2001@office.example"})), "not-a-mail-client"),
        (Peer(8, uris=frozenset({SIP})), "not-a-mail-client"),
        (Peer(8), "not-a-mail-client"),
    ],
)
def test_nobody_else_may(peer: Peer | None, reason: str) -> None:
    assert why(may_send(RULES, peer, frozenset(), VOICEMAIL)) == reason


def test_a_revoked_certificate_is_worth_nothing() -> None:
    assert why(may_send(RULES, SERVER, frozenset({7}), VOICEMAIL)) == "revoked"


def test_where_nobody_asks_who_one_is_anybody_may_send() -> None:
    """The control: this is what the mitigation is there against."""
    assert may_send(OPEN, None, frozenset(), VOICEMAIL) is None


@given(st.text())
def test_no_address_of_another_domain_is_ever_let_through(address: str) -> None:
    if not address.lower().endswith("@office.example"):
        assert why(may_send(OPEN, None, frozenset(), address)) == "foreign-sender"
    if not address.lower().endswith(("@office.example", "@corp.example")):
        assert why(may_receive(OPEN, address, 0)) == "foreign-recipient"


@pytest.mark.parametrize(
    "address",
    [
        '"x@corp.example"@elsewhere.example',
        "@corp.example",
        "x@elsewhere.example@corp.example",
        "x%elsewhere.example@corp.example\n",
        "x y@corp.example",
        "<x@corp.example>",
        "corp.example",
        "",
        "x@corp.example, y@elsewhere.example",
    ],
)
def test_addresses_that_two_servers_could_read_differently_are_refused(address: str) -> None:
    assert domain_of(address) not in RULES.destinations


def test_a_message_has_a_few_recipients_only() -> None:
    assert may_receive(RULES, "a@corp.example", MOST_RECIPIENTS - 1) is None
    refused = may_receive(RULES, "a@corp.example", MOST_RECIPIENTS)
    assert refused == Refusal(452, "too-many-recipients")
    assert refused.smtp == "452 4.3.1 refused: too-many-recipients"


def test_a_peer_is_what_its_certificate_says() -> None:
    shown = {
        "serialNumber": "0A1F",
        "subjectAltName": (("DNS", "SIP1.Office.Example"), ("URI", "sip:1@x.example")),
    }
    assert peer_of(shown) == Peer(
        0x0A1F, frozenset({"sip1.office.example"}), frozenset({"sip:1@x.example"})
    )
    assert peer_of(None) is None
    assert peer_of({}) is None


def test_a_list_of_revoked_certificates_that_cannot_be_read_is_no_empty_one() -> None:
    assert revoked_serials("12\n34\n") == {12, 34}
    assert revoked_serials("") == frozenset()
    with pytest.raises(ValueError, match="invalid literal"):
        revoked_serials("12\ngarbage\n")
