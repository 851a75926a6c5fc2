"""What a person at a handset and a person far away have in common: they speak and listen."""

from collections import deque
from pathlib import Path

from drivers.buses import PERIODS_PER_SECOND, Samples
from drivers.models.dtmf import digit_samples
from drivers.models.live import LiveVoice
from drivers.models.sound import SILENCE, LineRecording, PlayQueue, load_wav

REMEMBERED = 5 * PERIODS_PER_SECOND
"""Periods that are kept, for whoever asks a little late what was heard."""


class Party:
    """One person on a line, known by the jack's label."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.memory: deque[Samples] = deque(maxlen=REMEMBERED)
        """What was heard last, one row a period."""
        self.periods_heard = 0
        """Rows ever put into the memory."""
        self.live = LiveVoice()
        """What is said right now, by whoever operates the board."""
        self._play_queue = PlayQueue()
        self._recordings: list[LineRecording] = []

    @property
    def speaking(self) -> bool:
        """Whether something is left to say or to dial."""
        return self._play_queue.busy

    def say(self, sound: Samples | Path) -> None:
        """Speak samples or a WAV file, after what is being said. Raises NotPlayable."""
        self._play_queue.add(load_wav(sound) if isinstance(sound, Path) else sound)

    def dial(self, digits: str) -> None:
        """Press keys: 100 ms each, 100 ms apart. Raises ValueError for what is no key."""
        for press in [digit_samples(digit) for digit in digits]:
            self._play_queue.add(press)

    def hear(self, path: Path | None = None) -> LineRecording:
        """Record what is heard from here on, into memory or a WAV file, until it is closed."""
        recording = LineRecording(path)
        self._recordings.append(recording)
        return recording

    def close_recordings(self) -> None:
        """End all recordings of this party."""
        for recording in self._recordings:
            recording.close()
        self._recordings.clear()

    def speak(self) -> Samples | None:
        """The next period that is spoken; None is silence. Keys and files go before live sound."""
        live, planned = self.live.next_period(), self._play_queue.next_period()
        return live if planned is None else planned

    def listen(self, row: Samples | None) -> None:
        """A period is heard; None is silence. The row must not change afterwards."""
        if row is None:
            row = SILENCE
        elif row.base is not None:
            row = row.copy()  # or each row would keep its whole period of all slots in memory
        self.memory.append(row)
        self.periods_heard += 1
        if self._recordings:
            self._recordings = [r for r in self._recordings if not r.closed]
            for recording in self._recordings:
                recording.add(row)

    def heard_since(self, period: int) -> list[Samples]:
        """The rows heard since that count of `periods_heard`, as far as they are remembered."""
        wanted = min(self.periods_heard - period, len(self.memory))
        if wanted <= 0:
            return []
        return [self.memory[index] for index in range(-wanted, 0)]
