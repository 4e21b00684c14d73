import pytest

from ringfence.machine.units import Command, Unit, UnitError, in_order, parse
from ringfence.machine.words import expand, split
from ringfence.render.systemd import SANDBOX, unit_text
from ringfence.render.systemd import Unit as Rendered


def rendered(**said: object) -> Unit:
    fields = {"name": "kamailio", "description": "SIP proxy", "start": "/usr/sbin/kamailio -DD"}
    return parse("kamailio", unit_text(Rendered.model_validate(fields | said)))


def service(*lines: str) -> Unit:
    return parse("x", "\n".join(["[Service]", "ExecStart=/bin/true", *lines]))


def test_everything_that_the_renderer_can_say_is_understood() -> None:
    unit = rendered(
        user="kamailio",
        group="voip",
        prepare=("/usr/sbin/kamailio -c",),
        reload="/bin/kill -HUP $MAINPID",
        capabilities=("CAP_NET_BIND_SERVICE",),
        environment=("LANG=C",),
        after=("nftables", "chrony"),
        runtime_directory="kamailio",
        state_directory="kamailio",
        logs_directory="kamailio",
        open_files=8192,
        serves=("EAI-5",),
    )

    assert unit.start == (Command(("/usr/sbin/kamailio", "-DD")),)
    assert unit.prepare == (Command(("/usr/sbin/kamailio", "-c")),)
    assert unit.reload == Command(("/bin/kill", "-HUP", "$MAINPID"))
    assert (unit.user, unit.group) == ("kamailio", "voip")
    assert unit.after == ("network.target", "nftables", "chrony")
    assert unit.environment == (("LANG", "C"),)
    assert unit.bounding == unit.ambient == frozenset({"CAP_NET_BIND_SERVICE"})
    assert [(each.path, each.mode) for each in unit.directories] == [
        ("/run/kamailio", 0o750),
        ("/var/lib/kamailio", 0o750),
        ("/var/log/kamailio", 0o750),
    ]
    assert (unit.open_files, unit.umask) == (8192, 0o027)
    assert unit.no_new_privileges
    assert (unit.restart, unit.restart_delay) == ("always", 1.0)
    assert set(unit.not_enforced) == {line.partition("=")[0] for line in SANDBOX}


def test_a_service_has_its_units_name_in_the_log() -> None:
    assert rendered().identifier == "kamailio"
    assert service().identifier == "true"
    assert not rendered().syslog_socket


def test_the_syslog_service_is_handed_the_socket_and_no_other_can_be_asked_for() -> None:
    unit = rendered(takes_log_lines=True, groups=("ulog", "adm"))

    assert unit.syslog_socket
    assert unit.groups == ("ulog", "adm")
    with pytest.raises(UnitError, match=r"Sockets=other\.socket is not syslog\.socket"):
        service("Sockets=other.socket")


def test_a_root_unit_is_bounded_too_and_has_nothing_ambient() -> None:
    unit = rendered(capabilities=("CAP_NET_ADMIN",))

    assert unit.bounding == frozenset({"CAP_NET_ADMIN"})
    assert unit.ambient == frozenset()


def test_what_a_timer_starts_ends_and_starts_again_and_has_its_groups() -> None:
    unit = rendered(
        oneshot=True, calendar="*-*-* 03:00:00", groups=("clamav",), nice=19, sandbox=()
    )

    assert unit.oneshot
    assert unit.nice == 19
    assert not unit.remain
    assert unit.groups == ("clamav",)
    assert unit.not_enforced == ()


def test_no_capability_at_all_is_not_the_same_as_no_word_about_them() -> None:
    assert rendered(capabilities=()).bounding == frozenset()
    assert service().bounding is None


def test_a_oneshot_is_not_restarted() -> None:
    unit = rendered(oneshot=True)

    assert unit.oneshot
    assert unit.remain
    assert unit.restart == "no"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("CPUQuota=5", "line 3: the lab's init does not know CPUQuota="),
        ("User", "line 3: not a directive"),
        ("ExecStartPre=/bin/a \\", "line 3: not a directive on one line"),
        ("Type=notify", "Type=notify is not one of exec, oneshot, simple"),
        ("RestartSec=soon", "RestartSec=soon is not a time"),
        ("NoNewPrivileges=maybe", "is not yes or no"),
        ("UMask=0999", "is not a number"),
        ("CapabilityBoundingSet=~CAP_SYS_ADMIN", "is not a list of names"),
        ("CapabilityBoundingSet=CAP_NET_ADMON", "is not a list of names"),
        ("RuntimeDirectory=../etc", "is not a name below /run"),
        ("RuntimeDirectory=/etc", "is not a name below /run"),
        ("Environment=LANG", "needs NAME=value"),
        ("ExecStartPre=!/bin/a", "needs one plain command"),
        ("ExecStartPre=/bin/a ; /bin/b", "needs one plain command"),
        ("ExecStartPre=/bin/a %i", "%i is not known here"),
        ("ExecStart=/bin/false", "one ExecStart= is needed, 2 are there"),
        ("[Timer]", "the section [Timer] is not known"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_its_line(line: str, complaint: str) -> None:
    with pytest.raises(UnitError) as refusal:
        service(line)

    assert "x.service" in str(refusal.value)
    assert complaint in str(refusal.value)


def test_a_directive_of_another_section_is_refused() -> None:
    with pytest.raises(UnitError, match=r"User= in \[Unit\]"):
        parse("x", "[Unit]\nUser=root\n[Service]\nExecStart=/bin/true\n")


def test_an_empty_assignment_clears_a_list() -> None:
    unit = service("ExecStart=", "ExecStart=/bin/false")

    assert unit.start == (Command(("/bin/false",)),)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("5s", 5), ("250ms", 0.25), ("2min", 120), ("1.5", 1.5)]
)
def test_times(text: str, seconds: float) -> None:
    assert service(f"RestartSec={text}").restart_delay == seconds


def test_a_dash_forgives_failure() -> None:
    assert service("ExecStartPre=-/bin/false x").prepare == (
        Command(("/bin/false", "x"), may_fail=True),
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a  b\tc", ("a", "b", "c")),
        ("sh -c 'a \"b\" c'", ("sh", "-c", 'a "b" c')),
        ("\"a b\" '' c", ("a b", "", "c")),
        (r"a\sb \\ \"", ("a b", "\\", '"')),
        ("100%%", ("100%",)),
        ("", ()),
    ],
)
def test_words(line: str, words: tuple[str, ...]) -> None:
    assert split(line) == words


@pytest.mark.parametrize("line", ["'a", "a'b'", "'a'b", r"\n", "%n", "a\\"])
def test_words_that_systemd_might_read_differently_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"quote|not known"):
        split(line)


def test_variables() -> None:
    words = ("$LIST", "${LIST}", "x${A}y", "$$A", "${MISSING}", "$MISSING", "${open")

    assert expand(words, {"LIST": "a b", "A": "1"}) == (
        *("a", "b", "a b", "x1y", "$A", "", "${open"),
    )


def test_units_stand_behind_those_they_start_after() -> None:
    def unit(name: str, *after: str) -> Unit:
        text = f"[Unit]\nAfter={' '.join(after)}\n[Service]\nExecStart=/bin/true\n"
        return parse(name, text)

    units = [unit("c", "b.service", "network.target"), unit("a"), unit("b", "a.service")]

    assert [each.name for each in in_order(units)] == ["a", "b", "c"]
    with pytest.raises(UnitError, match=r"wait for each other.*a, b"):
        in_order([unit("a", "b.service"), unit("b", "a.service")])
