"""Addresses and parameters, rule by rule."""

import re

import pytest

from app.mail.smtp.grammar import (
    Address,
    Cursor,
    GrammarError,
    host_literal,
    is_domain,
    parameters,
    parse_address,
    path,
    reverse_path,
)


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("<anna@example.test>", "anna", "example.test"),
        ("<Anna@EXAMPLE.Test>", "Anna", "example.test"),
        ("<anna>", "anna", ""),
        ("anna@example.test", "anna", "example.test"),
        ("<first.last+tag@example.test>", "first.last+tag", "example.test"),
        ('<"anna"@example.test>', "anna", "example.test"),
        ('<"a b"@example.test>', "a b", "example.test"),
        ('<"a@b"@example.test>', "a@b", "example.test"),
        (r'<"a\"b\\c"@example.test>', 'a"b\\c', "example.test"),
        ("<anna@[192.0.2.1]>", "anna", "[192.0.2.1]"),
        ("<anna@[IPv6:2001:DB8:0::1]>", "anna", "[IPv6:2001:db8::1]"),
        ("<@one.test,@two.test:anna@example.test>", "anna", "example.test"),
        ("<jörg@bücher.test>", "jörg", "bücher.test"),
        ("<SRS0=aB1=xy=example.test=anna@box.test>", "SRS0=aB1=xy=example.test=anna", "box.test"),
    ],
)
def test_paths(text: str, local: str, domain: str) -> None:
    cursor = Cursor(text)
    assert path(cursor) == Address(local, domain)
    assert cursor.done()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<",
        "<>",
        "<anna@>",
        "<@one.test>",
        "<anna@example.test",
        "<anna@example.test.>",
        "<anna@example..test>",
        '"Anna" <anna@example.test>',
        "< anna@example.test>",
        '<""@example.test>',
        '<"anna@example.test>',
        "<an na@example.test>",
        "<anna@[192.0.2]>",
        "<anna@[IPv6:zz]>",
        "<anna@-example.test>",
        "<" + "a" * 256 + "@example.test>",
        "<anna@" + "a." * 130 + "test>",
        "<an\x01na@example.test>",
    ],
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(GrammarError):
        cursor = Cursor(text)
        path(cursor)
        if not cursor.done():
            raise GrammarError("rest")


def test_null_sender() -> None:
    assert reverse_path(Cursor("<>")).is_null
    assert reverse_path(Cursor(" <>")).is_null, "many senders put a blank after the colon"
    assert not reverse_path(Cursor("<a@b>")).is_null


@pytest.mark.parametrize(
    "text", ['"a b"@x.test', "a..b.@x.test", "a.b@x.test", r'"a\"b"@x.test', "anna"]
)
def test_an_address_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_address(text)) == text


def test_quotes_that_are_not_needed_go() -> None:
    assert str(parse_address('"anna"@X.test')) == "anna@x.test"


def test_parameters() -> None:
    assert parameters(Cursor(" SIZE=12  body=8BITMIME SMTPUTF8")) == {
        "SIZE": "12",
        "BODY": "8BITMIME",
        "SMTPUTF8": "",
    }
    for wrong in (" SIZE=1 SIZE=2", " =1", " SIZE=1=x", " A= B", "SIZE=1", " A;B"):
        with pytest.raises(GrammarError):
            parameters(Cursor(wrong))


def test_literals() -> None:
    assert host_literal("192.0.2.1") == "[192.0.2.1]"
    assert host_literal("2001:db8::1") == "[IPv6:2001:db8::1]"


def test_names_fit_for_a_received_line() -> None:
    assert is_domain("client.example") and is_domain("[192.0.2.1]")
    assert not is_domain("my scanner") and not is_domain("x(y)") and not is_domain("bücher.test")


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "<anna@box.test>",
        "<Anna.B+tag@BOX.Test> SIZE=5",
        "<..a@x_y.test>",
        "<a@box.test.>",
        "<a@b..c>",
        "<ä@box.test>",
        "<a@ä.test>",
        "<a@box.test",
        "<@x,@y:a@box.test>",
        '<"a b"@box.test>',
        "<a@[192.0.2.1]>",
        f"<{'a' * 250}@box.test>",
        f"<{'a' * 256}@box.test>",
        f"<a@{'b' * 256}>",
        "a@box.test",
    ],
)
def test_path_in_one_look_is_what_the_rules_say(
    text: str, lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> tuple[object, int] | str:
        cursor = Cursor(text, lenient)
        try:
            return path(cursor), cursor.at
        except GrammarError as wrong:
            return str(wrong)

    quick = read()
    monkeypatch.setattr("app.mail.smtp.grammar._PLAIN_PATH", re.compile("(?!)"))
    assert read() == quick
