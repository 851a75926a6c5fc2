"""The header reader: where a header ends, what it says, and that no octets make it fail."""

import email.header
import random
import time

import pytest

from app.message.headers import (
    HEAD_LIMIT,
    SHOWN_LIMIT,
    HeadReader,
    fields,
    read_head,
    rewrite,
    rewritten,
    scan_head,
    shown,
)

SEED = 20_261_127


def fed(octets: bytes, step: int = 0) -> tuple[HeadReader, bytes]:
    """A reader that has had these octets, `step` at a time, and what it gave."""
    reader = HeadReader()
    size = step or max(1, len(octets))
    passed = b"".join(reader.feed(octets[at : at + size]) for at in range(0, len(octets), size))
    return reader, passed + reader.end()


# ---- where a header ends

HEADER = (
    b"Received: a\r\nRECEIVED: b\r\nDelivered-To: Anna@box.test\r\ndelivered-to:\r\n bob@x\r\n"
    b"Subject: folded\r\n\tDate: not a field\r\n"
)


@pytest.mark.parametrize("step", [0, 1, 2, 3, 10])
def test_head_reader_finds_the_end_at_any_cut_and_loses_nothing(step: int) -> None:
    octets = HEADER + b"\r\nMessage-ID: text\r\n\r\n" + b"x" * 100
    reader, passed = fed(octets, step)
    assert reader.head == HEADER and not reader.cut_off
    assert passed == octets


def test_head_reader_holds_back_until_the_header_is_known() -> None:
    reader = HeadReader()
    assert reader.feed(HEADER + b"\r") == b"" and not reader.complete
    assert reader.feed(b"\nbody") == HEADER + b"\r\nbody" and reader.complete
    assert reader.feed(b"more") == b"more"


@pytest.mark.parametrize(
    ("octets", "head"),
    [
        (b"", b""),
        (b"\r\nbody", b""),
        (b"\nbody", b""),
        (b"Subject: x\r\n", b"Subject: x\r\n"),
        (b"Subject: x\n\nbody", b"Subject: x\n"),
        (b"no line end", b"no line end"),
    ],
)
def test_head_reader_with_odd_beginnings(octets: bytes, head: bytes) -> None:
    assert fed(octets)[0].head == head
    assert fed(octets, 1)[0].head == head
    assert read_head(octets[at : at + 1] for at in range(len(octets))) == head


def test_head_reader_cuts_an_endless_header_off() -> None:
    octets = b"X: y\r\n" * 100_000
    reader, passed = fed(octets, 6000)
    assert reader.cut_off and reader.head == octets[:HEAD_LIMIT]
    assert passed == octets


def test_read_head_reads_no_further_than_the_header() -> None:
    pieces = iter([b"A: b\r\n", b"\r\nbody", b"never looked at"])
    assert read_head(pieces) == b"A: b\r\n"
    assert list(pieces) == [b"never looked at"]


# ---- fields


def test_fields_are_named_in_lower_case_and_unfolded() -> None:
    octets = b"Subject : one\r\n\ttwo\r\nX:\r\nno field\r\nDate: x\r\n"
    assert [(f.name, f.value) for f in fields(octets)] == [("subject", b"one\ttwo"), ("x", b"")]


def test_rewrite_changes_the_named_fields_and_no_other_octet() -> None:
    octets = b"From: a@x\r\n (a@x)\r\nTo: a@x\r\nfrom : a@x\r\ntext a@x\r\n"
    changed = rewrite(octets, ("from",), lambda field: field.replace(b"a@x", b"b@y"))
    assert changed == b"From: b@y\r\n (b@y)\r\nTo: a@x\r\nfrom : b@y\r\ntext a@x\r\n"


# ---- what a header says


@pytest.mark.parametrize(
    ("octets", "is_text"),
    [
        (b"", False),
        (b"\r\nbody", False),
        (b"Subject: x\r\n", False),
        (b"Hello there\r\nSubject: x\r\n\r\n", True),
        (b"no line end", True),
    ],
)
def test_scan_head_knows_a_message_without_header(octets: bytes, is_text: bool) -> None:
    assert scan_head(octets).is_text is is_text


@pytest.mark.parametrize(
    ("field", "automatic"),
    [
        (b"Auto-Submitted: auto-replied; owner=x", True),
        (b"Auto-Submitted: No", False),
        (b"Precedence: bulk", True),
        (b"Precedence: first-class", False),
        (b"List-Id: <talk.example.org>", True),
        (b"Subject: auto-submitted", False),
    ],
)
def test_scan_head_knows_mail_of_programs_and_lists(field: bytes, automatic: bool) -> None:
    assert scan_head(field + b"\r\n\r\n").is_automatic is automatic


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus Wien", "Grüße aus Wien"),
        (b"=?ISO-8859-1?Q?J=FCrgen_M=FCller?= <j@x>", "Jürgen Müller <j@x>"),
        (b"=?UTF-8*de?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        (b"=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        (b"=?utf-8?q?a?=\t=?iso-8859-1?q?=FC?=", "aü"),
        (b"=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"),
        (b"=?windows-1252?Q?=80?= \xc3\xbc", "€ ü"),
        (b"=?utf-8?q?two words?=", "two words"),
    ],
)
def test_shown_decodes_encoded_words(value: bytes, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    "value",
    [
        b"=?utf-8?B?A?=",  # one base64 character carries no octet
        b"=?x-no?q?e?=",
        b"=?utf-8?x?e?=",
        b"=?utf-8?q?=C3?=",  # half a character
        b"=?utf-7?q?+2AA-?=",  # half a surrogate pair
        b"=?unicode_escape?q?=5Cud800?=",
        b"=?idna?q?xn--a?=",
        b"=?rot13?q?abc?=",
        b"=?..?q?abc?=",
        b"=?utf-8?q?=ff?= =?utf-8?q?a?=",
        b"=?utf-8?q?never ended",
        b"=?utf-8?q?a=00b?=",
        b"=?utf-8?q?a=0Db?=",  # a CR alone
        b"=?utf-8?q?a=0D?= =?utf-8?q?b?=",
    ],
)
def test_shown_leaves_what_it_cannot_decode_as_it_came(value: bytes) -> None:
    assert shown(value) == value.decode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf\xe98?Q?hello?=", "=?utf\ufffd8?Q?hello?="),
        ("=?utfé8?Q?hello?=".encode(), "=?utfé8?Q?hello?="),
        (b"a\0b\x1b[31m\rc", "a b [31m c"),
        (b"=?utf-8?q?a=0D=0ABcc:_c?=", "a Bcc: c"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),  # a surrogate in what would be UTF-8
        (b"x" * 200_000, "x" * SHOWN_LIMIT),
    ],
)
def test_shown_gives_one_clean_line(value: bytes, text: str) -> None:
    assert shown(value) == text


PIECES = (
    *(b"=?", b"?=", b"?Q?", b"?B?", b"=", b"_", b"utf-8", b"utf-7", b"iso-2022-jp", b"big5"),
    *(b"+2AA-", b"=ED=A0=80", b"\x1b$B", b"hz", b"~{", b"unicode_escape", b"\\ud800", b"idna"),
    *(
        b"From:",
        b"Subject:",
        b"Received:",
        b"Switchhook-Sent-On:",
        b"Content-Duration:",
        b"99999999",
    ),
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"<", b'"', b"(", b"\xff", b"\xc3"),
    *(b"Precedence:", b"Message-Context:", b"x" * 70, b"QUJD", b"A", "ü€😀".encode()),
)


def test_no_octets_make_the_reader_fail_or_give_what_no_store_can_hold() -> None:
    chance = random.Random(SEED)
    for _ in range(4000):
        octets = b"".join(chance.choices(PIECES, k=chance.randrange(1, 40)))
        octets += chance.randbytes(chance.randrange(8))
        reader, passed = fed(octets, chance.randrange(1, 9))
        assert passed == octets and octets.startswith(reader.head)
        facts = scan_head(octets)
        for text in (facts.sender, facts.subject, shown(octets), *facts.marks):
            text.encode("utf-8")
        for text in (facts.sender, facts.subject, shown(octets)):
            assert (len(text) <= SHOWN_LIMIT and text.isprintable()) or not text.isascii()
            assert not set(text) & set("\r\n\0\x1b\t")
        assert rewrite(octets, ("from",), lambda field: field) == octets


def test_what_the_standard_library_decodes_is_decoded_alike() -> None:
    chance = random.Random(SEED)
    for _ in range(300):
        text = "".join(chance.choices("aü ß€日本😀=?_", k=chance.randrange(1, 60))).strip()
        value = email.header.Header(text, "utf-8", maxlinelen=70).encode(linesep="").encode()
        assert shown(value) == " ".join(text.split())


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: " + b"=?utf-8?q?" * 13_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 9_000,
        b"Subject:" + b"\r\n " * 43_000,
        b"a" * HEAD_LIMIT,
        b"X" + b" " * HEAD_LIMIT,
        b"a:\r\n" * 32_000,
        b"Subject: =?" + b"x" * HEAD_LIMIT,
    ],
)
def test_scan_head_takes_no_time_whatever_the_octets_are(octets: bytes) -> None:
    begun = time.process_time()
    scan_head(octets)
    assert time.process_time() - begun < 1.0, "linear cost is a few hundredths of a second"


def test_head_reader_takes_no_time_for_octets_that_come_one_by_one() -> None:
    begun = time.process_time()
    fed(b"a" * HEAD_LIMIT, 1)
    assert time.process_time() - begun < 2.0, "copying all that came each time takes a minute"


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize(
    ("octets", "changed"),
    [
        (b"From: a@x\r\n\r\nFrom: a@x\r\n\r\n", b"From: bob@y\r\n\r\nFrom: a@x\r\n\r\n"),
        (b"From: a@x\r\n", b"From: bob@y\r\n"),
        (b"\r\nFrom: a@x", b"\r\nFrom: a@x"),
        (b"", b""),
    ],
)
def test_rewritten_changes_the_header_of_a_message_in_pieces(
    octets: bytes, changed: bytes, step: int
) -> None:
    pieces = (octets[at : at + step] for at in range(0, len(octets), step))
    got = rewritten(pieces, lambda head: head.replace(b"a@x", b"bob@y"))
    assert b"".join(got) == changed
