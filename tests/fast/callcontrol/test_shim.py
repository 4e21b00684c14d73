"""The shim: it fails closed, and nothing it returns would end Kamailio's script silently."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.callcontrol import shim
from ringfence.callcontrol.policy import Call
from ringfence.callcontrol.shim import CallControl

ARGUMENTS = st.one_of(
    st.text(),
    st.from_regex(r"[0-9]{2,8} [01] [0-9]{2,8}", fullmatch=True),
    st.sampled_from(["", " ", "<null> 0 <null>", "2001 1", "2001 1 2002 extra"]),
)


@dataclass
class Interface:
    """Variables and a log, as Kamailio offers them to its interpreter."""

    values: dict[str, str | int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def pv(self) -> "Interface":
        return self

    def get(self, name: str) -> object:
        return self.values.get(name)

    def sets(self, name: str, value: str) -> object:
        self.values[name] = value
        return True

    def seti(self, name: str, value: int) -> object:
        self.values[name] = value
        return True

    def err(self, text: str) -> object:
        self.lines.append(text)
        return None

    def info(self, text: str) -> object:
        self.lines.append(text)
        return None


@given(ARGUMENTS)
def test_a_decision_is_1_or_a_refusal_with_its_reason(arguments: str) -> None:
    interface = Interface()

    result = CallControl(interface).invite(None, arguments)

    assert result == 1 or -699 <= result <= -400
    assert ("$var(callee)" in interface.values) == (result == 1)
    assert ("$var(reason)" in interface.values) == (result != 1)


def test_an_error_inside_the_policy_refuses_and_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_call: Call) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shim, "decide", broken)
    interface = Interface()

    assert CallControl(interface).invite(None, "2001 1 2002") == -500
    assert "ZeroDivisionError" in interface.lines[0]


def test_an_unknown_leg_refuses() -> None:
    interface = Interface({"$var(sdp)": shim._SELF_TEST_SDP})

    assert CallControl(interface).media(None, "nobody") == -500


def test_a_missing_description_refuses() -> None:
    assert CallControl(Interface()).media(None, "caller") == -488


def test_the_self_test_passes() -> None:
    interface = Interface()

    CallControl(interface).prove()

    assert interface.lines == ["call control: self-test passed\n"]


def test_an_end_of_validity_that_cannot_be_read_refuses() -> None:
    assert CallControl(Interface()).certificate(None, "some day") == -500


def test_a_policy_that_lets_everything_through_fails_the_self_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shim, "narrow", lambda body, _leg: body)

    with pytest.raises(AssertionError, match="expected"):
        CallControl(Interface()).prove()


def test_variables_that_do_not_keep_their_value_fail_the_self_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Interface, "sets", lambda *_: None)

    with pytest.raises(AssertionError):
        CallControl(Interface()).prove()
