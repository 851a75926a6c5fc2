"""Health is asked of real sockets and a real folder; the watchdog judges what it hears."""

import json
import os
import signal
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from app.config.paths import Paths
from app.core.control import ask
from app.device import health
from app.device.health import PROBE_EVERY_S, WEB_SILENT_S, Finding, Health
from app.device.watchdog import PATIENCE_S, Judge
from app.store.condition import StoreCondition
from tests.kit.killing import House, MailProcess
from tests.kit.web import serving, web_settings


class Phone:
    """A phone service's door: answers each question with the next of some statuses."""

    def __init__(self, path: Path, *periods: int, ready: bool = True, fault: str = "") -> None:
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen()
        self._periods, self._ready = list(periods), ready
        self._lines = {"101": {"working": True, "fault": ""}}
        if fault:
            self._lines["102"] = {"working": False, "fault": fault}
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for periods in self._periods:
            link, _ = self._door.accept()
            with link, link.makefile("rwb") as file:
                file.readline()
                told: dict[str, Any] = {"periods": periods, "ready": self._ready, "lost_periods": 2}
                told |= {"lines": self._lines}
                file.write(json.dumps(told).encode() + b"\n")


@contextmanager
def mail(paths: Paths, told: dict[str, Any], times: int = 8) -> Iterator[None]:
    """A mail service whose control socket gives one answer."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(paths.mail_control))
        door.listen()

        def serve() -> None:
            with suppress(OSError):  # the door is closed when the test is over
                for _ in range(times):
                    link, _ = door.accept()
                    with link, link.makefile("rwb") as file:
                        file.readline()
                        file.write(json.dumps(told).encode() + b"\n")

        threading.Thread(target=serve, daemon=True).start()
        yield


MAIL = {"listening": True, "loop_late_ms": 12, "connections": 3}


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
    paths.database.write_bytes(b"a store")
    return paths


def look(health: Health) -> dict[str, Finding]:
    findings = health.look()
    found = {finding.name: finding for finding in findings}
    assert {"phone", "mail", "store"} <= set(found)
    assert ("lines" in found) == ("no answer" not in found["phone"].says)
    return found


def test_a_box_that_works_is_well(paths: Paths) -> None:
    Phone(paths.phone_control, 100, 130)
    health = Health(paths, Now())
    seen_web(paths, Now().at)
    with mail(paths, MAIL):
        health.look()
        found = look(health)
    assert all(finding.ok for finding in found.values()), found
    assert found["phone"].says == "period 130, 2 lost"


def seen_web(paths: Paths, at: float) -> None:
    """The sign of life that the web pages leave, of this moment of the monotonic clock."""
    paths.web_ports.touch()
    os.utime(paths.web_ports, (at, at))


def look_at_web(paths: Paths, now: Callable[[], float]) -> Finding:
    return next(finding for finding in Health(paths, now).look() if finding.name == "web")


@pytest.mark.parametrize("age", [-1.0, WEB_SILENT_S + 1])
def test_web_pages_whose_loop_has_given_no_sign_are_not_well(paths: Paths, age: float) -> None:
    """A sign from the future is one of before the last start of the machine."""
    assert "no pages" in look_at_web(paths, Now()).says
    seen_web(paths, Now().at - age)
    found = look_at_web(paths, Now())
    assert not found.ok and Judge().feed(0.0, [found]), "its own service sees to it"


def test_visitors_that_take_all_places_leave_the_web_pages_well(tmp_path: Path) -> None:
    with serving(tmp_path / "var", web_settings(connections=4)) as house, ExitStack() as held:
        for _ in range(8):
            client = held.enter_context(socket.create_connection(("127.0.0.1", house.http), 20))
            client.sendall(b"GET /setup HTTP/1.1\r\n")
        assert client.recv(512).startswith(b"HTTP/1.1 503"), "not all connections are taken"
        assert look_at_web(house.paths, time.monotonic).ok
    assert not look_at_web(house.paths, time.monotonic).ok, "they are served no more"


def test_a_beat_that_stands_still_is_seen(paths: Paths) -> None:
    Phone(paths.phone_control, 100, 100, 101)
    health = Health(paths, Now())
    assert look(health)["phone"].ok
    assert look(health)["phone"].says == "the beat stands still at 100"
    assert look(health)["phone"].ok


def test_lines_that_are_not_up_are_not_well(paths: Paths) -> None:
    Phone(paths.phone_control, 5, ready=False)
    assert look(Health(paths, Now()))["phone"].says == "the lines are not up yet"


def test_line_with_a_broken_chip_is_not_well_and_the_watchdog_is_fed_all_the_same(
    paths: Paths,
) -> None:
    fault = "102 (si3210 on SPI 0.1): no Si3210 or Si3215 answers"
    Phone(paths.phone_control, 100, fault=fault)
    found = look(Health(paths, Now()))
    assert found["phone"].ok
    assert (found["lines"].ok, found["lines"].says) == (False, fault)
    judge = Judge()
    assert judge.feed(0.0, [Finding("lines", True, "2 up")])
    assert judge.feed(10 * PATIENCE_S, [found["lines"]])


def test_services_that_do_not_answer_are_named(paths: Paths) -> None:
    found = look(Health(paths, Now()))
    for name in ("phone", "mail"):
        says = found[name].says
        assert not found[name].ok
        assert says.count("no answer") == 1, says
        assert says.endswith("; is the appliance running?"), "an owner is not told error numbers"


def test_mail_says_how_late_its_loop_has_been(paths: Paths) -> None:
    with mail(paths, MAIL):
        found = look(Health(paths, Now()))["mail"]
    assert (found.ok, found.says) == (True, "answers; 3 connections, at most 12 ms late lately")


@pytest.mark.parametrize(
    "told",
    [MAIL | {"listening": False}, {"error": "no such question"}, MAIL | {"connections": "many"}],
)
def test_mail_that_listens_no_more_or_answers_wrongly_is_not_well(
    paths: Paths, told: dict[str, Any]
) -> None:
    with mail(paths, told):
        found = look(Health(paths, Now()))["mail"]
    assert not found.ok
    assert not found.cured_by_start, "the box need not start again for the sake of its mail"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[Paths, MailProcess]]:
    """A mail service in a process of its own that takes few connections."""
    house = House(tmp_path / "box")
    house.furnish(("anna",))
    settings = house.paths.settings_file
    settings.write_text(settings.read_text().replace("[mail]", "[mail]\nconnections = 4"))
    with house.mail() as service:
        yield house.paths, service


def test_a_mail_service_whose_connections_are_all_taken_is_well(
    box: tuple[Paths, MailProcess],
) -> None:
    paths, service = box
    with ExitStack() as held:
        refused = 0
        for port in (service.pop3, service.smtp):
            for _ in range(12):
                client = held.enter_context(socket.create_connection(("127.0.0.1", port), 20))
                refused += client.recv(512).startswith((b"-ERR", b"421"))
        assert refused, "not all connections are taken"
        judge = Judge()
        for now in (0.0, PATIENCE_S + 1, 2 * PATIENCE_S + 2):
            found = Health(paths, Now()).look()
            mail = next(finding for finding in found if finding.name == "mail")
            assert mail.ok, mail.says
            assert judge.feed(now, [mail])


def test_mails_with_hostile_headers_leave_a_mail_service_well(
    box: tuple[Paths, MailProcess],
) -> None:
    paths, service = box
    hostile = (b"Subject: " + b"=?utf-8?B?" * 12_600, b"From: " + b"a" * 126_000)
    with smtplib.SMTP("127.0.0.1", service.smtp, timeout=20) as client:
        for header in hostile * 4:
            client.sendmail("x@y.test", ["anna@box.test"], header + b"\r\n\r\nx\r\n")
            assert look_at_mail(paths).ok
    status = ask(paths.mail_control, {"ask": "status"})
    assert status["loop_late_ms"] < 3000, "one mail has stopped the service for everybody"


def test_a_mail_service_whose_loop_stands_still_is_not_well(
    box: tuple[Paths, MailProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "WITHIN_S", 0.5)
    paths, service = box
    assert look_at_mail(paths).ok
    service.process.send_signal(signal.SIGSTOP)
    assert not look_at_mail(paths).ok
    service.process.send_signal(signal.SIGCONT)
    assert look_at_mail(paths).ok


def look_at_mail(paths: Paths) -> Finding:
    return next(finding for finding in Health(paths, Now()).look() if finding.name == "mail")


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


def test_store_that_is_gone_is_not_well_and_no_reason_to_start_again(paths: Paths) -> None:
    health, judge = Health(paths, Now()), Judge()
    assert judge.feed(0.0, [look(health)["store"]])
    paths.database.unlink()
    found = look(health)["store"]
    assert not found.ok and "there is no store of messages at" in found.says
    assert judge.feed(10 * PATIENCE_S, [found])


def test_a_damaged_store_is_not_well_and_no_reason_to_start_again(paths: Paths) -> None:
    health, judge = Health(paths, Now()), Judge()
    assert judge.feed(0.0, [look(health)["store"]])
    StoreCondition(paths.database).note("page 7 cannot be read")
    found = look(health)["store"]
    assert not found.ok
    assert "page 7 cannot be read" in found.says
    assert "`inbox repair`" in found.says
    assert judge.feed(PATIENCE_S + 1, [found]), "a start does not mend it"


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
