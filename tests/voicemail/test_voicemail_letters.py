"""Answering, sending on and marking by telephone, as conversations."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest

from app.inbox.entries import Entry, EntryState, Kind
from app.inbox.transcripts import Outcome, Transcript
from app.phone.calls.caller import Caller
from app.phone.sound.sounds import MessageAudio
from app.voicemail.jobs import Letter, LetterResult
from tests.kit.voicemail import PIN, House, ScriptLine, tone
from tests.voicemail.test_voicemail_owner import dial, logged_in

NAMED_BOB = "spoken:Bob_B."
SPEAK = "switchhook/speak-now beep"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def visit(house: House, number: str | None = "202", name: str | None = "Bob B.") -> ScriptLine:
    """Anna listens to a message of somebody's and is at its end."""
    house.leave("201", tone(2), number, name)
    line = logged_in(house)
    entry = house.voicemails("anna")[0].id
    line.talk(f"presses 1\nhears vm-first vm-message message:{entry}")
    return line


def only(house: House, login: str) -> Entry:
    (entry,) = house.voicemails(login)
    return entry


def parsed(house: House, entry: Entry) -> EmailMessage:
    octets = b"".join(house.kit.store.octets(entry))
    found = message_from_bytes(octets, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def heard(house: House, entry: Entry) -> bytes:
    """What a telephone plays of it."""
    found, piece = b"", b"-"
    while piece:
        piece = house.jobs.sound(MessageAudio(entry.id), len(found) // 2, 16_000)
        found += piece
    return found


def strongest(octets: bytes) -> float:
    """The strongest frequency in a second of sound, in hertz."""
    return float(np.argmax(np.abs(np.fft.rfft(np.frombuffer(octets, "<i2")))))


# ---- answering


def test_an_answer_lies_in_the_box_of_who_called(house: House) -> None:
    line = visit(house)
    line.talk(f"presses 31\nhears {NAMED_BOB} {SPEAK}\nsays 2.5\npresses #\npresses 1")
    line.talk("hears switchhook/sent vm-repeat")
    entry = only(house, "bob")
    assert (entry.caller_number, entry.caller_name, entry.state) == ("201", "Anna A.", "new")
    assert (entry.duration_s, entry.urgent, entry.private) == (3, False, False)
    mail = parsed(house, entry)
    assert mail["Message-Context"] == "voice-message"
    assert mail["From"].addresses[0].addr_spec == "anna@example.org"
    sent = [row for row in house.kit.store.history() if row.verb == "sent"]
    assert [(row.door, row.by, row.detail) for row in sent] == [("phone", "anna", "to bob")]


def test_an_answer_can_be_heard_said_again_and_marked_before_it_goes(house: House) -> None:
    line = visit(house)
    line.talk(f"presses 31\nhears {NAMED_BOB} {SPEAK}\nsays 1.5\npresses 5")
    line.talk("presses 3\nhears switchhook/speak-now beep\nsays 3\npresses 5\npresses 2\nwaits")
    line.talk("presses 4\nhears switchhook/urgent\npresses 5\nhears switchhook/private\npresses 1")
    line.talk("hears switchhook/sent")
    entry = only(house, "bob")
    assert (entry.urgent, entry.private, entry.duration_s) == (True, True, 3)
    mail = parsed(house, entry)
    assert (mail["Importance"], mail["Sensitivity"]) == ("high", "private")


@pytest.mark.parametrize("when", ["recording", "review", "hearing"])
def test_who_hangs_up_once_something_was_said_has_sent_it(house: House, when: str) -> None:
    line = visit(house)
    line.talk(f"presses 31\nhears {NAMED_BOB} {SPEAK}\nsays 2")
    if when != "recording":
        line.talk("presses 5" + ("\npresses 2" if when == "hearing" else ""))
    line.talk("hangs up")
    assert only(house, "bob").caller_number == "201"


def test_an_answer_can_be_dropped(house: House) -> None:
    line = visit(house)
    line.talk(f"presses 31\nhears {NAMED_BOB} {SPEAK}\nsays 2\npresses 5\npresses #")
    line.talk("hears switchhook/not-sent vm-repeat")
    assert house.voicemails("bob") == []


def test_nothing_said_is_nothing_sent(house: House) -> None:
    line = visit(house)
    line.talk(f"presses 31\nhears {NAMED_BOB} {SPEAK}\npresses #\npresses 1")
    line.talk("hears switchhook/not-sent vm-repeat")
    assert house.voicemails("bob") == []


def test_a_caller_from_outside_has_no_box_to_answer(house: House) -> None:
    visit(house, "5551234", "CARL").talk("presses 31\nhears switchhook/no-reply vm-repeat")


def test_a_voicemail_that_came_by_mail_is_answered_by_mail(house: House) -> None:
    letter = EmailMessage()
    letter["From"] = "Dora Distant <dora@far.example>"
    letter.add_attachment(tone(2), maintype="audio", subtype="x-sln")
    house.kit.put("anna", letter.as_bytes(), kind=Kind.VOICEMAIL)
    line = logged_in(house)
    line.talk("presses 1\nwaits\nwaits\nwaits\npresses 31\nhears spoken:Dora_Distant")
    line.talk(f"hears {SPEAK}\nsays 2\npresses 5\npresses 1\nhears switchhook/sent")
    queued = house.kit.db.reader().execute("SELECT recipient FROM queue").fetchall()
    assert queued == [("dora@far.example",)]


# ---- sending on


def test_a_message_is_sent_on_to_several_as_it_is(house: House) -> None:
    line = visit(house, "5551234", "CARL CALLER")
    line.talk("presses 38\nhears switchhook/dial-recipient\npresses 202#")
    line.talk(f"hears {NAMED_BOB} switchhook/dial-another\npresses 203#\nhears spoken:Cleo_C.")
    line.talk(
        "hears switchhook/dial-another\npresses #\npresses 2\nhears switchhook/sent vm-repeat"
    )
    for login in ("bob", "cleo"):
        entry = only(house, login)
        assert (entry.caller_number, entry.caller_name) == ("5551234", "CARL CALLER")
        mail = parsed(house, entry)
        assert "anna" in mail["Resent-From"]
    (sent,) = [row for row in house.kit.store.history() if row.verb == "sent"]
    assert (sent.door, sent.by, sent.detail) == ("phone", "anna", "to bob, cleo")


def test_an_introduction_is_heard_before_the_message(house: House) -> None:
    line = visit(house, "5551234", "CARL CALLER")
    line.talk(f"presses 38\npresses 202#\npresses #\npresses 1\nhears {SPEAK}")
    line.speaks(tone(3, hz=700.0))
    line.talk("presses 5\npresses 1\nhears switchhook/sent")
    entry = only(house, "bob")
    assert (entry.caller_number, entry.caller_name, entry.duration_s) == ("201", "Anna A.", 5)
    sound = heard(house, entry)
    assert len(sound) / 16_000 == pytest.approx(3 + 0.5 + 2, abs=0.3)
    assert strongest(sound[:16_000]) == pytest.approx(700, abs=2)
    assert strongest(sound[-16_000:]) == pytest.approx(440, abs=2)


def test_a_list_is_spelled_on_the_keys(house: House) -> None:
    house.kit.alias("sales", "bob", "cleo")
    line = visit(house)
    line.talk("presses 38\npresses 72537#\nhears spoken:sales\npresses #\npresses 2")
    line.talk("hears switchhook/sent")
    assert only(house, "bob") and only(house, "cleo")


def test_number_of_nobody_is_said_to_be_nobodys_and_pound_gives_up(house: House) -> None:
    line = visit(house)
    line.talk("presses 38\npresses 999#\nhears switchhook/nobody-there switchhook/dial-recipient")
    line.talk("presses #\nhears switchhook/not-sent vm-repeat")
    line.talk("presses 38\npresses 999#\nwaits\npresses 999#\nwaits\npresses 999#\nwaits")
    line.talk("hears switchhook/not-sent")


def test_what_is_private_is_not_sent_on_at_any_door(house: House) -> None:
    line = visit(house)
    line.talk("presses 35\nhears switchhook/private\npresses 38\nhears switchhook/is-private")
    entry, anna = only(house, "anna"), house.kit.person("anna").id
    assert entry.private
    letter = Letter(("bob",), enclosed=entry.id)
    assert house.clerk.send_letter(anna, letter).result() is LetterResult.PRIVATE
    line.talk("presses 35\nhears switchhook/not-private\npresses 34\nhears switchhook/urgent")
    marked = [row.detail for row in house.kit.store.history() if row.verb == "marked"]
    assert marked[-3:] == ["private", "neither urgent nor private", "urgent"]


def test_an_urgent_message_is_called_urgent(house: House) -> None:
    visit(house).talk("presses 34\nhears switchhook/urgent\npresses 5\nhears switchhook/urgent")


def test_nobody_sends_another_persons_message_on(house: House) -> None:
    house.leave("202")
    anna, letter = house.kit.person("anna").id, Letter(("cleo",), enclosed=only(house, "bob").id)
    assert house.clerk.send_letter(anna, letter).result() is LetterResult.NOBODY
    assert house.clerk.caller_of(anna, letter.enclosed).result() is None
    assert not house.clerk.set_marks(anna, letter.enclosed, True, True).result()


def test_full_box_takes_no_letter_and_that_is_said(house: House) -> None:
    bob = house.kit.person("bob").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, bob, quota=10))
    house.kit.put("bob")
    line = visit(house)
    line.talk(f"presses 31\nhears {NAMED_BOB} {SPEAK}\nsays 2\npresses 5\npresses 1")
    line.talk("hears switchhook/sent-to-full vm-repeat")


def test_letter_asked_for_twice_is_delivered_once(house: House) -> None:
    house.leave("201")
    anna, letter = house.kit.person("anna").id, Letter(("bob",), enclosed=only(house, "anna").id)
    for _ in range(2):
        assert house.jobs.send_letter(7, anna, letter) is LetterResult.SENT
    assert len(house.voicemails("bob")) == 1


def test_a_message_for_somebody_without_a_handset(house: House) -> None:
    line = logged_in(house)
    line.talk(f"presses 8\npresses 203#\nhears spoken:Cleo_C.\npresses #\nhears {SPEAK}\nsays 2")
    line.talk("presses 5\npresses 1\nhears switchhook/sent vm-press digits/2 switchhook/to-lists")
    assert only(house, "cleo").caller_number == "201"


def test_who_wants_it_hears_who_called_before_each_message(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, envelope_first=True))
    house.leave("201", number=None, name="CARL")
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message vm-from spoken:CARL vm-received")
    assert [entry.state for entry in house.voicemails("anna")] == [EntryState.NEW]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("5550123", " switchhook/possible-number digits/5 digits/5 digits/5 digits/0 digits/1"),
        ("5551234", ""),  # it is the caller's own
        ("", ""),
    ],
)
def test_a_number_that_is_said_is_told_as_possible(house: House, said: str, heard: str) -> None:
    house.leave("201", number="+1 212 555 1234", name=None)
    text = Transcript(Outcome.SAID, "Call me back.", said)
    content = only(house, "anna").content
    house.kit.db.now(lambda tx: house.kit.store.transcripts.keep(tx, content, text))
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\npresses 8")
    caller = "digits/1 digits/2 digits/1 digits/2 digits/5 digits/5 digits/5 digits/1 digits/2"
    more = " digits/2 digits/3" if heard else ""
    line.talk(f"hears vm-from-phonenumber {caller} digits/3 digits/4{heard}{more} vm-received")


def test_a_message_of_a_shared_mailbox_is_taken_and_given_back(house: House) -> None:
    anna, bob = house.kit.person("anna").id, house.kit.person("bob").id
    house.kit.db.now(lambda tx: house.kit.people.shared.share(tx, anna, bob, "admin", "admin"))
    line = visit(house)
    line.talk("presses 39\nhears switchhook/taken\npresses 5\nhears vm-first vm-message")
    line.talk("hears switchhook/taken-by spoken:Anna_A.\nwaits\npresses 39")
    line.talk("hears switchhook/given-back\nhangs up")
    entry = only(house, "anna").id
    assert house.clerk.claim(anna, entry, "102").result().by == "Bob B."
    again = logged_in(house)
    again.talk("presses 1\nhears vm-first vm-message switchhook/taken-by spoken:Bob_B.\nwaits")
    again.talk("presses 39\nhears switchhook/taken-by spoken:Bob_B.")


def test_in_a_box_of_ones_own_there_is_nothing_to_take(house: House) -> None:
    visit(house).talk("presses 39\nhears vm-sorry")


WALK = "122065877693734353567438202##2312308203##"
"""Keys through every menu: pause, speed, envelope, delete and back, marks, sending on, the bin."""


@pytest.mark.parametrize("keys", range(3, len(WALK), 8))
def test_hanging_up_after_any_key_loses_nothing(house: House, keys: int) -> None:
    for _ in range(3):
        house.leave("201", tone(2), "202", "Bob B.")
    line = logged_in(house)
    for key in WALK[:keys]:
        line.talk(f"presses {key}")
        if line.now not in ("", "record", "digits"):
            line.talk("waits")
    if line.now:
        line.talk("hangs up")
    line.talk("ends")
    everywhere = (EntryState.NEW, EntryState.HEARD, EntryState.BIN)
    anna = house.kit.store.entries(house.kit.person("anna").id, states=everywhere)
    assert [entry.id for entry in anna] == [1, 2, 3]
    removed = [row for row in house.kit.store.history() if row.verb == "removed"]
    restored = [row for row in house.kit.store.history() if row.verb == "restored"]
    assert len(removed) - len(restored) == sum(e.state is EntryState.BIN for e in anna)


# ---- calling back


def test_who_called_is_called_back_once_the_number_was_said(house: House) -> None:
    line = visit(house, "5551234", "CARL")
    line.may_call = frozenset({"5551234"})
    digits = " ".join(f"digits/{digit}" for digit in "5551234")
    line.talk(f"waits\npresses 32\nhears switchhook/calling-back {digits}\nends")
    assert line.onward == "5551234" and "vm-goodbye" not in line.heard
    assert only(house, "anna").state is EntryState.HEARD


def test_a_key_cuts_the_number_short_and_it_is_called(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, key_map="asterisk"))
    line = visit(house, "5551234", "CARL")
    line.may_call = frozenset({"5551234"})
    line.talk("presses 32*\nends")
    assert line.onward == "5551234" and "digits/4" not in line.heard


def test_a_number_that_one_may_not_call_is_said_and_nothing_is_lost(house: House) -> None:
    line = visit(house, "9005551212", "PRIZE")
    digits = " ".join(f"digits/{digit}" for digit in "9005551212")
    line.talk(f"waits\npresses 32\nhears switchhook/may-not-call {digits} vm-repeat")
    assert line.onward == ""


def test_a_withheld_number_cannot_be_called_back(house: House) -> None:
    visit(house, None, None).talk("waits\npresses 32\nhears switchhook/no-number vm-repeat")


def test_nobody_is_called_back_from_an_outside_line(house: House) -> None:
    house.leave("201", tone(2), "5551234", "CARL")
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, outside_login=True))
    line = dial(house, at="line1", caller=Caller("5559999"))
    line.may_call = frozenset({"5551234"})
    line.talk(f"presses {PIN}#\npresses 1\nwaits\nwaits\nwaits\npresses 32")
    line.talk("hears switchhook/no-call-back-here vm-repeat")
    assert line.onward == ""
