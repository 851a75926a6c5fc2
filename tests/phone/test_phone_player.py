"""Players and recorders, sample by sample."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from app.phone.calls.line import Recorded
from app.phone.jobs import JobFailed
from app.phone.sound import audio
from app.phone.sound.detectors import Detectors
from app.phone.sound.player import PIECE, Player, Sounds, Source
from app.phone.sound.recorder import DIGIT_CUT, Recorder, Tape
from app.phone.sound.sounds import (
    ClerkSound,
    Greeting,
    MessageAudio,
    Pause,
    Pcm,
    Prompt,
    Sound,
    Spoken,
)
from drivers.buses import PERIOD, Samples
from drivers.countries import country
from tests.kit.phone import StubClerk

US = country("us").tones


def ramp(count: int, start: int = 1) -> Samples:
    """Samples that are all different within 30,000, so that a slip of one would show."""
    return ((np.arange(count) + start) % 30000 + 1).astype(np.int16)


class Shelf:
    """Sounds by their job name, given in pieces as the clerk does."""

    def __init__(self, **sounds: Samples) -> None:
        self.sounds = sounds
        self.clerk = StubClerk(sound=self.give)

    def give(self, sound: ClerkSound, start: int, count: int) -> bytes:
        assert isinstance(sound, Prompt | MessageAudio)
        name = sound.name if isinstance(sound, Prompt) else str(sound.entry)
        if name not in self.sounds:
            raise JobFailed(f"no {name}")
        return audio.to_bytes(self.sounds[name][start : start + count])


class Played:
    """A player run to its end, or for some periods."""

    def __init__(self, sources: list[Source]) -> None:
        self.ends: list[JobFailed | None] = []
        self.player = Player(sources, self.ends.append)
        self.rows: list[Samples] = []

    def run(self, periods: int = 10_000) -> Samples:
        for _ in range(periods):
            row = np.zeros(PERIOD, np.int16)
            going = self.player.fill(row)
            self.rows.append(row)
            if not going:
                break
        return np.concatenate(self.rows)


def test_player_plays_sounds_without_a_gap() -> None:
    shelf = Shelf(one=ramp(100), two=ramp(333, 500))
    sounds = Sounds(shelf.clerk, US)
    order: list[Sound] = [Prompt("one"), Pcm(ramp(7, 90)), Prompt("two"), Pause(2), Prompt("one")]
    played = Played([sounds.source(sound) for sound in order])
    whole = played.run()
    expected = np.concatenate(
        [ramp(100), ramp(7, 90), ramp(333, 500), np.zeros(16, np.int16), ramp(100)]
    )
    assert np.array_equal(whole[: len(expected)], expected)
    assert not whole[len(expected) :].any()
    assert played.ends == [None]


def test_player_asks_for_a_long_sound_two_seconds_ahead_and_no_more() -> None:
    long = ramp(5 * PIECE + 17)
    shelf = Shelf(**{"12": long})
    played = Played([Sounds(shelf.clerk, US).source(MessageAudio(12))])
    assert [arguments["start"] for _, arguments in shelf.clerk.asked] == [0, PIECE]
    played.run(1)
    assert len(shelf.clerk.asked) == 2
    played.run(PIECE // PERIOD)
    assert [arguments["start"] for _, arguments in shelf.clerk.asked] == [0, PIECE, 2 * PIECE]
    whole = played.run()
    assert np.array_equal(whole[: len(long)], long)
    assert not whole[len(long) :].any()


def test_player_ends_a_sound_of_exactly_one_piece() -> None:
    shelf = Shelf(**{"12": ramp(PIECE)})
    played = Played([Sounds(shelf.clerk, US).source(MessageAudio(12))])
    assert np.array_equal(played.run()[:PIECE], ramp(PIECE))
    assert played.ends == [None]


def test_player_with_a_late_clerk_is_silent_and_loses_nothing() -> None:
    long = ramp(3 * PIECE)
    shelf = Shelf(**{"12": long})
    sounds = Sounds(shelf.clerk, US)
    shelf.clerk.held = True
    played = Played([sounds.source(MessageAudio(12))])
    assert not played.run(5).any()
    assert sounds.late.periods == 0  # it has not begun yet
    shelf.clerk.answer_all()
    played.run(2 * PIECE // PERIOD + 3)
    assert sounds.late.periods == 3
    shelf.clerk.answer_all()
    shelf.clerk.held = False
    whole = played.run()
    heard = np.concatenate([whole[5 * PERIOD :][: 2 * PIECE], whole[8 * PERIOD + 2 * PIECE :]])
    assert np.array_equal(heard[: len(long)], long)


def test_player_with_a_failed_sound_ends_with_the_reason() -> None:
    shelf = Shelf(one=ramp(100))
    sounds = Sounds(shelf.clerk, US)
    played = Played([sounds.source(Prompt(name)) for name in ("one", "none", "one")])
    whole = played.run()
    assert np.array_equal(whole[:100], ramp(100)) and not whole[100:].any()
    assert [str(end) for end in played.ends] == ["no none"]


def test_prompt_in_two_languages_is_two_prompts() -> None:
    clerk = StubClerk(sound=lambda sound, **_: audio.to_bytes(ramp(len(sound.language or ""))))
    sounds = Sounds(clerk, US)
    for language, length in (("de", 2), (None, 0), ("de", 2)):
        whole = Played([sounds.source(Prompt("one", language))]).run()
        assert np.array_equal(whole[:length], ramp(length)) and not whole[length:].any()
    assert len(clerk.asked) == 2, "the first was kept"


def test_sounds_keep_prompts_up_to_a_limit() -> None:
    shelf = Shelf(one=ramp(400), two=ramp(400), three=ramp(400))
    sounds = Sounds(shelf.clerk, US, most_samples=900)

    def asked(name: str) -> int:
        before = len(shelf.clerk.asked)
        played = Played([sounds.source(Prompt(name))])
        assert np.array_equal(played.run()[:400], ramp(400))
        return len(shelf.clerk.asked) - before

    counts = [asked(name) for name in ("one", "two", "one", "three", "one", "two")]
    assert counts == [1, 1, 0, 1, 0, 1]  # "two" was heard longest ago when "three" came


@pytest.mark.parametrize(
    "sound", [Prompt("a/b", "de"), Spoken("hi"), MessageAudio(3), Greeting(4, "busy")]
)
def test_sound_of_the_clerk_is_asked_for_when_its_source_is_made(sound: Sound) -> None:
    clerk = StubClerk(sound=lambda **_: b"")
    Sounds(clerk, US).source(sound)
    assert clerk.asked == [("sound", {"sound": sound, "start": 0, "count": PIECE})]


class HeardTape(Tape):
    """A tape behind the detectors that tell it of silence, as a mixer has it."""

    def __init__(self, places: int) -> None:
        self._detectors = Detectors(places)
        super().__init__(places, self._detectors.quiet)

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        self._detectors.hear(heard)
        super().hear(heard, scripts)


class Taken:
    """A recorder and what came of it."""

    def __init__(self, limit: int = 10_000, silence: int = 1000) -> None:
        self.pieces: list[bytes] = []
        self.ends: list[Recorded] = []
        self.recorder = Recorder(self.pieces.append, limit, silence, self._ended)
        self.tape = HeardTape(1)
        self.tape.record(0, self.recorder)

    def _ended(self, recorded: Recorded) -> None:
        self.ends.append(recorded)
        self.tape.record(0, None)

    def hear(self, samples: Samples) -> None:
        for row in samples.reshape(-1, 1, PERIOD):
            self.tape.hear(row)

    @property
    def octets(self) -> bytes:
        return b"".join(self.pieces)


def test_recording_is_whole_and_comes_in_pieces_of_a_second() -> None:
    taken, said = Taken(), ramp(347 * PERIOD)
    taken.hear(said)
    taken.recorder.end("hung up")
    assert taken.octets == audio.to_bytes(said)
    assert [len(piece) // 160 for piece in taken.pieces] == [100, 100, 100, 47]
    assert taken.ends == [Recorded(347, "hung up")]


@pytest.mark.parametrize("periods", [1, 3, 50, 103, 205, 206, 207])
def test_recording_ended_by_a_digit_is_cut_before_its_tone(periods: int) -> None:
    taken, said = Taken(), ramp(periods * PERIOD)
    taken.hear(said)
    taken.recorder.end("digit", "#")
    left = max(periods - DIGIT_CUT, 0)
    assert taken.octets == audio.to_bytes(said[: left * PERIOD])
    assert taken.ends == [Recorded(left, "digit", "#")]
    assert max((len(piece) for piece in taken.pieces), default=0) <= 16000


def test_recording_ends_at_its_limit_to_the_period() -> None:
    taken = Taken(limit=250)
    taken.hear(ramp(400 * PERIOD))
    assert taken.ends == [Recorded(250, "limit")]
    assert taken.octets == audio.to_bytes(ramp(250 * PERIOD))


def test_recording_ends_by_silence_that_no_word_interrupts() -> None:
    noise = np.random.default_rng(1).standard_normal((1000, PERIOD)) * 12  # -66 dBm0
    said = noise.astype(np.int16)
    said[100] = audio.sine((500.0,), -25.0, PERIOD)
    taken = Taken(silence=290)
    taken.hear(said.reshape(-1))
    assert [end.why for end in taken.ends] == ["silence"]
    assert taken.ends[0].periods == 400  # judged every 25 periods


@pytest.mark.parametrize("seed", range(8))
def test_silence_ends_a_recording_at_the_first_look_that_finds_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    word, said = audio.sine((500.0,), -25.0, PERIOD), np.zeros((900, PERIOD), np.int16)
    spoken = np.flatnonzero(random.random(600) < 0.03)
    said[spoken] = word
    taken = Taken(silence=60)
    taken.hear(said.reshape(-1))
    quiet = [heard - 1 - max(spoken[spoken < heard], default=-1) for heard in range(901)]
    assert taken.ends[0].periods == next(at for at in range(25, 901, 25) if quiet[at] >= 60)


def test_who_talks_is_looked_at_for_pieces_and_hardly_for_silence() -> None:
    taken, dues = Taken(silence=500), set[int]()
    for _ in range(1000):
        taken.hear(audio.sine((500.0,), -25.0, PERIOD))
        dues.add(taken.recorder.due)
    assert len(dues) < 20, "ten pieces, and twice in 10 s for silence of 5 s"


def test_recordings_of_many_lines_are_told_apart_and_another_begins_where_one_has_ended() -> None:
    tape, pieces, ends = HeardTape(3), [list[bytes]() for _ in range(4)], list[Recorded]()
    said = ramp(3 * 300 * PERIOD).reshape(300, 3, PERIOD)
    recorders = [Recorder(piece.append, 1000, 1000, ends.append) for piece in pieces]
    for number, frame in enumerate(said):
        if number in (0, 7, 120):
            line = (0, 7, 120).index(number)
            tape.record(line, recorders[line])
        if number == 133:
            recorders[1].end("hung up")
            tape.record(1, recorders[3])
        tape.hear(frame)
    for recorder in (recorders[0], recorders[2], recorders[3]):
        recorder.end("hung up")
    heard = [b"".join(piece) for piece in pieces]
    spans = [said[:, 0], said[7:133, 1], said[120:, 2], said[133:, 1]]
    assert heard == [audio.to_bytes(np.ascontiguousarray(span)) for span in spans]
    assert [one.periods for one in ends] == [126, 300, 180, 167]


def test_recording_of_a_script_is_of_its_own_place() -> None:
    tape, pieces, said = HeardTape(2), list[bytes](), ramp(30 * PERIOD).reshape(30, PERIOD)
    recorder = Recorder(pieces.append, 1000, 1000, lambda _: None)
    tape.record(4, recorder)
    for row in said:
        tape.hear(np.zeros((2, PERIOD), np.int16), [(2, row[::-1]), (4, row)])
    recorder.end("hung up")
    assert b"".join(pieces) == audio.to_bytes(said)


def test_lines_that_began_together_give_whole_seconds_a_few_in_each_beat() -> None:
    lines, seconds = 48, 3
    tape, given = HeardTape(lines), list[tuple[int, int]]()
    pieces = [list[bytes]() for _ in range(lines)]

    def sink(line: int) -> Callable[[bytes], None]:
        def take(piece: bytes) -> None:
            given.append((tape.now, line))
            pieces[line].append(piece)

        return take

    recorders = [Recorder(sink(line), 1000, 1000, lambda _: None) for line in range(lines)]
    for line, recorder in enumerate(recorders):
        tape.record(line, recorder)
    said = ramp(lines * (100 * seconds + 50) * PERIOD).reshape(-1, lines, PERIOD)
    for frame in said:
        tape.hear(frame)
    in_beats = Counter(now for now, _ in given)
    assert max(in_beats.values()) <= 13
    assert max((now - DIGIT_CUT) % 100 for now in in_beats) < 16
    for line, recorder in enumerate(recorders):
        recorder.end("hung up")
        assert [len(piece) for piece in pieces[line]] == [16_000] * seconds + [8_000]
        assert b"".join(pieces[line]) == audio.to_bytes(np.ascontiguousarray(said[:, line]))


def test_lines_that_began_one_after_the_other_give_their_pieces_in_the_same_beats() -> None:
    tape, given = HeardTape(24), Counter[int]()
    for line in range(24):
        recorder = Recorder(lambda _: given.update([tape.now]), 1000, 1000, lambda _: None)
        tape.record(line, recorder)
        for _ in range(4):
            tape.hear(np.zeros((24, PERIOD), np.int16))
    for _ in range(400):
        tape.hear(np.zeros((24, PERIOD), np.int16))
    assert all(now % 8 == 0 for now in given)
    assert given.total() > 24 * 3 and len(given) < given.total() / 1.5


def test_piece_that_waits_is_given_whole_when_the_recording_ends_first() -> None:
    tape, pieces = HeardTape(20), [list[bytes]() for _ in range(20)]
    recorders = [Recorder(piece.append, 1000, 1000, lambda _: None) for piece in pieces]
    for line, recorder in enumerate(recorders):
        tape.record(line, recorder)
    said = ramp(20 * 112 * PERIOD).reshape(112, 20, PERIOD)
    for frame in said:
        tape.hear(frame)
    assert sum(bool(piece) for piece in pieces) == 6, "a few in each beat of those that give any"
    for line, recorder in enumerate(recorders):
        recorder.end("digit", "#")
        assert [len(piece) // 160 for piece in pieces[line]] == [100, 7]
        assert b"".join(pieces[line]) == audio.to_bytes(np.ascontiguousarray(said[:107, line]))
