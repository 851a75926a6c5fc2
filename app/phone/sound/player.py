"""Playing: sources of sound that fill one period at a time, and the player that chains them.

A source that depends on the clerk asks for at least AHEAD_S seconds in advance. When the clerk is
late after all, the line hears silence, the sound goes on where it stopped, and it is counted. When
the silence lasts, a moment is asked for in words, and soft beeps follow (Patience).
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from app.phone.calls.scripting import Wait
from app.phone.jobs import Clerk, JobFailed
from app.phone.sound import audio, dsp
from app.phone.sound.shared_reads import Reads, SharedReads
from app.phone.sound.sounds import ClerkSound, CountryTone, Pause, Pcm, Played, Prompt, Sound, Tone
from app.phone.sound.tones import WAITING
from app.phone.timers import CLERK_PATIENCE
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries import Tones

AHEAD_S = 2
PIECE = AHEAD_S * SAMPLE_RATE
"""Samples asked of the clerk at a time; the next piece is asked for when one is begun."""


_PIECES_KEPT = 6
"""Of a recording that can be moved in: 12 s, of which going back needs 3."""
_NOTHING: Samples = np.zeros(0, np.int16)


class Source(Protocol):
    """Something that can be played once, from its beginning."""

    def fill(self, row: Samples, start: int) -> int:
        """Write samples to row[start:], `start` from 0; how many. Fewer than fit: it is over.

        Raises JobFailed if the clerk cannot give the sound.
        """
        ...

    def close(self) -> None:
        """It will not be played further."""
        ...


class PcmSource:
    """Samples that are in memory."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._position = 0

    def fill(self, row: Samples, start: int) -> int:
        """See Source: samples are written from index `start` on."""
        piece = self._samples[self._position : self._position + PERIOD - start]
        row[start : start + len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """See Source."""


class SilenceSource:
    """Nothing, for a time."""

    def __init__(self, ms: int) -> None:
        self._left = ms * audio.PER_MS

    def fill(self, row: Samples, start: int) -> int:
        """See Source: samples are written from index `start` on."""
        count = min(self._left, PERIOD - start)
        self._left -= count
        return count

    def close(self) -> None:
        """See Source."""


class ToneSource:
    """A tone with its cadence, counted in samples; endless if its `repeat` is 0."""

    def __init__(self, tone: Tone) -> None:
        self._enter(tone)

    def _enter(self, tone: Tone) -> None:
        self._loop = audio.loop(tone)
        self._turn = len(self._loop) - PERIOD
        self._position = 0
        self._left = tone.repeat * self._turn if tone.repeat else -1
        self._then = tone.then

    def fill(self, row: Samples, start: int) -> int:
        """See Source: samples are written from index `start` on."""
        at = start
        while at < PERIOD:
            count = PERIOD - at
            if 0 <= self._left < count:
                count = self._left
            row[at : at + count] = self._loop[self._position : self._position + count]
            self._position = (self._position + count) % self._turn
            at += count
            if self._left > 0:
                self._left -= count
            if self._left == 0:
                if self._then is None:
                    break
                self._enter(self._then)
        return at - start

    def close(self) -> None:
        """See Source."""


class Late:
    """How many periods heard silence because the clerk was late."""

    def __init__(self) -> None:
        self.periods = 0


class Patience:
    """What is heard while the clerk keeps somebody waiting; its words are fetched beforehand."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._words: Wait[bytes] | None = None

    def prepare(self) -> None:
        """Fetch the words, now that nobody waits for them."""
        self._words = self._clerk.sound(Prompt("one-moment-please"), 0, 2 * PIECE)

    def sources(self) -> list[Source]:
        """One moment, please, if that could be fetched; then beeps without end."""
        beeps = ToneSource(WAITING)
        if self._words is None or not self._words.done:
            return [beeps]
        try:
            words = audio.from_bytes(self._words.result())
        except JobFailed:  # in the log where it was asked for
            return [beeps]
        return [PcmSource(words), beeps]


class Meanwhile:
    """What is heard in the place of a sound that does not come: silence, then patience."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._silent = 0  # samples since the last one of the sound
        self._player: Player | None = None

    def over(self) -> None:
        """The sound has come."""
        self._silent, self._player = 0, None

    def fill(self, rest: Samples) -> None:
        """The rest of a period for which the sound has not come."""
        self._silent += len(rest)
        if self._silent < CLERK_PATIENCE.ms * audio.PER_MS or len(rest) < PERIOD:
            return
        if self._player is None:
            self._player = Player(self._patience.sources(), lambda _: None)
        self._player.fill(rest)


class ClerkSource:
    """A sound that the clerk has, fetched piece by piece ahead of its playing."""

    def __init__(
        self,
        clerk: Reads,
        sound: ClerkSound,
        late: Late,
        patience: Patience,
        whole: Callable[[Samples], None] | None = None,
    ) -> None:
        self._clerk, self._sound, self._late, self._whole = clerk, sound, late, whole
        self._meanwhile = Meanwhile(patience)
        self._asked = 0
        self._waits: deque[Wait[bytes]] = deque()
        self._kept: list[Samples] = []
        self._pieces: deque[Samples] = deque()
        self._position = 0
        self._complete = False
        self._begun = False
        self._failure: JobFailed | None = None
        self._ask()

    def fill(self, row: Samples, start: int) -> int:
        """See Source: samples are written from index `start` on."""
        self._take_answers()
        at = start
        while at < PERIOD and self._pieces:
            self._begun = True
            self._meanwhile.over()
            piece = self._pieces[0]
            part = piece[self._position : self._position + PERIOD - at]
            row[at : at + len(part)] = part
            at += len(part)
            self._position += len(part)
            if self._position >= len(piece):
                self._pieces.popleft()
                self._position = 0
                self._ask()
        if at < PERIOD and self._failure is not None:
            raise self._failure
        if at < PERIOD and not self._complete:
            self._late.periods += self._begun
            self._meanwhile.fill(row[at:])
            return PERIOD - start
        return at - start

    def close(self) -> None:
        """See Source."""
        while self._waits:
            self._waits.popleft().give_up()

    def _ask(self) -> None:
        """Keep one piece beyond the one that is being played."""
        while not self._complete and len(self._pieces) + len(self._waits) < 2:
            self._waits.append(self._clerk.sound(self._sound, self._asked, PIECE))
            self._asked += PIECE
            self._take_answers()

    def _take_answers(self) -> None:
        while self._waits and self._waits[0].done:
            self._arrived(self._waits.popleft())

    def _arrived(self, wait: Wait[bytes]) -> None:
        if self._complete:
            return
        try:
            piece = audio.from_bytes(wait.result())
        except JobFailed as problem:
            self._failure = problem
            self._complete = True
            return
        if self._whole is not None:
            self._kept.append(piece)
        if len(piece):
            self._pieces.append(piece)
        if len(piece) < PIECE:
            self._complete = True
            if self._whole is not None:
                self._whole(np.concatenate(self._kept))


class RecordingSource:
    """A recording of the clerk from a playhead on, which may be moved while it is played.

    Pieces are asked for as they are needed, one ahead; the last few stay with the playhead. Its
    cost in one period is bounded: at twice the speed, two periods are taken for one.
    """

    def __init__(self, clerk: Clerk, played: Played, late: Late, patience: Patience) -> None:
        self._clerk, self._sound, self._head, self._late = clerk, played.sound, played.head, late
        self._meanwhile = Meanwhile(patience)
        self._waits: dict[int, Wait[bytes]] = {}
        self._scale: dsp.TimeScale | None = None
        self._ready: Samples = _NOTHING
        self._at = self._head.position
        self._begun = False
        self._fetch(self._at // PIECE)

    def fill(self, row: Samples, start: int) -> int:
        """See Source: samples are written from index `start` on."""
        self._take_answers()
        if self._head.position != self._at:
            self._at, self._ready, self._scale = self._head.position, _NOTHING, None
        room = PERIOD - start
        ended = False
        while len(self._ready) < room and not ended:
            taken = self._take()
            if taken is None:
                self._late.periods += self._begun
                self._meanwhile.fill(row[start:])
                return room
            ended = len(taken) < PERIOD
            self._ready = np.concatenate((self._ready, self._scaled(taken)))
        self._begun = True
        self._meanwhile.over()
        part, self._ready = self._ready[:room], self._ready[room:]
        row[start : start + len(part)] = self._louder(part)
        return len(part)

    def close(self) -> None:
        """See Source."""
        for wait in self._waits.values():
            wait.give_up()
        self._waits.clear()

    def _take(self) -> Samples | None:
        """The next period of the recording, less at its end; None: it has not come yet."""
        number, offset = divmod(self._at, PIECE)
        piece = self._piece(number)
        if piece is None:
            return None
        taken = piece[offset : offset + PERIOD]
        if len(taken) < PERIOD and len(piece) == PIECE:
            following = self._piece(number + 1)
            if following is None:
                return None
            taken = np.concatenate((taken, following[: PERIOD - len(taken)]))
        self._at += len(taken)
        self._head.position = self._at
        return taken

    def _piece(self, number: int) -> Samples | None:
        piece = self._head.fetched.get(number)
        if piece is None or len(piece) == PIECE:
            self._fetch(number, number + 1)
            self._take_answers()
        return self._head.fetched.get(number)

    def _fetch(self, *numbers: int) -> None:
        for number in numbers:
            if number not in self._head.fetched and number not in self._waits:
                self._waits[number] = self._clerk.sound(self._sound, number * PIECE, PIECE)

    def _take_answers(self) -> None:
        for number in [number for number, wait in self._waits.items() if wait.done]:
            fetched = self._head.fetched
            fetched[number] = audio.from_bytes(self._waits.pop(number).result())
            if len(fetched) > _PIECES_KEPT:
                here = self._at // PIECE
                del fetched[max(fetched, key=lambda one: abs(one - here))]

    def _scaled(self, taken: Samples) -> Samples:
        speed = self._head.speed
        if speed == 1.0:
            self._scale = None
            return taken
        if self._scale is None or self._scale.speed != speed:
            self._scale = dsp.TimeScale(speed)
        return self._scale.scaled(np.ascontiguousarray(taken))

    def _louder(self, part: Samples) -> Samples:
        if self._head.gain_db == 0.0:
            return part
        return audio.saturated(np.rint(part * 10.0 ** (self._head.gain_db / 20.0)))


class Sounds:
    """Makes sources of names; keeps the prompts that were played last."""

    def __init__(self, clerk: Clerk, tones: Tones, most_samples: int = 4_000_000) -> None:
        self._clerk, self._tones = clerk, tones
        self._prompts: OrderedDict[Prompt, Samples] = OrderedDict()
        self._reads = SharedReads(clerk, self._whole)
        self._room = most_samples
        self.late = Late()
        self.patience = Patience(clerk)

    def source(self, sound: Sound) -> Source:
        """A fresh source; one that needs the clerk has asked already."""
        if isinstance(sound, Tone):
            return ToneSource(sound)
        if isinstance(sound, CountryTone):
            tone = self._tones.busy if sound.name == "busy" else self._tones.reorder
            return ToneSource(replace(tone, repeat=sound.cadences, then=None))
        if isinstance(sound, Pcm):
            return PcmSource(sound.samples)
        if isinstance(sound, Pause):
            return SilenceSource(sound.ms)
        if isinstance(sound, Prompt):
            return self._prompt(sound)
        if isinstance(sound, Played):
            return RecordingSource(self._clerk, sound, self.late, self.patience)
        return ClerkSource(self._clerk, sound, self.late, self.patience)

    def _prompt(self, prompt: Prompt) -> Source:
        kept = self._prompts.get(prompt)
        if kept is None:
            keep = lambda samples: self._keep(prompt, samples)  # noqa: E731
            return ClerkSource(self._reads, prompt, self.late, self.patience, keep)
        self._prompts.move_to_end(prompt)
        return PcmSource(kept)

    def _whole(self, sound: ClerkSound) -> Samples | None:
        return self._prompts.get(sound) if isinstance(sound, Prompt) else None

    def _keep(self, prompt: Prompt, samples: Samples) -> None:
        self._reads.forget(prompt)
        if prompt in self._prompts:
            return
        self._prompts[prompt] = samples
        self._room -= len(samples)
        while self._room < 0:
            self._room += len(self._prompts.popitem(last=False)[1])


class Player:
    """Plays sources in order without gaps.

    `ended` is called once: with None when the last one is over, with the failure if one cannot be
    played (the rest is not played then).
    """

    def __init__(
        self, sources: Sequence[Source], ended: Callable[[JobFailed | None], None]
    ) -> None:
        self._sources = deque(sources)
        self._ended = ended

    def fill(self, row: Samples) -> bool:
        """The next period into row (which is silent); False when nothing is left to play."""
        at = 0
        try:
            while self._sources:
                at += self._sources[0].fill(row, at)
                if at >= PERIOD:
                    return True
                self._sources.popleft().close()
        except JobFailed as problem:
            self.close()
            self._ended(problem)
        else:
            self._ended(None)
        return False

    def close(self) -> None:
        """Stop; `ended` is not called."""
        while self._sources:
            self._sources.popleft().close()
