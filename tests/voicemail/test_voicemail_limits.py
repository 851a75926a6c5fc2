"""Where one digit, or one key, more makes another conversation of it."""

from pathlib import Path

import pytest

from app.phone.sound.sounds import Prompt
from app.voicemail.common import BOX
from app.voicemail.envelope import lead_in
from app.voicemail.log_in import PIN_LONGEST
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def dial(house: House) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    return line.runs(owner(line, house.clerk, "201"))


@pytest.mark.parametrize(
    ("number", "said"), [("1234", "vm-from-extension"), ("12345", "vm-from-phonenumber")]
)
def test_announcement_number_of_up_to_four_digits_is_called_an_extension(
    house: House, number: str, said: str
) -> None:
    house.leave("201", number=number, name=None)
    digits = " ".join(f"digits/{digit}" for digit in number)
    dial(house).talk(f"presses {PIN}#\npresses 1\npresses 8\nhears {said} {digits} vm-received")


def test_message_is_numbered_as_long_as_the_number_is_short(house: House) -> None:
    """The longest lead-in lasts less than 4 s, by the pack that is installed."""
    longest = 0
    for number in range(2, 150):
        said = lead_in(BOX, number, first=False, last=False, urgent=True)
        assert len(said) == (2 if number > 99 else 2 + len(BOX.grammar.number(number)))
        prompts = [sound for sound in said if isinstance(sound, Prompt)]
        lengths = [len(house.jobs.sound(sound, 0, 1 << 30)) for sound in prompts]
        longest = max(longest, sum(lengths))
    assert 1.0 < longest / 16_000 < 4.0


def test_pin_of_the_longest_length_needs_no_pound_and_leaves_the_next_key_to_the_menu(
    house: House,
) -> None:
    house.leave("201")
    longest = "7391508264017359"
    assert len(longest) == PIN_LONGEST
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.set_pin(tx, anna, longest, by="anna"))
    dial(house).talk(f"presses {longest}1\nhears vm-first vm-message")
