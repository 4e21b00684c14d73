"""The named peer: the configuration that Debian ships with Kamailio, digest authentication on.

The file is used byte for byte. What an administrator must add goes where the file asks for it:
defines on the command line, and ``kamailio-local.cfg``, which it imports.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.sandbox import BenchError, Root
from bench.server import Server
from bench.users import User, issue_server, write_subscribers
from ringfence.identity.authority import Authority

SHIPPED: Final = Path("/etc/kamailio/kamailio.cfg")
DEFINES: Final = ("WITH_AUTH", "WITH_USRLOCDB", "WITH_TLS")
DATABASE: Final = "/var/lib/kamailio/kamailio.sqlite"
USER: Final = "kamailio"
SHARED_MEGABYTES: Final = 512
PRIVATE_MEGABYTES: Final = 32

LOCAL = f"""\
loadmodule "db_sqlite.so"
#!define DBURL "sqlite://{DATABASE}"
"""

TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = /etc/kamailio/bench.key
certificate = /etc/kamailio/bench.pem
ca_list = /etc/kamailio/bench-ca.pem

[client:default]
verify_certificate = yes
require_certificate = yes
"""


@dataclass(frozen=True)
class Tuning:
    """What separates the tuned peer from the shipped one: allocator and numbers of workers."""

    allocator: str
    udp_workers: int
    tcp_workers: int

    @property
    def options(self) -> list[str]:
        """The command-line options of kamailio(8) that say so."""
        allocator = ["-x", self.allocator, "-X", self.allocator]
        return [*allocator, "-n", str(self.udp_workers), "-N", str(self.tcp_workers)]


def start(
    name: str,
    address: str,
    domain: str,
    users: Iterable[User],
    authority: Authority,
    *,
    tuning: Tuning | None = None,
) -> Server:
    """Start the peer on UDP and TCP 5060 and TLS 5061; without tuning it is as shipped.

    Raises:
        BenchError: the shipped file is missing, or the server does not start.

    """
    if not SHIPPED.is_file():
        raise BenchError(f"{SHIPPED} is missing: reinstall the package kamailio")
    root = Root(name)
    credential = issue_server(authority, domain)
    root.write("/etc/kamailio/kamailio-local.cfg", LOCAL)
    root.write("/etc/kamailio/tls.cfg", TLS)
    root.write("/etc/kamailio/bench-ca.pem", authority.credential.certificate_pem)
    root.write("/etc/kamailio/bench.pem", credential.certificate_pem)
    root.write("/etc/kamailio/bench.key", credential.key_pem(), mode=0o400, owner=f"{USER}:")
    root.directory("/run/kamailio", USER)
    database = root.directory("/var/lib/kamailio", USER) / Path(DATABASE).name
    write_subscribers(users, domain, database)
    root.write(DATABASE, database.read_bytes(), mode=0o600, owner=f"{USER}:")
    listen = [f"{protocol}:{address}:5060" for protocol in ("udp", "tcp")]
    command = ["/usr/sbin/kamailio", "-DD", "-E", "-f", str(SHIPPED)]
    command += ["-m", str(SHARED_MEGABYTES), "-M", str(PRIVATE_MEGABYTES)]
    command += [word for define in DEFINES for word in ("-A", define)]
    command += [word for socket in (*listen, f"tls:{address}:5061") for word in ("-l", socket)]
    command += [f"--alias={domain}"]
    server = Server(name, root, [*command, *(tuning.options if tuning else [])], USER)
    server.wait_until_ready()
    return server
