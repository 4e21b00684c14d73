"""What Kamailio is given: a function of the mitigations in force, and nothing open by default."""

import re
from itertools import product
from pathlib import Path

import pytest

from ringfence import callcontrol
from ringfence.design.model import Design, HostKind
from ringfence.guide import Level
from ringfence.render import kamailio
from ringfence.render.files import Material
from ringfence.render.kamailio_config import TLS_CONFIG, config_text
from samples import make_design


def design_with(*, mutual: bool = True, digest: bool = True, srtp: bool = True) -> Design:
    design = make_design()
    signalling = design.signalling.model_copy(update={"mutual": mutual, "digest": digest})
    media = design.media.model_copy(update={"srtp": srtp})
    return design.model_copy(update={"signalling": signalling, "media": media})


def config(design: Design) -> str:
    return config_text(design, design.of_kind(HostKind.SIP)[0])


def statements(text: str) -> str:
    """The text without remarks."""
    lines = (line for line in text.splitlines() if not line.strip().startswith("# "))
    return "\n".join(line.split("  # ")[0] for line in lines)


def test_the_only_listener_is_tls_at_the_servers_address() -> None:
    design = make_design()
    host = design.of_kind(HostKind.SIP)[0]

    listeners = re.findall(r"^listen=(\S+)", config(design), re.MULTILINE)

    assert listeners == [f"tls:{host.address}:5061"]


def test_what_is_not_encrypted_is_dropped_even_if_kamailio_should_hear_it() -> None:
    assert 'if ($pr != "tls")' in config(make_design())


@pytest.mark.parametrize(
    ("switch", "sign"),
    [
        ("mutual", "$tls_peer_san_uri"),
        ("mutual", "revoked=>"),
        ("digest", "pv_auth_check"),
        ("digest", "failures=>"),
        ("srtp", 'python_exec("media"'),
        ("srtp", "RTP/SAVP!g"),
    ],
)
def test_a_check_is_there_exactly_while_its_mitigation_is(switch: str, sign: str) -> None:
    assert sign in statements(config(design_with(**{switch: True})))
    assert sign not in statements(config(design_with(**{switch: False})))


@pytest.mark.parametrize("mutual", [True, False])
def test_certificates_of_clients_are_demanded_exactly_while_mutual_is_in_force(
    mutual: bool,
) -> None:
    design = design_with(mutual=mutual)
    files = kamailio.files(design, design.of_kind(HostKind.SIP)[0])
    text = next(file.text for file in files if file.path == TLS_CONFIG)
    server = text.split("[client:default]")[0]

    for setting in ("verify_certificate", "require_certificate"):
        assert f"{setting} = {'yes' if mutual else 'no'}\n" in server


@pytest.mark.parametrize("level", list(Level))
def test_remarks_name_only_mitigations_in_force(level: Level) -> None:
    design = make_design(level=level)
    for file in kamailio.files(design, design.of_kind(HostKind.SIP)[0]):
        named = re.findall(r"\b[A-Z]{3}-[0-9]+\b", "\n".join(re.findall(r"#.*", file.text)))
        assert set(named) - {"SHA-1"} <= design.in_force, file.path


def test_every_check_of_an_identity_names_what_asked_for_it() -> None:
    for line in config(make_design()).splitlines():
        if '$var(identity) != "sip:' in line or "pv_auth_check(" in line or '"media"' in line:
            assert re.search(r"# [A-Z]{3}-[0-9]+", line), line


def test_no_directive_for_a_condition_is_left_over() -> None:
    text = config(make_design())

    assert "#!ifdef" not in text
    assert "#!endif" not in text
    assert text.count("{") == text.count("}")


def test_every_route_that_is_called_exists() -> None:
    for on in product([True, False], repeat=3):
        mutual, digest, srtp = on
        text = statements(config(design_with(mutual=mutual, digest=digest, srtp=srtp)))
        called = set(re.findall(r"route\((\w+)\)", text)) | set(re.findall(r"route=(\w+)", text))
        called |= set(re.findall(r't_on_(?:reply|failure)\("(\w+)"\)', text))
        defined = set(re.findall(r"route\[(\w+)\] \{", text))
        assert called <= defined


def test_secrets_stay_out_of_files_that_others_can_read() -> None:
    design = make_design()
    for file in kamailio.files(design, design.of_kind(HostKind.SIP)[0]):
        if "{secret:" in file.text:
            assert file.mode & 0o007 == 0
            assert file.group == "kamailio"


def test_the_key_is_deposited_for_kamailio_alone() -> None:
    design = make_design()
    deposits = kamailio.deposits(design, design.of_kind(HostKind.SIP)[0])
    key = next(deposit for deposit in deposits if deposit.material == Material.PRIVATE_KEY)

    assert (key.mode, key.owner, key.group) == (0o440, "root", "kamailio")
    assert {deposit.material for deposit in deposits} >= {
        Material.CERTIFICATE,
        Material.TRUST_ANCHOR,
        Material.USER_TABLE,
    }


@pytest.mark.parametrize(("phones", "shared", "private"), [(3, 256, 32), (5000, 756, 44)])
def test_memory_grows_with_the_number_of_phones(phones: int, shared: int, private: int) -> None:
    design = make_design(phones=phones)
    files = kamailio.files(design, design.of_kind(HostKind.SIP)[0])
    unit = next(file.text for file in files if file.path.endswith("kamailio.service"))

    assert f"-x tlsf -X tlsf -m {shared} -M {private} " in unit


def test_call_control_is_deployed_as_it_is_tested() -> None:
    design = make_design()
    paths = {file.path for file in kamailio.files(design, design.of_kind(HostKind.SIP)[0])}

    modules = {path.name for path in Path(callcontrol.__path__[0]).glob("*.py")}
    assert modules == {Path(path).name for path in paths if "/callcontrol/" in path}
