"""Names of mailboxes in modified UTF-7 [RFC 3501 §5.1.3]."""

import pytest

from app.imap.net import names

# The first two are the RFC's own.
PAIRS = [
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ("Hi ☺!", b"Hi &Jjo-!"),
    ("Tråsh & co", b"Tr&AOU-sh &- co"),
    ("&", b"&-"),
    ("Büro 🎧", b"B&APw-ro &2Dzfpw-"),
    ("a\tb", b"a&AAk-b"),
    ("INBOX", b"INBOX"),
]


@pytest.mark.parametrize(("name", "octets"), PAIRS)
def test_name_is_coded_as_the_rfc_says(name: str, octets: bytes) -> None:
    assert names.encode(name) == octets
    assert names.decode(octets) == name


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"A&B", "A&B"),  # never closed
        (b"&*-", "&*-"),  # no base64
        (b"&2Dw-", "&2Dw-"),  # half a pair
        ("Büro".encode(), "Büro"),
        (b"B\xfcro", "Büro"),
    ],
)
def test_name_that_is_no_utf_7_is_taken_as_it_is(octets: bytes, name: str) -> None:
    assert names.decode(octets) == name


@pytest.mark.parametrize("name", ["", "a\0b", "a\r\nb", "\ud83c"])
def test_name_that_nobody_can_have_is_refused(name: str) -> None:
    for code in (names.encode, names.encode_utf8):
        with pytest.raises(ValueError):
            code(name)
