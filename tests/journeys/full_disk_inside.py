"""What happens on a disk that is full, told by the processes of a whole box.

test_journey_full_disk.py runs this file with a file system of 64 MB of its own at $SMALL_DISK; the
tests are in one order, on one box.
"""

import os
import poplib
import signal
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.units import MB
from tests.kit.killing import PASSWORD, House
from tests.kit.running import Running, until

DISK = Path(os.environ["SMALL_DISK"])
FLOOR, RESERVE = 12 * MB, 8 * MB
SETTINGS = f"free_floor_mb = {FLOOR // MB}\nvoice_reserve_mb = {RESERVE // MB}\n"
PHONE = "[phone]\nring_seconds = 4\n"
KEPT_FREE = FLOOR - MB
"""What mail leaves free; the index of the search and logs, which follow it, take from the floor."""
LINE = b"0123456789abcdef" * 4 + b"\r\n"
SOON_S = 5.0
"""Seconds after which everything must work again when there is room."""


def free() -> int:
    """Octets that are free on the disk."""
    found = os.statvfs(DISK)
    return found.f_bavail * found.f_frsize


class Hog:
    """Somebody else's file, which takes all that is left."""

    path = DISK / "hog"

    def __enter__(self) -> None:
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for piece in (bytes(MB), bytes(4096)):
                self._fill(fd, piece)
        finally:
            os.close(fd)
        assert free() == 0

    @staticmethod
    def _fill(fd: int, piece: bytes) -> None:
        while True:
            try:
                os.write(fd, piece)
            except OSError:
                return

    def __exit__(self, *_: object) -> None:
        self.path.unlink()


@pytest.fixture(scope="module")
def house() -> House:
    made = House(DISK / "var")
    made.furnish(["anna", "ben"], PHONE)
    text = made.paths.settings_file.read_text()
    old = "free_floor_mb = 1\nvoice_reserve_mb = 1\n"
    assert old in text
    made.paths.settings_file.write_text(text.replace(old, SETTINGS))
    return made


@pytest.fixture(scope="module")
def box(house: House) -> Iterator[Running]:
    with Running(house) as running:
        yield running


def send(box: Running, number: int, octets: int = 1_500_000) -> int:
    """Send a mail without SIZE; the code of the answer that decided."""
    with smtplib.SMTP("127.0.0.1", box.ports()["smtp"], timeout=60) as client:
        client.ehlo()
        client.mail("x@y.test")
        answer = client.rcpt("anna@box.test")
        if answer[0] == 250:
            text = b"Subject: %d\r\n\r\n" % number + LINE * (octets // len(LINE))
            answer = client.data(text)
        print(f"mail {number}: {answer}")
        return answer[0]


def pop3(box: Running) -> poplib.POP3:
    client = poplib.POP3("127.0.0.1", box.ports()["pop3"], timeout=60)
    client.user("anna")
    client.pass_(PASSWORD)
    return client


def subjects(box: Running) -> list[int]:
    """The numbers from 1 on of the mails that Anna has, each of which is whole."""
    client, numbers = pop3(box), []
    for n in range(1, client.stat()[0] + 1):
        lines = client.retr(n)[1]
        head = lines[: lines.index(b"")]
        found = [line for line in head if line.startswith(b"Subject: ")]
        if found[0][9:].isdigit() and found[0][9:] != b"0":
            numbers.append(int(found[0][9:]))
            body = lines[len(head) + 1 :]
            assert body == [LINE[:-2]] * (1_500_000 // len(LINE)), "a mail is not whole"
    client.quit()
    return numbers


def voicemails(box: Running) -> int:
    client = pop3(box)
    count = 0
    for n in range(1, client.stat()[0] + 1):
        count += any(line.lower().startswith(b"message-context:") for line in client.top(n, 0)[1])
    client.quit()
    return count


def removed(client: poplib.POP3) -> bool:
    """QUIT: whether it has removed, which it may on a full disk if the WAL has room in itself."""
    try:
        client.quit()
    except poplib.error_proto as problem:
        assert "nothing was removed" in str(problem)
        return False
    return True


def call(box: Running, heard: str) -> None:
    """Somebody calls, nobody lifts; `heard` must be heard before they hang up."""
    box.board("ring line1 from 5551234", f"wait-for line1 {heard} within 60s")


def leave_message(box: Running, words: Path) -> None:
    call(box, "speech")
    box.board("dial line1 #", "wait-for line1 beep within 20s")
    box.board(f"say line1 {words}", "hangup line1")


def recovers(box: Running) -> None:
    """Mail and voicemail are taken again, soon."""
    begun = time.monotonic()
    until(lambda: taken(box), 30)
    assert time.monotonic() - begun < SOON_S


def taken(box: Running) -> bool:
    try:
        return send(box, 0, octets=100) == 250
    except (OSError, smtplib.SMTPException):
        return False


def alive(box: Running) -> dict[str, int]:
    """The processes of the services."""
    return {name: box.pid(name) for name in ("phone", "mail", "admin", "box")}


taken_numbers: list[int] = []


def fill(box: Running) -> None:
    """Send mails until one is refused. What SQLite gives back later makes room for one more."""
    for number in range(len(taken_numbers) + 1, 100):
        if (code := send(box, number)) != 250:
            assert code == 452
            return
        taken_numbers.append(number)
        assert free() >= KEPT_FREE
    raise AssertionError("no mail is refused")


def test_mails_without_size_stop_at_the_floor_and_none_is_lost_or_half_stored(
    box: Running,
) -> None:
    fill(box)
    assert len(taken_numbers) > 10
    assert free() >= KEPT_FREE
    assert subjects(box) == taken_numbers


def test_voicemail_is_taken_where_mail_is_not(box: Running, words: Path) -> None:
    fill(box)
    leave_message(box, words)
    until(lambda: voicemails(box) == 1)
    fill(box)


def test_mail_is_taken_again_as_soon_as_some_was_removed(box: Running) -> None:
    client = pop3(box)
    for n in range(1, 6):
        client.dele(n)
    client.quit()
    until(lambda: send(box, 101) == 250, SOON_S)  # on a busy machine the WAL is copied a bit later
    assert subjects(box) == [*taken_numbers[5:], 101]
    assert free() >= KEPT_FREE


def test_disk_that_somebody_else_has_filled_costs_neither_a_line_nor_a_process(
    box: Running, words: Path
) -> None:
    before, mails = alive(box), subjects(box)
    with Hog():
        assert send(box, 102) == 452
        box.board("lift 101", "wait-for 101 stutter within 2s", "hangup 101")
        call(box, "speech")
        box.board("hangup line1")
        client = pop3(box)
        assert client.stat()[0] >= len(mails), "mail can be read"
        client.dele(1)
        if removed(client):
            del mails[0]
        assert subjects(box) == mails, "QUIT has done what it has said, and the maildrop is free"
        processes = [Path(f"/proc/{pid}") for pid in before.values()]
        assert all(process.exists() for process in processes), box.log("mail")
    recovers(box)
    assert alive(box) == before
    leave_message(box, words)
    until(lambda: voicemails(box) == 2)
    assert subjects(box) == mails


def test_mail_service_that_starts_on_a_full_disk_serves_when_there_is_room(
    box: Running,
) -> None:
    before = alive(box)["mail"]
    with Hog():
        os.kill(before, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{before}").exists())
        assert send_when_possible(box) == 452
    recovers(box)


def send_when_possible(box: Running) -> int:
    """The answer of the service that starts."""

    def answer() -> int:
        try:
            return send(box, 103)
        except (OSError, smtplib.SMTPException, ValueError):
            return 0

    return until(answer)


def test_box_whose_disk_is_full_ends_with_all_its_processes(house: House, box: Running) -> None:
    with Hog():
        box._process.send_signal(signal.SIGTERM)
        assert box._process.wait(60) == 0, "\n".join(box.screen)
        mark = f"SWITCHHOOK_VAR={house.var}".encode()
        left = [
            process.name
            for process in Path("/proc").iterdir()
            if process.name.isdigit() and mark in environment(process)
        ]
        assert left == []


def environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
