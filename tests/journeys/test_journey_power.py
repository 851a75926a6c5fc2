"""Power fails while a caller speaks."""

from io import BytesIO
from pathlib import Path

from drivers.buses import SAMPLE_RATE, Samples
from tests.kit.hearing import SAME, likeness, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.world import World

SPOKEN_S = 3.5


def test_what_was_recorded_before_the_power_went_is_delivered_when_it_is_back(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for line1 beep")
    world.box.office_lines["line1"].say(words)
    world.board(f"time {SPOKEN_S}s")
    (recording,) = world.store.recordings.all(unfinished_only=True)
    assert world.fetch("anna") == []

    world.cut_power()
    assert world.store.recordings.all() == []
    (message,) = map(parsed, world.fetch("anna"))
    assert message["X-CallingTelephoneNumber"] == "5551234"
    assert message["X-VoiceMessageSenderName"] == "CARL CALLER"
    recorded = read_wav(BytesIO(wav_of(message)))
    seconds = len(recorded) / SAMPLE_RATE
    assert SPOKEN_S - 1.1 < seconds <= SPOKEN_S + 0.4, "at most the second under way is lost"
    assert len(recorded) == recording.octets // 2
    assert likeness(words_at_8_khz[: round(2.2 * SAMPLE_RATE)], recorded) > SAME
    assert world.lamps() == {"101": "lit", "102": "dark"}

    world.board("wait-for line1 hung-up", "hangup line1")
    world.leave_message(words)
    assert len(world.voicemails("anna")) == 2
    world.board("lift 101", "wait-for 101 stutter within 2s")


def test_caller_known_when_the_phone_is_killed_in_the_ring_is_in_the_message(
    world: World, words: Path
) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "time 5s")
    world.cut_power()
    world.board("wait-for line1 beep", f"say line1 {words}", "hangup line1")
    (message,) = map(parsed, world.fetch("anna"))
    assert message["X-CallingTelephoneNumber"] == "5551234"
    assert message["X-VoiceMessageSenderName"] == "CARL CALLER"


def test_lamps_stay_as_they_are_while_the_phone_starts_again(world: World, words: Path) -> None:
    world.leave_message(words)
    assert world.lamps() == {"101": "lit", "102": "dark"}
    seen = set()
    world.cut_power()
    for _ in range(40):
        world.board("time 100ms")
        seen.add(tuple(phone.lamp for phone in world.box.telephones.values()))
    assert seen == {(True, False)}, "a lamp that is lit rightly does not go out in between"


def test_lamp_of_a_telephone_that_forgot_it_is_right_after_a_restart(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    assert world.lamps() == {"101": "lit", "102": "dark"}
    world.box.telephones["101"].lamp = False
    world.box.telephones["102"].lamp = True
    world.cut_power()
    assert world.lamps() == {"101": "lit", "102": "dark"}
