"""Each question about rendered files is answered yes as rendered, and no once it is broken."""

from datetime import UTC, datetime

import pytest

from ringfence.design.model import Design
from ringfence.guide import Level, Method, known_ids, mitigation
from ringfence.probe.fact import MOST_CONTRARY, Answer, Fact
from ringfence.probe.questions import QUESTIONS, RENDERED, about, by_id
from ringfence.probe.rendered import answer_all, read
from ringfence.probe.rendered.answers import ANSWERS
from ringfence.probe.switch_questions import SWITCHES
from ringfence.render.catalogue import trees
from ringfence.render.files import Tree
from samples import make_design

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOT_HERE = {"softphones-apart", *(question.id for question in SWITCHES)}


def answers(design: Design, given: tuple[Tree, ...]) -> dict[str, Fact]:
    return {taken.fact.question: taken.fact for taken in answer_all(read(design, given), NOW)}


def broken(given: tuple[Tree, ...], host: str, path: str, old: str, new: str) -> tuple[Tree, ...]:
    changed = []
    found = False
    for tree in given:
        files = []
        for file in tree.files:
            if tree.host == host and file.path.endswith(path):
                assert old in file.text, f"{file.path} does not say {old!r}"
                found = True
                files.append(file.model_copy(update={"text": file.text.replace(old, new)}))
            else:
                files.append(file)
        changed.append(tree.model_copy(update={"files": tuple(files)}))
    assert found, f"{host} has no {path}"
    return tuple(changed)


@pytest.mark.parametrize("level", Level)
def test_as_rendered_every_question_that_fits_the_level_is_answered_yes(level: Level) -> None:
    design = make_design(level=level)

    found = answers(design, tuple(trees(design)))

    wrong = {q for q, fact in found.items() if fact.answer != Answer.YES} - NOT_HERE
    static = level == Level.HIGHEST
    expected = {"reserved-addresses"} if static else {"no-dhcp", "phones-static"}
    expected.add("priorities" if level == Level.MINIMUM else "challenge")
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


@pytest.mark.parametrize("question", ["no-dhcp", "phones-static"])
def test_a_phone_that_asks_for_its_address_is_found_where_none_should(question: str) -> None:
    design = make_design(level=Level.HIGHEST)
    given = broken(tuple(trees(design)), PHONE, ".network", "Address=10.24.0.10/24", "DHCP=ipv4")

    assert answers(design, given)[question].answer == Answer.NO


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
