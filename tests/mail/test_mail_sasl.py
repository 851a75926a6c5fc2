"""PLAIN and LOGIN: what is asked, what is understood, what is refused."""

from base64 import b64encode

import pytest

from app.mail.sasl import MECHANISMS, Cancelled, Credentials, Exchange, SaslError


def base64(octets: bytes) -> str:
    return b64encode(octets).decode()


ANNA = Credentials("anna", "pass wörd")
PLAIN = "\0anna\0pass wörd".encode()


def test_plain_with_and_without_an_initial_response() -> None:
    assert Exchange("PLAIN").begin(base64(PLAIN)) == ANNA
    exchange = Exchange("PLAIN")
    assert exchange.begin(None) == ""
    assert exchange.answer(base64(PLAIN)) == ANNA


def test_plain_with_the_own_identity_said_twice() -> None:
    assert Exchange("PLAIN").begin(base64(b"anna" + PLAIN)) == ANNA


def test_login_asks_for_user_and_password() -> None:
    exchange = Exchange("LOGIN")
    assert exchange.begin(None) == base64(b"Username:")
    assert exchange.answer(base64(b"anna")) == base64(b"Password:")
    assert exchange.answer(base64("pass wörd".encode())) == ANNA


def test_login_with_the_user_as_initial_response() -> None:
    exchange = Exchange("LOGIN")
    assert exchange.begin(base64(b"anna")) == base64(b"Password:")
    assert exchange.answer(base64("pass wörd".encode())) == ANNA


@pytest.mark.parametrize(
    "answer",
    [
        "=",
        "anna",
        "YW5uYQ",
        "YW5u\x00YQ==",
        "ü",
        base64(b"anna"),
        base64(b"\0anna"),
        base64(b"\0anna\0"),
        base64(b"\0\0secret"),
        base64(b"bob\0anna\0secret"),  # anna as bob
        base64(b"\0anna\0secret\0more"),
    ],
)
def test_what_plain_does_not_allow_is_refused(answer: str) -> None:
    with pytest.raises(SaslError):
        Exchange("PLAIN").begin(answer)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_an_asterisk_gives_up(mechanism: str) -> None:
    exchange = Exchange(mechanism)
    exchange.begin(None)
    with pytest.raises(Cancelled):
        exchange.answer("*")


def test_a_password_is_in_no_text_of_the_credentials() -> None:
    assert "pass" not in repr(ANNA)
