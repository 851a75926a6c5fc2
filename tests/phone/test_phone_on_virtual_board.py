"""Pbx, drivers and models together: telephones and an office that know nothing of our code."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.phone.calls.line import Caller, Line, Recorded
from app.phone.config import Lamps, PhoneConfig
from app.phone.lines.message_waiting import ALL_LAMPS
from app.phone.pace import FreePace
from app.phone.pbx import CallScript, Pbx
from app.phone.sound.audio import sine
from app.phone.sound.sounds import Tone
from drivers.board import LineBoard, virtual_board
from drivers.buses import Samples
from drivers.countries import country
from drivers.models.box import VirtualBox
from drivers.models.party import Party
from drivers.models.recognizer import SoundRecognizer
from tests.kit.phone import StubClerk, directory, no_script, power_at

BEEP = Tone((1000.0,), (300, 100), repeat=1, dbm0=-10.0)


class House:
    """A box at free pace."""

    def __init__(
        self,
        answer: CallScript = no_script,
        owner: CallScript = no_script,
        lamps: Lamps = ALL_LAMPS,
        code: str = "us",
        **settings: Any,
    ) -> None:
        spec = virtual_board()
        self.box = VirtualBox(spec, code)
        self.box.pcm().start()
        clerk = StubClerk(
            directory=directory(("Ann", "201", "101"), ("Bob", "202", "102"), default="201")
        )
        board = LineBoard(spec, self.box, country(code))
        config = PhoneConfig(code, 8, 8, lamps=lamps, **settings)
        self.pbx = Pbx(board, spec.slots, clerk, config, answer, owner, date=lambda: "11241530")
        self.pace = FreePace(self.box, self.pbx, spec.slots, clerk.answer_all)
        self.pace.power_up()
        self.phones, self.office = self.box.telephones, self.box.office_lines

    def hears(self, party: Party, seconds: float = 1.0) -> Samples:
        recording = party.hear()
        self.pace.seconds(seconds)
        recording.close()
        return recording.samples

    def sounds(self, party: Party, seconds: float = 1.0) -> list[str]:
        """What an ear that was written elsewhere calls it."""
        recognizer = SoundRecognizer()
        for row in self.hears(party, seconds).reshape(-1, 80):
            recognizer.hear(row)
        return recognizer.heard

    def until(self, happened: Callable[[], bool], within_s: float, what: str) -> None:
        self.pace.until(happened, within_s, what)


@pytest.fixture
def house() -> House:
    return House()


def test_board_handset_hears_dial_tone_within_100_ms(house: House) -> None:
    house.pace.seconds(0.2)  # the feed has just been put on the line and must settle
    phone = house.phones["101"]
    phone.lift()
    heard = house.hears(phone, 0.1)
    assert np.abs(heard).max() > 1000
    assert "dial-tone" in house.sounds(phone)


def test_board_handset_with_a_message_has_lamp_and_stutter_tone(house: House) -> None:
    house.pace.seconds(3)
    house.pbx.message_waiting("101", True)
    house.pace.seconds(3)
    assert [house.phones[name].lamp for name in ("101", "102")] == [True, False]
    house.phones["101"].lift()
    assert "stutter" in house.sounds(house.phones["101"], 2)
    house.phones["101"].hang_up()
    house.pace.seconds(2)
    house.pbx.message_waiting("101", False)
    house.pace.seconds(3)
    assert not house.phones["101"].lamp


def test_board_number_that_nobody_has_gives_information_tone_and_reorder(house: House) -> None:
    phone = house.phones["101"]
    phone.lift()
    house.pace.seconds(0.3)
    phone.dial("8")
    house.pace.seconds(0.3)
    assert house.sounds(phone, 6)[-1] == "reorder"


def connect(house: House, pulses: bool = False) -> None:
    ann, bob = house.phones["101"], house.phones["102"]
    ann.lift()
    house.pace.seconds(0.3)
    if pulses:
        ann.dial_pulses("102")
    else:
        ann.dial("102")
    house.until(lambda: bob.ringing, 10, "102 rings")
    assert "ringback" in house.sounds(ann, 4)
    bob.lift()
    house.pace.seconds(0.2)


@pytest.mark.parametrize("pulses", [False, True])
def test_board_handset_that_calls_another_hears_it_and_is_heard(house: House, pulses: bool) -> None:
    connect(house, pulses)
    ann, bob = house.phones["101"], house.phones["102"]
    ann.say(sine((700.0,), -12.0, 8000))
    assert power_at(house.hears(bob)[1600:6400], 700) == pytest.approx(-12, abs=3)
    bob.say(sine((1300.0,), -12.0, 8000))
    assert power_at(house.hears(ann)[1600:6400], 1300) == pytest.approx(-12, abs=3)
    bob.hang_up()
    assert "busy" in house.sounds(ann, 5)
    ann.hang_up()
    house.pace.seconds(2)
    assert house.pbx.status()["lines"]["101"]["state"] == "on hook"


def test_board_outside_call_rings_shows_its_caller_and_is_answered(house: House) -> None:
    line, bob = house.office["line1"], house.phones["102"]
    line.ring("5551234567", "CALLER NAME")
    house.until(lambda: bob.ringing, 1, "102 rings with the first burst")
    house.pace.seconds(6.5)
    for phone in house.phones.values():
        shown = phone.caller_id
        assert shown is not None
        assert (shown.number, shown.name) == ("5551234567", "CALLER NAME")
    bob.lift()
    house.until(lambda: line.answered, 1, "line1 answered")
    house.pace.seconds(0.5)
    assert not house.phones["101"].ringing
    line.say(sine((700.0,), -12.0, 8000))
    assert power_at(house.hears(bob)[1600:6400], 700) == pytest.approx(-12, abs=3)
    bob.say(sine((1300.0,), -12.0, 8000))
    assert power_at(house.hears(line)[1600:6400], 1300) == pytest.approx(-12, abs=3)
    line.hang_up()
    assert "busy" in house.sounds(bob, 5)


def test_board_outside_call_that_nobody_answers_is_recorded() -> None:
    pieces: list[bytes] = []
    seen: list[tuple[Caller, str, Recorded]] = []

    async def answer(line: Line, mailbox: str) -> None:
        await line.play(BEEP)
        recorded = await line.record(pieces.append, limit_s=60, silence_s=20)
        seen.append((line.caller, mailbox, recorded))

    house = House(answer=answer)
    line = house.office["line1"]
    line.ring("5551234567", "CALLER NAME")
    house.until(lambda: line.answered, 13, "line1 answered")  # in the burst after 8 s
    assert "beep" in house.sounds(line, 1.5)
    words = sine((700.0,), -12.0, 16000)
    line.say(words)
    house.pace.seconds(2.2)
    line.hang_up()
    house.until(lambda: bool(seen), 2, "the hang-up")
    caller, mailbox, recorded = seen[0]
    assert (caller, mailbox) == (Caller("5551234567", "CALLER NAME"), "201")
    assert recorded.why == "hung up"
    assert house.pbx.status()["lines"]["line1"]["state"] == "release guard"
    heard = np.frombuffer(b"".join(pieces), np.int16)
    spoken = [row for row in heard[: len(heard) // 800 * 800].reshape(-1, 800) if row.any()]
    assert sum(power_at(row, 700) > -16 for row in spoken) >= 18  # 2 s in pieces of 0.1 s


def test_board_digits_of_the_owner_reach_the_menu() -> None:
    pins: list[str] = []

    async def owner(line: Line, mailbox: str) -> None:
        pins.append(mailbox + ":" + await line.digits(8))

    house = House(owner=owner)
    phone = house.phones["101"]
    phone.lift()
    house.pace.seconds(0.3)
    phone.dial("201")
    house.pace.seconds(1)
    phone.dial("4711#")
    house.pace.seconds(2)
    assert pins == ["201:4711"]


def test_board_models_find_no_misuse_of_their_chips(house: House) -> None:
    connect(house)
    house.phones["101"].hang_up()
    house.pace.seconds(3)
    assert house.box.violations() == []


def test_board_same_call_twice_gives_the_same_samples() -> None:
    def run() -> tuple[list[str], bytes]:
        house = House()
        connect(house)
        house.phones["101"].say(sine((700.0,), -12.0, 8000))
        heard = house.hears(house.phones["102"])
        return [str(house.pbx.status())], heard.tobytes()

    assert run() == run()
