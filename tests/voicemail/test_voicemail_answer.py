"""What callers hear, and what becomes of what they say."""

from pathlib import Path

import pytest

from app.inbox.greetings import Greetings
from app.phone.calls.line import Caller, WhyVoicemail
from app.phone.jobs import JobFailed
from app.voicemail.answer import answer
from tests.kit.voicemail import House, ScriptLine, silence, tone

CARL = Caller("5551234", "CARL CALLER")
GREETING = "vm-theperson digits/2 digits/0 digits/1 vm-isunavail vm-intro"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def call(house: House, caller: Caller = CARL, mailbox: str = "201") -> ScriptLine:
    line = ScriptLine(house.clerk, caller=caller)
    return line.runs(answer(line, house.clerk, mailbox))


def test_a_caller_who_hangs_up_has_left_a_message(house: House) -> None:
    call(house).talk(
        f"""
        hears {GREETING} beep
        says 2
        hangs up
        ends
        """
    )
    (entry,) = house.voicemails("anna")
    assert (entry.caller_number, entry.caller_name) == ("5551234", "CARL CALLER")
    assert entry.duration_s == 2
    assert entry.subject == "Voicemail from CARL CALLER 5551234 (0:02)"
    assert house.kit.store.recordings.all() == []


def test_pound_ends_the_message_and_the_caller_is_thanked(house: House) -> None:
    line = call(house)
    line.talk(
        f"""
        hears {GREETING} beep
        says 3
        presses #
        hears vm-review vm-review-urgent silence auth-thankyou vm-goodbye
        ends
        """
    )
    assert line.hung_up
    assert [entry.duration_s for entry in house.voicemails("anna")] == [3]


def test_pound_during_the_greeting_goes_to_the_beep(house: House) -> None:
    call(house).talk(
        """
        hears vm-theperson digits/2
        presses #
        hears beep
        says 2
        hangs up
        ends
        """
    )
    assert len(house.voicemails("anna")) == 1


def test_other_digits_do_not_disturb(house: House) -> None:
    call(house).talk(
        f"""
        hears vm-theperson
        presses 7
        hears {GREETING.removeprefix("vm-theperson ")} beep
        says 2
        presses 5
        says 2
        hangs up
        ends
        """
    )
    assert [entry.duration_s for entry in house.voicemails("anna")] == [4]


@pytest.mark.parametrize("why", ["silence", "limit"])
def test_silence_and_the_limit_end_a_recording(house: House, why: str) -> None:
    line = call(house)
    line.talk(f"hears {GREETING} beep")
    assert line.limits == (180.0, 10.0)
    line.speaks(tone(2) + silence(10))
    line.talk(
        f"""
        stops {why}
        hears auth-thankyou vm-goodbye
        ends
        """
    )
    (entry,) = house.voicemails("anna")
    assert entry.duration_s == 2, "trailing silence is not kept"


def test_who_hangs_up_during_the_greeting_is_a_missed_call(house: House) -> None:
    call(house).talk(
        """
        hears vm-theperson
        hangs up
        ends
        """
    )
    assert house.voicemails("anna") == []
    assert house.kit.store.recordings.all() == []
    (missed,) = [row for row in house.kit.store.history() if row.verb == "missed call"]
    assert missed.person == house.kit.person("anna").id
    assert missed.detail == "CARL CALLER 5551234, 0.0 s recorded (hung up)"
    assert (missed.door, missed.by) == ("phone", "line1")


def test_silence_only_is_a_missed_call(house: House) -> None:
    line = call(house)
    line.talk(f"hears {GREETING} beep")
    line.speaks(silence(5))
    line.talk("hangs up")
    assert house.voicemails("anna") == []
    assert "missed call" in house.verbs()


def test_a_full_mailbox_is_told_before_anything_is_recorded(house: House) -> None:
    anna = house.kit.person("anna")
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna.id, quota=10))
    house.kit.put("anna")
    call(house).talk(
        """
        hears vm-theperson digits/2 digits/0 digits/1 vm-isunavail vm-mailboxfull vm-goodbye
        ends
        """
    )
    assert house.kit.store.recordings.all() == []


def test_a_full_disk_is_told_otherwise(house: House) -> None:
    house.kit.disk.free = 0
    call(house).talk(
        """
        hears vm-theperson digits/2 digits/0 digits/1 vm-isunavail please-try-call-later vm-goodbye
        ends
        """
    )


def test_nobody_there(house: House) -> None:
    call(house, mailbox="299").talk(
        """
        hears vm-nobodyavail vm-goodbye
        ends
        """
    )


def test_the_owners_own_greeting_is_played_instead(house: House) -> None:
    anna = house.kit.person("anna").id
    folder = house.directory / "greetings" / str(anna)
    folder.mkdir(parents=True)
    source = Path("/usr/share/asterisk/sounds/en_US_f_Allison/demo-thanks.wav")
    (folder / "unavailable.wav").write_bytes(source.read_bytes())
    line = call(house)
    line.talk(
        f"""
        hears greeting:{anna}:unavailable beep
        says 2
        hangs up
        """
    )
    assert line.audio[f"greeting:{anna}:unavailable"] == source.read_bytes()[44:]


def test_own_greeting_that_cannot_be_played_is_replaced_by_the_packs(house: House) -> None:
    folder = house.directory / "greetings" / str(house.kit.person("anna").id)
    folder.mkdir(parents=True)
    (folder / "unavailable.wav").write_bytes(b"not a sound")
    call(house).talk(
        f"""
        hears {GREETING} beep
        says 2
        hangs up
        """
    )
    assert [entry.duration_s for entry in house.voicemails("anna")] == [2]


def test_caller_who_cannot_be_greeted_hears_the_beep_and_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise JobFailed("there is no pack and no synthesizer")

    monkeypatch.setattr(house.jobs, "sound", fails)
    call(house).talk(
        """
        hears beep
        says 2
        hangs up
        """
    )
    assert [entry.duration_s for entry in house.voicemails("anna")] == [2]


@pytest.mark.parametrize(
    ("caller", "subject"),
    [
        (Caller(None, None, "private"), "Voicemail from Private caller (0:02)"),
        (Caller(None, None, "out of area"), "Voicemail from unknown caller (0:02)"),
        (Caller("5551234", None), "Voicemail from 5551234 (0:02)"),
    ],
)
def test_unknown_and_private_callers(house: House, caller: Caller, subject: str) -> None:
    call(house, caller).talk(
        f"""
        hears {GREETING} beep
        says 2
        hangs up
        """
    )
    assert [entry.subject for entry in house.voicemails("anna")] == [subject]


def test_a_job_that_fails_is_apologised_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise JobFailed("the store is gone")

    monkeypatch.setattr(house.jobs, "begin_recording", fails)
    line = call(house)
    line.talk(
        """
        hears im-sorry please-try-call-later reorder-tone
        ends
        """
    )
    assert line.hung_up


# ---- recorded greetings, by day and at night


def recorded(house: House, *names: str) -> None:
    """Greetings by the names that they are heard by."""
    for name in names:
        _, person, kind = name.split(":")
        folder = house.directory / "greetings" / person
        folder.mkdir(parents=True, exist_ok=True)
        source = Path("/usr/share/asterisk/sounds/en_US_f_Allison/demo-thanks.wav")
        (folder / f"{kind}.wav").write_bytes(source.read_bytes())


BY_DAY = ("greeting:1:unavailable", "greeting:0:unavailable")
AT_NIGHT = ("greeting:1:night", "greeting:0:night")


@pytest.mark.parametrize(
    ("there", "night", "heard"),
    [
        (BY_DAY, False, "greeting:1:unavailable"),
        (BY_DAY[1:], False, "greeting:0:unavailable"),
        (AT_NIGHT, False, GREETING),
        (BY_DAY, True, "greeting:1:unavailable"),
        (BY_DAY[1:], True, "greeting:0:unavailable"),
        (BY_DAY + AT_NIGHT, True, "greeting:1:night"),
        (BY_DAY + AT_NIGHT[1:], True, "greeting:0:night"),
        ((), True, GREETING),
    ],
)
def test_best_recorded_greeting_of_the_hour_is_played(
    house: House, there: tuple[str, ...], night: bool, heard: str
) -> None:
    recorded(house, *there)
    Greetings(house.directory / "greetings").set_night(night)
    call(house).talk(f"hears {heard} beep")


def test_colleagues_do_not_hear_the_companys_greeting(house: House) -> None:
    recorded(house, "greeting:0:unavailable")
    line = ScriptLine(house.clerk, kind="station", caller=CARL)
    line.runs(answer(line, house.clerk, "201")).talk(f"hears {GREETING} beep")


def test_own_greeting_that_cannot_be_played_is_replaced_by_the_companys(house: House) -> None:
    recorded(house, *BY_DAY)
    (house.directory / "greetings/1/unavailable.wav").write_bytes(b"not a sound")
    call(house).talk("hears greeting:0:unavailable beep")


# ---- the kinds of greetings


@pytest.mark.parametrize(
    ("there", "why", "heard"),
    [
        ((), WhyVoicemail.BUSY, GREETING.replace("unavail", "onphone")),
        (("greeting:1:name",), WhyVoicemail.BUSY, "greeting:1:name vm-isonphone vm-intro"),
        (("greeting:1:name",), WhyVoicemail.NOT_RUNG, "greeting:1:name vm-isunavail vm-intro"),
        (("greeting:1:busy",), WhyVoicemail.NO_ANSWER, GREETING),
        ((*BY_DAY, "greeting:1:busy"), WhyVoicemail.BUSY, "greeting:1:busy"),
        ((*BY_DAY, "greeting:1:busy"), WhyVoicemail.NOT_RUNG, "greeting:1:unavailable"),
        ((*BY_DAY, "greeting:0:temporary"), WhyVoicemail.BUSY, "greeting:0:temporary"),
    ],
)
def test_greeting_says_why_the_person_does_not_answer(
    house: House, there: tuple[str, ...], why: WhyVoicemail, heard: str
) -> None:
    recorded(house, *there)
    line = ScriptLine(house.clerk, caller=CARL)
    line.why = why
    line.runs(answer(line, house.clerk, "201")).talk(f"hears {heard} beep")


def test_name_that_cannot_be_played_is_the_number(house: House) -> None:
    recorded(house, "greeting:1:name")
    (house.directory / "greetings/1/name.wav").write_bytes(b"not a sound")
    call(house).talk(f"hears {GREETING} beep")


def test_temporary_greeting_ends_at_midnight_where_the_box_is(house: House) -> None:
    recorded(house, "greeting:1:temporary-20260921")  # the kit's clock: 21 September, 16:13
    house.kit.clock.advance(7.5 * 3600)  # 23:43 in Berlin
    call(house).talk("hears greeting:1:temporary beep")
    house.kit.clock.advance(1800)
    call(house).talk(f"hears {GREETING} beep")
