"""Business › Extensions and Lines, Greetings, Notification, by HTTP."""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from html import unescape

import pytest

from app.appliance import Inbox
from app.core.records import to_json
from app.core.sentences import sentence
from app.core.told import told
from app.inbox.greetings import COMPANY, GreetingKind
from app.message.audio_formats import wave_head
from app.operations.greetings import Sound
from app.web import rendering
from app.web.words import catalogue
from tests.kit.tasks import task_service
from tests.kit.voicemail import tone
from tests.kit.web import Answer, WebHouse
from tests.kit.web_visitor import Visitor, furnish, hidden

DAY, NIGHT = GreetingKind.DAY, GreetingKind.NIGHT
HELLO = Sound(tone(0.5)).wave


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True, "handset": "101"}, ben={}, cora={"roles": ["phone"]})
    with task_service(house.paths):
        yield box
    box.db.close()


@pytest.fixture(scope="module")
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


@pytest.fixture(scope="module")
def cora(house: WebHouse, box: Inbox) -> Visitor:
    """She looks after the telephones, and nothing else."""
    return Visitor(house).log_in("cora")


def words(answer: Answer) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def login_of(box: Inbox, jack: str) -> str | None:
    found = box.people.by_handset(jack)
    return None if found is None else found.login


# ---- lines


class Exchange(socketserver.StreamRequestHandler):
    """In the place of the telephone service: a handset talks on line1, and nobody on line2."""

    def handle(self) -> None:
        question = json.loads(self.rfile.readline())
        answer: dict[str, object] = {"done": True}
        if question != {"ask": "flash", "line": "line1"}:
            text = "no handset talks on %(name)s; its exchange takes a flash in a call only"
            values = {"name": question["line"]}
            answer = {"error": text % values, "told": {"text": text, "values": values}}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


class BrokenLine(socketserver.StreamRequestHandler):
    """In the place of the telephone service: the chip of line1 is gone."""

    def handle(self) -> None:
        self.rfile.readline()
        no_link = told(
            sentence("%(place)s: %(what)s", place="line1", what=sentence("being set up"))
        )
        line = {"kind": "trunk", "state": "fault", "call": "", "fault": "line1: being set up",
                "fault_told": to_json(no_link), "faults": 1, "working": False}  # fmt: skip
        status = {"lines": {"line1": line}, "lost_periods": 0}
        self.wfile.write(json.dumps(status).encode() + b"\n")


def test_fault_of_a_chip_is_told_in_the_readers_language(house: WebHouse, cora: Visitor) -> None:
    with phone_in(house, BrokenLine):
        assert "line1: being set up" in words(cora.get("/business/lines"))
        with pytest.MonkeyPatch.context() as patch:
            spanish = catalogue("es")
            patch.setattr(rendering, "catalogue", lambda _language: spanish)
            assert "line1: en configuración" in words(cora.get("/business/lines"))


@contextmanager
def phone_in(house: WebHouse, handler: type[socketserver.StreamRequestHandler]) -> Iterator[None]:
    """What answers at the telephone service's control socket meanwhile."""
    with socketserver.UnixStreamServer(str(house.paths.phone_control), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            house.paths.phone_control.unlink()


@pytest.fixture
def exchange(house: WebHouse) -> Iterator[None]:
    with phone_in(house, Exchange):
        yield


@pytest.mark.usefixtures("exchange")
def test_exchange_gets_a_flash_from_the_page_of_its_line(cora: Visitor) -> None:
    assert "Give the exchange a flash" in words(cora.get("/business/lines/line1"))
    answer = cora.post("/business/lines/line1/flash")
    assert (answer.status, answer.headers["location"]) == (303, "/business/lines/line1")
    said = words(cora.get("/business/lines/line1"))
    assert "The exchange of line1 has got a flash." in said
    cora.post("/business/lines/line2/flash")
    said = words(cora.get("/business/lines/line1"))
    assert "no handset talks on line2; its exchange takes a flash in a call only." in said


def test_jacks_are_shown_with_whose_they_are_and_who_answers(anna: Visitor) -> None:
    page = words(anna.get("/business/lines"))
    assert "101 Anna 201 not known" in page and "102 nobody's" in page
    assert "line1 every handset Anna, mailbox 201 as no setting says otherwise" in page
    assert "is the appliance running?" in page, "without telephones it is said why nothing is known"


def test_handset_is_given_to_somebody_and_to_nobody(box: Inbox, cora: Visitor) -> None:
    assert cora.post("/business/lines", {"handset": "101", "login": "ben"}).status == 303
    assert login_of(box, "101") == "ben"
    assert "Handset 101: ben has it now." in words(cora.get("/business/lines"))
    assert cora.post("/business/lines", {"handset": "101", "login": ""}).status == 303
    assert login_of(box, "101") is None
    for bad in ("", "999", "<b>"):
        page = cora.post("/business/lines", {"handset": bad, "login": "anna"})
        assert page.status == 422 and "no handset jack" in words(page) and "<b>" not in page.text
    page = cora.post("/business/lines", {"handset": "101", "login": "nobody"})
    assert page.status == 422 and login_of(box, "101") is None
    cora.post("/business/lines", {"handset": "101", "login": "anna"})


def test_who_looks_after_the_telephones_sees_these_pages_and_no_others(cora: Visitor) -> None:
    for path in ("lines", "greetings"):
        assert cora.get(f"/business/{path}").status == 200
    for path in ("users", "aliases", "templates", "notification", "add-user", "users/anna"):
        assert cora.get(f"/business/{path}").status == 403
    page = cora.get("/account").text
    assert "/business/lines" in page and "/business/users" not in page


def test_who_answers_an_outside_line_is_set_on_its_page_and_shown(
    house: WebHouse, cora: Visitor
) -> None:
    here = "/business/lines/line1"
    form = cora.get(here)
    assert form.status == 200 and 'name="phone.incoming.line1.night_to"' in form.text
    assert 'name="fax.receiving.line1.mailbox"' in form.text and "line2" not in form.text
    wanted = {
        "phone.incoming.line1.to": "202",
        "phone.incoming.line1.night_to": "attendant",
        "phone.incoming.line1.language": "en",
        "fax.receiving.line1.mailbox": "201",
    }
    answer = cora.post(here, {**hidden(form.text), **wanted})
    assert answer.status == 303, words(answer)
    assert answer.headers["location"] == "/business/lines"
    settings = house.paths.settings()
    line = settings.phone.incoming["line1"]
    assert (line.to, line.night_to, line.language) == ("202", "attendant", "en")
    assert settings.fax.receiving["line1"].mailbox == "201"
    shown = words(cora.get("/business/lines"))
    assert "line1 202 · at night: the attendant · faxes: mailbox 201 · en Anna" in shown


def test_what_cannot_answer_a_line_stays_as_typed_and_nothing_is_saved(
    house: WebHouse, cora: Visitor
) -> None:
    here, before = "/business/lines/line2", house.paths.settings_file.read_text()
    fields = {**hidden(cora.get(here).text), "phone.incoming.line2.to": "somewhere"}
    answer = cora.post(here, {**fields, "phone.incoming.line2.mailbox": "201"})
    assert answer.status == 422 and 'value="somewhere"' in answer.text
    assert '<a href="#phone.incoming.line2.to">' in answer.text
    assert house.paths.settings_file.read_text() == before
    for nothing in ("line99", "101", "%3Cb%3E"):
        assert cora.get(f"/business/lines/{nothing}").status == 404


def test_groups_are_listed(house: WebHouse, cora: Visitor) -> None:
    assert "There is none; the settings phone.groups.NUMBER make one." in words(
        cora.get("/business/lines")
    )
    with house.paths.settings_file.open("a") as file:
        file.write('\n[phone.groups.620]\nhandsets = ["101", "102"]\norder = "in turn"\n')
    page = words(cora.get("/business/lines"))
    assert "620 101, 102 one after the other 20 s the mailbox of the line" in page


# ---- greetings


def upload(visitor: Visitor, login: str, kind: str, octets: bytes) -> Answer:
    file = {"file": ('x"><script>.wav', octets)}
    return visitor.post_files("/business/greetings", {"login": login, "kind": kind}, file)


@pytest.mark.parametrize(
    ("login", "kind", "whose"), [("ben", "day", 2), ("ben", "night", 2), ("*", "day", COMPANY)]
)
def test_greeting_is_uploaded_played_and_deleted(
    box: Inbox, cora: Visitor, login: str, kind: str, whose: int
) -> None:
    assert upload(cora, login, kind, HELLO).status == 303
    assert box.greetings.read(whose, DAY if kind == "day" else NIGHT) == HELLO
    page = cora.get("/business/greetings")
    sound = f"/business/greetings/{login.replace('*', '%2A')}/{kind}.wav"
    assert f'href="{sound}"' in page.text.replace("/*/", "/%2A/")
    played = cora.get(sound)
    assert (played.status, played.headers["content-type"]) == (200, "audio/wav")
    assert played.body == HELLO
    assert cora.post("/business/greetings/remove", {"login": login, "kind": kind}).status == 303
    assert cora.get(sound).status == 404 and box.greetings.recorded(whose) == ()
    again = cora.post("/business/greetings/remove", {"login": login, "kind": kind})
    assert again.status == 404


def test_greeting_of_an_editor_is_made_fit_for_the_telephone(box: Inbox, anna: Visitor) -> None:
    samples = tone(20)  # 480 kB: more than a form without a file may have
    louder = wave_head(len(samples) // 2)[:24] + (16_000).to_bytes(4, "little")
    louder += (32_000).to_bytes(4, "little") + wave_head(len(samples) // 2)[32:] + samples
    assert upload(anna, "ben", "day", louder).status == 303
    kept = box.greetings.read(2, DAY)
    assert kept is not None and len(kept) == pytest.approx(44 + 10 * 16_000, rel=0.01)
    box.greetings.remove(2, DAY)


@pytest.mark.parametrize(
    ("login", "kind", "octets", "said"),
    [
        ("ben", "day", b"", "choose a file first"),
        ("ben", "day", b"<b>no sound</b>", "no WAVE file"),
        ("ben", "day", wave_head(8000 * 61) + tone(61), "at most 60 seconds"),
        ("ben", "evening", HELLO, "there are: day, night"),
        ("nobody", "day", HELLO, "there is no nobody"),
    ],
)
def test_what_is_no_greeting_is_said_and_nothing_is_kept(
    box: Inbox, anna: Visitor, login: str, kind: str, octets: bytes, said: str
) -> None:
    page = upload(anna, login, kind, octets)
    assert page.status == 422 and said in words(page) and "<b>" not in page.text
    assert box.greetings.recorded(2) == ()


def test_temporary_greeting_is_shown_with_its_last_day(box: Inbox, cora: Visitor) -> None:
    fields = {"login": "ben", "kind": "temporary", "until": "2026-12-24"}
    assert cora.post_files("/business/greetings", fields, {"file": ("x.wav", HELLO)}).status == 303
    assert box.greetings.until(2) == date(2026, 12, 24)
    assert "Until and on 2026-12-24." in words(cora.get("/business/greetings"))
    wrong = cora.post_files(
        "/business/greetings", fields | {"until": "soon"}, {"file": ("x", HELLO)}
    )
    assert wrong.status == 422 and "soon is no day" in words(wrong)


def test_night_begins_and_ends(box: Inbox, cora: Visitor) -> None:
    assert "It is day." in words(cora.get("/business/greetings"))
    assert cora.post("/business/greetings/night", {"night": "yes"}).status == 303
    assert box.greetings.night
    assert "It is night: callers hear" in words(cora.get("/business/greetings"))
    assert cora.post("/business/greetings/night", {"night": "no"}).status == 303
    assert not box.greetings.night


def test_greeting_by_telephone_says_why_nothing_rings(anna: Visitor, cora: Visitor) -> None:
    for login in ("ben", "*"):
        page = cora.post("/business/greetings/telephone", {"login": login, "kind": "day"})
        assert page.status == 422 and "no telephone is assigned to you" in words(page)
    page = anna.post("/business/greetings/telephone", {"login": "*", "kind": "night"})
    assert page.status == 422 and "is the appliance running" in words(page)
    page = anna.post("/business/greetings/telephone", {"login": "ben", "kind": "none"})
    assert page.status == 422


# ---- notification


def test_notification_tells_what_lights_a_lamp_and_what_is_sent_on(
    box: Inbox, anna: Visitor
) -> None:
    box.db.now(lambda tx: box.aliases.set(tx, "ben", ["ben", "x@far.test"]))
    page = words(anna.get("/business/notification"))
    assert "anna 0 of handset 101: dark Email and voicemail messages –" in page
    assert "ben 0 none: no handset Email and voicemail messages x@far.test" in page
