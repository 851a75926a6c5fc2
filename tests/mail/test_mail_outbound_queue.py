"""A long queue and a wrong clock: what is down is left alone, all else leaves, none comes back."""

import email
import email.policy
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.inbox.queue import Purpose, Queue, QueueItem
from app.mail.outbound.runner import TO_ONE, VISITS_APART_S, RetrySchedule
from app.store.database import StoreFailed, Tx
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox
from tests.kit.sink import Sink

TEXT = b"From: X <x@y.test>\r\nSubject: hello\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n"
SOON = RetrySchedule(first_s=300, longest_s=1000, give_up_s=4000)
DAY_S = 86_400.0
YEAR_S = 365 * DAY_S
DEAD, GOOD = "dead.test", "good.test"
STEPS_OF_CLOCK = pytest.mark.parametrize(
    "step", [10 * YEAR_S, -10 * YEAR_S, 30 * DAY_S], ids=["+10 years", "-10 years", "+30 days"]
)


@contextmanager
def world(directory: Path, dead: str = "127.0.0.2") -> Iterator[tuple[Sink, MailBox]]:
    """A box that sends straight to good.test, which a sink is, and to dead.test, which is none."""
    records = {(domain, "MX"): [f"10 mx.{domain}."] for domain in (DEAD, GOOD)}
    records |= {(f"mx.{DEAD}", "A"): [dead], (f"mx.{GOOD}", "A"): ["127.0.0.1"]}
    with Sink() as sink, DnsZone(records) as zone:
        box = MailBox(directory, resolver=zone.resolver(), mx_port=sink.port, retry=SOON)
        yield sink, box


def queue_mails(box: MailBox, count: int, *domains: str, sender: str = "bob@box.test") -> None:
    """So many mails of Bob's, of one recipient each, to these domains in turn."""
    bob = box.people.by_login("bob")
    assert bob is not None

    def work(tx: Tx) -> None:
        content = box.store.contents.write(tx, (TEXT,))
        item = QueueItem(Purpose.RELAY, content, b"", sender=sender, owner=bob.id)
        for number in range(count):
            box.queue.add(tx, item, [f"x{number}@{domains[number % len(domains)]}"])

    box.db.now(work)


def advance(box: MailBox, seconds: float) -> None:
    assert isinstance(box.clock, ManualClock)
    box.clock.advance(seconds)
    box.tick()
    box.settle()


def tries(box: MailBox, count: int = 10_000) -> int:
    """How many tries all rows together have behind them."""
    return sum(row.attempts for row in box.queue.page(limit=count))


# ---- a destination that is down


def test_10000_mails_for_what_is_down_are_tried_as_one_and_new_mail_leaves_at_once(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as (sink, box):
        queue_mails(box, 10_000, DEAD)
        with box:
            box.settle()
            assert 1 <= tries(box) <= TO_ONE
            box.send(TEXT, f"a@{GOOD}", sender="bob@box.test")
            assert sink.wait(1)[0].recipients == (f"a@{GOOD}",)
            box.settle()
            before = tries(box)
            for _ in range(3):
                advance(box, 99)
            assert tries(box) == before, "nothing is tried before its time"
            advance(box, 4)
            assert tries(box) == before + 1, "one mail finds out whether it can be reached again"
            (down,) = box.queue.destinations.down(9)
            assert (down.name, down.failures, down.waiting) == (DEAD, 2, 10_000)


@pytest.mark.parametrize("verb", ["CONNECT", "MAIL", "DATA"])
def test_mail_flows_again_when_what_was_down_answers(tmp_path: Path, verb: str) -> None:
    with world(tmp_path) as (sink, box):
        sink.answers[verb] = "421 4.3.2 busy"
        queue_mails(box, 60, GOOD)
        with box:
            box.settle()
            assert tries(box) <= TO_ONE and sink.caught == []
            sink.answers.clear()
            advance(box, 301)
            assert len(sink.caught) == 60 and box.rows() == []


def test_each_try_to_reach_what_is_down_is_with_another_mail(tmp_path: Path) -> None:
    with world(tmp_path) as (_sink, box):
        assert isinstance(box.clock, ManualClock)
        queue_mails(box, 9, DEAD)
        box.clock.advance(1)
        with box:
            box.settle()
            first = {row.id for row in box.rows() if row.attempts}
            for _ in range(3):
                next_due = box.queue.next_due()
                assert next_due is not None
                advance(box, next_due - box.db.box_time.now())
            attempts = [row.attempts for row in box.rows()]
            assert (sum(attempts), max(attempts)) == (len(first) + 3, 1)


def test_what_waits_too_long_for_what_is_down_comes_back_after_the_last_try(tmp_path: Path) -> None:
    with world(tmp_path) as (_sink, box):
        queue_mails(box, 10, DEAD)
        with box:
            box.settle()
            advance(box, 2000)
            queue_mails(box, 5, DEAD)
            advance(box, 1999)
            assert box.queue.waiting() == 15 and box.inbox("bob") == []
            advance(box, VISITS_APART_S)
            assert [row.recipient for row in box.rows()] == [f"x{n}@{DEAD}" for n in range(5)]
            notices = [box.octets(entry) for entry in box.inbox("bob")]
            assert len(notices) == 10 and all(b"451 4.4.1 mx.dead.test" in n for n in notices)
            advance(box, 2000)
            assert box.rows() == [] and len(box.inbox("bob")) == 15


def test_smarthost_that_is_down_is_tried_with_one_mail_and_its_queue_comes_back(
    tmp_path: Path,
) -> None:
    with Sink() as sink:
        smarthost = ("127.0.0.1", sink.port)
        sink.answers["CONNECT"] = "421 4.3.2 busy"
        box = MailBox(tmp_path, smarthost=smarthost, retry=SOON)
        queue_mails(box, 100, "a.test", "b.test", "c.test")
        with box:
            box.settle()
            before = tries(box)
            assert before <= TO_ONE
            advance(box, 301)
            assert tries(box) == before + 1
            while box.queue.waiting():
                next_due = box.queue.next_due()
                assert next_due is not None
                advance(box, max(1.0, next_due - box.db.box_time.now()))
            assert box.db.box_time.now() == pytest.approx(SOON.give_up_s, abs=61)
            assert len(box.inbox("bob")) == 100


def test_destination_that_counts_mail_which_is_not_there_is_put_right(tmp_path: Path) -> None:
    with world(tmp_path) as (sink, box):
        queue_mails(box, 1, GOOD)
        box.db.now(
            lambda tx: (
                tx.execute("UPDATE destination SET waiting = 7"),
                tx.execute("INSERT INTO destination VALUES ('gone.test', 3, 0, 0, '')"),
            )
        )
        with box:
            box.settle()
            assert len(sink.caught) == 1 and box.queue.next_due() is None
            assert box.queue.destinations.due(9) == []


def test_mail_refused_for_now_by_a_server_that_answers_waits_alone(tmp_path: Path) -> None:
    with world(tmp_path) as (sink, box), box:
        sink.answers[f"grey@{GOOD}"] = "450 4.2.0 not now"
        box.send(TEXT, f"grey@{GOOD}", sender="bob@box.test")
        box.settle()
        box.send(TEXT, f"other@{GOOD}", sender="bob@box.test")
        assert sink.wait(1)[0].recipients == (f"other@{GOOD}",)
        box.settle()
        (row,) = box.rows()
        assert row.reply == "450 4.2.0 not now" and box.queue.destinations.down(9) == []


def test_destination_that_hangs_leaves_room_for_others(tmp_path: Path) -> None:
    with world(tmp_path, dead="127.0.0.3") as (sink, box):
        silent = socket.create_server(("127.0.0.3", sink.port))  # takes calls and says nothing
        with silent, box:
            queue_mails(box, 500, DEAD)
            queue_mails(box, 20, GOOD)
            box.tick()
            assert len(sink.wait(20)) == 20
            hanging = box.queue.destinations.get(DEAD)
            assert hanging is not None and (hanging.waiting, hanging.failures) == (500, 0)


def test_servers_that_greet_late_hold_nobody_up_and_get_their_mail(tmp_path: Path) -> None:
    slow = [f"[127.0.0.{n}]" for n in range(3, 23)]
    with world(tmp_path) as (sink, box):
        doors = [socket.create_server((name[1:-1], sink.port)) for name in slow]
        with ThreadPoolExecutor(20) as pool, box:
            for door in doors:
                door.settimeout(20)
            calls = [pool.submit(door.accept) for door in doors]
            queue_mails(box, 20, *slow)
            queue_mails(box, 1, GOOD)
            box.tick()
            for _ in range(4):  # eight at a time, and others after ten seconds each
                box.jump(11)
            assert len(sink.wait(1)) == 1
            for call in calls:  # the first of them after 44 s
                greet(call.result(20)[0])
            box.settle()
            assert box.rows() == []
        for door in doors:
            door.close()


def greet(call: socket.socket) -> None:
    """Be a server from its greeting on, until one mail has been taken."""
    with call, call.makefile("rwb") as lines:
        call.settimeout(20)
        for answer in ("220 slow", "250 slow", "250 ok", "250 ok", "354 go", "250 taken"):
            lines.write(answer.encode() + b"\r\n")
            lines.flush()
            while answer.startswith("354") and lines.readline() != b".\r\n":
                pass
            if not answer.startswith("354"):
                lines.readline()


def test_mails_to_one_server_share_its_connections(tmp_path: Path) -> None:
    with world(tmp_path) as (sink, box):
        queue_mails(box, 60, GOOD)
        with box:
            assert len(sink.wait(60)) == 60
            box.settle()
            assert sink.connections <= TO_ONE + 1, "each of the four carries many"


def test_a_kept_connection_that_the_server_closes_costs_no_mail(tmp_path: Path) -> None:
    with world(tmp_path) as (sink, box):
        queue_mails(box, 20, GOOD)
        sink.mails_a_connection = 3
        with box:
            assert len(sink.wait(20)) == 20
            box.settle()
            assert box.rows() == [] and len(sink.caught) == 20


def test_many_destinations_that_were_down_leave_room_for_one_that_was_not(tmp_path: Path) -> None:
    dead = [f"[127.0.0.{n}]" for n in range(3, 43)]
    with world(tmp_path) as (sink, box):
        queue_mails(box, 400, *dead)
        with box:
            box.settle()
            assert len(box.queue.destinations.down(99)) == 40
            silent = [socket.create_server((name[1:-1], sink.port)) for name in dead]
            assert isinstance(box.clock, ManualClock)
            box.clock.advance(301)
            box.tick()
            box.send(TEXT, f"a@{GOOD}", sender="bob@box.test")
            assert len(sink.wait(1)) == 1
        for server in silent:
            server.close()


# ---- what takes long


def test_who_must_know_is_told_once_that_a_mail_waits(tmp_path: Path) -> None:
    with world(tmp_path) as (_, box), MailBox(tmp_path, box.clock, **told_late(box)) as again:
        queue_mails(again, 3, DEAD)
        again.tick()
        again.settle()
        advance(again, 999)
        assert again.inbox("bob") == []
        for _ in range(3):
            advance(again, 400)
        notices = [read(again.octets(entry)) for entry in again.inbox("bob")]
        assert len(notices) == 3 and again.queue.waiting() == 3
        for notice in notices:
            assert notice["Subject"] == "Not delivered yet: hello"
            facts = notice.get_payload()[1].get_payload()[1]
            assert (facts["Action"], facts["Will-Retry-Until"] is None) == ("delayed", False)
            assert "451 4.4.1 mx.dead.test" in facts["Diagnostic-Code"]


def test_a_sender_elsewhere_is_told_by_mail_and_the_null_sender_never(tmp_path: Path) -> None:
    with world(tmp_path) as (sink, box), MailBox(tmp_path, box.clock, **told_late(box)) as again:
        again.send(TEXT, f"x@{DEAD}", sender=f"scanner@{GOOD}")
        again.send(TEXT, f"y@{DEAD}", sender="")
        again.settle()
        advance(again, 1001)
        (mail,) = sink.wait(1)
        again.settle()
        assert (mail.sender, mail.recipients) == ("", (f"scanner@{GOOD}",))
        for _ in range(3):
            advance(again, 900)
        assert len(sink.caught) == 1 and again.queue.waiting() == 2


def told_late(box: MailBox) -> dict[str, Any]:
    """What a box like this one is made from that tells of a delay after 1,000 s."""
    return {
        "resolver": box.config.resolver,
        "mx_port": box.config.mx_port,
        "retry": replace(SOON, warn_s=1000),
    }


def read(octets: bytes) -> Any:
    return email.message_from_bytes(octets, policy=email.policy.default)


# ---- steps of the clock


@STEPS_OF_CLOCK
def test_step_of_the_clock_neither_returns_queued_mail_nor_puts_it_off(
    tmp_path: Path, step: float
) -> None:
    with world(tmp_path) as (sink, box), box:
        assert isinstance(box.clock, ManualClock)
        sink.answers["MAIL"] = "451 4.3.0 not now"
        box.send(TEXT, f"a@{GOOD}", sender="bob@box.test")
        box.settle()
        box.clock.step(step)
        box.tick()
        box.settle()
        (row,) = box.rows()
        assert row.attempts == 1 and box.inbox("bob") == []
        assert row.next_at == pytest.approx(box.clock.now() + 300), "told by the clock as it is"
        advance(box, 299)
        assert box.rows()[0].attempts == 1
        sink.answers.clear()
        advance(box, 1)
        assert len(sink.caught) == 1 and box.rows() == []


@STEPS_OF_CLOCK
def test_queued_mail_outlives_a_restart_under_a_stepped_clock_with_its_age(
    tmp_path: Path, step: float
) -> None:
    with world(tmp_path) as (sink, box):
        assert isinstance(box.clock, ManualClock)
        with box:
            queue_mails(box, 3, DEAD)
            box.tick()
            box.settle()
            advance(box, 1000)
            box.db.now(box.db.box_time.save)
        clock = box.clock
        clock.restart()
        clock.step(step)
        config = box.config
        direct = MailBox(
            tmp_path, clock, resolver=config.resolver, mx_port=sink.port, retry=config.retry
        )
        with direct as again:
            again.settle()
            assert again.queue.waiting() == 3 and again.inbox("bob") == []
            next_due = again.queue.next_due()
            assert next_due is not None and next_due - again.db.box_time.now() <= SOON.longest_s
            advance(again, 2999)
            assert again.queue.waiting() == 3 and again.inbox("bob") == []
            advance(again, VISITS_APART_S)
            assert again.queue.waiting() == 0 and len(again.inbox("bob")) == 3


@STEPS_OF_CLOCK
def test_what_was_coming_in_is_swept_at_a_start_whatever_the_clock_says(
    tmp_path: Path, step: float
) -> None:
    with world(tmp_path) as (_sink, box):
        assert isinstance(box.clock, ManualClock)
        left = box.db.now(box.store.contents.begin)
        box.clock.step(step)
        with box:
            count = "SELECT count(*) FROM content WHERE id = ?"
            assert box.db.reader().execute(count, (left,)).fetchone() == (0,), (
                "nothing comes in now"
            )
            box.send(TEXT, "bob")
            assert len(box.inbox("bob")) == 1


def test_queue_is_taken_over_as_soon_as_the_store_takes_writing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(queue: Queue, tx: Tx, oldest_s: float, longest_s: float) -> int:
        raise StoreFailed("the disk is full")

    with world(tmp_path) as (sink, box):
        queue_mails(box, 1, GOOD)
        monkeypatch.setattr(Queue, "adopt", full)
        with box:
            for _ in range(3):
                box.tick()
            assert sink.connections == 0, "it starts all the same, and sends nothing"
            monkeypatch.undo()
            box.tick()
            assert len(sink.wait(1)) == 1


@STEPS_OF_CLOCK
def test_mail_that_an_older_program_queued_leaves_under_a_stepped_clock(
    tmp_path: Path, step: float
) -> None:
    with world(tmp_path) as (sink, box):
        assert isinstance(box.clock, ManualClock)
        queue_mails(box, 3, GOOD)
        box.db.now(
            lambda tx: tx.execute("UPDATE queue SET created_box_s = NULL, next_box_s = NULL")
        )
        box.clock.step(step)
        with box:
            box.settle()
            if box.rows():  # it may have to wait, but no longer than any other mail
                advance(box, SOON.longest_s)
            assert len(sink.caught) == 3 and box.rows() == [] and box.inbox("bob") == []
