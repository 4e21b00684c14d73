"""Digest credentials, against the worked examples of the standards."""

import pytest

from ringfence.probe.sip import digest

CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def test_the_example_of_rfc_7616() -> None:
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7"'
    )

    value = digest.credentials(
        challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html", cnonce=CNONCE
    )

    assert digest.parameters(value)["response"] == "8ca523f5e9506fed4657c9700eebdbec"


def test_sha_256_of_the_same_example() -> None:
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7"'
    )

    value = digest.credentials(
        challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html", cnonce=CNONCE
    )

    expected = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    assert digest.parameters(value)["response"] == expected


def test_an_old_challenge_without_qop() -> None:
    value = digest.credentials('Digest realm="r", nonce="n"', "u", "p", "REGISTER", "sip:r")

    assert "qop" not in digest.parameters(value)
    assert digest.parameters(value)["algorithm"] == "MD5"


def test_an_unknown_algorithm_is_an_error() -> None:
    with pytest.raises(ValueError, match="not known"):
        digest.credentials('Digest realm="r", nonce="n", algorithm=ROT13', "u", "p", "X", "y")
