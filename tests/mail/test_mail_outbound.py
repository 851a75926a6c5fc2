"""Mail on its way out: custody, retries, what comes back, and with which sender it leaves."""

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.inbox.store import EntryState
from app.mail.outbound.runner import RetrySchedule
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox
from tests.kit.sink import Sink

TEXT = b"From: X <x@y.test>\r\nSubject: hello\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n"
SOON = RetrySchedule(first_s=300, longest_s=1000, give_up_s=4000)


def behind(sink: Sink, directory: Path, **changes: Any) -> MailBox:
    """A box whose smarthost is the sink."""
    return MailBox(directory, smarthost=("127.0.0.1", sink.port), retry=SOON, **changes)


def advance(box: MailBox, seconds: float) -> None:
    assert isinstance(box.clock, ManualClock)
    box.clock.advance(seconds)
    box.tick()
    box.settle()


def test_an_alias_without_the_own_name_sends_the_mail_on(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        (mail,) = sink.wait(1)
        box.settle()
        assert mail.recipients == ("bob@far.test",)
        assert mail.octets.endswith(TEXT)
        own, _, rest = mail.octets.partition(b"\r\n")
        assert own.startswith(b"Switchhook-Sent-On: ")
        assert rest.startswith(b"Delivered-To: bob@box.test\r\nReceived: from client.test")
        assert box.inbox("bob") == [] and box.rows() == []
        (gone,) = box.inbox("bob", EntryState.BIN)
        assert gone.removed_door == "forward"


def test_the_own_name_keeps_a_copy(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.alias("bob", "bob", "bob@far.test")
        box.send(TEXT, "bob")
        sink.wait(1)
        box.settle()
        assert len(box.inbox("bob")) == 1 and box.rows() == []


def test_a_final_refusal_brings_it_back_with_a_notice(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["bob@far.test"] = "550 5.1.1 nobody of that name"
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        sink.wait_connections(1)
        box.settle()
        returned, notice = box.inbox("bob")
        assert box.octets(returned).endswith(TEXT)
        assert b"550 5.1.1 nobody of that name" in box.octets(notice)
        assert box.rows() == []


def test_each_recipient_of_one_mail_is_told_apart(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers |= {"no@far.test": "550 5.1.1 no", "later@far.test": "450 4.2.1 grey"}
        box.alias("team", "yes@far.test", "no@far.test", "later@far.test")
        box.send(TEXT, "team")
        assert sink.wait(1)[0].recipients == ("yes@far.test",)
        box.settle()
        assert sink.connections == 1
        states = {row.recipient: str(row.state) for row in box.rows()}
        assert states == {
            "yes@far.test": "taken",
            "no@far.test": "refused",
            "later@far.test": "waiting",
        }
        sink.answers.pop("later@far.test")
        advance(box, 301)
        assert sink.wait(2)[1].recipients == ("later@far.test",)
        box.settle()
        assert box.rows() == []
        _, notice = box.inbox("anna")  # the postmaster answers for the group
        text = box.octets(notice)
        assert b"no@far.test" in text and b"yes@far.test" in text


def test_the_waits_grow_until_it_is_given_up(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["bob@far.test"] = "450 4.2.0 not now"
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        start = box.clock.now()
        tries = []
        box.settle()
        while box.rows():
            (row,) = box.rows()
            assert row.reply == "450 4.2.0 not now" and box.inbox("bob") == []
            tries.append(row.next_at - start)
            advance(box, row.next_at - box.clock.now())
        assert tries == [300, 900, 1900, 2900, 3900, 4000]
        assert sink.connections == 7
        _, notice = box.inbox("bob")
        assert b"450 4.2.0 not now" in box.octets(notice)


def test_nothing_is_tried_before_its_time(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["CONNECT"] = "421 busy"
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        box.settle()
        advance(box, 299)
        assert sink.connections == 1
        sink.answers.clear()
        advance(box, 2)
        assert len(sink.wait(1)) == 1


def test_a_server_that_is_not_there_is_temporary(tmp_path: Path) -> None:
    with Sink() as sink:
        pass
    with MailBox(tmp_path, smarthost=("127.0.0.1", sink.port)) as box:
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        box.settle()
        (row,) = box.rows()
        assert row.attempts == 1 and row.reply.startswith("451 4.4.1")


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    clock = ManualClock()
    with Sink() as sink:
        pass
    with MailBox(tmp_path, clock, smarthost=("127.0.0.1", sink.port)) as box:
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        box.settle()
    clock.advance(301)
    with Sink() as other, MailBox(tmp_path, clock, smarthost=("127.0.0.1", other.port)) as box:
        other.wait(1)
        box.settle()
        assert box.rows() == []


def test_by_smarthost_a_forward_leaves_with_its_owners_address(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        box.alias("anna", "anna@far.test")
        box.send(TEXT, "anna")
        assert {mail.sender for mail in sink.wait(2)} == {"bob@public.test", "anna@box.test"}


def test_the_null_sender_stays_null(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob", sender="")
        assert sink.wait(1)[0].sender == ""


@pytest.mark.parametrize("sender", ["bob", "bob@box.test", "bob@public.test", "bob@[192.0.2.99]"])
def test_mail_of_our_people_leaves_with_their_public_address(tmp_path: Path, sender: str) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.send(TEXT, "x@far.test", sender=sender)
        (mail,) = sink.wait(1)
        assert mail.sender == "bob@public.test"
        assert not mail.octets.startswith(b"Delivered-To")


def test_what_our_people_send_and_is_refused_comes_back_to_them(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers["x@far.test"] = "550 5.1.1 no such user"
        box.send(TEXT, "x@far.test", sender="bob")
        sink.wait_connections(1)
        box.settle()
        (notice,) = box.inbox("bob")
        assert b"550 5.1.1 no such user" in box.octets(notice)


def test_a_relayed_mail_of_a_stranger_bounces_to_its_sender(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers |= {"x@far.test": "550 5.1.1 no such user", "z@far.test": "554 5.7.1 no"}
        box.send(TEXT, "x@far.test", "z@far.test", sender="scanner@shop.test")
        (bounce,) = sink.wait(1)
        box.settle()
        assert (bounce.sender, bounce.recipients) == ("", ("scanner@shop.test",))
        read: Any = email.message_from_bytes(bounce.octets, policy=email.policy.default)
        assert read.get_content_type() == "multipart/report"
        _, facts, head = read.get_payload()
        told = [part["Final-Recipient"] for part in facts.get_payload()[1:]]
        assert told == ["rfc822; x@far.test", "rfc822; z@far.test"]
        assert "Subject: hello" in head.get_payload()
        assert box.rows() == []


def test_three_bounces_at_once_name_what_each_is_about(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers |= {f"x{n}@far.test": "550 no" for n in range(3)}
        for n in range(3):
            mail = b"Subject: number %d\r\nDate: Fri, 2%d Nov 2026 09:00:00 +0100\r\n\r\nx\r\n"
            box.send(mail % (n, n), f"x{n}@far.test", sender="anna@box.test")
        box.settle()
        told = sorted((entry.subject, box.octets(entry)) for entry in box.inbox("anna"))
        assert [subject for subject, _ in told] == [f"Not delivered: number {n}" for n in range(3)]
        for n, (_, octets) in enumerate(told):
            assert b"Subject: number %d\r\n" % n in octets.rpartition(b"rfc822-headers")[2]
            assert b"Date: Fri, 2%d Nov 2026 09:00:00 +0100\r\nReceived: " % n in octets


def test_a_bounce_that_bounces_is_the_end_of_it(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers |= {"x@far.test": "550 no", "scanner@shop.test": "550 no"}
        box.send(TEXT, "x@far.test", sender="scanner@shop.test")
        sink.wait_connections(1)
        box.settle()
        assert box.rows() == [] and sink.caught == []
        assert "RCPT TO:<scanner@shop.test>" in sink.commands
        read = box.db.reader().execute
        assert read("SELECT count(*) FROM content").fetchone() == (0,)


def zone_for(*domains: str) -> DnsZone:
    records = {(domain, "MX"): ["10 mx.far.test."] for domain in domains}
    return DnsZone(records | {("mx.far.test", "A"): ["127.0.0.1"]})


def test_straight_to_the_world_with_a_rewritten_sender_that_finds_back(tmp_path: Path) -> None:
    with Sink() as sink, zone_for("far.test", "y.test") as zone:
        direct: dict[str, Any] = {
            "resolver": zone.resolver(),
            "mx_port": sink.port,
            "srs_secret": b"secret",
            "srs_domain": "box.test",
        }
        with MailBox(tmp_path, lan=(), **direct) as box:
            box.alias("bob", "bob@far.test")
            box.send(TEXT, "bob")
            (mail,) = sink.wait(1)
            box.settle()
            assert mail.sender.startswith("SRS0=") and mail.sender.endswith("=y.test=x@box.test")
            assert mail.octets.endswith(TEXT), "head and text stay as they were"
            box.send(b"Subject: I am away\r\n\r\n", mail.sender, sender="")
            notice = sink.wait(2)[1]
            assert (notice.sender, notice.recipients) == ("", ("x@y.test",))
            assert box.inbox("bob") == []
            with box.client() as client:
                client.ehlo()
                client.mail("spammer@evil.test")
                assert client.rcpt(mail.sender)[0] == 550, "only notices may go back"
                client.rset()
                client.mail("")
                forged = mail.sender.replace("=x@", "=victim@")
                assert client.rcpt(forged)[0] == 550


DELAYED = b"""Content-Type: multipart/report; report-type=delivery-status; boundary=x\r
Subject: about your mail\r
\r
--x\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; far.test\r
\r
Final-Recipient: rfc822; bob@far.test\r
Action: delayed\r
Status: 4.2.2\r
\r
--x--\r
"""


def test_a_failure_that_is_reported_late_brings_the_mail_back_to_its_owner(tmp_path: Path) -> None:
    with Sink() as sink, zone_for("far.test", "y.test") as zone:
        direct: dict[str, Any] = {
            "resolver": zone.resolver(),
            "mx_port": sink.port,
            "srs_secret": b"secret",
            "srs_domain": "box.test",
        }
        with MailBox(tmp_path, lan=(), **direct) as box:
            box.alias("bob", "bob@far.test")
            long = f"{'bounces-' * 6}@y.test"
            box.send(TEXT, "bob", sender=long)
            (mail,) = sink.wait(1)
            box.settle()
            assert box.inbox("bob") == [] and len(box.inbox("bob", EntryState.BIN)) == 1
            box.send(DELAYED, mail.sender, sender="")
            assert sink.wait(2)[1].recipients == (long,), "a delay is the sender's to know"
            assert box.inbox("bob") == []
            report = DELAYED.replace(b"delayed", b"failed").replace(b"4.2.2", b"5.2.2")
            box.send(report, mail.sender, sender="")
            box.settle()
            back, told = box.inbox("bob")
            assert box.octets(back).endswith(TEXT) and back.state is EntryState.NEW
            assert b"Action: failed" in box.octets(told)
            assert len(sink.caught) == 2, "its sender does not hear that it failed: it has arrived"
            box.send(report, mail.sender, sender="")
            assert sink.wait(3)[2].recipients == (long,), "a second report finds nothing to restore"


def test_a_domain_of_the_world_that_leads_back_to_us_comes_back(tmp_path: Path) -> None:
    zone = DnsZone({("far.test", "A"): ["192.0.2.99"]})
    with zone, MailBox(tmp_path, resolver=zone.resolver()) as box:
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        box.settle()
        _, notice = box.inbox("bob")
        assert b"5.4.6" in box.octets(notice)


def test_domains_go_apart_and_one_domain_goes_together(tmp_path: Path) -> None:
    sink, zone = Sink(), zone_for("far.test", "near.test")
    with sink, zone, MailBox(tmp_path, resolver=zone.resolver(), mx_port=sink.port) as box:
        box.send(TEXT, "a@far.test", "b@near.test", "c@far.test", sender="s@shop.test")
        got = {mail.recipients for mail in sink.wait(2)}
        assert got == {("a@far.test", "c@far.test"), ("b@near.test",)}
        box.settle()
        assert box.rows() == []


def two_servers(sink: Sink) -> DnsZone:
    """far.test has two servers, at the sink's port."""
    records = {
        ("far.test", "MX"): ["10 first.far.test.", "20 second.far.test."],
        ("first.far.test", "A"): ["127.0.0.1"],
        ("second.far.test", "A"): ["127.0.0.2"],
    }
    return DnsZone(records)


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "a@far.test", "DATA"])
def test_a_server_that_leaves_is_passed_over_for_the_next_one(tmp_path: Path, verb: str) -> None:
    first, second = Sink(), Sink()
    first.answers[verb] = "drop"
    with first, second, two_servers(first) as zone:
        second.listen_also("127.0.0.2", first.port)
        with MailBox(tmp_path, resolver=zone.resolver(), mx_port=first.port) as box:
            box.send(TEXT, "a@far.test", sender="s@shop.test")
            assert len(second.wait(1)) == 1
            box.settle()
            assert box.rows() == [] and first.caught == []


def test_a_mail_that_may_have_been_taken_is_not_given_to_the_next_server(tmp_path: Path) -> None:
    first, second = Sink(), Sink()
    first.answers["END"] = "drop"
    with first, second, two_servers(first) as zone:
        second.listen_also("127.0.0.2", first.port)
        with MailBox(tmp_path, resolver=zone.resolver(), mx_port=first.port) as box:
            box.send(TEXT, "a@far.test", sender="s@shop.test")
            box.settle()
            (row,) = box.rows()
            assert row.reply.startswith("451 4.4.2") and second.connections == 0


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL"])
def test_the_queue_shows_what_the_server_said(tmp_path: Path, verb: str) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        sink.answers[verb] = "421 name does not match DNS"
        box.send(TEXT, "a@far.test", sender="s@shop.test")
        box.settle()
        (row,) = box.rows()
        assert "421 name does not match DNS" in row.reply
        (down,) = box.queue.destinations.down(1)
        assert "421 name does not match DNS" in down.reply


def test_the_next_server_of_a_domain_is_tried(tmp_path: Path) -> None:
    records = {
        ("far.test", "MX"): ["10 dead.far.test.", "20 mx.far.test."],
        ("dead.far.test", "A"): ["127.0.0.2"],
        ("mx.far.test", "A"): ["127.0.0.1"],
    }
    sink, zone = Sink(), DnsZone(records)
    with sink, zone, MailBox(tmp_path, resolver=zone.resolver(), mx_port=sink.port) as box:
        box.send(TEXT, "a@far.test", sender="s@shop.test")
        assert len(sink.wait(1)) == 1


def test_many_mails_go_out_a_few_at_a_time(tmp_path: Path) -> None:
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.alias("bob", "bob@far.test")
        for _ in range(40):
            box.send(TEXT, "bob")
        sink.wait(40)
        box.settle()
        assert box.rows() == [] and len(sink.caught) == 40
        assert len(box.inbox("bob", EntryState.BIN)) == 40


def test_a_voicemail_sized_mail_goes_out_whole(tmp_path: Path) -> None:
    big = TEXT + (b"A" * 76 + b"\r\n") * 40_000
    with Sink() as sink, behind(sink, tmp_path) as box:
        box.alias("bob", "bob@far.test")
        box.send(big, "bob")
        assert sink.wait(1)[0].octets.endswith(big)
