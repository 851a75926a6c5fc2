"""A caller's keys, on the line itself: the message is heard, said anew and called urgent."""

from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

from drivers.buses import Samples
from tests.kit.hearing import SAME, likeness, prompt, prompt_file, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.world import World

FIRST, SECOND = "tt-weasels", "demo-thanks"


def sound(message: EmailMessage) -> Samples:
    return read_wav(BytesIO(wav_of(message)))


def test_caller_skips_the_greeting_hears_the_message_says_it_anew_and_calls_it_urgent(
    world: World,
) -> None:
    world.board("ring line1 from 5551234", "wait-for line1 answered")
    caller = world.listen("line1")
    caller.hears("vm-theperson")
    world.board("dial line1 5", "dial line1 #", "wait-for line1 beep")  # 5 does nothing
    world.board(f"say line1 {prompt_file(FIRST)}", "dial line1 #")
    caller.hears("vm-review")
    world.board("dial line1 2")
    caller.hears(prompt(FIRST))
    world.board("dial line1 3", "wait-for line1 beep")
    world.board(f"say line1 {prompt_file(SECOND)}", "dial line1 #")
    caller.hears("vm-review")
    world.board("dial line1 4")
    caller.hears("vm-marked-urgent")
    caller.hears("vm-review-nonurgent")
    world.board("hangup line1")

    (message,) = map(parsed, world.fetch("anna"))
    assert (message["Importance"], message["X-Priority"]) == ("high", "1")
    heard = sound(message)
    first, second = (prompt(name)[2400:-2400] for name in (FIRST, SECOND))  # but for silence
    assert likeness(second, heard) > SAME > likeness(first, heard)
    assert abs(len(heard) - len(prompt(SECOND))) < 8000 * 0.8, "no beep, no key, no silence"
    assert world.lamps() == {"101": "lit", "102": "dark"}
    assert world.box.violations() == []


def test_rotary_dial_disturbs_no_greeting_and_what_is_said_is_delivered(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.board("lift 101", "wait-for 101 dial-tone", "pulse 101 102", "wait-for 101 ringback")
    caller = world.listen("101")
    caller.hears("vm-theperson")
    world.board("pulse 101 7")
    caller.hears("vm-isunavail")
    caller.hears("vm-intro")
    world.board("wait-for 101 beep", f"say 101 {words}", "hangup 101")
    (message,) = map(parsed, world.fetch("ben"))
    assert likeness(words_at_8_khz, sound(message)) > SAME
    assert message["Importance"] is None


def test_caller_goes_on_to_the_operator_by_keys_and_by_pulses(tmp_path: Path) -> None:
    with World(tmp_path, more_settings='[attendant]\noperator = "102"') as world:
        world.board("ring line1 from 5551234", "wait-for line1 answered")
        caller = world.listen("line1")
        caller.hears("vm-theperson")
        world.board("dial line1 0")
        caller.hears("one-moment-please")
        world.board("wait-for 102 ringing within 5s", "lift 102", "time 500ms")
        ben = world.listen("102")
        world.board(f"say line1 {prompt_file(FIRST)}")
        ben.hears(FIRST)
        world.board("hangup line1", "hangup 102", "settle")
        assert world.voicemails("anna") == [] and world.store.missed_calls(1) == []

        world.board("lift 102", "wait-for 102 dial-tone", "pulse 102 101", "wait-for 102 ringback")
        rotary = world.listen("102")
        rotary.hears("vm-theperson")
        world.board("pulse 102 0")
        rotary.hears("one-moment-please")
        world.board("hangup 102")
