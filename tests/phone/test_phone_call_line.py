"""What call scripts may count on: playing, digits, type-ahead, recording, the end of a call."""

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from app.phone.calls.line import ANY, HungUp, Line
from app.phone.calls.scripting import Script, Wait
from app.phone.config import PhoneConfig
from app.phone.jobs import Clerk, JobFailed
from app.phone.sound.audio import sine
from app.phone.sound.dsp import dtmf
from app.phone.sound.player import Player
from app.phone.sound.sounds import Pause, Pcm, Prompt
from tests.kit.phone import Bench, StubClerk, directory, power_at

LONG = Pcm(np.full(80 * 100, 1000, np.int16))  # 1 s
SHORT = Pcm(np.full(80 * 10, 2000, np.int16))


class Conversation:
    """A handset that has dialled a mailbox and talks with a script."""

    def __init__(self, script: Callable[[Line, Clerk], Awaitable[Any]], **jobs: Any) -> None:
        self.said: list[Any] = []

        async def owner(line: Line, mailbox: str) -> None:
            self.said.append(await script(line, clerk))
            await line.pause(60)

        people = directory(("Ann", "201", "101"))
        clerk = StubClerk(directory=people, **jobs)
        self.bench = Bench(PhoneConfig(), owner=owner, clerk=clerk)
        self.bench.station("101").lift()
        self.bench.run(20)
        self.bench.dial("101", "201")
        self.bench.run(2)

    def dial(self, digits: str) -> None:
        self.bench.dial("101", digits)


def test_play_returns_when_the_sound_is_over() -> None:
    talk = Conversation(lambda line, _: line.play(SHORT, Pause(50), SHORT))
    heard = talk.bench.hears("101", 40)
    assert talk.said == [""]
    assert not heard[-80 * 12 :].any()


def test_play_stopped_by_a_digit_returns_it() -> None:
    talk = Conversation(lambda line, _: line.play(LONG, LONG, stop_on="5"))
    talk.dial("15")
    assert talk.said == ["5"]
    assert not talk.bench.hears("101", 5).any()


def test_digits_that_do_not_stop_a_sound_stay_in_the_buffer() -> None:
    async def script(line: Line, _: Clerk) -> tuple[str, str, str]:
        return (
            await line.play(LONG, stop_on="#"),
            await line.play(LONG, stop_on=ANY),
            await line.digits(4),
        )

    talk = Conversation(script)
    talk.dial("12345")
    talk.bench.run(100)
    assert talk.said == [("", "1", "2345")]


async def four_digits(line: Line, _: Clerk) -> str:
    return await line.digits(4, first_s=6, between_s=2)


def test_digits_end_at_their_number_the_end_digit_or_a_pause() -> None:
    talk = Conversation(four_digits)
    talk.dial("1234")
    assert talk.said == ["1234"]
    talk = Conversation(four_digits)
    talk.dial("12#")
    assert talk.said == ["12"]
    talk = Conversation(four_digits)
    talk.dial("1")
    talk.bench.run(180)
    assert talk.said == []
    talk.bench.run(30)
    assert talk.said == ["1"]
    talk = Conversation(four_digits)
    talk.bench.run(570)
    assert talk.said == []
    talk.bench.run(30)
    assert talk.said == [""]


def test_recording_ended_by_a_digit_is_without_its_tone() -> None:
    pieces: list[bytes] = []
    talk = Conversation(lambda line, _: line.record(pieces.append, 60, 10, stop_on="#"))
    words = sine((700.0,), -12.0, 8000)
    talk.bench.say("101", np.concatenate([words, dtmf("1", on_ms=80), words, dtmf("#")]))
    talk.bench.run(260)
    assert [(end.why, end.digit) for end in talk.said] == [("digit", "#")]
    recorded = np.frombuffer(b"".join(pieces), np.int16)
    assert len(recorded) == talk.said[0].periods * 80
    assert recorded.tobytes().count(words[1:-240].tobytes()) == 2  # at most 30 ms of words go too
    tail = recorded[-400:]
    spectrum = np.abs(np.fft.rfft(tail * np.hanning(len(tail)), 8000))
    assert spectrum[1477] < spectrum[700] / 50  # nothing of "#" at the end


def test_digits_dialled_ahead_stop_one_sound_each_in_their_order() -> None:
    async def script(line: Line, _: Clerk) -> tuple[str, str]:
        await line.pause(1)
        return await line.play(LONG, stop_on="5"), await line.play(LONG, stop_on="7")

    talk = Conversation(script)
    talk.dial("57")
    talk.bench.run(120)
    assert talk.said == [("5", "7")]


def test_recording_ends_when_nobody_has_spoken_for_its_silence() -> None:
    talk = Conversation(lambda line, _: line.record(lambda _: None, limit_s=60, silence_s=3))
    talk.bench.say("101", sine((700.0,), -12.0, 8000))
    talk.bench.run(100 + 280)
    assert talk.said == []
    talk.bench.run(60)
    assert [end.why for end in talk.said] == ["silence"]


def test_recording_that_will_end_says_so_to_who_speaks_and_does_not_keep_it() -> None:
    pieces: list[bytes] = []
    talk = Conversation(lambda line, _: line.record(pieces.append, 3, 3, ending_s=1))
    talk.bench.say("101", sine((700.0,), -12.0, 32_000))
    heard = talk.bench.hears("101", 320)
    first, last = np.flatnonzero(heard)[[0, -1]]
    assert last - first == pytest.approx(0.5 * 8000, abs=160)  # 200 ms, 100 ms between, 200 ms
    assert power_at(heard[first : first + 1600], 1400) > -14
    assert [end.why for end in talk.said] == ["limit"]
    assert power_at(np.frombuffer(b"".join(pieces), np.int16)[16_000:], 1400) < -40


def test_recording_that_ends_before_says_nothing() -> None:
    talk = Conversation(lambda line, _: line.record(lambda _: None, 3, 3, ending_s=1))
    talk.dial("1")
    assert not talk.bench.hears("101", 300).any()


def test_digits_dialled_before_a_recording_do_not_end_it() -> None:
    async def script(line: Line, _: Clerk) -> tuple[str, str]:
        await line.pause(1)
        why = (await line.record(lambda _: None, limit_s=0.5, silence_s=5)).why
        return why, await line.digits(1, first_s=0.1)

    talk = Conversation(script)
    talk.dial("5")
    talk.bench.run(160)
    assert talk.said == [("limit", "")]


def test_recording_ended_by_hanging_up_is_whole() -> None:
    pieces: list[bytes] = []
    talk = Conversation(lambda line, _: line.record(pieces.append, 60, 60))
    words = sine((700.0,), -12.0, 8000)
    talk.bench.say("101", words)
    talk.bench.run(101)
    talk.bench.station("101").lower()
    talk.bench.run(130)
    assert [end.why for end in talk.said] == ["hung up"]
    assert words[1:].tobytes() in b"".join(pieces)


def test_script_whose_party_hangs_up_gets_hung_up_and_may_tidy_up() -> None:
    trail: list[str] = []

    async def script(line: Line, _: Clerk) -> None:
        try:
            await line.play(LONG, LONG, LONG)
        finally:
            trail.append("tidied")
            with pytest.raises(HungUp):
                await line.pause(1)
            with pytest.raises(HungUp):
                line.tone(None)

    talk = Conversation(script)
    talk.bench.station("101").lower()
    talk.bench.run(130)
    assert (trail, talk.said) == (["tidied"], [])
    assert not talk.bench.pbx.busy


def test_sound_that_the_clerk_cannot_give_raises_in_the_script() -> None:
    def none(**_: Any) -> bytes:
        raise JobFailed("no such prompt")

    async def script(line: Line, _: Clerk) -> str:
        try:
            return await line.play(Prompt("gone"))
        except JobFailed as problem:
            return str(problem)

    assert Conversation(script, sound=none).said == ["no such prompt"]


def test_script_that_hangs_up_leaves_busy_tone_and_has_no_line_any_more() -> None:
    async def script(line: Line, _: Clerk) -> None:
        await line.hang_up()
        await line.play(LONG)

    talk = Conversation(script)
    assert talk.said == []
    assert talk.bench.states()["101"] == "call over"
    assert talk.bench.hears("101", 10).any()


def test_two_waits_at_once_on_a_line_raise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def script(line: Line, _: Clerk) -> None:
        other = line.pause(1)
        first = other.send(None)
        assert isinstance(first, Wait)
        await line.pause(1)

    Conversation(script)
    assert "waits for one thing at a time" in caplog.text


def test_line_time_counts_periods() -> None:
    async def script(line: Line, _: Clerk) -> int:
        before = line.periods
        await line.pause(1.234)
        return line.periods - before

    talk = Conversation(script)
    talk.bench.run(130)
    assert talk.said == [124]


def test_closed_player_does_not_call_ended() -> None:
    ends: list[Any] = []
    player = Player([], ends.append)
    player.close()
    assert ends == []


def test_wait_that_is_done_gives_its_result_without_awaiting() -> None:
    wait: Wait[int] = Wait()
    with pytest.raises(RuntimeError, match="before it is there"):
        wait.result()
    wait.happened(7)
    wait.happened(8)
    assert wait.result() == 7


def test_script_stopped_before_its_wait_gives_the_wait_up() -> None:
    given_up: list[str] = []
    ends: list[BaseException | None] = []

    async def waits() -> None:
        wait: Wait[None] = Wait(cancelled=lambda: given_up.append("yes"))
        await wait

    script = Script(waits(), ends.append)
    script.start()
    script.stop()
    script.stop()
    assert (given_up, ends) == (["yes"], [None])


async def a_job(line: Line, clerk: Clerk) -> bytes:
    return await line.answer_of(clerk.sound(Prompt("vm-intro"), 0, 10))


def test_who_waits_for_the_clerk_hears_words_and_beeps_until_the_answer() -> None:
    words = sine((600.0,), -10.0, 4000)
    talk = Conversation(a_job, sound=lambda **_: words.astype("<i2").tobytes())
    assert len(talk.said) == 1, "an answer that is there at once is waited for"
    bench = talk.bench
    bench.station("101").lower()
    bench.run(200)
    bench.clerk.held = True
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    assert not bench.hears("101", 150).any(), "two seconds are no reason to say anything"
    assert power_at(bench.hears("101", 100)[6000:], 600) > -40, "no words"
    beeps = bench.hears("101", 300)
    assert power_at(beeps, 440) > -55, "no beeps"
    bench.clerk.answer_all()
    assert len(talk.said) == 2
    assert not bench.hears("101", 300).any()


def test_who_waits_for_a_sound_of_the_clerk_hears_beeps_until_it_comes() -> None:
    talk = Conversation(
        lambda line, _: line.play(Prompt("vm-intro")),
        sound=lambda sound, **_: b"\x10\x10" * 8000 if sound.name == "vm-intro" else b"",
    )
    bench = talk.bench
    bench.run(150)
    bench.station("101").lower()
    bench.run(200)
    bench.clerk.held = True
    bench.station("101").lift()
    bench.run(20)
    bench.pbx.calls.sounds._prompts.clear()
    bench.dial("101", "201")
    assert not bench.hears("101", 150).any()
    assert power_at(bench.hears("101", 400), 440) > -55, "no beeps"
    bench.clerk.answer_all()
    assert (bench.hears("101", 99) == 0x1010).all(), "the sound does not begin at its beginning"
