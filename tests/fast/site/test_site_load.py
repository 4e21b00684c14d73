from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ringfence.guide import Level
from ringfence.site import Problem, SiteError, load_site
from ringfence.site.model import DEFAULT_SERVERS, Role
from site_files import SITE, complaints

EXAMPLE = Path(__file__).parents[3] / "examples" / "branch"
DIGITS = "02:00:00:00:03:01"


def test_loads_every_part_of_a_site(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE) == []
    site = load_site(tmp_path)

    assert (site.organisation, site.country, site.level) == ("Café Zürich", "CH", Level.MEDIUM)
    assert [(phone.extension, phone.name) for phone in site.phones] == [
        ("301", "Zoë Müller"),
        ("0302", "Łukasz"),
    ]
    assert site.phones[1].mac == "02:00:00:00:03:02"
    assert site.phones[1].location == "Büro 12"
    assert site.phones[0].model == "generic"
    assert site.servers[1].role is Role.SERVICES
    assert site.addressing.zones == {"phones": IPv4Network("172.20.128.0/24")}
    assert site.addressing.fixed["p0302"] == IPv4Address("172.20.128.60")


def test_a_directory_stands_for_its_site_file() -> None:
    site = load_site(EXAMPLE)

    assert site == load_site(EXAMPLE / "site.yaml")
    assert [phone.extension for phone in site.phones] == [str(2001 + n) for n in range(8)]
    assert site.phones[7].model == "linphone"
    assert site.level is Level.MINIMUM
    assert site.domain == "branch.example"


def test_blank_keys_take_their_defaults(tmp_path: Path) -> None:
    start, _, _ = SITE.partition("servers:")
    text = f'{start}servers:\nphones: [{{extension: 20, name: N, mac: "{DIGITS}", location: }}]\n'

    assert complaints(tmp_path, f"{text}addressing:\n  zones:\n  fixed: ~\n") == []
    assert load_site(tmp_path).servers == DEFAULT_SERVERS


def test_letters_with_accents_have_one_form(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("Zoë", "Zoe\u0308")) == []
    assert load_site(tmp_path).phones[0].name == "Zoë Müller"


def test_blanks_around_words_are_no_part_of_them(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("Zoë Müller", "' Zoë Müller '")) == []
    assert load_site(tmp_path).phones[0].name == "Zoë Müller"


def test_a_country_no_is_norway_and_not_false(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("CH", "NO")) == []
    assert load_site(tmp_path).country == "NO"


def test_a_domain_with_accents_is_kept_as_dns_has_it(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("voice.example", "Zürich.Example.")) == []
    assert load_site(tmp_path).domain == "xn--zrich-kva.example"


def _mac(n: int) -> str:
    return f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}"


@pytest.mark.parametrize(("digits", "phones"), [(2, 1), (3, 60), (8, 60)])
def test_other_sites_load(tmp_path: Path, digits: int, phones: int) -> None:
    first = 3 * 10 ** (digits - 1)
    head, _, _ = SITE.partition("servers:")
    rows = [f"  - {{extension: {first + n}, name: N{n}, mac: '{_mac(n)}'}}" for n in range(phones)]

    assert complaints(tmp_path, head + "phones:\n" + "\n".join(rows)) == []
    assert len(load_site(tmp_path).phones) == phones


MISTAKES = [
    # within values
    ("location: Büro 12", "zone: x", "16: phones[1].zone: no such key; choose from extension, "),
    ("location", "locaton", "16: phones[1].locaton: no such key; did you mean 'location'?"),
    ("organisation", "organization", "1: organization: no such key; did you mean 'organisation'?"),
    ("    name: Łukasz\n", "", "13: phones[1].name: is missing"),
    ("country: CH\n", "", "1: country: is missing"),
    ("country: CH", "country:", "3: country: has no value"),
    ("country: CH", "country: ch", "3: country: 'ch' is not a country's two-letter code such as "),
    ("country: CH", "country: UK", "did you mean 'GB', Britain (UK)?"),
    ("country: CH", "country: Germany", "did you mean 'DE', Germany?"),
    ("country: CH", "country: [CH]", "3: country: must be a single value, not a list"),
    ("medium", "high", "4: level: 'high' is no choice here; did you mean 'highest'?"),
    ("medium", "7", "4: level: '7' is no choice here; choose from minimum, medium, highest"),
    ("role: services", "role: service", "7: servers[1].role: 'service' is no choice here; did you"),
    ("extension: 301", "extension: 3 01", "10: phones[0].extension: '3 01' is not an extension of"),
    ("extension: 301", f"extension: {'9' * 5000}", f"10: phones[0].extension: '{'9' * 40}...' is "),
    ("extension: 301", "extension: ٣٠١", "10: phones[0].extension: '٣٠١' is not an extension of 2"),
    (DIGITS, "02:00:00:00:03", "12: phones[0].mac: '02:00:00:00:03' is not a MAC address such as"),
    (DIGITS, "01:00:5e:00:00:01", "12: phones[0].mac: '01:00:5e:00:00:01' is a multicast address"),
    (DIGITS, "'00:00:00:00:00:00'", "12: phones[0].mac: '00:00:00:00:00:00' is not the address"),
    ("Zoë Müller", '"a\\nb"', "11: phones[0].name: 'a\\nb' is not a text of 1 to 100 characters"),
    ("Zoë Müller", '"a\\u202Eb"', "11: phones[0].name: 'a\\u202eb' is not a text of 1 to 100"),
    ("Zoë Müller", "n" * 101, "is not a text of 1 to 100 characters on one line"),
    ("Zoë Müller", "{a: b}", "11: phones[0].name: a mapping is not a text of 1 to 100 characters"),
    ("voice.example", "voice", "2: domain: 'voice' is not a domain name such as 'branch.example'"),
    ("voice.example", "10.1.2.3", "2: domain: '10.1.2.3' is not a domain name such as"),
    ("voice.example", "a..b", "2: domain: 'a..b' is not a domain name such as"),
    ("voice.example", "a." * 130 + "b", "is longer than 240 characters"),
    ("name: sip1", "name: SIP-1", "6: servers[0].name: 'SIP-1' is not a host name such as 'sip1'"),
    ("172.20.0.0/16", "172.20.9.9/16", "18: addressing.supernet: '172.20.9.9/16' is an address "),
    ("172.20.0.0/16", "lots", "18: addressing.supernet: 'lots' is not an IPv4 subnet such as"),
    ("172.20.0.0/16", "2001:db8::/32", "'2001:db8::/32' is not an IPv4 subnet such as"),
    ("172.20.1.10", "172.20.1", "22: addressing.fixed.sip1: '172.20.1' is not an IPv4 address"),
    (
        "  - extension: 301\n    name: Zoë Müller\n    mac",
        "  - mac",
        "10: phones[0].extension: is ",
    ),
    # between values
    ("extension: 0302", "extension: 301", "13: phones[1].extension: '301' is used already (first "),
    ("02-00-00-00-03-02", "0200.0000.0301", f"15: phones[1].mac: '{DIGITS}' is used already (firs"),
    ("name: net1", "name: sip1", "7: servers[1].name: 'sip1' is used already (first on line 6)"),
    ("role: services", "role: sip", "7: servers[1].role: several servers of role 'sip' are not su"),
    ("role: services", "role: sip", "5: servers: a server of role 'services' is missing"),
    ("name: net1", "name: fw", "7: servers[1].name: 'fw' is the name of another host of every"),
    ("name: net1", "name: p77", "7: servers[1].name: 'p77' would be the host name of a phone"),
    ("extension: 301", "extension: 112", "10: phones[0].extension: '112' is an emergency number"),
    ("extension: 301", "extension: 911", "10: phones[0].extension: '911' is an emergency number"),
    ("    phones: 172", "    phone: 172", "20: addressing.zones.phone: no such zone; did you mean"),
    ("172.20.0.0/16", "172.0.0.0/7", "18: addressing.supernet: 172.0.0.0/7 must be between a /8"),
    ("172.20.0.0/16", "0.0.0.0/0", "18: addressing.supernet: 0.0.0.0/0 must be between a /8 and"),
    ("172.20.0.0/16", "127.0.0.0/16", "18: addressing.supernet: 127.0.0.0/16 lies in the loop"),
    ("172.20.0.0/16", "169.254.0.0/16", "169.254.0.0/16 lies in the link-local range, 169.25"),
    ("172.20.0.0/16", "239.1.0.0/16", "239.1.0.0/16 lies in the multicast range, 224.0.0.0/4"),
    ("172.20.128.0/24", "172.20.128.0/29", "20: addressing.zones.phones: 172.20.128.0/29 must be"),
    ("172.20.128.0/24", "172.20.128.0/28", "20: addressing.zones.phones: 172.20.128.0/28 is too "),
    ("172.20.128.0/24", "192.0.2.0/24", "192.0.2.0/24 overlaps 192.0.2.0/24, where the zone 'out"),
    (
        "  fixed:",
        "    data: 172.20.0.0/16\n  fixed:",
        "21: addressing.zones.data: 172.20.0.0/16 over",
    ),
    ("    sip1: 172", "    spi1: 172", "22: addressing.fixed.spi1: the site has no such host; did"),
    (
        "    p0302",
        "    p0303",
        "23: addressing.fixed.p0303: the site has no such host; did you mean",
    ),
    ("172.20.128.60", "172.20.1.60", "23: addressing.fixed.p0302: 172.20.1.60 lies outside 172.20"),
    ("172.20.1.10", "10.0.0.1", "22: addressing.fixed.sip1: 10.0.0.1 lies outside the site's sub"),
    ("172.20.1.10", "172.20.128.60", "23: addressing.fixed.p0302: '172.20.128.60' is used already"),
]


@pytest.mark.parametrize(("good", "bad", "complaint"), MISTAKES)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path,
    good: str,
    bad: str,
    complaint: str,
) -> None:
    said = complaints(tmp_path, SITE.replace(good, bad, 1))

    assert good in SITE
    assert any(complaint in line for line in said), said
    assert all(line.startswith("site.yaml:") for line in said)


def test_a_key_written_wrongly_is_not_missing_as_well(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("organisation", "organization")) == [
        "site.yaml:1: organization: no such key; did you mean 'organisation'?",
    ]


def test_a_supernet_must_hold_the_phones(tmp_path: Path) -> None:
    head, _, _ = SITE.partition("servers:")
    text = f"{head}phones: [{{extension: 20, name: N, mac: '{DIGITS}'}}]\naddressing:\n"

    assert complaints(tmp_path, text + "  supernet: 10.0.0.0/23\n") == []
    (said,) = complaints(tmp_path, text + "  supernet: 10.0.0.0/24\n")
    assert said.startswith("site.yaml:7: addressing.supernet: 10.0.0.0/24 is too small for the ph")
    assert said.endswith("it takes at least a /23")


def test_all_mistakes_are_told_at_once_by_line(tmp_path: Path) -> None:
    text = SITE.replace("CH", "XX").replace("medium", "mid").replace(DIGITS, "x")

    assert [line.split(": ")[0] for line in complaints(tmp_path, text)] == [
        "site.yaml:3",
        "site.yaml:4",
        "site.yaml:12",
    ]


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    said = complaints(tmp_path, SITE.partition("phones:")[0] + "phones:\n" + "  - {x: 1}\n" * 30)

    assert len(said) == 21
    assert said[-1] == "and 100 more"


def test_problems_are_data_for_tools(tmp_path: Path) -> None:
    complaints(tmp_path, SITE.replace("name: Zoë", "nam: Zoë"))

    with pytest.raises(SiteError) as caught:
        load_site(tmp_path)

    assert caught.value.problems == (
        Problem(
            file=f"{tmp_path}/site.yaml",
            line=11,
            key="phones[0].nam",
            message="no such key; did you mean 'name'?",
        ),
    )


def test_a_site_on_a_prefix_of_another_extension_is_fine(tmp_path: Path) -> None:
    assert complaints(tmp_path, SITE.replace("0302", "3012")) == []


def test_a_log_server_can_be_named_and_need_not_be(tmp_path: Path) -> None:
    named = SITE.replace("phones:\n  -", "  - {name: logs, role: log}\nphones:\n  -", 1)

    assert complaints(tmp_path, named) == []
    assert load_site(tmp_path).servers[3].role is Role.LOG
    assert complaints(tmp_path, SITE) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("logs: {keep_days: 0}", "logs.keep_days: '0' is not a number of days from 1 to 3660"),
        ("logs: {keep_days: long}", "logs.keep_days: 'long' is not a number of days"),
        ("logs: {keep: 5}", "logs.keep: no such key; did you mean 'keep_days'?"),
    ],
)
def test_how_long_logs_are_kept_is_checked(tmp_path: Path, text: str, complaint: str) -> None:
    (found,) = complaints(tmp_path, f"{SITE}{text}\n")

    assert complaint in found


def test_the_log_servers_own_name_is_no_other_servers(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, SITE.replace("name: net1", "name: log1"))

    assert "'log1' is the log server's name; give it that role or another name" in found
