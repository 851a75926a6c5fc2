"""A disk that gets full: mail is put off in time, nothing is lost or left, and it goes on."""

import smtplib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from app.inbox.store import CHUNK
from app.mail.smtp.content import LONGEST_PAUSE
from tests.kit.mail_box import CONFIG, MailBox
from tests.kit.small_disk import MB, SmallDisk, no_commits

FLOOR = 10 * MB
DELIVERY = replace(CONFIG.delivery, free_floor=FLOOR, voice_reserve=5 * MB)
LINE = b"0123456789abcdef" * 4 + b"\r\n"
FULL = (452, b"4.3.1 This server is short of space")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SmallDisk:
    return SmallDisk(monkeypatch, 40 * MB)


def mail(number: int, octets: int = 1_500_000) -> bytes:
    """A mail whose subject is its number."""
    return b"Subject: %d\r\n\r\n" % number + LINE * (octets // len(LINE))


def send(box: MailBox, octets: bytes, to: str = "anna", size: int = 0) -> tuple[int, bytes]:
    """The answer to the end of a mail, or to its RCPT if that is refused; SIZE if it is given."""
    with box.client() as client:
        client.ehlo()
        client.mail("x@y.test", [f"size={size}"] if size else [])
        answer = client.rcpt(to)
        return client.data(octets) if answer[0] == 250 else answer


def send_again(box: MailBox, octets: bytes) -> tuple[int, bytes]:
    """The answer to a sender who tries again after 452 [RFC 5321 §4.5.4.1], three times at most."""
    for _ in range(2):
        answer = send(box, octets)
        if answer[0] != FULL[0]:
            return answer
    return send(box, octets)


def fill(box: MailBox) -> list[int]:
    """Send mails without SIZE until one is put off; the numbers of those that were taken."""
    taken: list[int] = []
    while (answer := send(box, mail(len(taken))))[0] == 250:
        taken.append(len(taken))
    assert answer == FULL
    return taken


def is_whole(box: MailBox, taken: list[int]) -> bool:
    """Whether Anna has these mails whole, and the store nothing that belongs to nobody."""
    box.db.submit(lambda tx: None).result(30)  # what was dropped is gone
    entries = box.inbox("anna")
    whole = all(box.octets(entry).endswith(mail(int(entry.subject))) for entry in entries)
    counts = box.db.reader().execute(
        "SELECT (SELECT count(*) FROM content), (SELECT count(DISTINCT place >> 20) FROM chunk)"
    )
    numbers = sorted(int(entry.subject) for entry in entries)
    return whole and numbers == taken and counts.fetchone() == (len(taken), len(taken))


def test_mail_without_size_is_put_off_before_the_floor_is_passed(
    tmp_path: Path, disk: SmallDisk
) -> None:
    with MailBox(tmp_path, delivery=DELIVERY) as box:
        taken = fill(box)
        assert len(taken) > 10
        assert is_whole(box, taken)
        assert disk.lowest >= FLOOR, "mail has taken what it must leave free"
        assert disk.free(tmp_path) < FLOOR + 6 * MB, "mail was refused although there was room"


def test_mails_that_come_together_leave_the_floor_free_and_none_is_half_stored(
    tmp_path: Path, disk: SmallDisk
) -> None:
    with MailBox(tmp_path, delivery=DELIVERY) as box, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: send(box, mail(number)), range(40)))
        taken = [number for number, (code, _) in enumerate(answers) if code == 250]
        assert 8 <= len(taken) < 30
        assert {answer for answer in answers if answer[0] != 250} == {FULL}
        assert is_whole(box, taken)
        assert disk.lowest >= FLOOR


def test_announced_mail_to_many_people_is_reserved_once(tmp_path: Path, disk: SmallDisk) -> None:
    with MailBox(tmp_path, delivery=DELIVERY) as box, box.client() as client:
        client.ehlo()
        client.mail("x@y.test", [f"size={16 * MB}"])
        assert [client.rcpt(name)[0] for name in ("anna", "bob", "postmaster")] == [250] * 3
        assert send(box, b"", size=16 * MB) == FULL
        client.rset()
        assert send(box, mail(0), size=16 * MB)[0] == 250


def test_there_is_room_again_when_somebody_has_removed_mail(
    tmp_path: Path, disk: SmallDisk
) -> None:
    with MailBox(tmp_path, delivery=DELIVERY) as box:
        taken = fill(box)
        gone = [entry.id for entry in box.inbox("anna")[:5]]
        box.db.now(lambda tx: box.store.remove(tx, gone, "pop3", "anna"))
        assert send_again(box, mail(len(taken)))[0] == 250, "the bin gives up its oldest"
        assert len(box.inbox("anna", EntryState.BIN)) < 5
        assert is_whole(box, [*taken[5:], len(taken)])
        assert disk.lowest >= FLOOR


def test_there_is_room_again_when_others_have_taken_less(tmp_path: Path, disk: SmallDisk) -> None:
    with MailBox(tmp_path, delivery=DELIVERY) as box:
        disk.others = disk.octets
        assert send(box, b"") == FULL
        disk.others = 0
        assert send(box, mail(0))[0] == 250
        assert is_whole(box, [0])


def test_commit_that_finds_the_disk_full_puts_the_mail_off_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MailBox(tmp_path) as box, box.client() as client:
        client.ehlo()
        client.mail("x@y.test")
        client.rcpt("anna")
        client.docmd("DATA")
        client.send(mail(0, 3 * CHUNK))
        while not contents(box):
            box.db.submit(lambda tx: None).result(30)
        with monkeypatch.context() as patched:
            no_commits(patched)
            client.send(LINE * (2 * CHUNK // len(LINE)) + b".\r\n")
            assert client.getreply() == FULL
            for _ in range(3):
                box.tick()
                with pytest.raises(smtplib.SMTPDataError) as told:
                    client.sendmail("x@y.test", ["anna"], mail(1))
                assert told.value.smtp_code == 452
            assert contents(box) == 1
        for _ in range(LONGEST_PAUSE):  # in calls twice a second
            box.tick()
            box.db.submit(lambda tx: None).result(30)
        assert contents(box) == 0
        client.sendmail("x@y.test", ["anna"], mail(1))
        assert is_whole(box, [1])


def contents(box: MailBox) -> int:
    """Contents in the store, whole or not."""
    return int(box.db.reader().execute("SELECT count(*) FROM content").fetchone()[0])


def test_service_that_starts_on_a_full_disk_serves_and_sweeps_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MailBox(tmp_path) as box:
        for _ in range(50):  # more than one transaction deletes
            box.db.now(
                lambda tx: box.store.contents.add_chunk(
                    tx, box.store.contents.begin(tx), 0, b"half"
                )
            )
    with monkeypatch.context() as patched:
        box = MailBox(tmp_path, clock=box.clock)
        no_commits(patched)
        with box:
            box.tick()
            with box.client() as client:
                assert client.noop()[0] == 250
            assert contents(box) == 50
            patched.undo()
            with box.client() as client:
                client.ehlo()
                client.mail("x@y.test")
                client.rcpt("anna")
                client.docmd("DATA")
                client.send(mail(0, 3 * CHUNK))
                while contents(box) != 1:
                    box.tick()
                    box.db.submit(lambda tx: None).result(30)
                client.send(b".\r\n")
                assert client.getreply()[0] == 250, "only what was there at the start is swept"
