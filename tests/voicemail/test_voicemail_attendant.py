"""The attendant's talk with a caller: extensions, operator, names by keys, and whoever is slow."""

from pathlib import Path

import pytest

from app.inbox.greetings import GreetingKind, Greetings
from app.message.audio_formats import wave_head
from app.phone.calls.dialplan import Subscriber
from app.phone.groups import AttendantConfig
from app.voicemail.attendant import attendant_script
from app.voicemail.names_by_keys import found, keys_of
from tests.kit.voicemail import House, ScriptLine, tone

MENU = "hears switchhook/attendant switchhook/attendant-by-name silence"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def call(house: House, **config: object) -> ScriptLine:
    script = attendant_script(
        house.clerk,
        AttendantConfig(**config),  # type: ignore[arg-type]
        ("101", "102", "620"),
    )
    line = ScriptLine(house.clerk)
    return line.runs(script(line, ""))


@pytest.mark.parametrize("number", ["101", "203", "620"])
def test_an_extension_is_dialled_at_any_time(house: House, number: str) -> None:
    line = call(house)
    line.talk(f"presses {number}\nhears one-moment-please\nends")
    assert line.onward == number and line.hung_up


def test_zero_and_silence_lead_to_the_operator(house: House) -> None:
    line = call(house, operator="620")
    line.talk("presses 0\nhears one-moment-please\nends")
    assert line.onward == "620"
    silent = call(house)
    silent.talk(f"{MENU}\n{MENU}\n{MENU}\nhears one-moment-please\nends")
    assert silent.onward == "201", "who answers outside lines"


def test_three_wrong_numbers_lead_to_the_operator_or_to_goodbye(house: House) -> None:
    line = call(house)
    wrong = "presses 5\nhears switchhook/no-extension\n"
    line.talk(f"{wrong * 3}hears one-moment-please\nends")
    assert line.onward == "201"
    everybody, people = [person.id for person in house.kit.people.all()], house.kit.people
    house.kit.db.now(lambda tx: [people.remove(tx, person) for person in everybody])
    nobody = call(house)
    nobody.talk(f"{wrong * 3}hears vm-nobodyavail vm-goodbye\nends")
    assert nobody.onward == ""


@pytest.mark.parametrize("number", ["95551234", "911", "*97", "#", "1#", "99"])
def test_nothing_that_is_dialled_leads_outside(house: House, number: str) -> None:
    line = call(house, tries=1, by_name=False)
    line.talk(f"presses {number}")
    while line._now is not None:  # whatever is said, to its end
        line.talk("waits")
    assert line.onward == "201", "the operator, and nobody else"


def test_nine_finds_people_by_the_letters_of_their_names(house: House) -> None:
    cleo = house.kit.person("cleo").id
    sound = tone(1)
    wave = wave_head(len(sound) // 2) + sound
    Greetings(Path(house.config.greetings)).write(cleo, GreetingKind.NAME, wave)
    line = call(house)
    line.talk(
        """
        presses 9
        presses 2#
        hears spoken:Anna_A. switchhook/choose-name
        presses *
        """
    )
    line.talk("hears spoken:Bob_B. switchhook/choose-name")
    line.talk(f"presses *\nhears greeting:{cleo}:name\npresses 1\nhears one-moment-please\nends")
    assert line.onward == "203"


def test_a_name_that_nobody_has_is_said_so(house: House) -> None:
    call(house).talk(f"presses 9\npresses 999#\nhears switchhook/no-name\n{MENU}\nhangs up\nends")


def test_the_owners_words_are_spoken_in_place_of_the_usual(house: House) -> None:
    call(house, words="Good day.").talk("hears spoken:Good_day. silence\nhangs up\nends")


def test_names_become_keys_without_their_accents() -> None:
    assert keys_of("Marta Kovács") == ("62782568227", "568227")
    assert keys_of("Łukasz Groß") == ("58527947677", "47677")
    assert keys_of("Юрий Щукин") == ("964486445", "86445")
    people = [
        Subscriber(1, "Marta Kovács", "201", None),
        Subscriber(2, "Ann Kovač", "202", None),
        Subscriber(3, "Marta Without", "", None),
    ]
    assert [person.name for person in found("568", people)] == ["Ann Kovač", "Marta Kovács"]
    assert [person.name for person in found("627", people)] == ["Marta Kovács"]
