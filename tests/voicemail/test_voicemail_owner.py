"""The owner's menu, as conversations."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from app.inbox.entries import EntryState, Kind
from app.inbox.mirror import Mirror
from app.phone.calls.caller import Caller
from app.phone.calls.line import Kind as LineKind
from app.voicemail.jobs import MessageSound, MessageStatus
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine, tone

# ManualClock stands at 2026-09-21 16:13:20 in Berlin, a Monday.
RECEIVED = "vm-received digits/today digits/at digits/4 digits/13 digits/p-m"
FROM_CARL = (
    "vm-from spoken:CARL_CALLER"
    f" digits/5 digits/5 digits/5 digits/1 digits/2 digits/3 digits/4 {RECEIVED}"
)
ONE_NEW = "vm-youhave digits/1 vm-INBOX vm-message"
WRITE = (
    "vm-press digits/8 switchhook/to-write vm-press digits/4 switchhook/to-mail"
    " vm-press digits/0 switchhook/to-options vm-helpexit"
)
OTHERS = f"vm-press digits/2 switchhook/to-lists {WRITE}"
TO_LISTEN = f"vm-onefor vm-INBOX vm-messages {OTHERS}"
MORE = "vm-press digits/3 switchhook/to-more vm-helpexit"
LAST = f"vm-repeat vm-delete vm-savemessage {MORE}"  # what the first and only message offers


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def dial(
    house: House, mailbox: str = "201", at: str = "101", caller: Caller | None = None
) -> ScriptLine:
    kind: LineKind = "station" if caller is None else "trunk"
    line = ScriptLine(house.clerk, name=at, kind=kind, caller=caller)
    return line.runs(owner(line, house.clerk, mailbox))


def logged_in(house: House) -> ScriptLine:
    line = dial(house)
    line.talk(f"presses {PIN}#")
    return line


def states(house: House, login: str = "anna") -> list[str]:
    return [entry.state.value for entry in house.voicemails(login)]


def message(house: House, place: int = 0) -> str:
    return f"message:{house.voicemails('anna')[place].id}"


# ---- the PIN


def test_the_right_pin_opens_the_box(house: House) -> None:
    dial(house).talk(
        f"""
        hears vm-password
        presses {PIN}#
        hears vm-youhave vm-no vm-INBOX vm-messages
        presses #
        hears vm-goodbye
        ends
        """
    )


THREE_WRONG = """
    hears vm-password
    presses 1111#
    hears vm-incorrect vm-password
    presses 2222#
    hears vm-incorrect
    presses 833#
"""
LOCKED_OUT = f"""
    hears vm-password
    presses {PIN}#
    hears switchhook/locked vm-goodbye
    ends
"""


def test_three_wrong_pins_end_the_call_and_lock_out_who_dialled_them(house: House) -> None:
    line = dial(house, at="102")
    line.talk(f"{THREE_WRONG} \n hears switchhook/locked vm-goodbye \n ends")
    assert line.hung_up
    house.restart()  # which does not open it
    dial(house, at="102").talk(LOCKED_OUT)
    logged_in(house).talk("hears vm-youhave")  # anna, at home
    house.kit.clock.advance(301)
    dial(house, at="102").talk(f"presses {PIN}# \n hears vm-youhave")


def from_outside(house: House) -> None:
    """Anna reaches her box from outside lines."""
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, outside_login=True))


def test_a_caller_from_outside_is_told_from_others_by_the_number(house: House) -> None:
    from_outside(house)
    one, other = Caller("5551234"), Caller("5559876")
    dial(house, at="line1", caller=one).talk(f"{THREE_WRONG} \n hears switchhook/locked vm-goodbye")
    dial(house, at="line1", caller=one).talk(LOCKED_OUT)
    dial(house, at="line1", caller=other).talk(f"presses {PIN}# \n hears vm-youhave")


def test_box_is_like_nobodys_to_callers_from_outside_unless_its_owner_allows_it(
    house: House,
) -> None:
    caller = Caller("5551234")
    line = dial(house, at="line1", caller=caller)
    line.talk(f"presses {PIN}# \n hears vm-incorrect vm-password")
    assert not line.hung_up
    from_outside(house)
    dial(house, at="line1", caller=caller).talk(f"presses {PIN}# \n hears vm-youhave")


def test_hanging_up_instead_of_waiting_gains_nothing_and_leaves_the_owner_a_short_wait(
    house: House,
) -> None:
    dial(house).talk(f"{THREE_WRONG} \n hears vm-incorrect vm-goodbye \n ends")
    for _ in range(5):  # none of these is looked at
        line = dial(house)
        line.talk("hears vm-password \n presses 4444#")
        assert not line.heard[1:], "a guess was judged before its time"
        line.talk("hangs up")
    line = dial(house)
    line.talk(f"hears vm-password \n presses {PIN}#")
    house.kit.clock.advance(5)
    line.talk("waits \n hears vm-youhave")


def test_owners_handset_waits_and_then_takes_the_pin_that_was_dialled(house: House) -> None:
    dial(house).talk(f"{THREE_WRONG} \n hears vm-incorrect vm-goodbye \n ends")
    line = dial(house)
    line.talk(f"hears vm-password \n presses {PIN}#")
    asked = line.periods
    line.talk("waits")  # too short: the clerk's clock stands still
    assert line.periods - asked == 500
    house.kit.clock.advance(5)
    line.talk("waits \n hears vm-youhave")


def test_who_dials_nothing_is_let_go_and_locks_nobody_out(house: House) -> None:
    dial(house).talk(
        """
        hears vm-password
        waits
        hears vm-incorrect vm-password
        waits
        hears vm-incorrect vm-password
        waits
        hears vm-incorrect vm-goodbye
        ends
        """
    )
    logged_in(house).talk("hears vm-youhave")


def test_the_pin_can_be_dialled_ahead_and_without_pound(house: House) -> None:
    dial(house).talk(
        f"""
        presses {PIN}
        waits
        hears vm-youhave
        """
    )


# ---- counting


@pytest.mark.parametrize(
    ("new", "old", "mails", "said"),
    [
        (0, 0, 0, "vm-no vm-INBOX vm-messages"),
        (1, 0, 0, "digits/1 vm-INBOX vm-message"),
        (2, 0, 0, "digits/2 vm-INBOX vm-messages"),
        (0, 1, 0, "digits/1 vm-Old vm-message"),
        (1, 2, 0, "digits/1 vm-INBOX vm-message vm-and digits/2 vm-Old vm-messages"),
        (1, 0, 1, "digits/1 vm-INBOX vm-message vm-youhave digits/1 vm-INBOX switchhook/e-mail"),
        (0, 0, 2, "vm-no vm-INBOX vm-messages vm-youhave digits/2 vm-INBOX switchhook/e-mails"),
    ],
)
def test_how_many_messages(house: House, new: int, old: int, mails: int, said: str) -> None:
    for _ in range(new + old):
        house.leave("201")
    anna = house.kit.person("anna").id
    heard = [entry.id for entry in house.voicemails("anna")][:old]
    house.jobs.mark(anna, tuple(heard))
    for _ in range(mails):
        house.kit.put("anna")
    logged_in(house).talk(f"hears vm-youhave {said}")


@pytest.mark.parametrize(
    ("most", "said"),
    [(0, ""), (6, ""), (5, "switchhook/nearly-full"), (4, "switchhook/full")],
)
def test_owner_is_told_of_a_full_inbox_before_the_messages(
    house: House, most: int, said: str
) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, voicemails=most))
    for _ in range(4):
        house.leave("201")
    warned = len(house.kit.inbox("anna")) - 4
    mails = f"vm-youhave digits/{warned} vm-INBOX switchhook/e-mail" if warned else ""
    logged_in(house).talk(f"hears {said} vm-youhave digits/4 vm-INBOX vm-messages {mails}")


def test_owner_is_told_first_while_the_mail_system_is_away(house: House) -> None:
    mirror, anna = Mirror(house.kit.db), house.kit.person("anna").id
    house.kit.db.now(lambda tx: mirror.switch(tx, True))
    logged_in(house).talk("hears vm-youhave")
    house.kit.db.now(lambda tx: mirror.failed(tx, anna, "no route"))
    logged_in(house).talk("hears switchhook/mail-system-away vm-youhave")
    house.kit.db.now(lambda tx: mirror.went_well(tx, anna))
    logged_in(house).talk("hears vm-youhave")


# ---- listening


def test_listening_to_the_end_makes_a_message_heard(house: House) -> None:
    house.leave("201", tone(2))
    line = logged_in(house)
    line.talk(
        f"""
        hears {ONE_NEW} {TO_LISTEN}
        presses 1
        hears vm-first vm-message
        """
    )
    assert states(house) == ["new"]
    line.talk(
        f"""
        hears {message(house)}
        hears {LAST}
        presses #
        hears vm-goodbye
        ends
        """
    )
    assert states(house) == ["heard"]
    assert line.audio[message(house)] == tone(2)
    assert line.hung_up


def test_hanging_up_in_the_middle_keeps_it_new(house: House) -> None:
    house.leave("201")
    line = logged_in(house)
    line.talk(f"hears {ONE_NEW}\npresses 1\nhears vm-first vm-message\nlistens 1\nhangs up\nends")
    assert states(house) == ["new"]


@pytest.mark.parametrize(("key", "state"), [("6", "heard"), ("9", "heard"), ("5", "new")])
def test_going_on_in_the_middle_is_having_heard(house: House, key: str, state: str) -> None:
    house.leave("201")
    line = logged_in(house)
    line.talk(f"hears {ONE_NEW}\npresses 1\nhears vm-first vm-message\nlistens 1\npresses {key}")
    assert states(house) == [state]


def test_skipping_before_it_was_played_keeps_it_new(house: House) -> None:
    house.leave("201")
    house.leave("201")
    logged_in(house).talk("presses 1\nhears vm-first\npresses 6\nhears vm-last vm-message")
    assert states(house) == ["new", "new"]


def test_new_messages_come_first_then_old_ones_oldest_first(house: House) -> None:
    for name in ("OLD ONE", "NEW ONE", "NEW TWO"):
        house.leave("201", name=name, number=None)
    anna = house.kit.person("anna").id
    old = house.voicemails("anna")[0].id
    house.jobs.mark(anna, (old,))
    logged_in(house).talk(
        """
        presses 1
        hears vm-first vm-message
        presses 8
        hears vm-from spoken:NEW_ONE
        presses 6
        hears vm-message digits/2
        presses 8
        hears vm-from spoken:NEW_TWO
        presses 6
        hears vm-last vm-message
        presses 8
        hears vm-from spoken:OLD_ONE
        presses 6
        hears vm-nomore vm-prev vm-repeat vm-delete vm-savemessage
        presses 4
        hears vm-message digits/2
        presses 8
        hears vm-from spoken:NEW_TWO
        """
    )


def test_previous_is_not_there_at_the_first_message(house: House) -> None:
    house.leave("201")
    logged_in(house).talk("presses 1\nhears vm-first vm-message\npresses 4\nhears vm-sorry")


def test_a_message_without_a_number(house: House) -> None:
    house.leave("201", number=None, name=None)
    logged_in(house).talk("presses 1\npresses 8\nhears vm-unknown-caller vm-received")


def test_a_message_from_a_handset(house: House) -> None:
    house.leave("201", number="102", name="Bob B.")
    logged_in(house).talk(
        "presses 1\npresses 8\nhears vm-from spoken:Bob_B. digits/1 digits/0 digits/2"
    )


# ---- deleting and saving


def test_delete_is_done_at_once_and_can_be_undone(house: House) -> None:
    house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\npresses 7\nhears vm-deleted")
    assert states(house) == []
    line.talk("hears vm-repeat vm-undelete vm-press digits/3\npresses 7\nhears vm-undeleted")
    assert states(house) == ["new"]
    line.talk(f"hears {LAST.removesuffix(' vm-helpexit')}\npresses 7\nhears vm-deleted\nhangs up")
    assert states(house) == []
    removed = [row for row in house.kit.store.history() if row.verb == "removed"]
    assert [(row.door, row.by) for row in removed] == [("phone", "anna")] * 2


def test_a_deleted_message_can_be_heard_again_until_the_owner_goes_on(house: House) -> None:
    house.leave("201")
    house.leave("201")
    first = message(house)
    line = logged_in(house)
    line.talk("presses 1\npresses 7\npresses 5")
    line.talk(f"hears vm-first vm-message {first} vm-repeat vm-next vm-undelete")
    line.talk("presses 6\nhears vm-first vm-message\npresses 4\nhears vm-sorry")
    assert len(states(house)) == 1


def test_deleting_the_last_one_and_going_on(house: House) -> None:
    house.leave("201")
    house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\npresses 6\npresses 7\nhears vm-deleted\npresses 4\nhears vm-first")
    line.talk("presses 6\nhears vm-nomore vm-repeat")
    assert len(states(house)) == 1


def test_save(house: House) -> None:
    house.leave("201")
    logged_in(house).talk("presses 1\npresses 9\nhears vm-message vm-saved\nhangs up")
    (entry,) = house.voicemails("anna")
    assert (entry.state, entry.saved) == (EntryState.HEARD, True)


def test_saving_a_deleted_message_brings_it_back(house: House) -> None:
    house.leave("201")
    logged_in(house).talk("presses 1\npresses 7\npresses 9\nhears vm-message vm-saved vm-repeat")
    assert [entry.saved for entry in house.voicemails("anna")] == [True]


def test_message_that_was_brought_back_by_saving_can_be_deleted_again(house: House) -> None:
    house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\npresses 7\npresses 9\nhears vm-message vm-saved")
    line.talk("presses 7\nhears vm-deleted")
    assert house.voicemails("anna") == []


# ---- other doors


def removed_elsewhere(house: House, place: int) -> int:
    """Another door removes one of Anna's voicemails; its number."""
    entry = house.voicemails("anna")[place].id
    house.kit.db.now(lambda tx: house.kit.store.remove(tx, [entry], "pop3", "anna"))
    return entry


def test_a_message_removed_by_another_door_is_told_and_stays_until_the_owner_goes_on(
    house: House,
) -> None:
    for _ in range(3):
        house.leave("201")
    third = house.voicemails("anna")[2].id
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\nlistens 1")
    removed_elsewhere(house, 1)
    line.talk("presses 6\nhears vm-deleted vm-prev vm-repeat vm-next vm-undelete")
    line.talk(f"presses 6\nhears vm-last vm-message message:{third}\npresses 4\nhears vm-first")


@pytest.mark.parametrize("key", ["7", "9"])
def test_key_pressed_as_another_door_removes_the_message_is_not_about_another_one(
    house: House, key: str
) -> None:
    for _ in range(3):
        house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\nlistens 1")
    gone = removed_elsewhere(house, 1)
    left = [(entry.id, entry.saved) for entry in house.voicemails("anna")]
    line.talk(f"presses 6\npresses {key}\nhears vm-prev vm-repeat vm-next vm-undelete")
    assert [(entry.id, entry.saved) for entry in house.voicemails("anna")] == left
    line.talk("presses 7\nhears vm-undeleted")
    assert gone in [entry.id for entry in house.voicemails("anna")]


def test_key_pressed_as_the_last_message_is_removed_does_not_meet_the_one_before(
    house: House,
) -> None:
    house.leave("201")
    house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\nlistens 1")
    removed_elsewhere(house, 1)
    line.talk("presses 6\npresses 7\nwaits")
    assert len(house.voicemails("anna")) == 1


def test_going_on_while_a_removed_message_is_told_of_goes_on(house: House) -> None:
    for _ in range(3):
        house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\nlistens 1")
    removed_elsewhere(house, 1)
    line.talk("presses 66\nhears vm-last vm-message")


def test_deleting_what_another_door_has_removed_meanwhile(house: House) -> None:
    house.leave("201")
    (entry,) = house.voicemails("anna")
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\nlistens 1")
    house.kit.db.now(lambda tx: house.kit.store.remove(tx, [entry.id], "pop3", "anna"))
    line.talk("presses 7\nhears vm-deleted vm-repeat vm-undelete")
    assert [row.door for row in house.kit.store.history() if row.verb == "removed"] == ["pop3"]


def test_a_message_that_comes_in_meanwhile_is_next(house: House) -> None:
    house.leave("201")
    line = logged_in(house)
    line.talk("presses 1")
    house.leave("201", number=None, name="LATE CALLER")
    line.talk("presses 6\nhears vm-last vm-message\npresses 8\nhears vm-from spoken:LATE_CALLER")


def test_nobody_touches_another_persons_message(house: House) -> None:
    house.leave("202")
    (entry,) = house.voicemails("bob")
    anna = house.kit.person("anna").id
    assert house.jobs.remove(anna, (entry.id,)) == house.jobs.mark(anna, (entry.id,)) == 0
    assert house.jobs.look(anna, entry.id) == MessageStatus(False, MessageSound.NONE)
    assert states(house, "bob") == ["new"]


FIRST_UNPLAYABLE = "vm-first vm-message switchhook/cannot-play"


def test_message_that_cannot_be_played_is_heard_once_that_was_said_in_full(house: House) -> None:
    house.kit.put("anna", kind=Kind.VOICEMAIL)
    house.leave("201")
    line = logged_in(house)
    line.talk(f"presses 1\nhears {FIRST_UNPLAYABLE}")
    assert states(house) == ["heard", "new"]
    line.talk(f"presses 6\nhears vm-last vm-message {message(house, 1)}")
    assert states(house) == ["heard", "heard"]


@pytest.mark.parametrize("leave", ["presses 6", "presses #", "hangs up"])
def test_message_that_cannot_be_played_stays_new_while_that_was_not_said_in_full(
    house: House, leave: str
) -> None:
    house.kit.put("anna", kind=Kind.VOICEMAIL)
    line = logged_in(house)
    line.talk(f"presses 1\nhears {FIRST_UNPLAYABLE.rpartition(' ')[0]}\n{leave}")
    assert states(house) == ["new"]


def sln(sound: bytes, more: bytes = b"") -> bytes:
    """A mail with this sound and perhaps one that nobody here can play."""
    letter = EmailMessage()
    letter.add_attachment(sound, maintype="audio", subtype="x-sln")
    if more:
        letter.add_attachment(more, maintype="audio", subtype="mp4")
    return letter.as_bytes()


@pytest.mark.parametrize("more", [b"", b"\0\0\0\x20ftypM4A "])
def test_message_that_breaks_off_is_played_so_far_and_that_is_said(
    house: House, more: bytes
) -> None:
    house.kit.put("anna", sln(tone(3), more), kind=Kind.VOICEMAIL)
    line = logged_in(house)
    line.talk(f"presses 1\nhears {FIRST_UNPLAYABLE.rpartition(' ')[0]} {message(house)}")
    line.talk("hears switchhook/rest-cannot-play" if more else "hears vm-repeat")
    assert line.audio[message(house)] == tone(3)
    assert states(house) == ["heard"]


def test_message_that_cannot_be_read_now_stays_new(house: House) -> None:
    entry = house.kit.put("anna", sln(tone(3)), kind=Kind.VOICEMAIL)
    here = (entry.content << 20, entry.content + 1 << 20)
    house.kit.db.now(lambda tx: tx.execute("DELETE FROM chunk WHERE place BETWEEN ? AND ?", here))
    line = logged_in(house)
    line.talk(f"presses 1\nhears {FIRST_UNPLAYABLE.rpartition(' ')[0]}")
    line.talk("hears im-sorry switchhook/no-messages-now")
    assert states(house) == ["new"]


# ---- the menu itself


def test_help_says_the_menu_again(house: House) -> None:
    house.leave("201")
    logged_in(house).talk(f"hears {ONE_NEW}\npresses *\nhears {TO_LISTEN} silence {TO_LISTEN}")


def test_an_unknown_key(house: House) -> None:
    house.leave("201")
    logged_in(house).talk("presses 3\nhears vm-sorry vm-onefor")
    logged_in(house).talk("presses 7\nhears vm-sorry vm-onefor")


def test_unknown_keys_end_nothing(house: House) -> None:
    house.leave("201")
    line = logged_in(house)
    line.talk("presses 9999999999\nhears vm-sorry vm-onefor")
    line.talk(
        "presses 1\nhears vm-first vm-message\nwaits\npresses 4444444444\nhears vm-sorry vm-repeat"
    )


def test_who_says_nothing_is_let_go(house: House) -> None:
    house.leave("201")
    again = f"{TO_LISTEN} silence"
    line = logged_in(house)
    line.talk(f"hears {ONE_NEW} {again} {again} {again} vm-goodbye\nends")
    assert line.hung_up


def test_keys_are_taken_ahead(house: House) -> None:
    house.leave("201")
    line = dial(house)
    line.talk(f"presses {PIN}#17#\nhears vm-goodbye\nends")
    assert states(house) == []


def test_menu_of_person_with_another_key_map_speaks_its_keys(house: House) -> None:
    house.leave("201")
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, key_map="swapped"))
    line = logged_in(house)
    line.talk(f"hears {ONE_NEW} {TO_LISTEN}\npresses 1\npresses 6")
    line.talk("hears vm-nomore vm-repeat vm-press digits/9 switchhook/to-delete")
    line.talk(f"hears vm-press digits/7 switchhook/to-save {MORE}\npresses 9\nhears vm-deleted")
    assert states(house) == []
