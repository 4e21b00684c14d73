"""Certificates for ten minutes, with which a probe appears as somebody: invited or not."""

import ssl
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ringfence.design.model import Host, Identity, IdentityProfile
from ringfence.identity.authority import Authority, Period, utc_now
from ringfence.probe.running.system import System

_A_MOMENT: Final = timedelta(minutes=10)


def server(host: Host) -> Identity:
    """Who a server is."""
    return Identity(name="probe", profile=IdentityProfile.SERVER, dns=(host.fqdn,))


def phone(system: System, extension: str) -> Identity:
    """Who a phone is."""
    uri = f"sip:{extension}@{system.design.domain}"
    return Identity(name="probe", profile=IdentityProfile.PHONE, uri=uri)


def reader(system: System, name: str) -> Identity:
    """Who a data device is."""
    dns = (f"{name}.{system.design.domain}",)
    return Identity(name="probe", profile=IdentityProfile.READER, dns=dns)


def client(system: System, identity: Identity | None, *, stranger: bool = False) -> ssl.SSLContext:
    """TLS as a client that shows this identity, or no certificate at all.

    It believes the site's servers; its certificate is the site's, or a stranger's.
    """
    with TemporaryDirectory(prefix="ringfence-probe-") as directory:
        anchor, own = Path(directory, "ca"), Path(directory, "own")
        anchor.write_bytes(system.vault.trust_anchor)
        context = ssl.create_default_context(cafile=str(anchor))
        if identity is not None:
            issuer = system.vault.authority
            if stranger:
                issuer = Authority.found(system.design.organisation, utc_now())
            made = issuer.issue(identity, Period.starting(utc_now(), _A_MOMENT))
            own.touch(mode=0o600)
            own.write_bytes(made.certificate_pem + made.key_pem())
            context.load_cert_chain(own)
    return context
