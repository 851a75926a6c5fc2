"""The pages of the box itself: network, email server, reports, maintenance, first start."""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from app.appliance import Inbox
from app.core.errors import DeviceError
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.queue import Purpose, QueueItem
from app.operations.first_steps import STEPS
from app.operations.tasks import TaskState, read_task
from app.pages_box import PagesBox
from app.store.database import Tx
from drivers.ports import LineReading
from tests.kit.running import until
from tests.kit.tasks import task_service
from tests.kit.web import Answer, WebHouse
from tests.kit.web_visitor import Visitor, furnish, hidden

HOSTILE = '"><script>alert(1)</script>\x1b[2J\u202egnp'
"""Markup, a terminal's escape and what turns a line round."""
WORDS = "brass kettle on the hob"
MAIL = b"Subject: x\r\n\r\nwords\r\n"


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={}, nora={"roles": ["network"]})
    with task_service(house.paths):
        yield box
    box.db.close()


@pytest.fixture(scope="module")
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


@pytest.fixture(scope="module")
def nora(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("nora")


def page(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status == 200, (path, answer.status, answer.text[-400:])
    return answer.text


def add_mail(box: Inbox, login: str, subject: str, message_id: str = "") -> int:
    """A mail in somebody's inbox; its number."""
    person = box.people.by_login(login)
    assert person is not None
    facts = Facts(1.7e9, "Marta", subject, message_id=message_id, by="192.0.2.7")

    def work(tx: Tx) -> int:
        content = box.store.contents.write(tx, [MAIL])
        return box.store.add_entry(tx, person.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)

    return box.db.now(work)


def ended(house: WebHouse, kind: str) -> TaskState | None:
    """How a task went, once it has ended."""
    state = read_task(house.paths, kind)
    return None if state is None or state.runs else state


# ---- settings


def test_form_shows_each_setting_as_it_is_declared_and_saves_it(
    house: WebHouse, anna: Visitor
) -> None:
    shown = page(anna, "/network")
    assert "Fixed address with its network, 192.168.1.10/24; empty: DHCP gives one." in shown
    assert 'name="seen.web.connections" value="64"' in shown and "From 4 to 1000." in shown
    fields = {**hidden(shown), "web.connections": "80", "network.gateway": "192.168.1.1"}
    answer = anna.post("/network", fields)
    assert (answer.status, answer.headers["location"]) == (303, "/network")
    said = page(anna, "/network")
    assert "web.connections is 80" in said and "network.gateway is 192.168.1.1" in said
    assert house.paths.settings().web.connections == 80


def test_setting_that_cannot_be_is_named_stays_as_typed_and_nothing_is_saved(
    house: WebHouse, anna: Visitor
) -> None:
    before = house.paths.settings_file.read_text()
    fields = {**hidden(page(anna, "/email")), "mail.largest_mb": "5000", "mail.connections": "99"}
    answer = anna.post("/email", {**fields, "mail.lan": "10.0.0.0/8"})
    assert answer.status == 422
    assert 'value="5000"' in answer.text and 'value="99"' in answer.text
    assert '<a href="#mail.largest_mb">' in answer.text
    assert house.paths.settings_file.read_text() == before


def test_second_administrator_is_told_what_the_first_has_changed(
    house: WebHouse, anna: Visitor
) -> None:
    fields = hidden(page(anna, "/email"))
    anna.post("/email", {**fields, "keeping.grace_days": "21"})
    late = anna.post("/email", {**fields, "keeping.grace_days": "7"})
    assert late.status == 422 and "has been changed meanwhile, from 14 to 21" in late.text
    assert house.paths.settings().keeping.grace_days == 21


def test_network_administrator_has_the_network_and_not_the_mail(
    house: WebHouse, nora: Visitor
) -> None:
    assert "network.address" in page(nora, "/network")
    for path in ("/email", "/reports/queue", "/maintenance/backup", "/maintenance/restore"):
        assert nora.get(path).status == 403
    before = house.paths.settings().site.domains
    fields = {**hidden(page(nora, "/network")), "web.connections": "70", "site.domains": "x.test"}
    answer = nora.post("/network", fields)
    assert answer.status == 303, answer.text
    settings = house.paths.settings()
    assert settings.web.connections == 70 and settings.site.domains == before


# ---- mail


def test_pages_of_the_email_server_say_what_is_missing(anna: Visitor) -> None:
    assert "The mail service does not answer" in page(anna, "/email/connections")
    assert "names none, so nothing is signed" in page(anna, "/email/signing")
    assert "Look now" in page(anna, "/email/domains")


def test_certificate_that_cannot_be_read_is_said_on_the_page_that_gets_another(
    house: WebHouse, anna: Visitor
) -> None:
    away = house.paths.keys / "server.away"
    (house.paths.keys / "server.crt").rename(away)
    try:
        shown = page(anna, "/network/certificate")
    finally:
        away.rename(house.paths.keys / "server.crt")
    assert "no certificate can be read" in shown and "sign" in shown
    assert "Fingerprint" not in shown


def test_part_of_the_box_that_fails_is_named_on_a_page(
    anna: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise DeviceError("the card <b>is</b> gone")

    monkeypatch.setattr(PagesBox, "apart", broken)
    answer = anna.get("/maintenance")
    assert answer.status == 503 and "the card &lt;b&gt;is&lt;/b&gt; gone" in answer.text


def test_certificate_that_is_none_is_refused_beside_its_field(
    house: WebHouse, anna: Visitor
) -> None:
    assert "Fingerprint of the box" in page(anna, "/network/certificate")
    answer = anna.post("/network/certificate/use", {"key": "no key", "certificate": "no paper"})
    assert answer.status == 422 and "no key" in answer.text
    assert re.search(r'<strong class="wrong">[^<]+</strong>', answer.text)
    assert not (house.paths.uploads / "certificate").exists()


# ---- reports


def test_saved_messages_of_a_person_go_to_the_bin_with_who_did_it(
    box: Inbox, anna: Visitor
) -> None:
    old = add_mail(box, "ben", "old")
    box.db.now(lambda tx: box.store.mark(tx, [old]))
    new = add_mail(box, "ben", "new")
    assert "/reports/users/ben/remove" in page(anna, "/reports/users")
    refused = anna.post("/reports/users/ben/remove", {"days": "many", "kinds": "email"})
    assert refused.status == 422 and 'value="many"' in refused.text
    answer = anna.post("/reports/users/ben/remove", {"days": "30", "kinds": "email"})
    assert answer.status == 303 and "1 messages of ben are in the bin" in page(anna, "/reports")
    states = [entry.state for entry in map(box.store.entry, (old, new)) if entry is not None]
    assert states == [EntryState.BIN, EntryState.NEW]
    (row,) = [row for row in box.store.history(None, old) if row.verb == "removed"]
    assert (row.by, row.door, row.detail) == ("anna", "web", "older than 30 days")


def test_history_of_a_message_is_found_by_number_and_by_message_id(
    box: Inbox, anna: Visitor
) -> None:
    number = add_mail(box, "ben", HOSTILE, "<abc.1@example.org>")
    for asked in (str(number), "%3Cabc.1@example.org%3E", "abc.1@example.org"):
        found = page(anna, f"/reports/history?message={asked}")
        assert f"Message {number} of ben" in found and "192.0.2.7" in found
        assert "<script>" not in found and "&lt;script&gt;" in found
    assert "the box has no message 999999" in page(anna, "/reports/history?message=999999")
    assert "type the number of a message" in page(anna, "/reports/history?message=%3Cb%3E")


def test_queued_mail_shows_why_it_waits_and_can_be_given_up(box: Inbox, anna: Visitor) -> None:
    def queue(tx: Tx) -> int:
        content = box.store.contents.write(tx, [MAIL])
        item = QueueItem(Purpose.RELAY, content, b"", "ben@box.test", None, None, {})
        return box.queue.add(tx, item, ["marta@elsewhere.example"])[0]

    number = box.db.now(queue)
    assert "marta@elsewhere.example" in page(anna, "/reports/queue")
    assert "it goes back to ben@box.test" in page(anna, f"/reports/queue/{number}")
    assert anna.post(f"/reports/queue/{number}", {"do": "retry"}).status == 303
    assert anna.post(f"/reports/queue/{number}", {"do": "release"}).status == 422
    assert anna.post(f"/reports/queue/{number}", {"do": "drop"}).status == 303
    assert anna.get(f"/reports/queue/{number}").status == 404
    assert f'"/reports/queue/{number}"' not in page(anna, "/reports/queue")


def test_calls_are_listed_newest_first(box: Inbox, anna: Visitor) -> None:
    for caller in (HOSTILE, "MARTA"):
        box.db.now(
            lambda tx, caller=caller: box.store.calls.note(  # type: ignore[misc]
                tx, "line1", "5551234", caller, "201", "voicemail", 20, 9
            )
        )
    found = page(anna, "/reports/calls")
    assert found.index("MARTA") < found.index("&lt;script&gt;") and "<script>" not in found


# ---- maintenance


def test_status_says_what_is_wrong_and_what_works_all_the_same(anna: Visitor) -> None:
    found = page(anna, "/maintenance")
    assert "mail does not run: mail programs can neither fetch nor send" in found
    assert "telephones and voicemail go on" in found


class MeasuredLines(socketserver.StreamRequestHandler):
    """The telephone service, with a handset's chip that answers and one that does not."""

    def handle(self) -> None:
        status = {"kind": "station", "state": "on hook", "call": "", "message_waiting": False,
                  "fault": None, "faults": 3, "working": True}  # fmt: skip
        reading = LineReading("Si3210", "E", "forward active", 48.0, 1.25, None, False)
        answers = {
            "status": {"lines": {"101": status, "102": status}, "lost_periods": 7},
            "lines": {"lines": {"101": asdict(reading), "102": {"problem": "no chip answers"}}},
        }
        asked = json.loads(self.rfile.readline())["ask"]
        self.wfile.write(json.dumps(answers[asked]).encode() + b"\n")


def test_status_shows_what_the_lines_chips_measure_to_whom_telephones_concern(
    house: WebHouse, anna: Visitor, nora: Visitor
) -> None:
    path = str(house.paths.phone_control)
    with socketserver.UnixStreamServer(path, MeasuredLines) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            found, network = page(anna, "/maintenance"), page(nora, "/maintenance")
        finally:
            server.shutdown()
            thread.join()
            house.paths.phone_control.unlink()
    assert re.search(r"Si3210, E</td>.*48\.0 V.*1\.2 mA.*–.*>3</td>", found)
    assert "no chip answers" in found and "7 periods of sound lost" in found
    assert "lines test 101" in found
    assert "Measured on the lines" not in network and "on hook" in network


def test_backup_is_made_fetched_uploaded_checked_and_shown_before_it_is_restored(
    house: WebHouse, anna: Visitor
) -> None:
    refused = anna.post("/maintenance/backup", {"passphrase": "short", "again": "short"})
    assert refused.status == 422 and "12 characters or more" in refused.text
    assert "short" not in re.sub("[^<]*characters[^<]*", "", refused.text)
    anna.post("/maintenance/backup", {"passphrase": WORDS, "again": WORDS})
    offered = re.compile(r'href="(/maintenance/backup/file/[^"]+)"')
    link = until(lambda: offered.search(page(anna, "/maintenance/backup")))
    assert link is not None
    octets = anna.get(link[1]).body
    assert octets.startswith(b"age-encryption.org")

    sent = upload(anna, "/maintenance/restore/file", octets)
    assert sent.status == 303, sent.text
    wrong = anna.post("/maintenance/restore/check", {"passphrase": "not these words"})
    assert wrong.status == 303  # this very box has made it, so it needs no passphrase
    found = page(anna, "/maintenance/restore")
    assert "This is a whole backup of box.test" in found and " people and " in found
    made_at = hidden(found)["made_at"]
    unsure = anna.post("/maintenance/restore/begin", {"made_at": made_at})
    assert unsure.status == 422 and "tick that what is here" in unsure.text
    assert anna.post("/maintenance/backup/remove", {"from": "restore"}).status == 303
    assert "whole backup" not in page(anna, "/maintenance/restore")
    assert not list(house.paths.downloads.iterdir()) and not list(house.paths.uploads.iterdir())


def upload(visitor: Visitor, path: str, octets: bytes) -> Answer:
    """A form with a file, as a browser sends it."""
    mark = "----boundary7391"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'
        f"{visitor.csrf()}\r\n"
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{HOSTILE[:2]}x"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + octets + f"\r\n--{mark}--\r\n".encode()
    kind = {"content-type": f"multipart/form-data; boundary={mark}"}
    return visitor.ask(path, "POST", body, kind)


def test_update_is_uploaded_by_who_looks_after_the_network(
    house: WebHouse, nora: Visitor, box: Inbox
) -> None:
    octets = bytes(range(256)) * 8_000  # 2 MB
    few = octets[:1000]  # a refusal does not wait for the file, so it can overtake a large one
    assert upload(Visitor(house).log_in("ben"), "/maintenance/update/file", few).status == 403
    assert upload(nora, "/maintenance/restore/file", few).status == 403
    assert not list(house.paths.uploads.glob("*"))
    assert upload(nora, "/maintenance/update/file", octets).status in (303, 422)
    state = until(lambda: ended(house, "update-check"))
    assert state is not None
    assert state.outcome == "refused" and "no update bundle" in state.text and state.by == "nora"
    assert (house.paths.uploads / "bundle").read_bytes() == octets
    (house.paths.uploads / "bundle").unlink()
    missing = upload(nora, "/maintenance/update/file", b"")
    assert missing.status == 422 and "the file is empty, or none was chosen" in missing.text


def test_update_restart_and_self_test_say_what_cannot_be_done_here(anna: Visitor) -> None:
    assert "so there are no slots to update" in page(anna, "/maintenance/update")
    answer = anna.post("/maintenance/restart", {"do": "box"})
    assert answer.status == 422 and "this is the virtual board" in answer.text
    nothing = anna.post("/maintenance/restart", {"do": "services"})
    assert nothing.status == 422 and "choose what is to be started again" in nothing.text
    assert "Start the self-test" in page(anna, "/maintenance/selftest")


def test_logs_are_shown_harmless_and_filtered(house: WebHouse, anna: Visitor) -> None:
    log = house.paths.logs / "mail" / "current"
    log.parent.mkdir(exist_ok=True)
    log.write_text(f"2026-11-28 02:46:04.1  mail: ERROR a: {HOSTILE}\n")
    found = page(anna, "/maintenance/logs?service=mail&warnings=yes")
    assert "&lt;script&gt;" in found and "<script>" not in found
    assert "\x1b" not in found and "\u202e" not in found
    assert "There is no such line." in page(anna, "/maintenance/logs?containing=nothing")
    assert anna.get("/maintenance/logs?service=../../etc").status == 404


# ---- first start


def test_first_start_is_asked_step_by_step_goes_on_where_it_was_left_and_ends(
    house: WebHouse, box: Inbox, anna: Visitor
) -> None:
    assert anna.get("/home").headers["location"] == "/start"
    assert anna.get("/start").headers["location"] == f"/start/{STEPS[0]}"
    assert "Español" in page(anna, "/start/language")
    unknown = anna.post("/start/language", {"language": "xx", "do": "save"})
    assert unknown.status == 422 and "no sound pack for xx" in unknown.text
    chosen = anna.post("/start/language", {"language": "en", "do": "save"})
    assert chosen.headers["location"] == "/start/country"
    fields = {**hidden(page(anna, "/start/country")), "site.country": "de", "do": "save"}
    assert anna.post("/start/country", fields).headers["location"] == "/start/lines"
    assert house.paths.settings().site.country == "de"
    assert Visitor(house).log_in("anna").get("/start").headers["location"] == "/start/lines"
    bad = {**hidden(page(anna, "/start/lines")), "phone.ring_seconds": "2", "do": "save"}
    refused = anna.post("/start/lines", bad)
    assert refused.status == 422 and 'value="2"' in refused.text
    for step in ("lines", "network", "domain"):
        assert anna.post(f"/start/{step}", {"do": "skip"}).status == 303
    twice = {"login": "ben", "name": "Ben", "mailbox": "205"}
    assert anna.post("/start/people/add", twice).status == 422
    added = anna.post("/start/people/add", {**twice, "login": "carla", "name": HOSTILE[:20]})
    assert added.status == 200 and "PIN for the telephone" in added.text
    assert anna.post("/start/people/add", {"login": "", "name": "", "mailbox": ""}).status == 422
    mail = anna.post("/start/mail", {"login": "carla"})
    assert mail.status == 422 and "the mail service does not run" in mail.text
    for step in ("people", "test"):
        answer = anna.post(f"/start/{step}", {"do": "save"})
    assert answer.headers["location"] == "/start"
    assert "The box is set up." in page(anna, "/start")
    assert anna.get("/home").headers["location"] != "/start"
    anna.post("/start/again")
    anna.post("/start/dismiss")
    assert anna.get("/home").headers["location"] != "/start"
    assert anna.get("/start/nowhere").status == 404
