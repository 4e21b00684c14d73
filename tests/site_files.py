"""A site file to spoil, and what loading it says."""

from pathlib import Path

from ringfence.site import SiteError, load_site

SITE = """\
organisation: Café Zürich
domain: voice.example
country: CH
level: medium
servers:
  - {name: sip1, role: sip}
  - {name: net1, role: services}
  - {name: admin1, role: admin}
phones:
  - extension: 301
    name: Zoë Müller
    mac: 02:00:00:00:03:01
  - extension: 0302
    name: Łukasz
    mac: 02-00-00-00-03-02
    location: Büro 12
addressing:
  supernet: 172.20.0.0/16
  zones:
    phones: 172.20.128.0/24
  fixed:
    sip1: 172.20.1.10
    p0302: 172.20.128.60
"""


def complaints(directory: Path, text: str | bytes) -> list[str]:
    """Write a site file into a directory and say what loading it complains about."""
    data = text.encode() if isinstance(text, str) else text
    (directory / "site.yaml").write_bytes(data)
    try:
        load_site(directory)
    except SiteError as error:
        return str(error).replace(f"{directory}/", "").splitlines()
    return []
