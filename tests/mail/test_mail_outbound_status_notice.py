"""A notice is read by programs we did not write: Python's own e-mail package."""

import email
import email.policy
from email.message import Message
from typing import Any

from app.mail.outbound.status_notice import HEAD_LIMIT, Failed, StatusNotice, compose

NOW = 1_790_000_000.0
HEAD = b"From: Anna <anna@box.test>\r\nSubject: hello\r\nMessage-ID: <1@c>\r\n"


def notice(*failed: Failed, head: bytes = HEAD) -> StatusNotice:
    return StatusNotice("tok123", "box.test", "anna@box.test", NOW - 60, NOW, failed, head)


def read_back(octets: bytes) -> Message:
    return email.message_from_bytes(octets, policy=email.policy.default)


def parts(message: Any) -> list[Any]:
    found = message.get_payload()
    assert isinstance(found, list)
    return found


def test_the_three_parts() -> None:
    octets = compose(
        notice(
            Failed("x@y.test", "550 5.1.1 no such user"),
            Failed("z@y.test", "451 try later", expired=True),
        )
    )
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r")
    read = read_back(octets)
    assert read.get_content_type() == "multipart/report"
    assert read.get_param("report-type") == "delivery-status"
    assert read["Auto-Submitted"] == "auto-replied"
    assert read["To"] == "anna@box.test"
    assert not read.defects
    words, facts, head = parts(read)
    assert "x@y.test" in words.get_content() and "550 5.1.1 no such user" in words.get_content()
    general, first, second = parts(facts)
    assert general["Reporting-MTA"] == "dns; box.test"
    assert (first["Final-Recipient"], first["Status"]) == ("rfc822; x@y.test", "5.1.1")
    assert (second["Action"], second["Status"]) == ("failed", "4.4.7")
    assert head.get_content_type() == "text/rfc822-headers"
    assert "Subject: hello" in head.get_payload()


def test_status_comes_from_the_reply_or_is_general() -> None:
    assert Failed("x", "550 no such user").status == "5.0.0"
    assert Failed("x", "552-5.2.2 full").status == "5.2.2"
    assert Failed("x", "450 4.2.1 greylisted").status == "5.2.1"
    assert Failed("x", "could not connect").status == "5.0.0"


def test_foreign_text_cannot_add_lines() -> None:
    octets = compose(notice(Failed("x@y\r\nBcc: all@y", "550 bad\r\n\r\n--evil\r\n" + "x" * 5000)))
    read = read_back(octets)
    assert "Bcc" not in read and "Bcc" not in parts(parts(read)[1])[1]
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))


def test_a_head_in_utf8_is_given_back_as_it_was_and_a_huge_one_is_cut() -> None:
    head = "Subject: Grüße\r\n".encode()
    octets = compose(notice(Failed("x@y", "550 no"), head=head))
    assert head in octets and b"Content-Transfer-Encoding: 8bit" in octets
    octets = compose(notice(Failed("x@y", "550 no"), head=b"X: y\r\n" * 20_000))
    assert len(octets) < HEAD_LIMIT + 5000
    assert parts(read_back(octets))[2].get_payload().rstrip().endswith("X: y")
