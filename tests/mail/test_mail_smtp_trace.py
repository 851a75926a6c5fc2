"""What we write before a mail and what we read from its head."""

import email.utils

from app.mail.smtp.envelope import Peer, Transaction
from app.mail.smtp.grammar import Address
from app.mail.smtp.trace import date, missing_fields, received
from app.message.headers import scan_head
from tests.kit.smtp_talk import accepted

NOW = 1_790_000_000.25


def mail(host: str, helo: str, *recipients: str, esmtp: bool = True) -> Transaction:
    those = [accepted(Address(name, "box.test")) for name in recipients]
    return Transaction(Peer(host), helo, esmtp, accepted=those)


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


def test_what_lacks_is_added_and_what_is_there_is_not() -> None:
    head = scan_head(b"Subject: x\r\n\r\n")
    added = missing_fields(head, "box.test", "ID1", NOW)
    assert added == b"Date: " + date(NOW).encode() + b"\r\nMessage-ID: <ID1@box.test>\r\n"
    full = scan_head(b"date: x\r\nMESSAGE-ID: <y>\r\n\r\n")
    assert missing_fields(full, "box.test", "ID1", NOW) == b""
