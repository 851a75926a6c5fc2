"""What a caller may do between their words and the sending: hear them, say them anew, call them
urgent. Whenever they hang up, what they said last is delivered."""

from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from app.core.presence import Presence
from app.inbox.entries import Entry
from app.inbox.presence import PresenceRule
from app.phone.calls.line import Caller
from app.phone.jobs import JobFailed, Take
from app.voicemail.answer import answer
from app.voicemail.config import RecordingLimits
from app.voicemail.leaving import MENU_TIMES
from tests.kit.voicemail import PIN, House, ScriptLine, silence, tone

CARL = Caller("5551234", "CARL CALLER")
WHO = "vm-theperson digits/2 digits/0 digits/1 vm-isunavail"
GREETING = f"{WHO} vm-intro"
MENU = "vm-review vm-review-urgent"
THANKS = "auth-thankyou vm-goodbye"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def called(house: House, kind: str = "trunk", review: bool = True) -> ScriptLine:
    """A caller who has heard the greeting of Anna's mailbox, and the beep."""
    line = ScriptLine(house.clerk, kind="station" if kind == "station" else "trunk", caller=CARL)
    line.runs(answer(line, house.clerk, "201", RecordingLimits(review=review)))
    return line


def mail(house: House, entry: Entry) -> Message:
    return message_from_bytes(house.kit.text(entry))


@pytest.mark.parametrize("key", ["1", "#", "*"])
def test_key_sends_at_once(house: House, key: str) -> None:
    called(house).talk(f"""
        hears {GREETING} beep
        says 2
        presses #
        presses {key}
        hears {THANKS}
        ends
        """)
    assert [entry.duration_s for entry in house.voicemails("anna")] == [2]


def test_message_is_heard_and_then_sent_by_silence(house: House) -> None:
    line = called(house)
    line.talk(f"""
        hears {GREETING} beep
        says 2.5
        presses #
        hears vm-review
        presses 2
        hears take:0 {MENU} silence {THANKS}
        ends
        """)
    assert line.audio["take:0"] == tone(2.5)
    assert len(house.voicemails("anna")) == 1


def test_message_is_said_anew_and_only_the_last_take_counts(house: House) -> None:
    line = called(house)
    line.talk(f"hears {GREETING} beep")
    for seconds, again in ((2.5, "3"), (4.2, "3"), (3.0, "2")):
        line.talk(f"""
            says {seconds}
            presses #
            presses {again}
            """)
        if again == "3":
            line.talk("hears beep")
    line.talk(f"hears take:8 {MENU}")
    assert line.audio["take:8"] == tone(3.0)
    line.talk("hangs up")
    assert [entry.duration_s for entry in house.voicemails("anna")] == [3]


@pytest.mark.parametrize("where", ["before the beep", "during it", "in silence", "in the menu"])
def test_who_hangs_up_has_left_what_was_said_last(house: House, where: str) -> None:
    line = called(house)
    line.talk(f"""
        hears {GREETING} beep
        says 2
        presses #
        hears vm-review
        """)
    if where != "in the menu":
        line.talk("presses 3")
    if where in ("during it", "in silence"):
        line.talk("hears beep")
    if where == "in silence":
        line.speaks(silence(5))
    line.talk("hangs up")
    assert [entry.duration_s for entry in house.voicemails("anna")] == [2]
    assert "missed call" not in house.verbs()


def test_urgent_is_a_word_that_can_be_taken_back_and_is_in_the_mail(house: House) -> None:
    for keys, urgent in (("4", True), ("44", False)):
        line = called(house)
        line.talk(f"""
            hears {GREETING} beep
            says 2
            presses #
            hears vm-review
            presses {keys[0]}
            hears vm-marked-urgent vm-review vm-review-nonurgent
            """)
        if not urgent:
            line.talk(f"""
                presses 4
                hears vm-marked-nonurgent {MENU}
                """)
        line.talk("hangs up")
        sent = mail(house, house.voicemails("anna")[-1])
        told = (sent["Importance"], sent["X-Priority"])
        assert told == (("high", "1") if urgent else (None, None))


def test_other_keys_are_not_understood_and_the_menu_ends_some_time(house: House) -> None:
    line = called(house)
    line.talk(f"""
        hears {GREETING} beep
        says 2
        presses #
        """)
    for _ in range(MENU_TIMES):
        line.talk("""
            presses 8
            hears vm-sorry
            """)
    line.talk(f"""
        hears {THANKS}
        ends
        """)
    assert len(house.voicemails("anna")) == 1


def test_where_nothing_is_to_be_changed_the_message_is_sent_at_once(house: House) -> None:
    called(house, review=False).talk(f"""
        hears {GREETING} beep
        says 2
        presses #
        hears {THANKS}
        ends
        """)


def test_prompt_that_cannot_be_played_costs_no_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = called(house)
    line.talk(f"""
        hears {GREETING} beep
        says 2
        """)
    given = house.jobs.sound

    def fails(sound: object, start: int, count: int) -> bytes:
        if isinstance(sound, Take):
            raise JobFailed("no such take")
        return given(sound, start, count)  # type: ignore[arg-type]

    monkeypatch.setattr(house.jobs, "sound", fails)
    line.talk("""
        presses #
        presses 2
        """)
    assert [entry.duration_s for entry in house.voicemails("anna")] == [2]


@pytest.mark.parametrize("away", [False, True])
def test_takes_and_urgency_are_kept_with_the_recording_until_it_is_delivered(
    house: House, away: bool
) -> None:
    """Without the store they are in the spool."""
    house.clerk.directory().result()
    path, elsewhere = house.directory / "inbox.db", house.directory / "elsewhere.db"
    if away:
        path.rename(elsewhere)
    recording = house.begin("201")
    for seq, sound in enumerate((tone(1), tone(0.5), tone(1), tone(1), tone(0.25))):
        house.clerk.samples(recording, seq, sound).result()
    take = house.clerk.sound(Take(recording, 2), 8000, 100_000).result()
    assert take == tone(1) + tone(0.25)
    house.clerk.end_recording(recording, "hung up", 5, (2, 4), True).result()
    if away:
        elsewhere.rename(path)
        house.restart()
        house.kit.clock.advance(10)
        house.recover()
    (entry,) = house.voicemails("anna")
    assert entry.duration_s == 2, "the last take is too short for a message"
    assert mail(house, entry)["Importance"] == "high"
    assert entry.urgent


# ---- the owner, and who takes no messages


@pytest.mark.parametrize(
    ("kind", "allowed", "asked"),
    [("station", False, True), ("trunk", True, True), ("trunk", False, False)],
)
def test_star_logs_in_from_a_handset_and_from_outside_where_it_is_allowed(
    house: House, kind: str, allowed: bool, asked: bool
) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, outside_login=allowed))
    line = called(house, kind)
    line.talk("""
        hears vm-theperson
        presses *
        """)
    if not asked:
        line.talk(f"hears {GREETING.removeprefix('vm-theperson ')} beep")
        return
    line.talk(f"hears vm-password\npresses {PIN}#\nhangs up")
    assert house.voicemails("anna") == [] and "missed call" not in house.verbs()
    assert house.kit.store.recordings.all() == []


def test_who_takes_no_messages_has_a_greeting_and_a_missed_call(house: House) -> None:
    anna, presences = house.kit.person("anna").id, house.kit.people.presences
    house.kit.db.now(lambda tx: presences.set(tx, anna, Presence.OUT))
    rule = PresenceRule(rings=False, messages=False)
    house.kit.db.now(lambda tx: presences.set_rule(tx, anna, Presence.OUT, rule))
    called(house).talk(f"""
        hears {WHO} vm-goodbye
        ends
        """)
    (row,) = [row for row in house.kit.store.history() if row.verb == "missed call"]
    assert row.detail == "CARL CALLER 5551234, the person takes no messages now"


@pytest.mark.parametrize("full", [False, True])
def test_zero_goes_on_to_the_operator_where_there_is_one(house: House, full: bool) -> None:
    if full:
        anna = house.kit.person("anna").id
        house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, quota=10))
        house.kit.put("anna")
    line = ScriptLine(house.clerk, caller=CARL)
    line.runs(answer(line, house.clerk, "201", RecordingLimits(operator="102")))
    line.talk("""
        hears vm-theperson
        presses 0
        hears one-moment-please
        ends
        """)
    assert line.onward == "102" and house.voicemails("anna") == []
    assert ("missed call" in house.verbs()) == full
    assert house.kit.store.recordings.all() == []


def test_who_skips_the_greeting_of_a_full_mailbox_hears_that_it_is_full(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, quota=10))
    house.kit.put("anna")
    called(house).talk("""
        hears vm-theperson
        presses #
        hears vm-mailboxfull vm-goodbye
        ends
        """)


def test_full_mailbox_lets_its_owner_in(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, quota=10))
    house.kit.put("anna")
    called(house, "station").talk(f"""
        hears {WHO}
        presses *
        hears vm-password
        """)
