"""What somebody hears who is called at their follow-me number."""

from pathlib import Path

import pytest

from app.voicemail.follow_me import TIMES, follow_script
from tests.kit.voicemail import House, ScriptLine

ASKED = "hears switchhook/call-for spoken:Bob_B. switchhook/accept-call silence\n"


@pytest.fixture
def line(tmp_path: Path) -> ScriptLine:
    house = House(tmp_path)
    line = ScriptLine(house.clerk, name="line2")
    return line.runs(follow_script(house.clerk)(line, "202"))


def test_a_1_accepts_at_any_time(line: ScriptLine) -> None:
    line.talk(f"{ASKED}hears switchhook/call-for\npresses 1\nends")
    assert line.onward == "202" and line.hung_up


def test_other_keys_and_silence_accept_nothing(line: ScriptLine) -> None:
    line.talk(f"presses 234567890*#\n{ASKED * TIMES}ends")
    assert line.onward == "" and line.hung_up
