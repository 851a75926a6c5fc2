"""Commands: what is quoted, what is refused, and how UIDs become sets."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.imap.net import commands
from app.imap.net.api import UidRange
from app.imap.net.commands import Octets


@pytest.mark.parametrize(
    ("octets", "parts"),
    [
        (b"INBOX", [b'"INBOX"']),
        (b"", [b'""']),
        (b'a "b\\', [b'"a \\"b\\\\"']),
        (b"a\r\nb", [Octets(b"a\r\nb")]),
        (b"\xc3\xa4", [Octets(b"\xc3\xa4")]),
        (b"x" * 1000, [Octets(b"x" * 1000)]),
    ],
)
def test_string_is_quoted_if_it_may_be(octets: bytes, parts: list[commands.Part]) -> None:
    assert list(commands.string(octets)) == parts


def test_uids_become_ranges() -> None:
    assert commands.ranges([5, 1, 2, 3, 9, 5]) == [(1, 3), (5, 5), (9, 9)]
    assert list(commands.sets([UidRange(1, 3), UidRange(5, 5)])) == [b"1:3,5"]
    assert list(commands.sets([])) == []


def test_many_uids_become_sets_that_fit_into_a_command() -> None:
    uids = range(1, 20_000, 2)
    found = list(commands.sets(commands.ranges(uids)))
    assert len(found) > 1 and max(map(len, found)) <= commands.SET_LIMIT
    assert [int(uid) for one in found for uid in one.split(b",")] == list(uids)


def test_flags_and_fields_are_in_brackets() -> None:
    assert commands.flag_list(["\\Seen", "$Urgent", "a[b"]) == b"($Urgent \\Seen a[b)"
    assert commands.field_list(["Subject", "Message-ID"]) == b"(Subject Message-ID)"


@pytest.mark.parametrize("flag", ["", "a b", "a\r\nb", "(", '"', "ä", "*", "\\*", "\\\\Seen", "%"])
def test_what_is_no_flag_is_refused(flag: str) -> None:
    with pytest.raises(ValueError):
        commands.flag_list([flag])


@pytest.mark.parametrize("names", [[], ["a b"], ["a:"], ["a)"], ["a\r\n"], ["ä"]])
def test_what_is_no_field_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError):
        commands.field_list(names)


@pytest.mark.parametrize(
    "text", ["", "ALL\r\nA9 LOGOUT", "SUBJECT ä", "SUBJECT {5}", "SUBJECT {5+}"]
)
def test_what_is_no_search_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        commands.criteria(text)


MOMENTS = [
    (datetime(2026, 11, 8, 7, 6, 5, tzinfo=UTC), b'" 8-Nov-2026 07:06:05 +0000"'),
    (
        datetime(2026, 2, 28, 23, 59, 59, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        b'"28-Feb-2026 23:59:59 -0330"',
    ),
    (
        datetime(2026, 7, 1, 0, 0, tzinfo=timezone(timedelta(hours=2))),
        b'" 1-Jul-2026 00:00:00 +0200"',
    ),
]


@pytest.mark.parametrize(("moment", "text"), MOMENTS)
def test_date_is_written_and_read(moment: datetime, text: bytes) -> None:
    assert commands.date_time(moment) == text
    assert commands.moment(text.strip(b'"')) == moment


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"2026-11-08",
        b" 8-Foo-2026 07:06:05 +0000",
        b"31-Feb-2026 07:06:05 +0000",
        b" 8-Nov-2026 24:06:05 +0000",
        b" 8-Nov-0000 07:06:05 +0000",
        b" 1-Jan-0001 00:00:00 +1400",
    ],
)
def test_date_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        commands.moment(text)
