"""AlsaPcm over two streams that behave like pyalsaaudio's, without a sound card."""

import errno
from collections import deque

import numpy as np
import pytest

from drivers.buses import PERIOD, Samples
from drivers.pcm import AlsaPcm, interleaved, planar


class Stream:
    """An alsaaudio.PCM in non-blocking mode: captured pieces come from a list, played ones go
    into one; answers of write() other than "all taken" are queued."""

    def __init__(self) -> None:
        self.captured: deque[tuple[int, bytes]] = deque()
        self.played: list[bytes] = []
        self.answers: deque[int] = deque()
        self.closed = 0

    def read(self) -> tuple[int, bytes]:
        return self.captured.popleft() if self.captured else (0, b"")

    def write(self, data: bytes) -> int:
        answer = self.answers.popleft() if self.answers else len(data) // 4
        if answer > 0:
            self.played.append(data)
        return answer

    def polldescriptors(self) -> list[tuple[int, int]]:
        return [(42, 1)]

    def close(self) -> None:
        self.closed += 1


def period(start: int) -> Samples:
    """Two slots with samples that all differ."""
    return np.arange(start, start + 2 * PERIOD, dtype=np.int16).reshape(2, PERIOD)


def piece(samples: Samples) -> tuple[int, bytes]:
    return samples.shape[1], interleaved(samples)


class Port:
    """The port of two slots, started, with both its streams."""

    def __init__(self) -> None:
        self.playback, self.capture = Stream(), Stream()
        self.pcm = AlsaPcm(self.playback, self.capture, slots=2)
        self.pcm.start()


def test_frames_are_interleaved_little_endian() -> None:
    samples = np.array([[1, -2], [0x0102, 4]], dtype=np.int16)
    assert interleaved(samples) == b"\x01\x00\x02\x01\xfe\xff\x04\x00"
    assert planar(interleaved(samples), 2).tolist() == samples.tolist()


def test_the_lead_goes_out_in_one_write() -> None:
    port = Port()
    assert port.playback.played == [bytes(2 * PERIOD * 2 * 2)]
    assert port.pcm.fileno() == 42


def test_periods_pass_both_ways() -> None:
    port = Port()
    port.capture.captured.extend([piece(period(1)), piece(period(-500))])
    first, second, third = port.pcm.read(), port.pcm.read(), port.pcm.read()
    assert first is not None
    assert second is not None
    assert third is None
    assert (first == period(1)).all()
    assert (second == period(-500)).all()
    port.pcm.write(period(7))
    assert port.playback.played[1] == interleaved(period(7))
    assert port.pcm.lost_periods == 0


def test_a_period_in_pieces_is_put_together() -> None:
    port = Port()
    whole = period(100)
    port.capture.captured.append(piece(whole[:, :30]))
    assert port.pcm.read() is None
    port.capture.captured.append(piece(whole[:, 30:]))
    heard = port.pcm.read()
    assert heard is not None
    assert (heard == whole).all()


def test_an_overrun_is_one_silent_period_and_the_beat_goes_on() -> None:
    port = Port()
    port.capture.captured.append(piece(period(100)[:, :30]))
    assert port.pcm.read() is None
    port.capture.captured.extend([(-errno.EPIPE, b""), piece(period(1))])
    silent, heard = port.pcm.read(), port.pcm.read()
    assert silent is not None
    assert heard is not None
    assert silent.shape == (2, PERIOD)
    assert not silent.any()
    assert (heard == period(1)).all()
    assert port.pcm.lost_periods == 1


class HaltingStream(Stream):
    """After an overrun it stands still until it is read, as ALSA does."""

    halted = False

    def read(self) -> tuple[int, bytes]:
        if self.halted:
            self.halted = False
            return 0, b""
        frames, octets = super().read()
        self.halted = frames < 0
        return frames, octets


def test_after_an_overrun_the_clock_runs_again_at_once() -> None:
    capture = HaltingStream()
    pcm = AlsaPcm(Stream(), capture, slots=2)
    pcm.start()
    capture.captured.append((-errno.EPIPE, b""))
    assert pcm.read() is not None
    assert not capture.halted, "its descriptor would never be readable again"


@pytest.mark.parametrize("answer", [0, -errno.EPIPE])
def test_late_playback_is_counted(answer: int) -> None:
    port = Port()
    port.playback.answers.append(answer)
    port.pcm.write(period(1))
    assert port.pcm.lost_periods == 1


def test_after_an_underrun_the_lead_is_there_again() -> None:
    port = Port()
    port.playback.answers.append(-errno.EPIPE)
    port.pcm.write(period(1))
    assert port.playback.played[1:] == [bytes(2 * PERIOD * 2 * 2) + interleaved(period(1))]


def test_closing_twice_is_harmless() -> None:
    port = Port()
    port.pcm.close()
    port.pcm.close()
    assert (port.playback.closed, port.capture.closed) == (1, 1)
