"""What the relay, the scanners and the stand-in are given, read back."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.design import build
from ringfence.design.model import Design, Host, HostKind, Service
from ringfence.guide import Level
from ringfence.machine import units
from ringfence.policy import resolve
from ringfence.relay.directory_settings import directory_settings
from ringfence.relay.mail_settings import mail_settings
from ringfence.relay.settings import SettingsError
from ringfence.render import clamav, directory, mail_relay, mail_stand_in
from ringfence.render.catalogue import tree
from ringfence.render.files import File, Material
from ringfence.site.model import Site
from ringfence.site.neighbours import Converged, Definitions, Mail
from samples import TODAY, converged_site, make_design, without


def designed(site: Site, *taken_out: str) -> Design:
    return build(site, without(site, *taken_out))


def relay(design: Design) -> Host:
    return design.of_kind(HostKind.RELAY)[0]


def text_of(files: tuple[File, ...], ending: str) -> str:
    return next(file.text for file in files if file.path.endswith(ending))


def stored(directory: Path, files: tuple[File, ...]) -> Path:
    path = directory / "settings.ini"
    path.write_text(text_of(files, "settings.ini"))
    return path


def test_the_mail_relay_reads_back_what_the_design_says(tmp_path: Path) -> None:
    mail = Mail(to="mail1", name="mail.corp.example", port=25, domains=("corp.example",))
    site = converged_site().model_copy(update={"converged": Converged(mail=mail)})
    design = designed(site)
    host = relay(design)

    said = mail_settings(stored(tmp_path, mail_relay.files(design, host)))

    assert (said.listening.address, said.listening.port) == (str(host.address), 465)
    assert said.listening.name == host.fqdn
    assert said.rules.authenticated
    assert said.rules.senders == {"sip1.office.example"}
    assert said.rules.origins == {"office.example"}
    assert said.rules.destinations == {"corp.example"}
    assert said.inspected
    assert said.scanner == clamav.SOCKET
    assert (said.route.port, said.route.name) == (25, "mail.corp.example")
    assert said.route.address == str(design.of_kind(HostKind.MAIL)[0].address)


def test_what_is_taken_out_is_off_in_the_settings_and_named_nowhere(tmp_path: Path) -> None:
    design = designed(converged_site(), "CNV-2", "CNV-5", "SEP-9", "CNV-6")
    files = mail_relay.files(design, relay(design))

    said = mail_settings(stored(tmp_path, files))

    assert not said.rules.authenticated
    assert not said.inspected
    assert said.scanner is None
    named = set(re.findall(r"\b[A-Z]{3}-\d{1,2}\b", " ".join(file.text for file in files)))
    assert named <= design.in_force


def test_the_directory_reads_back_who_may_read_it(tmp_path: Path) -> None:
    design = designed(converged_site())

    said = directory_settings(stored(tmp_path, directory.files(design, relay(design))))

    assert said.rules.authenticated
    assert said.rules.readers == {"pc1.office.example"}
    assert said.rules.extensions == {"100000", "100001", "100002"}
    assert (said.listening.port, said.rules.domain) == (443, "office.example")


SPOILS: dict[str, Callable[[str], str]] = {
    "a key is missing": lambda text: text.replace("inspect = yes\n", ""),
    "a key is not known": lambda text: text.replace("inspect =", "inspekt ="),
    "a section is not known": lambda text: f"{text}\n[more]\nx = y\n",
    "a choice is none": lambda text: text.replace("= required", "= maybe"),
    "a number is none": lambda text: text.replace("port = 465", "port = smtps"),
    "a value is empty": lambda text: text.replace("socket = /run/clamav/clamd.ctl", "socket ="),
    "a key is there twice": lambda text: text.replace("inspect = yes", "inspect = yes\ninspect=no"),
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_settings_that_are_not_understood_are_not_used(tmp_path: Path, spoil: str) -> None:
    design = designed(converged_site())
    path = stored(tmp_path, mail_relay.files(design, relay(design)))
    text = path.read_text()
    assert SPOILS[spoil](text) != text
    path.write_text(SPOILS[spoil](text))

    with pytest.raises(SettingsError, match=r"settings\.ini"):
        mail_settings(path)


def test_a_foreign_authority_is_given_to_the_relay_beside_the_sites_own() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    mail = Mail(to="mail1", authority=pem)
    design = designed(converged_site().model_copy(update={"converged": Converged(mail=mail)}))
    files = mail_relay.files(design, relay(design))

    assert text_of(files, "mail-authority.pem").count("BEGIN CERTIFICATE") == 1
    assert f"authorities = /etc/ringfence/mail-relay/ca.pem {mail_relay.AUTHORITY}\n" in text_of(
        files, "settings.ini"
    )


def test_each_service_has_an_account_of_its_own_and_keys_that_only_it_reads() -> None:
    design = designed(converged_site())
    given = tree(design, relay(design))
    found = {file.path: file for file in given.files}
    users = {}
    for service in (Service.MAIL_RELAY, Service.DIRECTORY, Service.SCANNER):
        unit = units.parse(service, found[f"/etc/systemd/system/{service}.service"].text)
        users[service] = unit.user
        listens = service != Service.SCANNER
        assert unit.bounding == ({"CAP_NET_BIND_SERVICE"} if listens else frozenset())
    assert len(set(users.values())) == 3
    for deposit in given.deposits:
        if deposit.material == Material.PRIVATE_KEY and "/log" not in deposit.path:
            service = Service(deposit.path.split("/")[3])
            assert (deposit.mode, deposit.group) == (0o440, users[service])
    for path, file in found.items():
        if path.startswith("/etc/ringfence/"):
            assert file.mode == 0o640, path


def test_every_module_that_a_service_imports_is_given_to_it() -> None:
    design = designed(converged_site())
    for host in (relay(design), design.of_kind(HostKind.MAIL)[0]):
        files = {file.path: file.text for file in tree(design, host).files}
        modules = {path: text for path, text in files.items() if "/relay/" in path}
        assert modules
        for path, text in modules.items():
            assert "from ringfence" not in text
            for name in re.findall(r"^from \.(\w+) import", text, re.MULTILINE):
                assert f"{Path(path).parent}/{name}.py" in modules, f"{path} needs {name}"


def test_the_directory_names_every_phone_in_both_forms() -> None:
    site = converged_site()
    name = "Lager; Halle 2, Straße der Außerordentlichen Versammlungen und Zusammenkünfte Łódź"
    phones = (site.phones[0].model_copy(update={"name": name}), *site.phones[1:])
    design = designed(site.model_copy(update={"phones": phones}))
    files = directory.files(design, relay(design))

    listed = json.loads(text_of(files, "directory.json"))["entries"]
    cards = text_of(files, "directory.vcf")

    assert listed[0] == {"name": name, "number": "100000", "uri": "sip:100000@office.example"}
    assert len(listed) == cards.count("BEGIN:VCARD") == cards.count("END:VCARD") == 3
    assert all(len(line.encode()) <= 75 for line in cards.split("\r\n"))
    unfolded = cards.replace("\r\n ", "")
    assert "FN:" + name.replace(";", "\\;").replace(",", "\\,") + "\r\n" in unfolded
    assert "TEL;TYPE=work;VALUE=uri:sip:100000@office.example\r\n" in unfolded


def test_a_scan_sees_every_file_and_changes_none() -> None:
    design = make_design()
    (host,) = design.of_kind(HostKind.SIP)
    files = clamav.nightly(design, host)
    text = text_of(files, ".service")
    unit = units.parse("malware-scan", text)

    assert unit.user == "clamav"
    assert unit.bounding == unit.ambient == {"CAP_DAC_READ_SEARCH"}
    assert "ProtectSystem=strict" in text
    assert "ProtectHome" not in text
    assert "PrivateTmp" not in text
    assert "WantedBy" not in text
    assert not unit.remain
    timer = text_of(files, ".timer")
    assert "OnCalendar=*-*-* 03:00:00\n" in timer
    assert "WantedBy=timers.target\n" in timer
    assert "SML-1" in text
    assert "SML-1" in timer


def test_definitions_come_from_the_mirror_and_else_it_says_who_brings_them() -> None:
    site = converged_site()
    mirrored = designed(site.model_copy(update={"definitions": Definitions(mirror="mirror1")}))
    (mirror,) = mirrored.of_kind(HostKind.MIRROR)
    host = relay(mirrored)

    plain = text_of(clamav.nightly(designed(site), relay(designed(site))), "freshclam.conf")
    text = text_of(clamav.nightly(mirrored, host), "freshclam.conf")

    assert "an administrator brings" in plain
    assert "PrivateMirror" not in plain
    assert f"PrivateMirror http://{mirror.address}\n" in text
    assert "DatabaseMirror" not in text
    assert Service.DEFINITIONS in host.services


def test_the_stand_in_has_a_certificate_that_can_call_nobody() -> None:
    design = designed(converged_site())
    (host,) = design.of_kind(HostKind.MAIL)

    assert "in labs only" in text_of(mail_stand_in.files(design, host), ".service")
    assert {d.of for d in mail_stand_in.deposits(design, host)} == {"mail1", None}


@pytest.mark.parametrize("level", [Level.MINIMUM, Level.MEDIUM])
def test_lines_of_the_relay_name_only_mitigations_in_force(level: Level) -> None:
    site = converged_site(level)
    design = build(site, resolve(site, TODAY))

    for host in design.hosts:
        for file in tree(design, host).files:
            named = set(re.findall(r"\b[A-Z]{3}-\d{1,2}\b", file.text))
            known = named & {
                "CNV-2",
                "CNV-3",
                "CNV-4",
                "CNV-5",
                "CNV-6",
                "SEP-9",
                "SEP-10",
                "SML-1",
            }
            assert known <= design.in_force, (host.name, file.path)


def test_a_data_device_that_may_read_is_given_what_it_takes_and_no_other_is() -> None:
    site = converged_site()
    design = designed(site)
    (pc,) = design.of_kind(HostKind.PC)
    nobody = Converged(directory=True, readers=("crm",))
    others = designed(site.model_copy(update={"converged": nobody}))

    assert {d.path for d in tree(design, pc).deposits} == {
        f"{directory.READER}/{name}" for name in ("certificate.pem", "key.pem", "ca.pem")
    }
    assert not tree(others, others.of_kind(HostKind.PC)[0]).deposits
