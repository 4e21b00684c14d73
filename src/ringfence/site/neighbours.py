"""What a site declares about machines beside its telephone system, and what crosses to them.

The guide's "Convergence Features" and "Malicious Software". Nothing crosses unless it is declared.
"""

import re
from base64 import b64decode
from ssl import DER_cert_to_PEM_cert
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ringfence.site.names import DomainName, HostName, HostOrAddress, as_address
from ringfence.site.words import Otherwise

RELAY_NAME: Final = "relay1"
"""The host by way of which converged services go."""
MAIL_NAME: Final = "mail1"
"""What the data network's mail server is called here, if the site file has only its address."""
MIRROR_NAME: Final = "mirror1"
"""What the mirror of malware definitions is called here, if the site file has only its address."""
DATA_DEVICE: Final = "pc1"
"""The data device that every design has: it stands for all of them."""

_PEM: Final = re.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def _certificates(value: str) -> str:
    """Certificates in PEM, whatever YAML's way of folding lines has made of them."""
    found = _PEM.findall(value)
    if not found or _PEM.sub("", value).strip():
        raise ValueError("is not a certificate in PEM, from its BEGIN line to its END line")
    try:
        data = [b64decode("".join(body.split()), validate=True) for body in found]
    except ValueError:
        raise ValueError("is not a certificate in PEM: its lines are not base64") from None
    return "".join(DER_cert_to_PEM_cert(each) for each in data)


def _mail_port(value: int) -> int:
    if value not in {25, 465}:
        raise ValueError("is no port of mail servers")
    return value


Certificates = Annotated[str, AfterValidator(_certificates)]
MailPort = Annotated[
    int,
    AfterValidator(_mail_port),
    Otherwise("is not a port at which mail servers take mail: 25 or 465"),
]


class Model(BaseModel):
    """The base of what is declared here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mail(Model):
    """Mail from the telephone system, such as voice messages, to the data network."""

    to: HostOrAddress = Field(
        description="The data network's mail server: a name such as mail1, or its address in the "
        "data zone.",
    )
    name: DomainName | None = Field(
        default=None,
        description="The name in the mail server's certificate; its host name and the site's "
        "domain unless stated.",
    )
    port: MailPort = Field(
        default=465, description="465 (TLS from the start) or 25 (TLS by STARTTLS)."
    )
    domains: tuple[DomainName, ...] = Field(
        default=(),
        description="The domains that mail may go to; the site's own unless stated.",
    )
    authority: Certificates | None = Field(
        default=None,
        description="The certificates, in PEM, of whoever issued the mail server's; the site's "
        "own authority is believed in any case.",
    )

    @property
    def host(self) -> str:
        """The mail server's name as a host."""
        return self.to if as_address(self.to) is None else MAIL_NAME


class Converged(Model):
    """The services that cross between telephones and data, by way of the relay in the DMZ."""

    mail: Mail | None = Field(
        default=None, description="Mail from the telephone system to the data network."
    )
    directory: bool = Field(
        default=False, description="Whether telephones and data devices read the phone directory."
    )
    readers: tuple[HostName, ...] = Field(
        default=(DATA_DEVICE,),
        description="The data devices that may read the directory; each gets a certificate.",
    )

    def __str__(self) -> str:
        """The services in words."""
        named = {"mail": self.mail is not None, "the directory": self.directory}
        return " and ".join(name for name, there in named.items() if there)


class Definitions(Model):
    """Where the servers' malware definitions come from."""

    mirror: HostOrAddress = Field(
        description="A mirror in the administration zone: a name such as mirror1, or its address "
        "in that zone.",
    )

    @property
    def host(self) -> str:
        """The mirror's name as a host."""
        return self.mirror if as_address(self.mirror) is None else MIRROR_NAME
