"""Prompts speak the language of the mailbox's owner, to the owner and to callers."""

from pathlib import Path

import pytest

from app.phone.calls.caller import Caller
from app.voicemail.answer import answer
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine, tone


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, language="de"))
    return house


def call(house: House, mailbox: str) -> ScriptLine:
    line = ScriptLine(house.clerk, caller=Caller("5551234", "CARL CALLER"))
    return line.runs(answer(line, house.clerk, mailbox))


def de(names: str) -> str:
    return in_language("de", names)


def in_language(language: str, names: str) -> str:
    return " ".join(f"{language}:{name}" for name in names.split())


def test_caller_hears_the_language_of_the_called_person(house: House) -> None:
    greeting = de("vm-theperson digits/2 digits/0 digits/1 vm-isunavail vm-intro")
    sends = f"{de('vm-review vm-review-urgent')} silence {de('auth-thankyou vm-goodbye')}"
    call(house, "201").talk(f"hears {greeting} beep\nsays 2\npresses #\nhears {sends}\nends")
    call(house, "202").talk("hears vm-theperson digits/2\nhangs up")


def test_caller_on_a_line_with_a_language_hears_that_one(house: House) -> None:
    line = ScriptLine(house.clerk, caller=Caller("5551234", "CARL CALLER"))
    line.language = "fr"
    line.runs(answer(line, house.clerk, "201"))
    said = "vm-theperson digits/2 digits/0 digits/1 vm-isunavail vm-intro"
    line.talk(f"hears {in_language('fr', said)} beep\nhangs up")


def test_caller_who_reaches_nobody_hears_the_language_of_the_line(house: House) -> None:
    line = ScriptLine(house.clerk, caller=Caller("5551234", "CARL CALLER"))
    line.language = "it"
    line.runs(answer(line, house.clerk, "999"))
    line.talk(f"hears {in_language('it', 'vm-nobodyavail vm-goodbye')}\nends")


def test_caller_of_a_full_mailbox_hears_the_language_of_its_owner(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, quota=10))
    house.kit.put("anna")
    said = de("vm-theperson digits/2 digits/0 digits/1 vm-isunavail vm-mailboxfull vm-goodbye")
    call(house, "201").talk(f"hears {said}\nends")


def test_menu_speaks_the_language_of_its_owner_from_the_pin_on(house: House) -> None:
    house.leave("201", tone(2), number=None, name="CARL CALLER")
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(
        f"""
        hears {de("vm-password")}
        presses 1#
        hears {de("vm-incorrect vm-password")}
        presses {PIN}#
        hears {de("vm-youhave digits/1 vm-INBOX vm-message")}
        presses 1
        hears {de("vm-first vm-message")}
        presses 8
        hears {de("vm-from spoken:CARL_CALLER vm-received digits/today")}
        presses 7
        hears {de("vm-deleted vm-repeat vm-undelete")}
        hears {de("vm-press digits/3 switchhook/to-more vm-helpexit")}
        presses #
        hears {de("vm-goodbye")}
        ends
        """
    )


@pytest.mark.parametrize(
    ("language", "counts", "received"),
    [
        ("de", "digits/1 vm-INBOX vm-message", "digits/at switchhook/time/16-13"),
        (
            "es",
            "digits/1M vm-message vm-INBOXs",
            "digits/at digits/4 digits/and digits/13 digits/p-m",
        ),
        ("fr", "digits/1 vm-INBOX vm-message", "digits/at digits/16 digits/oclock digits/13"),
        (
            "it",
            "digits/un vm-nuovo vm-message",
            "digits/at digits/hours digits/16 digits/e digits/13",
        ),
        (
            "ru",
            "digits/1n vm-newn vm-message",
            "digits/at digits/16 hours digits/13 minutes",
        ),
    ],
)
def test_counts_and_times_are_put_together_as_the_owner_speaks(
    house: House, language: str, counts: str, received: str
) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, language=language))
    house.leave("201", tone(2), number=None, name="CARL CALLER")
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(
        f"""
        hears {in_language(language, "vm-password")}
        presses {PIN}#
        hears {in_language(language, f"vm-youhave {counts}")}
        presses 1
        hears {in_language(language, "vm-first vm-message")}
        presses 8
        hears {in_language(language, "vm-from spoken:CARL_CALLER")}
        hears {in_language(language, f"vm-received digits/today {received}")}
        """
    )
