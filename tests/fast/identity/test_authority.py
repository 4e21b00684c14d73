"""The site's authority and its vault."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from ringfence.design.model import Identity, IdentityProfile
from ringfence.identity.authority import Authority, Period, utc_now
from ringfence.identity.vault import Vault, VaultError

SERVER = Identity(name="sip1", profile=IdentityProfile.SERVER, dns=("sip1.office.example",))
PHONE = Identity(name="p2001", profile=IdentityProfile.PHONE, uri="sip:2001@office.example")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.found("Büro Čeština", utc_now())


def a_year() -> Period:
    return Period.starting(utc_now(), timedelta(days=365))


def test_a_servers_certificate_verifies_for_its_name_and_no_other(authority: Authority) -> None:
    credential = authority.issue(SERVER, a_year())
    policy = PolicyBuilder().store(Store([authority.credential.certificate]))

    policy.build_server_verifier(x509.DNSName("sip1.office.example")).verify(
        credential.certificate, []
    )
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("sip2.office.example")).verify(
            credential.certificate, []
        )


def test_a_phones_certificate_holds_one_name_and_only_calls(authority: Authority) -> None:
    certificate = authority.issue(PHONE, a_year()).certificate
    extensions = certificate.extensions

    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [name.value for name in names] == ["sip:2001@office.example"]
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize(
    ("profile", "purpose"),
    [
        (IdentityProfile.READER, ExtendedKeyUsageOID.CLIENT_AUTH),
        (IdentityProfile.MAIL_SERVER, ExtendedKeyUsageOID.SERVER_AUTH),
    ],
)
def test_a_neighbours_certificate_only_calls_or_is_only_called(
    authority: Authority, profile: IdentityProfile, purpose: x509.ObjectIdentifier
) -> None:
    identity = Identity(name="x", profile=profile, dns=("x.office.example",))
    extensions = authority.issue(identity, a_year()).certificate.extensions

    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [purpose]


def test_another_authority_is_not_believed(authority: Authority) -> None:
    stranger = Authority.found("Büro Čeština", utc_now()).issue(SERVER, a_year())
    policy = PolicyBuilder().store(Store([authority.credential.certificate]))

    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("sip1.office.example")).verify(
            stranger.certificate, []
        )


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault", b"correct horse")
    made.found("Example")
    return made


def test_nobody_but_the_owner_can_read_a_vault(vault: Vault, tmp_path: Path) -> None:
    vault.issue([SERVER, PHONE])
    vault.secret("digest/2001")
    vault.revoke(vault.serial("p2001"))

    assert (tmp_path / "vault").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "vault").iterdir())


def test_the_authoritys_key_is_encrypted(vault: Vault, tmp_path: Path) -> None:
    stored = (tmp_path / "vault" / "authority.key").read_bytes()

    with pytest.raises(TypeError):
        serialization.load_pem_private_key(stored, None)
    assert vault.authority.credential.key


def test_a_wrong_passphrase_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    assert vault.trust_anchor
    with pytest.raises(VaultError, match="authority's key"):
        _ = Vault(tmp_path / "vault", b"wrong").authority


def test_founding_twice_keeps_the_authority(vault: Vault, tmp_path: Path) -> None:
    Vault(tmp_path / "vault", b"another").found("Example")

    assert Vault(tmp_path / "vault", b"correct horse").authority
    assert vault.trust_anchor == Vault(tmp_path / "vault", b"").trust_anchor


def test_revoking_twice_lists_once(vault: Vault) -> None:
    serial = vault.issue([PHONE])["p2001"].serial
    vault.revoke(serial)
    vault.revoke(serial)

    assert [entry.serial for entry in vault.revoked()] == [serial]
    assert vault.shut_out() == {"p2001"}


def test_a_secret_stays_the_same_and_is_long(vault: Vault) -> None:
    first = vault.secret("digest/2001")

    assert first == vault.secret("digest/2001")
    assert first != vault.secret("digest/2002")
    assert len(first) >= 24


def test_asking_for_an_identity_that_was_not_issued_is_an_error(vault: Vault) -> None:
    with pytest.raises(VaultError, match="p9999"):
        vault.serial("p9999")
