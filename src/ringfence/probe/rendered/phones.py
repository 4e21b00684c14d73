"""What one phone's files say about itself, whichever softphone stands in for it.

Sources: the formats of baresip's ``accounts`` and of linphone's configuration, as rendered.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Interface

from ringfence.design.model import Host
from ringfence.render.files import Material, Tree
from ringfence.site.model import SOFTPHONE_MODELS

_ADDRESS = re.compile(r"^Address=(\S+)$", re.MULTILINE)
_OUTBOUND = re.compile(r';outbound="sip:[^";]+;transport=tls"')


@dataclass(frozen=True, slots=True)
class PhoneSays:
    """A phone's name and MAC address, and what its files say.

    ``over_tls``: it calls the server over TLS and nothing else. ``srtp_only``: it offers and
    takes SRTP only. ``certificate``: it is given a certificate of its own and the site's trust
    anchor. ``is_program``: the site declares it as a program on a computer.
    """

    name: str
    mac: str
    address: IPv4Interface | None
    leased: bool
    over_tls: bool
    srtp_only: bool
    certificate: bool
    is_program: bool


def read_phone(host: Host, tree: Tree) -> PhoneSays:
    """Read a phone's files."""
    texts = {file.path: file.text for file in tree.files}
    network = next(text for path, text in texts.items() if path.endswith(".network"))
    address = _ADDRESS.search(network)
    materials = {deposit.material for deposit in tree.deposits if deposit.of in {None, host.name}}
    own = {Material.CERTIFICATE, Material.CERTIFICATE_AND_KEY} & materials
    account = texts.get("/etc/softphone/accounts")
    linphone = texts.get("/etc/softphone/linphonerc")
    if account is not None:
        over_tls, srtp_only = _baresip(account)
    elif linphone is not None:
        over_tls, srtp_only = _linphone(linphone)
    else:
        over_tls = srtp_only = False
    return PhoneSays(
        name=host.name,
        mac=host.interfaces[0].mac,
        address=IPv4Interface(address[1]) if address else None,
        leased="\nDHCP=ipv4\n" in network,
        over_tls=over_tls,
        srtp_only=srtp_only,
        certificate=bool(own) and Material.TRUST_ANCHOR in materials,
        is_program=(host.model or "").lower() in SOFTPHONE_MODELS,
    )


def _baresip(account: str) -> tuple[bool, bool]:
    lines = account.splitlines()
    return (
        all(";transport=tls>" in line and _OUTBOUND.search(line) is not None for line in lines),
        all(";mediaenc=srtp-mand" in line for line in lines),
    )


def _linphone(text: str) -> tuple[bool, bool]:
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    proxy = said.get("reg_proxy", "")
    listens = {said.get(key) for key in ("sip_port", "sip_tcp_port", "sip_tls_port")}
    return (
        ";transport=tls>" in proxy and listens == {"-2"},
        said.get("media_encryption") == "srtp" and said.get("media_encryption_mandatory") == "1",
    )
