"""The parameters of RFC 3461, as senders write them and as they are kept."""

import pytest

from app.message import dsn
from app.message.dsn import Asked, BadParameter, RecipientRequest


def test_xtext_of_the_standard_is_read_and_written() -> None:
    assert dsn.from_xtext("Dana@Ivory.EDU") == "Dana@Ivory.EDU"
    assert dsn.from_xtext("a+2Bb+3Dc+20d") == "a+b=c d"
    assert dsn.to_xtext("a+b=c d") == "a+2Bb+3Dc+20d"
    printable = "".join(map(chr, range(32, 127)))
    assert dsn.from_xtext(dsn.to_xtext(printable)) == printable


@pytest.mark.parametrize("coded", ["a=b", "a+2b", "a+", "a b", "a+0D+0A", "a+00", "+FF", "\xfc"])
def test_what_is_no_xtext_or_no_text_is_refused(coded: str) -> None:
    with pytest.raises(BadParameter):
        dsn.from_xtext(coded)


def test_values_are_read_in_any_letter_case() -> None:
    assert dsn.ret_of("hdrs") == "HDRS"
    assert dsn.envid_of("QQ314159") == "QQ314159"
    assert dsn.notify_of("Success,FAILURE,delay") == {"SUCCESS", "FAILURE", "DELAY"}
    assert dsn.notify_of("never") == frozenset()
    assert dsn.orcpt_of("RFC822;Carol+2B@Ivory.EDU") == "rfc822;Carol+@Ivory.EDU"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (dsn.ret_of, "ALL"),
        (dsn.envid_of, ""),
        (dsn.envid_of, "x" * 101),
        (dsn.notify_of, "NEVER,FAILURE"),
        (dsn.notify_of, ""),
        (dsn.notify_of, "FAILURE,"),
        (dsn.orcpt_of, "carol@ivory.edu"),
        (dsn.orcpt_of, ";carol@ivory.edu"),
        (dsn.orcpt_of, "rfc822;"),
        (dsn.orcpt_of, "rfc 822;x"),
        (dsn.orcpt_of, f"rfc822;{'x' * 500}"),
    ],
)
def test_other_values_are_refused(read: object, value: str) -> None:
    assert callable(read)
    with pytest.raises(BadParameter):
        read(value)


@pytest.mark.parametrize(
    ("notify", "failure", "delay"),
    [
        (None, True, True),
        (frozenset(), False, False),
        (frozenset({"SUCCESS"}), False, False),
        (frozenset({"FAILURE"}), True, False),
        (frozenset({"DELAY"}), False, True),
    ],
)
def test_what_is_reported_is_what_was_asked(
    notify: frozenset[str] | None, failure: bool, delay: bool
) -> None:
    asked = RecipientRequest(notify)
    assert (asked.of_failure, asked.of_delay) == (failure, delay)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RET=FULL",
        "ENVID=a+3Db+20c",
        "NOTIFY=NEVER",
        "RET=HDRS ENVID=x NOTIFY=DELAY,SUCCESS ORCPT=rfc822;a+2Bb",
    ],
)
def test_what_was_asked_is_kept_as_text(text: str) -> None:
    assert Asked.from_text(text).to_text() == text
    assert (Asked.from_text(text) == Asked()) is (text == "")
