"""What a sender asks to be told of a mail is told, and no more [RFC 3461]."""

import email
import email.policy
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from app.mail.outbound.runner import RetrySchedule
from tests.kit.mail_box import MailBox
from tests.kit.sink import Sink

TEXT = (
    b"From: Bob <bob@box.test>\r\nSubject: hello\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n"
)
SOON = RetrySchedule(first_s=300, longest_s=1000, give_up_s=4000)


def send(
    box: MailBox, to: str, *rcpt: str, sender: str = "bob@box.test", mail: Sequence[str] = ()
) -> None:
    with box.client() as client:
        client.ehlo()
        client.sendmail(sender, [to], TEXT, mail, rcpt)


def behind(sink: Sink, directory: Path, **changes: Any) -> MailBox:
    return MailBox(directory, smarthost=("127.0.0.1", sink.port), retry=SOON, **changes)


def report(box: MailBox, login: str = "bob") -> EmailMessage:
    """The one report somebody has got."""
    (entry,) = box.inbox(login)
    octets = box.octets(entry)
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message.get_content_type() == "multipart/report"
    assert message["Auto-Submitted"] == "auto-replied"
    assert octets.startswith(b"Return-Path: <>\r\n")
    return message


def status(message: EmailMessage) -> dict[str, str]:
    """The fields of the one recipient, and the one of the mail that its sender has named it by."""
    part = list(message.iter_parts())[1]
    return {name: value for block in part.iter_parts() for name, value in block.items()}


def test_dsn_is_offered_to_us_and_not_to_strangers(tmp_path: Path) -> None:
    for lan, offered in ((("127.0.0.0/8",), True), ((), False)):
        (tmp_path / str(offered)).mkdir()
        with MailBox(tmp_path / str(offered), lan=lan) as box, box.client() as client:
            client.ehlo()
            assert client.has_extn("dsn") is offered


def test_a_mail_that_has_arrived_is_told_to_a_sender_here(tmp_path: Path) -> None:  # §5.2
    with MailBox(tmp_path) as box:
        send(box, "anna@box.test", "NOTIFY=SUCCESS", "ORCPT=rfc822;Ann+2Ba", mail=["ENVID=q+2B1"])
        told = status(report(box))
        assert told["Action"] == "delivered" and told["Status"] == "2.0.0"
        assert told["Final-Recipient"] == "rfc822; anna@box.test"
        assert told["Original-Recipient"] == "rfc822; Ann+a"
        assert told["Original-Envelope-Id"] == "q+1"
        assert report(box)["Subject"] == "Delivered: hello" and len(box.inbox("anna")) == 1


def test_and_to_one_elsewhere_by_mail_with_the_null_sender(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        send(box, "anna@box.test", "NOTIFY=SUCCESS,FAILURE", sender="scan@y.test")
        (mail,) = sink.wait(1)
        assert (mail.sender, mail.recipients) == ("", ("scan@y.test",))
        assert b"\r\nAction: delivered\r\n" in mail.octets


def test_of_a_group_it_is_told_that_it_has_gone_on(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.alias("team", "anna", "carl")
        send(box, "team@box.test", "NOTIFY=SUCCESS")
        assert status(report(box))["Action"] == "expanded"


@pytest.mark.parametrize("rcpt", ["", "NOTIFY=NEVER", "NOTIFY=FAILURE,DELAY"])
def test_who_has_not_asked_hears_nothing_of_success(tmp_path: Path, rcpt: str) -> None:
    with MailBox(tmp_path) as box:
        send(box, "anna@box.test", rcpt)
        assert box.inbox("bob") == []


def test_a_stranger_gives_nobody_a_report(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=()) as box:
        send(box, "anna@box.test", "NOTIFY=SUCCESS")
        assert box.inbox("bob") == [] and box.rows() == []


def test_the_null_sender_is_told_nothing(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        send(box, "anna@box.test", "NOTIFY=SUCCESS", sender="")
        assert box.rows() == []


def test_what_is_asked_goes_on_to_a_server_that_knows_it(tmp_path: Path) -> None:  # §5.2.1
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.extensions = (*sink.extensions, "DSN")
        asked = ("NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;x+2By@far.test")
        send(box, "x@far.test", *asked, mail=["RET=HDRS", "ENVID=a+3Db"])
        sink.wait(1)
        box.settle()
        said = [line for line in sink.commands if line[:4] in ("MAIL", "RCPT")]
        assert said[0].endswith("RET=HDRS ENVID=a+3Db")
        assert said[1] == f"RCPT TO:<x@far.test> NOTIFY=DELAY,SUCCESS {asked[1]}"
        assert box.inbox("bob") == [], "it is the next server's affair now"


def test_a_server_that_does_not_know_it_is_told_nothing_and_we_tell(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:  # §5.2.2
        send(box, "x@far.test", "NOTIFY=SUCCESS", mail=["ENVID=1"])
        sink.wait(1)
        box.settle()
        assert not any("NOTIFY" in line or "ENVID" in line for line in sink.commands)
        told = status(report(box))
        assert (told["Action"], told["Original-Envelope-Id"]) == ("relayed", "1")


@pytest.mark.parametrize(
    ("rcpt", "is_told"), [("", True), ("NOTIFY=FAILURE", True), ("NOTIFY=NEVER", False)]
)
def test_a_failure_is_told_unless_nobody_wants_to_hear_it(
    tmp_path: Path, rcpt: str, is_told: bool
) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["x@far.test"] = "550 5.1.1 nobody"
        send(box, "x@far.test", rcpt)
        box.settle()
        assert box.rows() == [] and len(box.inbox("bob")) == is_told


@pytest.mark.parametrize(
    ("ret", "kind"), [("FULL", "message/rfc822"), ("HDRS", "text/rfc822-headers")]
)
def test_as_much_comes_back_as_was_asked_for(tmp_path: Path, ret: str, kind: str) -> None:  # §4.3
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["x@far.test"] = "550 5.1.1 nobody"
        send(box, "x@far.test", "ORCPT=rfc822;x", mail=[f"RET={ret}", "ENVID=7"])
        box.settle()
        message = report(box)
        assert [part.get_content_type() for part in message.iter_parts()][2] == kind
        assert (b"\r\nbody\r\n" in box.octets(box.inbox("bob")[0])) is (ret == "FULL")
        told = status(message)
        assert (told["Original-Recipient"], told["Original-Envelope-Id"]) == ("rfc822; x", "7")


@pytest.mark.parametrize(("rcpt", "is_told"), [("", True), ("NOTIFY=FAILURE", False)])
def test_a_delay_is_told_who_wants_to_hear_it(tmp_path: Path, rcpt: str, is_told: bool) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["x@far.test"] = "451 4.3.0 later"
        send(box, "x@far.test", rcpt)
        box.settle()
        rows = box.rows()
        box.db.now(lambda tx: box.queue.warn(tx, rows, 4000))
        assert len(box.inbox("bob")) == is_told
