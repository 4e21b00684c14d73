"""What the softphones' renderers write."""

import configparser
from collections.abc import Callable

import pytest

from ringfence.design.model import Design, Host, HostKind
from ringfence.guide import Level
from ringfence.render import baresip, linphone
from ringfence.render.files import Deposit, File, Material
from samples import make_design


def phone(design: Design, name: str = "Zoë") -> Host:
    return design.of_kind(HostKind.PHONE)[0].model_copy(update={"display_name": name})


def text(files: tuple[File, ...], name: str) -> str:
    return next(file.text for file in files if file.path.endswith(f"/{name}"))


@pytest.mark.parametrize("renderer", [baresip.files, linphone.files])
def test_only_the_softphone_can_read_what_may_hold_secrets(
    renderer: Callable[[Design, Host], tuple[File, ...]],
) -> None:
    design = make_design(level=Level.MEDIUM)
    for file in renderer(design, phone(design)):
        if not file.path.endswith(".service"):
            assert (file.mode, file.owner) == (0o400, "uucp")


@pytest.mark.parametrize("renderer", [baresip.deposits, linphone.deposits])
def test_keys_are_for_the_softphone_alone(
    renderer: Callable[[Design, Host], tuple[Deposit, ...]],
) -> None:
    design = make_design()
    own = phone(design)
    for deposit in renderer(design, own):
        if deposit.material is Material.TRUST_ANCHOR:
            assert deposit.mode == 0o444
        else:
            assert (deposit.of, deposit.mode, deposit.owner) == (own.name, 0o400, "uucp")


def test_an_account_has_a_password_exactly_when_digest_is_asked_for() -> None:
    design = make_design()
    for digest in (True, False):
        signalling = design.signalling.model_copy(update={"digest": digest})
        files = baresip.files(design.model_copy(update={"signalling": signalling}), phone(design))
        assert ("{secret:digest/100000}" in text(files, "accounts")) is digest


def test_media_is_encrypted_exactly_when_the_design_says_so() -> None:
    design = make_design()
    for srtp in (True, False):
        media = design.media.model_copy(update={"srtp": srtp})
        changed = design.model_copy(update={"media": media})
        account = text(baresip.files(changed, phone(design)), "accounts")
        settings = text(linphone.files(changed, phone(design)), "linphonerc")
        assert ("mediaenc=srtp-mand" in account) is srtp
        assert ("media_encryption_mandatory=1" in settings) is srtp


def test_a_name_cannot_leave_its_quotes() -> None:
    design = make_design()
    account = text(baresip.files(design, phone(design, 'Zoë "Zo" \\')), "accounts")

    assert account.startswith("\"Zoë 'Zo' /\" <sip:100000@office.example;transport=tls>;")


def test_control_is_open_to_the_phone_itself_only() -> None:
    design = make_design()
    config = text(baresip.files(design, phone(design)), "config").splitlines()

    assert "ctrl_tcp_listen 127.0.0.1:4444" in config


def test_the_instance_id_is_stable_and_has_no_newline() -> None:
    design = make_design()
    first, second = (text(baresip.files(design, phone(design)), "uuid") for _ in range(2))

    assert first == second
    assert first == first.strip()


def test_linphone_verifies_the_server_and_names_the_registrar() -> None:
    design = make_design()
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text(linphone.files(design, phone(design)), "linphonerc"))
    server = design.of_kind(HostKind.SIP)[0]

    assert parser["sip"]["verify_server_certs"] == parser["sip"]["verify_server_cn"] == "1"
    assert parser["sip"]["root_ca"] == "/etc/softphone/ca.pem"
    assert parser["proxy_0"]["reg_proxy"] == f"<sip:{server.fqdn}:5061;transport=tls>"
