"""AlsaPcm over two streams that behave like pyalsaaudio's, without a sound card."""

import errno
from collections import deque

import numpy as np
import pytest

from drivers.buses import PERIOD, Samples
from drivers.pcm import AlsaPcm, interleaved, planar
from drivers.slot_map import Coding, Stream

TWO = Stream(2)


class Card:
    """An alsaaudio.PCM in non-blocking mode: captured pieces come from a list, played ones go
    into one; answers of write() other than "all taken" are queued."""

    def __init__(self) -> None:
        self.captured: deque[tuple[int, bytes]] = deque()
        self.played: list[bytes] = []
        self.answers: deque[int] = deque()
        self.closed = self.dropped = 0

    def read(self) -> tuple[int, bytes]:
        return self.captured.popleft() if self.captured else (0, b"")

    def write(self, data: bytes) -> int:
        answer = self.answers.popleft() if self.answers else len(data) // 4
        if answer > 0:
            self.played.append(data[: answer * 4])
        return answer

    def drop(self) -> None:
        self.dropped += 1
        self.captured.clear()

    def polldescriptors(self) -> list[tuple[int, int]]:
        return [(42, 1)]

    def close(self) -> None:
        self.closed += 1


def period(start: int) -> Samples:
    """Two slots with samples that all differ."""
    return np.arange(start, start + 2 * PERIOD, dtype=np.int16).reshape(2, PERIOD)


def piece(samples: Samples) -> tuple[int, bytes]:
    return samples.shape[1], interleaved(samples, TWO)


class Port:
    """The port of two slots, started, with both its streams."""

    def __init__(self) -> None:
        self.playback, self.capture = Card(), Card()
        self.pcm = AlsaPcm(self.playback, self.capture, TWO)
        self.pcm.start()


def test_frames_are_interleaved_little_endian() -> None:
    samples = np.array([[1, -2], [0x0102, 4]], dtype=np.int16)
    assert interleaved(samples, TWO) == b"\x01\x00\x02\x01\xfe\xff\x04\x00"
    assert planar(interleaved(samples, TWO), TWO).tolist() == samples.tolist()


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
    assert port.playback.played[1] == interleaved(period(7), TWO)
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


class HaltingCard(Card):
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
    capture = HaltingCard()
    pcm = AlsaPcm(Card(), capture, TWO)
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
    assert port.playback.played[1:] == [bytes(2 * PERIOD * 2 * 2) + interleaved(period(1), TWO)]


def test_closing_twice_is_harmless() -> None:
    port = Port()
    port.pcm.close()
    port.pcm.close()
    assert (port.playback.closed, port.capture.closed) == (1, 1)


def test_short_write_is_counted_and_made_good() -> None:
    port = Port()
    port.playback.answers.append(30)
    port.pcm.write(period(1))
    assert (port.pcm.short_writes, port.pcm.lost_periods) == (1, 0)
    port.pcm.write(period(500))
    sent = b"".join(port.playback.played[1:])
    assert sent == interleaved(period(1), TWO) + interleaved(period(500), TWO)


def test_card_that_stays_nearly_full_delays_by_less_than_a_period() -> None:
    port = Port()
    port.playback.answers.extend([30, 60, 0, 80, 80])
    for start in (1, 1000, 2000, 3000, 4000):
        port.pcm.write(period(start))
    assert (port.pcm.lost_periods, port.pcm.short_writes) == (1, 4)
    sent = b"".join(port.playback.played[1:])
    whole = b"".join(interleaved(period(start), TWO) for start in (1, 1000, 3000, 4000))
    assert sent == whole[: len(sent)]
    assert len(whole) - len(sent) < PERIOD * 4


def test_each_stop_of_a_stream_is_an_xrun_and_a_full_buffer_is_none() -> None:
    port = Port()
    port.playback.answers.extend([0, -errno.EPIPE])
    port.pcm.write(period(1))
    assert port.pcm.xruns == 0
    port.pcm.write(period(1))
    assert port.pcm.xruns == 1
    port.capture.captured.append((-errno.EPIPE, b""))
    assert port.pcm.read() is not None
    assert port.pcm.xruns == 2


def test_restart_forgets_both_streams_and_begins_with_the_lead() -> None:
    port = Port()
    port.playback.answers.append(30)
    port.pcm.write(period(1))
    port.capture.captured.append(piece(period(100)[:, :30]))
    assert port.pcm.read() is None
    port.pcm.restart()
    assert (port.playback.dropped, port.capture.dropped) == (1, 1)
    assert port.playback.played[-1] == bytes(2 * PERIOD * 2 * 2)
    port.capture.captured.append(piece(period(1)))
    heard = port.pcm.read()
    assert heard is not None
    assert (heard == period(1)).all()


# --- slots of a law ------------------------------------------------------------------------------

EIGHT, FOUR = Stream(8, Coding.MU_LAW), Stream(4, Coding.A_LAW)


def codes(octets: bytes, width: int) -> list[int]:
    """What a chip sees on the wire: each little-endian word with its most significant bit first."""
    words = [octets[at : at + width] for at in range(0, len(octets), width)]
    return [octet for word in words for octet in int.from_bytes(word, "little").to_bytes(width)]


def test_eight_mu_law_slots_fill_a_frame_of_two_words() -> None:
    samples = np.array([[-32124], [-31100], [0], [32124], [8], [-8], [988], [-988]], np.int16)
    octets = interleaved(samples, EIGHT)
    assert codes(octets, 4) == [0x00, 0x01, 0xFF, 0x80, 0xFE, 0x7E, 0xC0 | 0x0E, 0x4E]
    assert octets[:4] == bytes([0x80, 0xFF, 0x01, 0x00]), "octets in memory: slots 3 2 1 0"
    assert planar(octets, EIGHT).tolist() == samples.tolist()


def test_four_a_law_slots_are_a_stereo_frame_of_16_bits() -> None:
    samples = np.array([[8], [-8], [32256], [-32256]], np.int16)
    octets = interleaved(samples, FOUR)
    assert codes(octets, 2) == [0xD5, 0x55, 0xAA, 0x2A]
    assert planar(octets, FOUR).tolist() == samples.tolist()


@pytest.mark.parametrize("stream", [EIGHT, FOUR])
def test_every_code_passes_a_law_stream_unchanged(stream: Stream) -> None:
    octets = np.tile(np.arange(256, dtype=np.uint8), stream.slots).tobytes()
    if stream.coding is Coding.MU_LAW:  # its negative zero is sent as the positive one
        octets = octets.replace(b"\x7f", b"\xff")
    assert interleaved(planar(octets, stream), stream) == octets


def test_silence_of_a_law_is_its_zero_and_not_the_octet_0() -> None:
    capture, playback = Card(), Card()
    pcm = AlsaPcm(playback, capture, EIGHT)
    pcm.start()
    assert set(playback.played[0]) == {0xFF}
    capture.captured.append((-errno.EPIPE, b""))
    heard = pcm.read()
    assert heard is not None
    assert heard.shape == (8, PERIOD)
    assert not heard.any()
