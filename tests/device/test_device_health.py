"""Health is asked of real sockets and a real folder; the watchdog judges what it hears."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.device.health import PROBE_EVERY_S, Finding, Health
from app.device.watchdog import PATIENCE_S, Judge


class Phone:
    """A phone service's door: answers each question with the next of some statuses."""

    def __init__(self, path: Path, *periods: int, ready: bool = True) -> None:
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen()
        self._periods, self._ready = list(periods), ready
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for periods in self._periods:
            link, _ = self._door.accept()
            with link, link.makefile("rwb") as file:
                file.readline()
                told = {"periods": periods, "ready": self._ready, "lost_periods": 2}
                file.write(json.dumps(told).encode() + b"\n")


@contextmanager
def mail(paths: Paths, greeting: bytes, times: int = 8) -> Iterator[None]:
    """A POP3 service that says one line."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        told = {"host": "0.0.0.0", "pop3": door.getsockname()[1], "smtp": 0}
        paths.mail_ports.write_text(json.dumps(told))

        def serve() -> None:
            with suppress(OSError):  # the door is closed when the test is over
                for _ in range(times):
                    link, _ = door.accept()
                    with link:
                        link.sendall(greeting)
                        link.recv(64)

        threading.Thread(target=serve, daemon=True).start()
        yield


class Now:
    """A clock for hands."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    paths.make()
    return paths


def look(health: Health) -> dict[str, Finding]:
    findings = health.look()
    assert [finding.name for finding in findings] == ["phone", "mail", "store"]
    return {finding.name: finding for finding in findings}


def test_a_box_that_works_is_well(paths: Paths) -> None:
    Phone(paths.phone_control, 100, 130)
    health = Health(paths, Now())
    with mail(paths, b"+OK box.example.org\r\n"):
        health.look()
        found = look(health)
    assert all(finding.ok for finding in found.values()), found
    assert found["phone"].says == "period 130, 2 lost"


def test_a_beat_that_stands_still_is_seen(paths: Paths) -> None:
    Phone(paths.phone_control, 100, 100, 101)
    health = Health(paths, Now())
    assert look(health)["phone"].ok
    assert look(health)["phone"].says == "the beat stands still at 100"
    assert look(health)["phone"].ok


def test_lines_that_are_not_up_are_not_well(paths: Paths) -> None:
    Phone(paths.phone_control, 5, ready=False)
    assert look(Health(paths, Now()))["phone"].says == "the lines are not up yet"


def test_services_that_do_not_answer_are_named(paths: Paths) -> None:
    found = look(Health(paths, Now()))
    assert not found["phone"].ok
    assert not found["mail"].ok
    assert "no answer" in found["mail"].says


def test_mail_that_answers_wrongly_is_not_well(paths: Paths) -> None:
    with mail(paths, b"-ERR too many connections\r\n"):
        found = look(Health(paths, Now()))["mail"]
    assert (found.ok, found.says) == (False, "-ERR too many connections")


def test_the_store_is_tried_rarely_and_again_at_once_when_it_failed(paths: Paths) -> None:
    now = Now()
    health = Health(paths, now)
    alive = paths.database.parent / ".alive"
    assert look(health)["store"].ok
    alive.unlink()
    now.at += PROBE_EVERY_S - 1
    assert look(health)["store"].ok
    assert not alive.exists()
    now.at += 1
    assert look(health)["store"].ok
    assert alive.exists()


def test_a_full_disk_is_no_reason_to_start_again(paths: Paths) -> None:
    alive = paths.database.parent / ".alive"
    alive.symlink_to("/dev/full")
    found = look(Health(paths, Now()))["store"]
    assert found.ok
    assert "No space left" in found.says


PHONE_BAD, PHONE_WELL = Finding("phone", False, "silent"), Finding("phone", True, "period 1")
MAIL_WELL = Finding("mail", True, "+OK")


def test_what_was_never_well_is_not_missed() -> None:
    judge = Judge()
    assert all(judge.feed(now, (PHONE_BAD, MAIL_WELL)) for now in (0.0, 100.0, 10_000.0))


def test_what_was_well_and_stays_away_starves_the_watchdog() -> None:
    judge = Judge()
    assert judge.feed(0.0, (PHONE_WELL, MAIL_WELL))
    assert judge.feed(PATIENCE_S, (PHONE_BAD, MAIL_WELL))
    assert not judge.feed(PATIENCE_S + 1, (PHONE_BAD, MAIL_WELL))


def test_what_comes_back_in_time_is_forgiven() -> None:
    judge = Judge()
    judge.feed(0.0, (PHONE_WELL,))
    judge.feed(PATIENCE_S - 1, (PHONE_BAD,))
    assert judge.feed(PATIENCE_S, (PHONE_WELL,))
    assert judge.feed(2 * PATIENCE_S, (PHONE_BAD,))
