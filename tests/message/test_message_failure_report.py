"""A failure report is read by programs we did not write: Python's own e-mail package."""

import email
import email.policy
from dataclasses import replace
from typing import Any

import pytest

from app.message.failure_report import (
    HEADER_LIMIT,
    FailedRecipient,
    FailureReport,
    compose,
    tells_failure,
)

NOW = 1_790_000_000.0
HEADER = b"From: Anna <anna@box.test>\r\nSubject: hello\r\nMessage-ID: <1@c>\r\n"


def report(
    *failed: FailedRecipient,
    header: bytes = HEADER,
    purpose: str = "relay",
    to: str = "anna@box.test",
    delivered: tuple[str, ...] = (),
) -> FailureReport:
    sender = "postmaster@box.test"
    return FailureReport(
        purpose, to, sender, "box.test", header, NOW - 60, NOW, failed, delivered
    )  # fmt: skip


def read_back(octets: bytes) -> Any:
    return email.message_from_bytes(octets, policy=email.policy.default)


def parts(message: Any) -> list[Any]:
    found = message.get_payload()
    assert isinstance(found, list)
    return found


def test_report_has_words_status_and_header() -> None:
    octets = compose(
        report(
            FailedRecipient("x@y.test", "550 5.1.1 no such user"),
            FailedRecipient("z@y.test", "451 try later"),
            delivered=("ok@y.test",),
        )
    )
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r")
    read = read_back(octets)
    assert read.get_content_type() == "multipart/report"
    assert read.get_param("report-type") == "delivery-status"
    assert read["Auto-Submitted"] == "auto-replied"
    assert read["From"] == "Mail system <postmaster@box.test>"
    assert read["To"] == "anna@box.test"
    assert read["Subject"] == "Not delivered: hello"
    assert read["Date"].datetime.timestamp() == NOW
    assert read["Message-ID"].endswith("@box.test>")
    assert not read.defects
    words, status, header = parts(read)
    text = words.get_content().replace("\r\n", "\n")
    assert "A message you sent could not be delivered." in text
    assert "\nSubject: hello\nFrom: Anna <anna@box.test>\nReceived: Mon, 21 Sep 2026 " in text
    assert "  x@y.test\n    550 5.1.1 no such user\n" in text
    assert "  z@y.test\n    no answer but this until the time was up:\n    451 try later\n" in text
    assert "Delivered to:\n  ok@y.test\n" in text
    general, first, second = parts(status)
    assert general["Reporting-MTA"] == "dns; box.test"
    assert (first["Final-Recipient"], first["Status"]) == ("rfc822; x@y.test", "5.1.1")
    assert first["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user"
    assert (second["Action"], second["Status"]) == ("failed", "4.4.7")
    assert header.get_content_type() == "text/rfc822-headers"
    assert header.get_payload() == HEADER.decode()


def test_several_reports_are_told_apart_by_subject_and_date() -> None:
    header = b"From: a@b\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    header += b"Date: Fri, 27 Nov 2026 09:14:02 +0100\r\n"
    read = read_back(compose(report(FailedRecipient("x@y", "550 no"), header=header)))
    words, _, given_back = parts(read)
    told = words.get_content().replace("\r\n", "\n")
    assert read["Subject"] == "Not delivered: Grüße"
    assert "Subject: Grüße\nFrom: a@b\nDate: Fri, 27 Nov 2026 09:14:02 +0100\nReceived: " in told
    assert given_back.get_payload() == header.decode()


def test_what_the_sender_named_is_given_back_in_the_order_of_the_standard() -> None:
    failed = FailedRecipient("x@y.test", "550 5.1.1 no", "rfc822;X@y.test", "mx.y.test")
    made = replace(report(failed), envelope_id="QQ 314")
    general, one = parts(parts(read_back(compose(made)))[1])
    assert list(general) == ["Original-Envelope-Id", "Reporting-MTA", "Arrival-Date"]
    assert general["Original-Envelope-Id"] == "QQ 314"
    assert list(one) == [
        "Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA",
        "Diagnostic-Code", "Last-Attempt-Date",
    ]  # fmt: skip
    assert one["Original-Recipient"] == "rfc822; X@y.test"
    assert one["Remote-MTA"] == "dns; mx.y.test"


@pytest.mark.parametrize(
    ("reply", "status"),
    [("451 4.4.1 no answer", "4.4.1"), ("421 shutting down", "4.0.0"), ("550 5.1.1 no", "4.0.0")],
)
def test_a_delay_is_no_failure(reply: str, status: str) -> None:
    made = replace(report(FailedRecipient("x@y.test", reply)), retried_until=NOW + 86_400)
    octets = compose(made)
    read = read_back(octets)
    assert read["Subject"] == "Not delivered yet: hello"
    one = parts(parts(read)[1])[1]
    assert (one["Action"], one["Status"]) == ("delayed", status)
    assert one["Will-Retry-Until"] is not None
    assert "You need not send it again." in " ".join(parts(read)[0].get_content().split())
    assert not tells_failure(octets)


def test_a_failure_is_known_as_one_whoever_reports_it() -> None:
    ours = compose(report(FailedRecipient("x@y.test", "550 no")))
    assert tells_failure(ours)
    assert tells_failure(ours.replace(b"Action: failed", b"ACTION:failed "))
    assert not tells_failure(ours.replace(b"Action: failed", b"Action: relayed"))
    assert not tells_failure(b"Subject: away\r\n\r\nAction: failed\r\n")


def test_the_whole_mail_is_given_back_where_that_is_wanted() -> None:
    mail = HEADER + b"\r\n.dots\r\nGr\xfc\xdfe\r\n"
    octets = compose(replace(report(FailedRecipient("x@y.test", "550 no")), full=mail))
    assert mail in octets
    assert parts(read_back(octets))[2].get_content_type() == "message/rfc822"


@pytest.mark.parametrize(
    ("purpose", "told"),
    [("custody", "come back into your inbox"), ("copy", "Your own copy"), ("relay", "you sent")],
)
def test_report_says_what_became_of_the_message(purpose: str, told: str) -> None:
    octets = compose(report(FailedRecipient("x@y.test", "550 no"), purpose=purpose))
    assert told in parts(read_back(octets))[0].get_content()


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("550 no such user", "5.0.0"),
        ("552-5.2.2 full", "5.2.2"),
        ("450 4.2.1 greylisted", "4.4.7"),
        ("taken out of the queue by root", "5.0.0"),
    ],
)
def test_status_comes_from_the_reply_or_is_general(reply: str, status: str) -> None:
    assert FailedRecipient("x", reply).status == status


def test_foreign_text_cannot_add_fields_or_parts() -> None:
    nasty = "550 bad\r\nBcc: all@y\r\n\r\n--evil\r\n" + "x" * 5000 + "ü\u2028\0"
    header = "Subject: Grüße\r\n Bcc: x@y\r\nFrom: Zoë <z@far.example>\r\n".encode()
    octets = compose(report(FailedRecipient("x@y\r\nBcc: all@y", nasty), header=header))
    read = read_back(octets)
    assert read["Subject"] == "Not delivered: Grüße Bcc: x@y"
    assert "Bcc" not in read and "Bcc" not in parts(parts(read)[1])[1]
    assert len(parts(read)) == 3 and not read.defects and b"\0" not in octets
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r")


def test_header_of_any_octets_is_given_back_as_it_came() -> None:
    header = "Subject: Grüße\r\n".encode() + b"X: \xff.\r\n.y: z\r\n"
    octets = compose(report(FailedRecipient("x@y", "550 no"), header=header))
    assert header in octets and b"Content-Transfer-Encoding: 8bit" in octets


def test_huge_header_is_cut_at_a_line_end() -> None:
    octets = compose(report(FailedRecipient("x@y", "550 no"), header=b"X: y\r\n" * 20_000))
    assert len(octets) < HEADER_LIMIT + 5000
    assert parts(read_back(octets))[2].get_payload().rstrip().endswith("X: y")


def test_report_without_a_header_to_give_back() -> None:
    read = read_back(compose(report(FailedRecipient("x@y", "550 no"), header=b"")))
    assert read["Subject"] == "Not delivered"
    assert "Subject: (none)" in parts(read)[0].get_content()


def test_addresses_that_are_not_ascii_stay_readable() -> None:
    octets = compose(report(FailedRecipient("jörg@y.test", "550 no"), to="zoë@box.test"))
    assert "To: <zoë@box.test>\r\n".encode() in octets
    status = parts(read_back(octets))[1]
    assert parts(status)[1]["Final-Recipient"] == "utf-8; j\\x{F6}rg@y.test"
