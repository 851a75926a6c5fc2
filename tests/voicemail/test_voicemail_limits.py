"""Where one digit, or one key, more makes another conversation of it."""

from pathlib import Path

import pytest

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


def test_pin_of_the_longest_length_needs_no_pound_and_leaves_the_next_key_to_the_menu(
    house: House,
) -> None:
    house.leave("201")
    longest = "7391508264017359"
    assert len(longest) == PIN_LONGEST
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.set_pin(tx, anna, longest))
    dial(house).talk(f"presses {longest}1\nhears vm-first vm-message")
