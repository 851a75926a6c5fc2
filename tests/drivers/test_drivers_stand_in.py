"""The beat of a board whose codec is the clock: without a clock a timer makes it."""

import os
import select

import numpy as np

from drivers.board_spec import load_board
from drivers.buses import PERIOD, Samples
from drivers.linux_timer import LinuxTimer
from drivers.models.box import VirtualBox
from drivers.stand_in import StandInPcm
from scripts.image.work import PROJECT


class Card:
    """A card's port that has a clock or none."""

    def __init__(self) -> None:
        self.slots, self.lost_periods, self.xruns = 2, 0, 0
        self.waiting: list[Samples] = []
        self.written = 0
        self.open = True
        self.pipe = os.pipe()

    def start(self) -> None:
        """Streams are ready."""

    def restart(self) -> None:
        """Streams are ready again."""

    def fileno(self) -> int:
        return self.pipe[0]

    def tick(self) -> None:
        self.waiting.append(np.ones((2, PERIOD), np.int16))
        os.write(self.pipe[1], b".")

    def read(self) -> Samples | None:
        if not self.waiting:
            return None
        os.read(self.pipe[0], 1)
        return self.waiting.pop(0)

    def write(self, period: Samples) -> None:
        self.written += 1

    def close(self) -> None:
        self.open = False
        for end in self.pipe:
            os.close(end)


class HandTimer:
    """A timer moved by hand, in milliseconds."""

    def __init__(self) -> None:
        self.pipe = os.pipe()
        self.interval = self.past = 0

    def fileno(self) -> int:
        return self.pipe[0]

    def start(self, milliseconds: int) -> None:
        self.interval, self.past = milliseconds, 0

    def pass_by(self, milliseconds: int) -> None:
        self.past += milliseconds

    def expired(self) -> int:
        count, self.past = divmod(self.past, self.interval)
        return count

    def close(self) -> None:
        for end in self.pipe:
            os.close(end)


def port() -> tuple[StandInPcm, Card, HandTimer]:
    card, timer = Card(), HandTimer()
    pcm = StandInPcm(card, timer)
    pcm.start()
    return pcm, card, timer


SILENCE = np.zeros((2, PERIOD), np.int16)


def test_with_a_clock_it_is_the_card_s_port() -> None:
    pcm, card, timer = port()
    for _ in range(200):
        card.tick()
        timer.pass_by(10)
        heard = pcm.read()
        assert heard is not None
        assert heard.all()
        assert pcm.read() is None
        pcm.write(heard)
    assert card.written == 200
    assert pcm.lost_periods == 0
    pcm.close()


def test_without_a_clock_a_silent_period_comes_each_10_ms_and_counts_as_lost() -> None:
    pcm, card, timer = port()
    periods = 0
    for _ in range(120):
        timer.pass_by(10)
        heard = pcm.read()
        if heard is not None:
            assert not heard.any()
            assert heard.shape == (2, PERIOD)
            pcm.write(heard)
            periods += 1
    assert periods == 110
    assert pcm.lost_periods == 110
    assert card.written == 0
    pcm.close()


def test_a_clock_that_begins_and_stops_is_followed() -> None:
    pcm, card, timer = port()
    timer.pass_by(100)
    assert pcm.read() is None
    timer.pass_by(10)
    assert pcm.read() is not None
    card.tick()
    heard = pcm.read()
    assert heard is not None
    assert heard.any()
    pcm.write(SILENCE)
    assert card.written == 1
    assert pcm.read() is None
    timer.pass_by(100)
    assert pcm.read() is None, "something was heard in this interval"
    timer.pass_by(100)
    assert pcm.read() is None
    timer.pass_by(10)
    assert pcm.read() is not None
    pcm.close()


def test_a_late_beat_makes_up_for_few_periods() -> None:
    pcm, _, timer = port()
    timer.pass_by(100)
    pcm.read()
    timer.pass_by(1000)
    count = 0
    while pcm.read() is not None:
        count += 1
    assert count == 4
    pcm.close()


def test_one_descriptor_tells_of_both() -> None:
    pcm, card, timer = port()
    looks = select.poll()
    looks.register(pcm.fileno(), select.POLLIN)
    assert looks.poll(0) == []
    card.tick()
    assert len(looks.poll(0)) == 1
    pcm.read()
    assert looks.poll(0) == []
    os.write(timer.pipe[1], b".")
    assert len(looks.poll(0)) == 1
    pcm.close()
    assert not card.open


def test_the_kernel_s_timer_tells_its_intervals_once() -> None:
    timer = LinuxTimer()
    timer.start(10_000)
    assert timer.expired() == 0
    timer.start(1)
    ready, _, _ = select.select([timer], [], [], 10)
    assert ready == [timer]
    assert timer.expired() >= 1
    timer.start(10_000)
    assert timer.expired() == 0
    timer.close()
    timer.close()


def test_the_box_s_port_counts_periods_without_the_codec_s_clock() -> None:
    box = VirtualBox(load_board(PROJECT / "board" / "rpi-codec" / "board.toml"))
    for _ in range(30):
        box.pcm().write(SILENCE)
    assert box.pcm().lost_periods == 30
