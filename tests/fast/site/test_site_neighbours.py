"""What a site file may say about the machines beside the telephone system, and what it may not."""

from pathlib import Path

import pytest

from ringfence.guide import Subject
from ringfence.identity.authority import Authority, utc_now
from ringfence.policy import resolve
from ringfence.site import load_site
from samples import TODAY, converged_site, make_site
from site_files import SITE, complaints

DATA = "    data: 172.20.9.0/24\n    admin: 172.20.8.0/24\n"
HEAD = SITE.replace("    phones: 172.20.128.0/24\n", f"    phones: 172.20.128.0/24\n{DATA}")


def declared(text: str) -> str:
    return f"{HEAD}{text}"


def test_everything_that_can_be_declared_is_understood(tmp_path: Path) -> None:
    pem = Authority.found("Elsewhere", utc_now()).credential.certificate_pem.decode()
    indented = pem.replace("\n", "\n      ")
    (tmp_path / "site.yaml").write_text(
        declared(
            "converged:\n"
            "  mail:\n"
            "    to: 172.20.9.25\n"
            "    name: Mail.Corp.Example\n"
            "    port: 25\n"
            "    domains: [corp.example, other.example]\n"
            f"    authority: |\n      {indented}\n"
            "  directory: true\n"
            "  readers: [pc1, crm]\n"
            "definitions: {mirror: 172.20.8.9}\n"
        )
    )
    site = load_site(tmp_path)

    assert site.converged is not None
    assert site.converged.mail is not None
    assert site.converged.mail.host == "mail1"
    assert site.converged.mail.name == "mail.corp.example"
    assert site.converged.mail.port == 25
    assert site.converged.mail.authority == pem
    assert site.converged.readers == ("pc1", "crm")
    assert site.definitions is not None
    assert site.definitions.host == "mirror1"


def test_certificates_may_be_folded_as_yaml_likes(tmp_path: Path) -> None:
    pem = Authority.found("Elsewhere", utc_now()).credential.certificate_pem.decode()
    folded = " ".join(pem.split("\n"))
    text = declared(f"converged: {{mail: {{to: mail1, authority: '{folded}'}}}}\n")
    (tmp_path / "site.yaml").write_text(text)

    converged = load_site(tmp_path).converged

    assert converged is not None
    assert converged.mail is not None
    assert converged.mail.authority == pem


WRONG = {
    "converged: {}": "names no service",
    "converged: {mail: {to: 172.20.7.25}}": "172.20.7.25 lies outside 172.20.9.0/24",
    "converged: {mail: {to: sip1}}": "'sip1' is used already (first on line 6)",
    "converged: {mail: {to: fw}}": "'fw' is the name of another host of every site",
    "converged: {mail: {to: p301}}": "'p301' would be the host name of a phone",
    "converged: {mail: {to: 1.2.3}}": "is not an IPv4 address",
    "converged: {mail: {to: Mail Server}}": "is neither a host name such as 'mail1' nor",
    "converged: {mail: {to: mail1, port: 26}}": "is not a port at which mail servers take mail",
    "converged: {mail: {to: mail1, authority: nobody}}": "is not a certificate in PEM",
    "converged: {mail: {too: mail1}}": "converged.mail.too: no such key; did you mean 'to'?",
    "converged: {directory: true, readers: [sip1]}": "'sip1' is the name of a host that is no data",
    "converged: {directory: true, readers: [crm, crm]}": "'crm' is used already",
    "definitions: {mirror: 172.20.9.5}": "lies outside 172.20.8.0/24, the subnet of the zone 'adm",
    "converged: {mail: {to: same}}\ndefinitions: {mirror: same}": "'same' is used already",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_is_said_with_its_line(tmp_path: Path, text: str) -> None:
    found = complaints(tmp_path, declared(f"{text}\n"))

    assert any(WRONG[text] in line for line in found), found
    assert all(line.startswith("site.yaml:") for line in found)


def test_an_address_needs_the_subnet_that_it_lies_in(tmp_path: Path) -> None:
    text = f"{SITE}converged: {{mail: {{to: 10.1.2.3}}}}\n"

    (found,) = complaints(tmp_path, text)

    assert found.startswith("site.yaml:24: converged.mail.to: state addressing.zones.data, the")


def test_no_server_may_be_called_as_the_relay_is(tmp_path: Path) -> None:
    found = complaints(tmp_path, SITE.replace("net1", "relay1"))

    assert any("'relay1' is the name of another host" in line for line in found)


def test_converged_services_are_there_when_they_are_declared() -> None:
    assert Subject.CONVERGED_SERVICES in resolve(make_site(), TODAY).absent
    assert Subject.CONVERGED_SERVICES not in resolve(converged_site(), TODAY).absent
