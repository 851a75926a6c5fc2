"""Samples that are played to a line and recorded from it: queues, WAV files."""

import logging
import wave
from collections import deque
from pathlib import Path

import numpy as np

from drivers.buses import PERIOD, SAMPLE_RATE, Samples

LONGEST_S = 1800
"""A WAV file that is longer is not played: it would be in memory as a whole."""
RATES = range(1000, 384_001)
"""Sample rates that can be played, in hertz."""

log = logging.getLogger(__name__)

SILENCE: Samples = np.zeros(PERIOD, np.int16)
SILENCE.flags.writeable = False


class NotPlayable(Exception):
    """A file is not a WAV that we can read; the text says why."""


class PlayQueue:
    """Samples waiting to be sent, given out period by period."""

    def __init__(self) -> None:
        self._waiting: deque[Samples] = deque()
        self._now: Samples | None = None
        self._at = 0

    @property
    def busy(self) -> bool:
        """Whether something is left to send."""
        return self._now is not None

    def add(self, samples: Samples) -> None:
        """Send these after what is waiting already."""
        if len(samples) == 0:
            return
        if self._now is None:
            self._now, self._at = samples, 0
        else:
            self._waiting.append(samples)

    def stop(self) -> None:
        """Drop what is waiting."""
        self._waiting.clear()
        self._now = None

    def next_period(self) -> Samples | None:
        """The next PERIOD samples, or None for silence."""
        now = self._now
        if now is None:
            return None
        end = self._at + PERIOD
        if end <= len(now):
            row = now[self._at : end]
            self._at = end
            if end == len(now):
                self._next()
            return row
        return self._patched(now)

    def _patched(self, now: Samples | None) -> Samples:
        """A period made of the ends of several pieces."""
        row = np.zeros(PERIOD, np.int16)
        filled = 0
        while now is not None and filled < PERIOD:
            piece = now[self._at : self._at + PERIOD - filled]
            row[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._at += len(piece)
            if self._at >= len(now):
                self._next()
            now = self._now
        return row

    def _next(self) -> None:
        self._now = self._waiting.popleft() if self._waiting else None
        self._at = 0


class LineRecording:
    """What somebody hears from here on: kept in memory, or written to a WAV file as it comes.

    The file is a whole WAV after each second and after close(). One that cannot be written any more
    ends the recording, and nothing else. Raises OSError if it cannot be made.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._rows: list[Samples] = []
        self._file = _wav_writer(path) if path is not None else None
        self.closed = False

    @property
    def samples(self) -> Samples:
        """All that was heard (of a recording to a file: what is not written yet)."""
        return np.concatenate(self._rows) if self._rows else np.zeros(0, np.int16)

    def add(self, row: Samples) -> None:
        """One period was heard."""
        self._rows.append(row)
        if self._file is not None and len(self._rows) >= SAMPLE_RATE // PERIOD:
            self._flush()

    def close(self) -> None:
        """Hear no more; calling it twice is harmless."""
        self.closed = True
        self._flush()
        file, self._file = self._file, None
        if file is not None:
            self._end(file)

    def _flush(self) -> None:
        if self._file is None:
            return
        try:
            self._file.writeframes(self.samples.astype("<i2").tobytes())
        except OSError as problem:
            log.warning("a recording ends, its file cannot be written: %s", problem)
            file, self._file = self._file, None
            self._end(file)
            self.closed = True
        self._rows.clear()

    @staticmethod
    def _end(file: wave.Wave_write) -> None:
        try:
            file.close()
        except OSError as problem:
            log.warning("the end of a recording cannot be written: %s", problem)


def _wav_writer(path: Path) -> wave.Wave_write:
    try:
        path.open("wb").close()  # wave would leave half an object behind where this fails
    except ValueError as error:  # a zero octet in the name
        raise OSError(0, str(error)) from error
    file = wave.open(str(path), "wb")  # noqa: SIM115  (closed by who asked for it)
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(SAMPLE_RATE)
    return file


def save_wav(path: Path, samples: Samples) -> None:
    """Write samples as a mono 16-bit WAV of 8 kHz."""
    with _wav_writer(path) as file:
        file.writeframes(samples.astype("<i2").tobytes())


def load_wav(path: Path) -> Samples:
    """Any linear PCM WAV as mono 8 kHz samples. Raises NotPlayable."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            if width not in (1, 2, 3, 4) or rate not in RATES:
                raise NotPlayable(f"{path}: {rate} Hz of {8 * width} bits cannot be played")
            if file.getnframes() > LONGEST_S * rate:
                raise NotPlayable(f"{path}: longer than {LONGEST_S // 60} minutes")
            octets = file.readframes(file.getnframes())
    except (OSError, EOFError, ValueError, wave.Error) as error:
        raise NotPlayable(f"{path}: {error}") from error
    linear = _linear(octets[: len(octets) // width * width], width)
    mono = linear[: len(linear) // channels * channels].reshape(-1, channels).mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = _resampled(mono, rate)
    samples: Samples = np.clip(np.rint(mono), -32_768, 32_767).astype(np.int16)
    return samples


def _linear(octets: bytes, width: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Octets of 1 (unsigned), 2, 3 or 4 bytes a sample, as values of the 16-bit scale."""
    if width == 1:
        return (np.frombuffer(octets, np.uint8).astype(np.float64) - 128) * 256
    if width == 2:
        return np.frombuffer(octets, "<i2").astype(np.float64)
    if width == 3:
        padded = np.zeros((len(octets) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(octets, np.uint8).reshape(-1, 3)
        octets = padded.tobytes()
    return np.frombuffer(octets, "<i4").astype(np.float64) / 65_536


def _resampled(
    samples: np.ndarray[tuple[int], np.dtype[np.float64]], rate: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Another sample rate, by cutting or extending the spectrum."""
    length = round(len(samples) * SAMPLE_RATE / rate)
    if length == 0:
        return samples[:0]
    spectrum = np.fft.rfft(samples)
    cut = np.zeros(length // 2 + 1, spectrum.dtype)
    kept = min(len(cut), len(spectrum))
    cut[:kept] = spectrum[:kept]
    return np.fft.irfft(cut, length) * (length / len(samples))
