"""What the telephone side costs: 48 outside lines that all record at once, and the first dial tone.

    python -m scripts.bench_phone           prints the figures as JSON

The whole stack runs at free pace: chip models with their office, drivers, PBX, call scripts, and
the clerk as a process of its own over a store on the disk. Callers talk all the time; every line
is listened to for digits, the office's tones, caller ID and faxes, and has its recording, committed
once a second.

A beat's cost is CPU time of this thread. What the models take inside a beat (each SPI transfer and
each look at a pin) is measured where the drivers call them and taken off: on the device that is the
bus itself. So is what the measuring itself costs, which is found out first, on a device that does
nothing. The models' own period runs outside the beat. Times of bare operations beside them, in the
same run, say what the machine can do: all detectors alone, numpy copies alone.

Goals on a 2-core machine: 0.25 ms a line and second or less without the models; no beat over 3 ms;
dial tone within 100 ms of line time.
"""

import json
import select
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.appliance import default_limits
from app.call_parts import call_scripts
from app.clerk.client import ProcessClerk
from app.clerk.config import ClerkConfig
from app.config.settings import Settings
from app.core.clock import SystemClock
from app.inbox.people import People
from app.phone.config import PhoneConfig
from app.phone.pace import FreePace
from app.phone.pbx import Pbx
from app.phone.sound.detectors import Detectors
from app.phone.sound.end_tones import end_tones
from app.store.database import Database
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import WaitingMessages
from app.voicemail.message_waiting import MessageWaitingLamps
from drivers.board import LineBoard, virtual_board
from drivers.buses import (
    PERIOD,
    PERIODS_PER_SECOND,
    SAMPLE_RATE,
    I2cDevice,
    InputPin,
    OutputPin,
    PcmPort,
    Samples,
)
from drivers.buses import SpiDevice as Spi
from drivers.countries import country
from drivers.models.box import VirtualBox
from drivers.models.sound import load_wav

Figures = dict[str, float]
Microseconds = NDArray[np.float64]

PACKS = Path("/usr/share/asterisk/sounds")
SPEECH = PACKS / "en_US_f_Allison" / "demo-congrats.wav"
LINES = 48
LOUD = 1000
"""A peak above this (about -27 dBm0) is a tone; a quiet line's noise stays far below."""


def figures(seconds: float = 20.0, directory: str | None = None) -> Figures:
    """All figures; `seconds` is the line time of recording, `directory` lies on the disk."""
    with tempfile.TemporaryDirectory(dir=directory) as place, closing(House(Path(place))) as house:
        house.all_record()
        found = house.measure(seconds)
    return found | detectors_alone() | copies_alone() | first_dial_tone()


class Meter:
    """Thread CPU time spent in the models while the drivers talk to them, and in measuring it."""

    def __init__(self) -> None:
        self.ns = 0
        self.transfers = 0
        self.own_ns = 0
        """What one measurement costs its caller beyond what it measures."""
        self.own_ns = self._measured_own()

    def took(self, begun: int) -> None:
        """A call of a model that began at this thread time is over."""
        self.ns += time.thread_time_ns() - begun + self.own_ns

    def _measured_own(self) -> int:
        """Nanoseconds; the least of many rounds, so that nobody else's work is in it."""
        bare, costs = Nothing(), []
        metered = MeteredPin(bare, self)
        for _ in range(50):
            begun, self.ns = time.thread_time_ns(), 0
            for _ in range(100):
                bare.read()
            between = time.thread_time_ns()
            for _ in range(100):
                metered.read()
            costs.append(2 * between - begun + self.ns - time.thread_time_ns())
        self.ns = 0
        return -max(costs) // 100


class Nothing:
    """A pin with nothing behind it."""

    def read(self) -> bool:
        """See InputPin."""
        return True


class MeteredSpi:
    """An SPI device whose transfers are timed."""

    def __init__(self, device: Spi, meter: Meter) -> None:
        self._device, self._meter = device, meter

    def transfer(self, frames: Sequence[int]) -> list[int]:
        """See SpiDevice."""
        begun = time.thread_time_ns()
        read = self._device.transfer(frames)
        self._meter.took(begun)
        self._meter.transfers += 1
        return read


class MeteredPin:
    """An interrupt pin whose reading is timed."""

    def __init__(self, pin: InputPin, meter: Meter) -> None:
        self._pin, self._meter = pin, meter

    def read(self) -> bool:
        """See InputPin."""
        begun = time.thread_time_ns()
        level = self._pin.read()
        self._meter.took(begun)
        return level


class MeteredBox:
    """The box's Hardware, with a meter at every door of it."""

    def __init__(self, box: VirtualBox, meter: Meter) -> None:
        self._box, self._meter = box, meter

    def spi(self, bus: int, chip_select: int) -> Spi:
        """See Hardware."""
        return MeteredSpi(self._box.spi(bus, chip_select), self._meter)

    def output_pin(self, pin: int) -> OutputPin:
        """See Hardware."""
        return self._box.output_pin(pin)

    def input_pin(self, pin: int) -> InputPin:
        """See Hardware."""
        return MeteredPin(self._box.input_pin(pin), self._meter)

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """See Hardware."""
        return self._box.i2c(bus, address)

    def pcm(self) -> PcmPort:
        """See Hardware."""
        return self._box.pcm()


class House:
    """48 outside lines and two handsets, or another number, with voicemail, at free pace."""

    def __init__(self, directory: Path, stations: int = 2, trunks: int = LINES) -> None:
        spec = virtual_board(stations, trunks)
        self.box, self.meter = VirtualBox(spec), Meter()
        self.box.pcm().start()
        self.clerk = ProcessClerk(clerk_config(directory), self._push, SystemClock())
        self.lamps = MessageWaitingLamps(lambda station, on: self.pbx.message_waiting(station, on))
        self.pbx = Pbx(
            LineBoard(spec, MeteredBox(self.box, self.meter), country("us")),
            spec.slots,
            self.clerk,
            PhoneConfig(ring_seconds=4, no_answer_seconds=4),
            *call_scripts(self.clerk, RecordingLimits(longest_s=3600.0, silence_s=600.0)),
        )
        self.pace = FreePace(self.box, self.pbx, spec.slots, self.await_idle)
        self.pace.power_up()

    def _push(self, push: WaitingMessages) -> None:
        self.lamps.update(push)

    def await_idle(self) -> None:
        """Wait until the clerk has answered everything."""
        while self.clerk.pending:
            select.select([self.clerk.fileno()], [], [])
            self.clerk.dispatch()

    def all_record(self) -> None:
        """Ring every outside line; go on until voicemail records each."""
        speech = load_wav(SPEECH)
        for line in self.box.office_lines.values():
            line.ring("5551234", "BENCH")
            line.say(speech)
        trunks = self.pbx.trunks.values()
        self.pace.until(
            lambda: all(trunk.channel.recorder is not None for trunk in trunks), 60, "recording"
        )
        if not all(trunk.channel.listening for trunk in trunks):
            raise RuntimeError("a line records without listening for digits")
        here = country("us")
        for trunk in trunks:
            trunk.channel.receive(_not_told, here.modem)
            trunk.channel.listen_for_fax(_not_told)
            trunk.channel.watch(end_tones(here.tones), _not_told)
            trunk.channel.watch_dial_tone(here.tones.dial.hz, 1000, _not_told)

    def measure(self, seconds: float) -> Figures:
        """Let `seconds` of line time pass, every caller talking."""
        speech = load_wav(SPEECH)
        for number, line in enumerate(self.box.office_lines.values()):
            said = np.roll(speech, number * 4000)  # not all in step
            for _ in range(int(seconds * 8000 / len(speech)) + 1):
                line.say(said)
        return self._figures(*self.beats(seconds))

    def beats(self, seconds: float) -> tuple[Microseconds, Microseconds]:
        """Microseconds of each beat in `seconds` of line time: of ours, and of the models."""
        beats = round(seconds * PERIODS_PER_SECOND)
        ours, theirs = np.zeros(beats), np.zeros(beats)
        played: Samples = np.zeros((self.box.spec.slots, PERIOD), np.int16)
        self.meter.ns = self.meter.transfers = 0
        for beat in range(beats):
            begun = time.thread_time_ns()
            heard = self.box.period(played)
            heard_at, inside = time.thread_time_ns(), self.meter.ns
            played = self.pbx.beat(heard)
            self.clerk.dispatch()
            inside = self.meter.ns - inside
            ours[beat] = time.thread_time_ns() - heard_at - inside
            theirs[beat] = heard_at - begun + inside
            self.await_idle()
        return ours / 1000, theirs / 1000

    def _figures(self, ours: Microseconds, theirs: Microseconds) -> Figures:
        """Figures from each beat's microseconds."""
        both = ours + theirs
        line_seconds = len(ours) / PERIODS_PER_SECOND * LINES
        return {
            "phone_lines": LINES,
            "phone_ms_per_line_second": round(float(ours.sum()) / 1000 / line_seconds, 3),
            "phone_with_models_ms_per_line_second": round(
                float(both.sum()) / 1000 / line_seconds, 3
            ),
            "phone_beat_us_p50": round(float(np.percentile(ours, 50))),
            "phone_beat_us_p99": round(float(np.percentile(ours, 99))),
            "phone_beat_us_max": round(float(ours.max())),
            "phone_beat_with_models_us_max": round(float(both.max())),
            "phone_core_share_percent": round(float(ours.mean()) / 100, 1),
            "phone_spi_transfers_per_beat": round(self.meter.transfers / len(ours), 2),
            "phone_late_sound_periods": self.pbx.status()["late_periods"],
        }

    def close(self) -> None:
        """Hang up everywhere and end the clerk."""
        for line in self.box.office_lines.values():
            line.hang_up()
        self.pace.seconds(3)
        self.clerk.close()


def clerk_config(directory: Path) -> ClerkConfig:
    """A clerk's configuration with one person, whose mailbox answers all outside lines."""
    config = ClerkConfig(
        store=str(directory / "inbox.db"),
        packs=str(PACKS),
        cache=str(directory / "spoken"),
        spool=str(directory / "spool"),
        spool_memory=str(directory / "memory"),
        greetings=str(directory / "greetings"),
        hostname="bench.test",
        domains=("bench.test",),
        free_floor=0,
        voice_reserve=0,
        limits=default_limits(Settings()),
        callers_percent=10,
        full_is_permanent=False,
    )
    with closing(Database(config.store_path)) as db:
        people = People(db)
        db.now(
            lambda tx: people.add(
                tx, "bench", "Bench", "201", quota=1 << 40, handset="101", admin=True
            )
        )
    return config


def detectors_alone(seconds: float = 5.0) -> Figures:
    """The share of all detectors: speech on all lines, nothing around them."""
    speech, here = load_wav(SPEECH), country("us")
    said = [
        np.roll(speech, number * 4000)[: round(seconds * SAMPLE_RATE)] for number in range(LINES)
    ]
    frames = np.array(said).reshape(LINES, -1, PERIOD).swapaxes(0, 1).copy()
    detectors = Detectors(LINES)
    for line in range(LINES):
        detectors.listen(line, _not_told, False)
        detectors.receive(line, _not_told, here.modem)
        detectors.listen_for_fax(line, _not_told)
        detectors.watch_end(line, end_tones(here.tones), _not_told)
        detectors.watch_dial_tone(line, here.tones.dial.hz, 1000, _not_told)
    begun = time.thread_time_ns()
    for frame in frames:
        detectors.hear(frame)
        detectors.watch()
    took = time.thread_time_ns() - begun
    return {"phone_detectors_ms_per_line_second": round(took * 1e-6 / seconds / LINES, 4)}


def _not_told(*_: object) -> None:
    """Whoever listens here need not be told."""


def copies_alone(seconds: float = 5.0) -> Figures:
    """What no telephone side can do without: each period copied in, kept, and one made to play."""
    heard: Samples = np.zeros((LINES + 2, PERIOD), np.int16)
    kept: Samples = np.zeros((LINES + 2, 100, PERIOD), np.int16)
    beats = round(seconds * PERIODS_PER_SECOND)
    begun = time.thread_time_ns()
    for beat in range(beats):
        kept[:, beat % 100] = heard
        heard = np.zeros_like(heard)
    took = time.thread_time_ns() - begun
    return {"phone_numpy_ms_per_line_second": round(took / 1e6 / seconds / LINES, 4)}


def first_dial_tone() -> Figures:
    """Line time from lifting a handset to the first loud sample in its ear, worst of 20 lifts."""
    with tempfile.TemporaryDirectory() as place, closing(House(Path(place))) as house:
        waits = [_lift(house, number) for number in range(20)]
    return {"phone_dial_tone_ms": max(waits)}


def _lift(house: House, number: int) -> int:
    telephone = house.box.telephones["101"]
    house.pace.run(200 + number)
    telephone.lift()
    for period in range(1, 500):
        house.pace.period()
        if telephone.memory and int(np.abs(telephone.memory[-1]).max()) > LOUD:
            telephone.hang_up()
            telephone.memory.clear()
            return period * 10
    raise RuntimeError("no dial tone within 5 s")


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
