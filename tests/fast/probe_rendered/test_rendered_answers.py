"""Each question about rendered files is answered yes as rendered, and no once it is broken."""

import pytest

from rendered_files import NOW, answers, broken
from ringfence.design import build
from ringfence.design.model import Design
from ringfence.guide import Level, Method, known_ids, mitigation
from ringfence.probe.fact import MOST_CONTRARY, Answer
from ringfence.probe.questions import QUESTIONS, RENDERED, about, by_id
from ringfence.probe.rendered import answer_all, read
from ringfence.probe.rendered.answers import ANSWERS
from ringfence.probe.switch_questions import SWITCHES
from ringfence.render import lab_switch
from ringfence.render.catalogue import trees
from ringfence.render.files import Tree
from ringfence.site.neighbours import Converged
from samples import converged_site, make_design, without

SENSOR = {"sensor-mirrors", "sensor-orders"}
NOT_HERE = {
    "softphones-apart",
    *("by-way-of-the-relay", "relay-certificates", "relay-examines", "relay-scans"),
    *(question.id for question in SWITCHES),
}
"""Questions about what the site does not have."""
ONE_LEVEL_ONLY = {"no-dhcp", "phones-static", "reserved-addresses", "challenge"}


@pytest.mark.parametrize("level", Level)
def test_as_rendered_every_question_that_fits_the_level_is_answered_yes(level: Level) -> None:
    design = make_design(level=level)

    found = answers(design, tuple(trees(design)))

    wrong = {q for q, fact in found.items() if fact.answer != Answer.YES} - NOT_HERE
    static = level == Level.HIGHEST
    expected = {"reserved-addresses"} if static else {"no-dhcp", "phones-static"}
    if level == Level.MINIMUM:
        expected |= {"priorities", "logs-forwarded", "log-senders", *SENSOR}
    else:
        expected.add("challenge")
    assert wrong == expected


RULES = "nftables.conf"
KAMAILIO = "kamailio.cfg"
PHONE = "p100000"
UNKNOWN = "if ($sht(users=>$fU) == $null) {"

BREAKS = [
    ("crossing-flows", "fw", RULES, "tcp dport 5061", "tcp dport 5060-5061"),
    ("crossing-flows", "fw", RULES, "udp dport 30000-39999 counter accept", "counter accept"),
    ("crossing-flows", "fw", RULES, "policy drop", "policy accept"),
    (
        "crossing-flows",
        "fw",
        RULES,
        "ip saddr != 10.24.0.0/24 jump spoofed comment",
        "accept comment",
    ),
    ("crossing-flows", "fw", RULES, "tcp flags & (fin|syn|rst|ack) == syn ct state new ", ""),
    ("crossing-flows", "fw", RULES, 'log prefix "RF drop phones-servers " group 5', ""),
    ("crossing-flows", "fw", RULES, "ct state invalid counter drop", ""),
    ("crossing-flows", "fw", RULES, "ct state established,related counter accept", ""),
    ("crossing-flows", "fw", RULES, "saddr != 10.24.0.0/24", "saddr != 10.24.0.0/16"),
    ("crossing-flows", "fw", RULES, "10.24.0.0/24, 10.16.0.0/24", "10.24.0.0/24"),
    ("crossing-flows", "fw", RULES, "chain spoofed {", "chain spoofed {\nudp dport 53 accept"),
    ("crossing-flows", "fw", RULES, "hook prerouting priority raw", "hook input priority filter"),
    ("ipt-and-data", "fw", RULES, '"servers" . "admin" :', '"data" . "servers" :'),
    ("ipt-and-data", "fw", RULES, '"servers" . "phones" :', '"servers" . "data" :'),
    (
        "ipt-and-data",
        "fw",
        RULES,
        "iifname . oifname vmap",
        'iifname "data" accept\n    iifname . oifname vmap',
    ),
    ("inside-and-outside", "fw", RULES, '"servers" . "phones" :', '"outside" . "phones" :'),
    ("inside-and-outside", "fw", RULES, '"servers" . "phones" :', '"phones" . "outside" :'),
    ("inside-and-outside", "fw", RULES, "ct state established,related counter", "counter"),
    ("dhcp-client-port", "fw", RULES, "udp dport 16384-32767", "udp dport 60-32767"),
    ("phone-management-ports", "fw", RULES, "udp dport 16384-32767", "tcp dport 80"),
    ("zone-subnets", "sip1", ".network", "Address=10.16.0", "Address=10.24.0"),
    ("zone-subnets", "net1", ".network", "/24", "/16"),
    ("reserved-addresses", "net1", "kea-dhcp4.conf", "02:00:5e:00:00:01", "02:00:5e:00:00:99"),
    (
        "reserved-addresses",
        "net1",
        "kea-dhcp4.conf",
        '"option-data"',
        '"pools": [1], "option-data"',
    ),
    ("no-automatic-registration", "sip1", KAMAILIO, UNKNOWN, "if (0) {"),
    ("critical-static", "sip1", ".network", "Address=10.16.0.10/24", "DHCP=ipv4"),
    ("own-services", "sip1", "resolv.conf", "nameserver 10.16.0.11", "nameserver 10.16.2.11"),
    ("own-services", "sip1", "chrony.conf", "server 10.16.1.10", "server 10.16.2.10"),
    ("own-services", "fw", RULES, '"phones" . "servers" :', '"data" . "servers" :'),
    ("signalling-encrypted", "sip1", KAMAILIO, "listen=tls:", "listen=udp:"),
    ("signalling-encrypted", "sip1", "tls.cfg", "TLSv1.2+", "SSLv23"),
    ("signalling-encrypted", "sip1", "openssl.cnf", "MinProtocol = TLSv1.2", ""),
    ("signalling-encrypted", "sip1", KAMAILIO, '$pr != "tls"', '$pr == "xyz"'),
    ("signalling-encrypted", PHONE, "accounts", ";transport=tls>", ";transport=tcp>"),
    (
        "client-certificates",
        "sip1",
        "tls.cfg",
        "require_certificate = yes",
        "require_certificate = no",
    ),
    ("client-certificates", "sip1", KAMAILIO, "    route(CERTIFICATE);\n", ""),
    ("client-certificates", "sip1", KAMAILIO, '$var(identity) != "sip:" + $fU', '$fU == "x" + $fU'),
    ("client-certificates", "sip1", KAMAILIO, "$sht(revoked=>$var(serial))", "$null"),
    ("media-encrypted", "sip1", KAMAILIO, " RTP/SAVP!g", "!g"),
    ("media-encrypted", "sip1", KAMAILIO, 'python_exec("media", "$var(from_leg)")', "$rc = 1"),
    ("media-encrypted", PHONE, "accounts", ";mediaenc=srtp-mand", ";mediaenc=srtp"),
    ("challenge", "sip1", KAMAILIO, "    route(DIGEST);\n", ""),
    ("challenge", "sip1", KAMAILIO, "$sht(failures=>$si) >= MAX_FAILURES", "1 == 0"),
    ("confined-services", "sip1", "kamailio.service", "User=kamailio", "User=root"),
    ("confined-services", "sip1", "kamailio.service", "NoNewPrivileges=yes", "NoNewPrivileges=no"),
    ("confined-services", "net1", "unbound.service", "UMask=0027", "UMask=0022"),
    ("own-filters", "sip1", RULES, "tcp dport 5061", "tcp dport 22"),
    ("own-filters", "net1", RULES, "policy drop", "policy accept"),
    ("own-filters", "sip1", RULES, 'iifname "lo" accept', "ct state new accept"),
    ("own-filters", "sip1", RULES, "ct state established,related counter accept", ""),
    ("own-filters", "sip1", RULES, "ip saddr 10.24.0.10-10.24.0.12 udp", "udp"),
]


@pytest.mark.parametrize(
    ("question", "host", "path", "old", "new"),
    BREAKS,
    ids=[f"{b[0]}-{n}" for n, b in enumerate(BREAKS)],
)
def test_what_is_broken_in_a_file_is_found(
    question: str, host: str, path: str, old: str, new: str
) -> None:
    design = make_design()

    fact = answers(design, broken(tuple(trees(design)), host, path, old, new))[question]

    assert fact.answer == Answer.NO
    assert fact.contrary
    if path == RULES:
        assert all(" -> " in each for each in fact.contrary)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("priorities.nft", 'ip dscp set ef meta priority set "1:10"', 'meta priority set "1:10"'),
        (
            "priorities.nft",
            'ip dscp set ef meta priority set "1:10"',
            'ip dscp set ef meta priority set "1:40"',
        ),
        ("priorities.nft", "udp dport 30000-39999", "udp dport 30000-30001"),
        ("priorities.tc", "prio 0", "prio 5"),
        ("priorities.tc", "prio 7", "prio 1"),
    ],
)
def test_speech_that_does_not_come_first_is_found(path: str, old: str, new: str) -> None:
    design = make_design(level=Level.MEDIUM)
    given = broken(tuple(trees(design)), "fw", path, old, new)

    assert answers(design, given)["priorities"].answer == Answer.NO


ORDERS = "sensor.json"
SENSOR_BREAKS = [
    ("sensor-mirrors", "switch", "mirror.nft", '"p100001", ', ""),
    ("sensor-mirrors", "switch", "mirror.nft", '"fw.data", ', ""),
    ("sensor-mirrors", "switch", "mirror.nft", '"fw.data", ', '"fw.data", "sip1", '),
    ("sensor-mirrors", "switch", "mirror.nft", 'dup to "ids1.span40"', 'dup to "ids1.span50"'),
    ("sensor-mirrors", "switch", "mirror.nft", 'device "ids1.span10"', 'device "pc1"'),
    ("sensor-mirrors", "switch", "mirror.nft", "table netdev mirror {", "table netdev x {"),
    ("sensor-mirrors", "ids1", "span10.network", "[Network]", "[Network]\nAddress=10.24.0.9/24"),
    ("sensor-mirrors", "ids1", "span10.network", "[Network]", "[Network]\nDHCP=ipv4"),
    ("sensor-mirrors", "ids1", "span10.network", "ARP=no", "ARP=yes"),
    ("sensor-mirrors", "ids1", "span10.network", "Name=span10", "Name=eth9"),
    ("sensor-mirrors", "ids1", "sensor.service", "User=ringfence-sensor", "User=root"),
    (
        "sensor-mirrors",
        "ids1",
        "sensor.service",
        "Set=CAP_NET_RAW",
        "Set=CAP_NET_RAW CAP_SYS_ADMIN",
    ),
    ("sensor-orders", "ids1", ORDERS, '"last": 5061', '"last": 5062'),
    ("sensor-orders", "ids1", ORDERS, '"from": "phones"', '"from": "data"'),
    ("sensor-orders", "ids1", ORDERS, '"10.24.0.10-10.24.0.12"', '"10.24.0.0-10.24.0.255"'),
    (
        "sensor-orders",
        "ids1",
        ORDERS,
        '"10.24.0.11": "02:00:5e:00:00:01"',
        '"10.24.0.11": "02:00:5e:00:00:99"',
    ),
    ("sensor-orders", "ids1", ORDERS, '"count": 15', '"count": 15000'),
    ("sensor-orders", "ids1", ORDERS, '"seconds": 3600', '"seconds": 36'),
    ("sensor-orders", "ids1", ORDERS, '"signalling": 5061', '"signalling": 5060'),
    ("sensor-orders", "ids1", ORDERS, '"designed": true', '"designed": false'),
    ("sensor-orders", "ids1", ORDERS, '"device": "span40"', '"device": "span90"'),
    ("sensor-orders", "ids1", ORDERS, '"subnet": "10.16.2.0/24"', '"subnet": "10.16.2.0/25"'),
    ("sensor-orders", "ids1", ORDERS, '    "10.16.0.0/24",\n', ""),
    ("sensor-orders", "ids1", ORDERS, '     "10.16.0.11"\n', '     "10.16.0.12"\n'),
    ("sensor-orders", "ids1", "ringfence.rules", "![5061,53]", "![5061,53,80]"),
    ("sensor-orders", "ids1", "ringfence.rules", "count 500", "count 5000"),
    ("sensor-orders", "ids1", "suricata.yaml", "interface: span10", "interface: eth0"),
    ("sensor-orders", "ids1", "suricata.yaml", "- ringfence.rules", "- other.rules"),
    (
        "sensor-orders",
        "ids1",
        "suricata.yaml",
        "unix-command:\n  enabled: no",
        "unix-command:\n  enabled: yes",
    ),
    ("confined-services", "ids1", "sensor.service", "User=ringfence-sensor", "User=root"),
    ("critical-static", "ids1", "10-eth0.network", "Address=10.16.1.12/24", "DHCP=ipv4"),
    ("own-filters", "ids1", RULES, "policy drop", "policy accept"),
]


@pytest.mark.parametrize(
    ("question", "host", "path", "old", "new"),
    SENSOR_BREAKS,
    ids=[f"{b[0]}-{n}" for n, b in enumerate(SENSOR_BREAKS)],
)
def test_what_is_broken_in_a_file_of_the_sensor_is_found(
    question: str, host: str, path: str, old: str, new: str
) -> None:
    design = make_design(level=Level.MEDIUM)
    switch: tuple[Tree, ...] = (lab_switch.tree(design),)
    given = tuple(trees(design))
    if host == lab_switch.NAME:
        switch = broken(switch, host, path, old, new)
    else:
        given = broken(given, host, path, old, new)

    found = {t.fact.question: t.fact for t in answer_all(read(design, given, *switch), NOW)}

    assert found[question].answer == Answer.NO, found[question].saw
    assert found[question].contrary


def test_a_sensor_that_is_not_told_of_a_zone_is_found() -> None:
    design = make_design(level=Level.MEDIUM)
    given = broken(tuple(trees(design)), "ids1", ORDERS, '"name": "data"', '"name": "dada"')

    fact = answers(design, given)["sensor-orders"]

    assert fact.answer == Answer.NO
    assert set(fact.contrary) == {"ids1: zone data is not watched", "ids1: there is no zone dada"}


@pytest.mark.parametrize("question", ["no-dhcp", "phones-static"])
def test_a_phone_that_asks_for_its_address_is_found_where_none_should(question: str) -> None:
    design = make_design(level=Level.HIGHEST)
    given = broken(tuple(trees(design)), PHONE, ".network", "Address=10.24.0.10/24", "DHCP=ipv4")

    assert answers(design, given)[question].answer == Answer.NO


MAIL = "mail-relay/settings.ini"
DIRECTORY = "directory/settings.ini"
CLAMD = "clamd.conf"
FIRST = "tcp flags & (fin|syn|rst|ack) == syn ct state new "
CROSSING = ("by-way-of-the-relay", "relay-certificates", "relay-examines", "relay-scans")

CROSSING_BREAKS = [
    ("by-way-of-the-relay", "fw", RULES, '"data" . "dmz" :', '"data" . "phones" :'),
    ("by-way-of-the-relay", "fw", RULES, '"dmz" . "data" :', '"servers" . "data" :'),
    ("by-way-of-the-relay", "fw", RULES, '"dmz" . "data" :', '"dmz" . "servers" :'),
    ("by-way-of-the-relay", "fw", RULES, "tcp dport 465", "tcp dport 22"),
    ("by-way-of-the-relay", "fw", RULES, f"tcp dport 443 {FIRST}", "udp dport 443 "),
    ("by-way-of-the-relay", "relay1", ".network", "Address=10.16.4.10", "Address=10.16.2.10"),
    ("relay-certificates", "relay1", MAIL, "certificates = required", "certificates = none"),
    ("relay-certificates", "relay1", DIRECTORY, "certificates = required", "certificates = none"),
    ("relay-certificates", "relay1", MAIL, "senders = sip1", "senders = net1"),
    ("relay-certificates", "relay1", DIRECTORY, "readers = pc1", "readers = anybody"),
    ("relay-certificates", "relay1", DIRECTORY, "extensions = 100000", "extensions = 666"),
    ("relay-examines", "relay1", MAIL, "inspect = yes", "inspect = no"),
    ("relay-examines", "relay1", MAIL, "from = office.example", "from = elsewhere.example"),
    ("relay-examines", "relay1", MAIL, "to = office.example", "to = elsewhere.example"),
    ("relay-examines", "relay1", "mail-relay.service", f"ringfence/{MAIL}", "other.ini"),
    ("relay-scans", "relay1", MAIL, "socket = /run/clamav/clamd.ctl", "socket = none"),
    ("relay-scans", "relay1", CLAMD, "LocalSocket /run", "LocalSocket /var/run"),
    ("relay-scans", "relay1", CLAMD, "AlertEncrypted yes", "AlertEncrypted no"),
    ("relay-scans", "relay1", CLAMD, "AlertExceedsMax yes", ""),
    ("relay-scans", "relay1", CLAMD, "StreamMaxLength 32M", "StreamMaxLength 1M"),
    ("own-services", "relay1", "chrony.conf", "server 10.16.4.1 ", "server 10.16.2.1 "),
    ("crossing-flows", "fw", RULES, "ip saddr 10.16.2.0/24 ip daddr", "ip daddr"),
]


def crossing_design(*taken_out: str) -> Design:
    site = converged_site()
    return build(site, without(site, *taken_out))


def test_what_crosses_as_rendered_is_as_it_should_be_and_is_no_nothing() -> None:
    design = crossing_design()

    found = answers(design, tuple(trees(design)))

    assert {found[question].answer for question in CROSSING} == {Answer.YES}
    assert found["ipt-and-data"].answer == Answer.NO
    others = {q for q, fact in found.items() if fact.answer == Answer.NO} - {"ipt-and-data"}
    assert others == {"no-dhcp", "phones-static", "challenge"}


@pytest.mark.parametrize(
    ("question", "host", "path", "old", "new"),
    CROSSING_BREAKS,
    ids=[f"{b[0]}-{n}" for n, b in enumerate(CROSSING_BREAKS)],
)
def test_what_is_broken_about_what_crosses_is_found(
    question: str, host: str, path: str, old: str, new: str
) -> None:
    design = crossing_design()

    fact = answers(design, broken(tuple(trees(design)), host, path, old, new))[question]

    assert fact.answer == Answer.NO
    assert fact.contrary


@pytest.mark.parametrize(
    ("question", "taken_out"),
    [
        ("by-way-of-the-relay", ("CNV-3", "SEP-10")),
        ("relay-certificates", ("CNV-2",)),
        ("relay-examines", ("CNV-5", "SEP-9")),
        ("relay-scans", ("CNV-6",)),
    ],
)
def test_a_mitigation_that_is_taken_out_is_missed_by_its_question_alone(
    question: str, taken_out: tuple[str, ...]
) -> None:
    design = crossing_design(*taken_out)

    found = answers(design, tuple(trees(design)))

    assert {each for each in CROSSING if found[each].answer != Answer.YES} == {question}
    assert found[question].answer == Answer.NO


def test_where_only_the_directory_crosses_no_message_needs_a_scanner() -> None:
    site = converged_site().model_copy(update={"converged": Converged(directory=True)})
    design = build(site, without(site))

    found = answers(design, tuple(trees(design)))

    assert {found[question].answer for question in CROSSING} == {Answer.YES}


def test_a_softphone_among_phones_is_found() -> None:
    design = make_design()
    hosts = tuple(
        host.model_copy(update={"model": "linphone"}) if host.name == PHONE else host
        for host in design.hosts
    )
    design = design.model_copy(update={"hosts": hosts})

    found = answers(design, tuple(trees(design)))

    assert found["no-softphones"].answer == Answer.NO
    assert found["softphones-apart"].answer == Answer.NO
    assert found["media-encrypted"].answer == Answer.YES


def test_a_file_that_cannot_be_read_is_a_fault_and_no_yes() -> None:
    design = make_design()
    given = broken(tuple(trees(design)), "fw", RULES, "table inet ringfence {", "table ip x {")

    fact = answers(design, given)["crossing-flows"]

    assert fact.answer == Answer.ERROR
    assert "RulesError" in fact.saw


def test_many_contrary_things_are_counted_and_some_named() -> None:
    design = make_design(phones=50)

    fact = answers(design, tuple(trees(design)))["phones-static"]

    assert len(fact.contrary) == MOST_CONTRARY
    assert fact.more_contrary == 50 - MOST_CONTRARY


def test_every_question_has_its_own_id_an_answer_and_known_mitigations() -> None:
    assert len(by_id()) == len(QUESTIONS)
    assert set(ANSWERS) == {question.id for question in RENDERED}
    assert all(set(question.informs) <= known_ids() for question in QUESTIONS)
    assert not any(set(question.decides) & set(question.bears_on) for question in QUESTIONS)


def test_what_a_question_decides_the_guide_lets_be_known_that_way() -> None:
    for question in QUESTIONS:
        for id_ in question.decides:
            assert question.method in mitigation(id_).known_by, f"{question.id} decides {id_}"
    assert {q.method for q in about("SEP-6")} >= {Method.PROVED, Method.INSPECTED}
