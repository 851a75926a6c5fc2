"""What we write before a mail and what we read from its head."""

import email.utils

import pytest

from app.inbox.delivery import scan_head
from app.mail.smtp.envelope import Accepted, Peer, Transaction
from app.mail.smtp.grammar import Address
from app.mail.smtp.trace import HEAD_LIMIT, HeadWatch, date, missing_fields, received

NOW = 1_790_000_000.25


def watch(octets: bytes, step: int = 0) -> HeadWatch:
    seen = HeadWatch()
    size = step or max(1, len(octets))
    for at in range(0, len(octets), size):
        seen.see(octets[at : at + size])
    return seen


def mail(host: str, helo: str, *recipients: str, esmtp: bool = True) -> Transaction:
    accepted = [Accepted(Address(name, "box.test")) for name in recipients]
    return Transaction(Peer(host), helo, esmtp, accepted=accepted)


def test_received_names_both_ends_the_one_recipient_and_the_zone() -> None:
    line = received(mail("192.0.2.7", "client.example", "anna"), "box.test", "ID1", NOW)
    assert line == (
        b"Received: from client.example ([192.0.2.7])\r\n"
        b"\tby box.test with ESMTP id ID1\r\n"
        b"\tfor <anna@box.test>; " + date(NOW).encode() + b"\r\n"
    )
    when = email.utils.parsedate_to_datetime(date(NOW))
    assert when.timestamp() == int(NOW) and when.tzinfo is not None


def test_received_hides_several_recipients_and_odd_names() -> None:
    line = received(mail("2001:db8::1", "my (scanner)", "anna", "bob", esmtp=False), "b", "I", NOW)
    assert line.startswith(b"Received: from unknown ([IPv6:2001:db8::1])\r\n\tby b with SMTP id I;")
    assert b"anna" not in line


@pytest.mark.parametrize("step", [0, 1, 3, 10])
def test_a_head_is_read_at_any_cut(step: int) -> None:
    octets = (
        b"Received: a\r\nRECEIVED: b\r\nDelivered-To: Anna@box.test\r\ndelivered-to:\r\n bob@x\r\n"
        b"Subject: folded\r\n\tDate: not a field\r\n\r\nMessage-ID: text\r\n" + b"x" * 100
    )
    head = watch(octets, step)
    assert head.octets == octets[: octets.index(b"\r\n\r\n") + 2]
    assert head.complete and not head.is_text


def test_what_lacks_is_added_and_what_is_there_is_not() -> None:
    head = scan_head(b"Subject: x\r\n\r\n")
    added = missing_fields(head, "box.test", "ID1", NOW)
    assert added == b"Date: " + date(NOW).encode() + b"\r\nMessage-ID: <ID1@box.test>\r\n"
    full = scan_head(b"date: x\r\nMESSAGE-ID: <y>\r\n\r\n")
    assert missing_fields(full, "box.test", "ID1", NOW) == b""


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
def test_text_without_a_head(octets: bytes, is_text: bool) -> None:
    assert watch(octets).is_text is is_text


def test_an_endless_head_is_looked_at_up_to_a_limit() -> None:
    seen = HeadWatch()
    for _ in range(100):
        seen.see(b"X: y\r\n" * 1000)
    assert seen.complete and len(seen.octets) <= HEAD_LIMIT
