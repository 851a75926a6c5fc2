"""My Switchhook in the pages: list, search, message, sound, what is sent; and for nobody else."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from app.appliance import Inbox
from app.inbox.delivery import Envelope, scan_head
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.greetings import GreetingKind
from app.inbox.marks import set_marks
from app.inbox.mirror import Mirror
from app.inbox.transcripts import Outcome, Transcript
from app.message.audio_formats import wave_head
from app.operations.greetings import KINDS
from app.operations.shared import share_mailbox, unshare_mailbox
from tests.kit import foreign_voicemail as foreign
from tests.kit.actors import ADMIN
from tests.kit.voicemail import silence, tone
from tests.kit.web import Answer, WebHouse
from tests.kit.web_visitor import Visitor, furnish

SOUND = silence(0.5) + tone(1.5, peak=8000)
WAVE = wave_head(len(SOUND) // 2) + SOUND
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202egpj'


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={}, cleo={"language": "es"})
    yield box
    box.db.close()


@pytest.fixture(scope="module")
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


@pytest.fixture(scope="module")
def ben(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("ben")


def put(box: Inbox, login: str, octets: bytes, kind: Kind = Kind.EMAIL, seconds: int = 0) -> int:
    head = scan_head(octets)
    facts = Facts(1_700_000_000.0, head.sender, head.subject, duration_s=seconds or None)
    envelope = Envelope("", (box.delivery.route(login),), kind, facts, b"", head)
    return box.db.now(
        lambda tx: box.delivery.deliver(tx, envelope, box.store.contents.write(tx, (octets,)))
    ).entries[0]


def mail(subject: str = "Lunch", text: str = "At one?", more: str = "") -> bytes:
    head = f"From: Eva <eva@elsewhere.example>\r\nSubject: {subject}\r\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def voicemail(box: Inbox, login: str) -> int:
    return put(box, login, foreign.freeswitch(foreign.wav(WAVE)), Kind.VOICEMAIL, 2)


def mark_urgent(box: Inbox, entry: int) -> None:
    log = box.store.audit_log
    box.db.now(lambda tx: set_marks(tx, log, entry, True, False, "phone", "ben"))


def listed(answer: Answer) -> list[int]:
    return [int(n) for n in re.findall(r'name="entry" value="(\d+)"', answer.text)]


def test_list_has_voicemail_and_email_newest_first_in_pages(anna: Visitor, box: Inbox) -> None:
    entries = [put(box, "anna", mail(f"Number {n}")) for n in range(51)] + [voicemail(box, "anna")]
    first = anna.get("/mine")
    assert listed(first) == entries[:1:-1]
    assert "Voicemail" in first.text and "0:02" in first.text and len(first.body) < 60_000
    (older,) = re.findall(r'<a href="([^"]*)" rel="next"', first.text)
    assert listed(anna.get(older))[:2] == [entries[1], entries[0]]


def test_list_begins_with_new_voicemail_that_is_urgent(ben: Visitor, box: Inbox) -> None:
    urgent = [voicemail(box, "ben") for _ in range(2)]
    others = [put(box, "ben", mail(f"Number {n}")) for n in range(51)]
    for entry in urgent:
        mark_urgent(box, entry)
    page = ben.get("/mine")
    assert listed(page) == [*urgent[::-1], *others[:0:-1]] and page.text.count("urgent") == 2
    ben.post("/mine/do", {"entry": str(urgent[1]), "do": "heard"})
    assert listed(ben.get("/mine"))[:2] == [urgent[0], others[-1]]
    (older,) = re.findall(r'<a href="([^"]*)" rel="next"', page.text)
    assert listed(ben.get(older)) == [others[0], *urgent[::-1]], "and each lies where it came in"


def test_search_finds_words_of_the_text_and_keeps_the_question(anna: Visitor, box: Inbox) -> None:
    entry = put(box, "anna", mail("Boiler", "It leaks in the cellar"))
    while box.search.catch_up():  # as the admin service does
        pass
    answer = anna.get("/mine?q=CELLAR+leak")
    assert listed(answer) == [entry] and 'value="CELLAR leak"' in answer.text
    answer = anna.get("/mine?q=%22%3E%3Cb%3E")
    assert listed(answer) == [] and "<b>" not in answer.text
    assert anna.get("/mine?q=" + "x" * 300).status == 422


def test_message_is_shown_as_text_and_counts_as_read(anna: Visitor, box: Inbox) -> None:
    entry = put(box, "anna", mail("Lunch", "At <b>one</b>?\r\n\x1b[2J"))
    page = anna.get(f"/mine/{entry}").text
    assert "At &lt;b&gt;one&lt;/b&gt;?" in page and "\\x1b[2J" in page
    assert box.store.need(entry).state is EntryState.HEARD
    octets = anna.get(f"/mine/{entry}/message.eml")
    assert octets.body == b"".join(box.store.octets(box.store.need(entry)))
    assert octets.headers["content-disposition"].startswith("attachment;")


def test_hostile_names_do_no_harm_in_list_and_page(anna: Visitor, box: Inbox) -> None:
    name = HOSTILE.encode("utf-8").replace(b'"', b"'")
    octets = (
        b"From: " + HOSTILE.encode() + b" <eva@elsewhere.example>\r\nSubject: " + HOSTILE.encode()
        + b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html;"
        b' name="' + name + b'"\r\nContent-Disposition: attachment\r\n\r\n<script>x</script>'
        b"\r\n--b--\r\n"
    )  # fmt: skip
    entry = put(box, "anna", octets)
    for page in (anna.get("/mine"), anna.get(f"/mine/{entry}")):
        assert page.status == 200
        assert "<script>" not in page.text and "<img src=x" not in page.text
        assert "\x1b" not in page.text and "\u202e" not in page.text
    file = anna.get(f"/mine/{entry}/file/0")
    assert file.body == b"<script>x</script>"
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment;")
    assert "\r" not in file.headers["content-disposition"]
    assert file.headers["x-content-type-options"] == "nosniff"
    assert anna.get(f"/mine/{entry}/file/9").status == 404


def test_html_is_shown_on_a_page_that_may_do_nothing(anna: Visitor, box: Inbox) -> None:
    markup = '<p onclick="x()">Hi</p><script>x()</script><img src="http://evil.example/p.gif">'
    octets = b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + markup.encode()
    entry = put(box, "anna", octets)
    shown = anna.get(f"/mine/{entry}/html")
    policy = shown.headers["content-security-policy"]
    assert "<p>Hi</p>" in shown.text and "evil.example" not in shown.text
    assert "script" not in shown.text and policy.startswith("sandbox allow-popups")
    assert "img-src data:;" in policy and "default-src 'none'" in policy
    remote = anna.get(f"/mine/{entry}/html?remote=1")
    assert 'src="http://evil.example/p.gif"' in remote.text
    assert "img-src data: https: http:" in remote.headers["content-security-policy"]
    assert anna.get(f"/mine/{put(box, 'anna', mail())}/html").status == 404


def test_sound_is_served_whole_and_in_ranges_and_counts_as_heard(anna: Visitor, box: Inbox) -> None:
    entry = voicemail(box, "anna")
    path = f"/mine/{entry}/sound.wav"
    middle = anna.get(path, range="bytes=1001-2000")
    assert (middle.status, middle.body) == (206, WAVE[1001:2001])
    assert middle.headers["content-range"] == f"bytes 1001-2000/{len(WAVE)}"
    assert box.store.need(entry).state is EntryState.NEW, "its beginning was not asked for"
    whole = anna.get(path)
    assert (whole.status, whole.body, whole.headers["content-type"]) == (200, WAVE, "audio/wav")
    assert box.store.need(entry).state is EntryState.HEARD
    assert anna.get(path, range="bytes=-100").body == WAVE[-100:]
    assert anna.get(path, range="bytes=0-").body == WAVE
    assert anna.get(path, range=f"bytes={len(WAVE)}-").status == 416
    faster = anna.get(path + "?speed=1.5").body
    assert faster[24:28] == (12_000).to_bytes(4, "little") and faster[44:] == WAVE[44:]
    picture = anna.get(f"/mine/{entry}/wave.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.count("M") == 20


def test_what_is_said_is_in_list_and_page_and_found(
    anna: Visitor, ben: Visitor, box: Inbox
) -> None:
    entry = voicemail(box, "anna")
    content = box.store.need(entry).content
    page = f"/mine/{entry}"
    assert 'id="transcript"' not in anna.get(page).text
    said = f"The boiler has burst {HOSTILE} {'again and ' * 30}again."
    text = Transcript(Outcome.SAID, said, "5550123")
    box.db.now(lambda tx: box.store.transcripts.keep(tx, content, text))
    for path in ("/mine", "/mine?q=boiler+burst", page):
        shown = anna.get(path).text
        assert "The boiler has burst" in shown and "5550123" in shown, path
        assert "<script>alert" not in shown and "\x1b" not in shown and "\u202e" not in shown
    assert "again and again." in anna.get(page).text
    assert "again and again." not in anna.get("/mine").text, "a list has the beginning"
    assert "not the number that the call came from" in anna.get(page).text
    number = "UPDATE entry SET caller_number = '+1 212 555-0123' WHERE id = ?"
    box.db.now(lambda tx: tx.execute(number, (entry,)))
    assert "(the number that the call came from)" in anna.get(page).text
    assert "boiler" not in ben.get("/mine").text
    assert listed(ben.get("/mine?q=boiler")) == []


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.NOTHING, "Nobody was heard"),
        (Outcome.FOREIGN, "not seem to be English"),
        (Outcome.FAILED, "the recording is whole"),
    ],
)
def test_why_there_is_no_text_is_said(
    anna: Visitor, box: Inbox, outcome: Outcome, told: str
) -> None:
    entry = voicemail(box, "anna")
    content = box.store.need(entry).content
    box.db.now(lambda tx: box.store.transcripts.keep(tx, content, Transcript(outcome)))
    assert told in anna.get(f"/mine/{entry}").text


def test_message_without_sound_has_none_to_play(anna: Visitor, box: Inbox) -> None:
    entry = put(box, "anna", mail())
    assert anna.get(f"/mine/{entry}/sound.wav").status == 404
    assert anna.get(f"/mine/{entry}/wave.svg").status == 404


def test_removed_message_says_who_removed_it_and_comes_back(anna: Visitor, box: Inbox) -> None:
    entry = put(box, "anna", mail("Removed"))
    fields = {"entry": str(entry), "do": "remove", "back": f"/mine/{entry}", "gone": "yes"}
    assert anna.post("/mine/do", fields).headers["location"] == "/mine"
    assert entry not in listed(anna.get("/mine"))
    bin_ = anna.get("/mine?in=bin")
    assert entry in listed(bin_)
    assert re.search(r"removed \d{4}-\d\d-\d\d \d\d:\d\d by anna through web", bin_.text)
    assert "by anna through web" in anna.get(f"/mine/{entry}").text
    anna.post("/mine/do", {"entry": str(entry), "do": "restore", "back": "/mine?in=bin"})
    assert entry in listed(anna.get("/mine"))


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/mine\\x", ""])
def test_form_leads_back_to_these_pages_only(anna: Visitor, back: str) -> None:
    answer = anna.post("/mine/do", {"entry": "1", "do": "new", "back": back})
    assert answer.headers["location"] == "/mine"


def test_marks_are_set_for_what_is_ticked(anna: Visitor, box: Inbox) -> None:
    entry = put(box, "anna", mail())
    anna.post("/mine/do", {"entry": str(entry), "do": "save"})
    anna.post("/mine/do", {"entry": str(entry), "do": "heard"})
    found = box.store.need(entry)
    assert (found.saved, found.state) == (True, EntryState.HEARD)


def test_reply_and_forward_are_sent_and_what_is_wrong_stays_in_the_form(
    anna: Visitor, box: Inbox
) -> None:
    entry = put(box, "anna", mail("Question"))
    form = anna.get(f"/mine/{entry}/reply").text
    assert 'value="eva@elsewhere.example"' in form and "&gt; At one?" in form
    answer = anna.post(f"/mine/{entry}/reply", {"to": "nobody<b>", "subject": "s", "text": "Yes!"})
    assert answer.status == 422 and "Yes!" in answer.text and "<b>" not in answer.text
    fields = {"to": "ben", "subject": "Re: Question", "text": "Yes!"}
    assert anna.post(f"/mine/{entry}/reply", fields).status == 303
    assert anna.post(f"/mine/{entry}/forward", {"to": "ben"}).status == 303
    ben = box.people.by_login("ben")
    assert ben is not None
    forwarded, reply = box.store.newest(ben.id, 2)
    assert (forwarded.subject, reply.subject) == ("Question", "Re: Question")


def test_settings_are_changed_and_refused_by_their_field(ben: Visitor, box: Inbox) -> None:
    page = ben.get("/mine/settings").text
    assert "POP3 Mail Transfers" in page and "/setup?address=ben%40" in page and "holds" in page
    fields = {"name": "Ben B.", "language": "en", "transfer": "email only"}
    assert ben.post("/mine/settings", fields).status == 303
    person = box.people.by_login("ben")
    assert person is not None and (person.name, person.transfer.value) == ("Ben B.", "email only")
    refused = ben.post("/mine/settings", {**fields, "name": " "})
    assert refused.status == 422 and "the name is empty" in refused.text
    assert ben.post("/mine/settings", {**fields, "transfer": "x"}).status == 422
    assert ben.post("/mine/settings/pin", {"pin": "1234", "again": "1234"}).status == 422
    assert ben.post("/mine/settings/pin", {"pin": "839271", "again": "839272"}).status == 422
    assert ben.post("/mine/settings/pin", {"pin": "839271", "again": "839271"}).status == 303


def test_presence_is_said_on_the_settings_and_refused_by_its_field(
    ben: Visitor, box: Inbox
) -> None:
    said = {"presence": "away", "until": "2999-08-01"}
    assert ben.post("/mine/settings/presence", said).status == 303
    person = box.people.by_login("ben")
    assert person is not None
    assert box.people.presences.of(person.id).presence == "away"
    assert "Now: Away, until 2999-08-01." in ben.get("/mine/settings").text
    refused = ben.post("/mine/settings/presence", {**said, "until": "2001-01-01"})
    assert refused.status == 422 and "has come already" in refused.text
    assert f'value="{person.name}"' in refused.text, "the other forms are as they were"
    rules = {"in-rings": "yes", "in-messages": "yes", "away-rings": "yes"}
    assert ben.post("/mine/settings/presence-rules", rules).status == 303
    rule = box.people.presences.of(person.id).rule
    assert rule.rings and not rule.messages
    assert ben.post("/mine/settings/presence", {"presence": "in", "until": ""}).status == 303
    assert box.people.presences.of(person.id).rule.rings


def test_follow_me_is_set_on_the_settings_and_refused_by_its_field(
    ben: Visitor, box: Inbox
) -> None:
    person = box.people.by_login("ben")
    assert person is not None
    said = {"number": "555-0199", "after": "20"}
    assert ben.post("/mine/settings/follow-me", said).status == 303
    found = box.people.follow_mes.of(person.id)
    assert found is not None and (found.number, found.after_s) == ("5550199", 20)
    page = ben.get("/mine/settings").text
    assert 'value="5550199"' in page and 'value="20"' in page
    for wrong in ({"number": "911"}, {"number": "x5"}, {"after": "1"}, {"after": "soon"}):
        refused = ben.post("/mine/settings/follow-me", {**said, **wrong})
        (field,) = wrong
        assert refused.status == 422 and f'<a href="#{field}">' in refused.text
    assert box.people.follow_mes.of(person.id) == found
    assert ben.post("/mine/settings/follow-me", {**said, "number": ""}).status == 303
    assert box.people.follow_mes.of(person.id) is None


def test_who_called_is_said_before_each_message_for_who_ticks_it(ben: Visitor, box: Inbox) -> None:
    person = box.people.by_login("ben")
    assert person is not None and not person.envelope_first
    fields = {"name": person.name, "language": "en", "transfer": "email only"}
    assert ben.post("/mine/settings", {**fields, "envelope_first": "yes"}).status == 303
    changed = box.people.by_login("ben")
    assert changed is not None and changed.envelope_first
    ticked = ben.get("/mine/settings").text
    assert re.search(r'name="envelope_first"[^>]* checked', ticked)


def test_urgent_and_private_are_shown_and_what_is_private_is_not_offered_to_be_sent_on(
    anna: Visitor, box: Inbox
) -> None:
    entry, other = voicemail(box, "anna"), voicemail(box, "anna")
    box.db.now(lambda tx: set_marks(tx, box.store.audit_log, entry, True, True, "web", "anna"))
    rows = dict(re.findall(r'name="entry" value="(\d+)".*?class="kind">(.*?)</span>',
                           anna.get("/mine").text, re.DOTALL))  # fmt: skip
    assert "urgent · private" in rows[str(entry)]
    assert "urgent" not in rows[str(other)] and "private" not in rows[str(other)]
    page = anna.get(f"/mine/{entry}").text
    assert "urgent" in page and "private: it may not be sent on" in page
    assert f"/mine/{entry}/forward" not in page
    assert f"/mine/{other}/forward" in anna.get(f"/mine/{other}").text


@pytest.mark.usefixtures("box")
def test_what_is_refused_is_told_in_the_readers_language_with_its_value(house: WebHouse) -> None:
    cleo = Visitor(house).log_in("cleo")
    refused = cleo.post("/mine/settings/presence", {"presence": "away", "until": "2001-01-01"})
    assert refused.status == 422
    assert "el 2001-01-01 ya ha llegado; indique un día posterior" in refused.text


def wave_form(visitor: Visitor, octets: bytes) -> Answer:
    body = b""
    for head, content in (
        ('name="csrf"', visitor.csrf().encode()),
        ('name="file"; filename="x.wav"', octets),
    ):
        body += b"--xyz\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n"
        body += content + b"\r\n"
    headers = {"content-type": "multipart/form-data; boundary=xyz"}
    return visitor.ask("/mine/greetings/day", "POST", body + b"--xyz--\r\n", headers)


def test_greeting_is_sent_as_a_file_heard_and_removed(ben: Visitor, box: Inbox) -> None:
    assert wave_form(ben, WAVE).status == 303
    page = ben.get("/mine/greetings").text
    assert '<audio controls preload="none" src="/mine/greetings/day.wav">' in page
    assert ben.get("/mine/greetings/day.wav").body == WAVE
    wrong = wave_form(ben, b"no sound")
    assert wrong.status == 422 and "no WAVE file" in wrong.text
    assert ben.get("/mine/greetings/day.wav").body == WAVE
    assert ben.post("/mine/greetings/day", {"do": "remove"}).status == 303
    assert ben.get("/mine/greetings/day.wav").status == 404
    assert ben.get("/mine/greetings/noon.wav").status == 404


def test_greeting_by_telephone_says_why_nothing_rings(anna: Visitor, ben: Visitor) -> None:
    assert "Record by telephone" in ben.get("/mine/greetings").text
    page = ben.post("/mine/greetings/busy", {"do": "telephone"})
    assert page.status == 422 and "no telephone is assigned to you" in page.text


def test_every_kind_of_greeting_has_its_place_on_the_page(ben: Visitor, box: Inbox) -> None:
    for kind in GreetingKind:
        box.greetings.write(2, kind, WAVE, date(2026, 12, 24))
    page = ben.get("/mine/greetings").text
    for word in KINDS:
        assert f'src="/mine/greetings/{word}.wav"' in page
        assert ben.get(f"/mine/greetings/{word}.wav").body == WAVE
    assert "Until and on 2026-12-24." in page


def test_message_of_somebody_else_is_not_there_for_an_administrator_either(
    anna: Visitor, ben: Visitor, box: Inbox
) -> None:
    for visitor, owner in ((ben, "anna"), (anna, "ben")):
        entry = voicemail(box, owner)
        for path in ("", "/html", "/message.eml", "/file/0", "/sound.wav", "/wave.svg", "/reply"):
            assert visitor.get(f"/mine/{entry}{path}").status == 404, path
        assert visitor.get(f"/mine/{entry}/forward").status == 404
        for path in ("reply", "forward"):
            fields = {"to": "anna", "text": "x", "subject": "x"}
            assert visitor.post(f"/mine/{entry}/{path}", fields).status == 404
        for do in ("remove", "heard", "save"):
            visitor.post("/mine/do", {"entry": str(entry), "do": do})
        found = box.store.need(entry)
        assert (found.state, found.saved) == (EntryState.NEW, False)
        assert entry not in listed(visitor.get("/mine"))


def test_a_message_of_a_shared_mailbox_is_taken_and_released(
    box: Inbox, anna: Visitor, ben: Visitor
) -> None:
    number, mark = voicemail(box, "anna"), 'id="taken"'
    share_mailbox(box, ADMIN, "anna", "ben")
    fields = {"entry": str(number), "back": f"/mine/{number}"}
    assert "Take it on" in anna.get(f"/mine/{number}").text
    assert anna.post("/mine/do", {**fields, "do": "take"}).status == 303
    shown = anna.get(f"/mine/{number}").text
    assert mark in shown
    assert "taken by Anna" in anna.get("/mine").text
    assert "Release it for others" in shown
    anna.post("/mine/do", {**fields, "do": "release"})
    assert mark not in anna.get(f"/mine/{number}").text
    assert [row.verb for row in box.store.history(entry=number)][-2:] == ["taken", "released"]
    unshare_mailbox(box, ADMIN, "anna", "ben")
    assert "Take it on" not in anna.get(f"/mine/{number}").text


def test_missed_calls_that_light_the_lamp_are_seen_by_a_button(ben: Visitor, box: Inbox) -> None:
    person = box.people.by_login("ben")
    assert person is not None
    button = 'value="missed-seen"'
    box.db.now(lambda tx: box.store.missed_call(tx, person.id, line="line1", reason="hung up"))
    assert button not in ben.get("/mine").text, "it lights nothing"
    form = {"name": "Ben", "language": "en", "transfer": "email and voicemail"}
    assert ben.post("/mine/settings", {**form, "missed_lamp": "yes"}).status == 303
    assert button not in ben.get("/mine").text, "it was missed before that"
    box.db.now(lambda tx: box.store.missed_call(tx, person.id, line="line1", reason="hung up"))
    assert button in ben.get("/mine").text
    assert ben.post("/mine/do", {"do": "missed-seen"}).status == 303
    assert button not in ben.get("/mine").text
    assert box.store.unseen_missed_calls(person.id) == 0


def test_list_says_so_while_the_mail_system_is_away(box: Inbox, ben: Visitor) -> None:
    mirror, number = Mirror(box.db), box.people.by_login("ben").id  # type: ignore[union-attr]
    box.db.now(lambda tx: mirror.switch(tx, True))
    assert "mail system" not in ben.get("/mine").text
    box.db.now(lambda tx: mirror.failed(tx, number, "no route"))
    assert "The mail system cannot be reached" in ben.get("/mine").text
    box.db.now(lambda tx: mirror.switch(tx, False))
    assert "mail system" not in ben.get("/mine").text
