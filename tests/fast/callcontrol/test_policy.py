"""The call policy: what is not plainly allowed is refused."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.callcontrol.policy import Call, Refuse, Route, decide

EXTENSIONS = st.from_regex(r"[0-9]{2,8}", fullmatch=True)


@given(EXTENSIONS, EXTENSIONS)
def test_a_known_extension_can_be_called(caller: str, dialled: str) -> None:
    assert decide(Call(caller, dialled, dialled_exists=True)) == Route(dialled)


@given(EXTENSIONS, EXTENSIONS)
def test_an_unknown_extension_is_not_found(caller: str, dialled: str) -> None:
    verdict = decide(Call(caller, dialled, dialled_exists=False))

    assert verdict == Refuse(404, "unknown-extension")


@given(st.text(), st.text(), st.booleans())
def test_nothing_but_extensions_is_ever_routed(caller: str, dialled: str, exists: bool) -> None:
    match decide(Call(caller, dialled, exists)):
        case Route(extension):
            assert exists
            assert extension == dialled
            assert caller.isascii()
            assert caller.isdigit()
            assert dialled.isascii()
            assert dialled.isdigit()
        case Refuse(code, reason):
            assert 400 <= code <= 699
            assert reason
            assert " " not in reason


def test_digits_of_other_scripts_are_no_extension() -> None:
    arabic = "\N{ARABIC-INDIC DIGIT TWO}\N{ARABIC-INDIC DIGIT ZERO}"

    assert decide(Call("20", arabic, dialled_exists=True)) == Refuse(404, "not-an-extension")


def test_a_trailing_line_end_is_no_part_of_an_extension() -> None:
    assert isinstance(decide(Call("20", "21\n", dialled_exists=True)), Refuse)
