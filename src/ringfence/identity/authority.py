"""A site's private certification authority: ECDSA P-256 throughout (RFC 5280, FIPS 186-5).

A server's certificate names it by DNS, and so does a data device's. A phone's holds one URI, its
address-of-record, and nothing else, because a server that checks identities looks at one
(RFC 5922). Serial numbers are random, 64 bits, and positive.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.design.model import Identity, IdentityProfile

AUTHORITY_LIFE = timedelta(days=10 * 365)
CERTIFICATE_LIFE = timedelta(days=397)

_BACKDATE = timedelta(minutes=5)
"""Clocks differ a little: a certificate is valid from a moment before it was made."""


@dataclass(frozen=True)
class Period:
    """When a certificate is valid."""

    begins: datetime
    ends: datetime

    @classmethod
    def starting(cls, now: datetime, life: timedelta) -> "Period":
        """A period of that length that has just begun."""
        return cls(now - _BACKDATE, now + life)


@dataclass(frozen=True)
class Credential:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, passphrase: bytes | None = None) -> bytes:
        """The private key in PKCS #8, encrypted when there is a passphrase."""
        protection = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            protection,
        )


class Authority:
    """A certification authority that can issue and revoke."""

    def __init__(self, credential: Credential) -> None:
        """Take up the authority's own certificate and key."""
        self.credential = credential

    @classmethod
    def found(cls, organisation: str, now: datetime) -> "Authority":
        """Make a new authority for an organisation."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(organisation, "Ringfence site authority")
        period = Period.starting(now, AUTHORITY_LIFE)
        builder = (
            _builder(name, name, key.public_key(), period)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )
        return cls(Credential(builder.sign(key, hashes.SHA256()), key))

    @classmethod
    def load(cls, certificate_pem: bytes, key_pem: bytes, passphrase: bytes) -> "Authority":
        """Take up a stored authority.

        Raises:
            ValueError: the passphrase is wrong or the key is not one of ours.

        """
        key = serialization.load_pem_private_key(key_pem, passphrase)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not an elliptic-curve key")  # noqa: TRY004 - the file is wrong
        return cls(Credential(x509.load_pem_x509_certificate(certificate_pem), key))

    def issue(self, identity: Identity, period: Period) -> Credential:
        """Make a key and a certificate for an identity of the design."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.credential.certificate.subject
        organisation = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        subject = _name(str(organisation), identity.name)
        issuing_key = self.credential.key.public_key()
        builder = (
            _builder(subject, issuer, key.public_key(), period)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_purposes(identity.profile)), critical=False)
            .add_extension(
                x509.SubjectAlternativeName(_alternative_names(identity)), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key), critical=False
            )
        )
        return Credential(builder.sign(self.credential.key, hashes.SHA256()), key)


def utc_now() -> datetime:
    """The present moment, to the second, as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ],
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    period: Period,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(secrets.randbits(63) | 1)
        .not_valid_before(period.begins)
        .not_valid_after(period.ends)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _purposes(profile: IdentityProfile) -> list[x509.ObjectIdentifier]:
    """A server also calls its peers; a phone or reader is never a server, and others' are only."""
    server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    match profile:
        case IdentityProfile.SERVER:
            return [server, client]
        case IdentityProfile.PHONE | IdentityProfile.READER | IdentityProfile.LOG_SENDER:
            return [client]
        case IdentityProfile.MAIL_SERVER:
            return [server]
        case _:
            assert_never(profile)


def _alternative_names(identity: Identity) -> list[x509.GeneralName]:
    uris = [x509.UniformResourceIdentifier(identity.uri)] if identity.uri else []
    names = [x509.DNSName(name) for name in identity.dns]
    return [*uris, *names, *(x509.IPAddress(each) for each in identity.addresses)]
