"""Codec drivers over their models, and a SLIC with its telephone, period by period."""

from collections.abc import Callable

import numpy as np

from drivers.ag1171 import Ag1171, SlicPins
from drivers.buses import PERIOD, Samples
from drivers.chip import Beats
from drivers.codec import Codec
from drivers.codec_spec import CodecSpec, SlicSpec
from drivers.models.ag1171 import Ag1171Model
from drivers.models.codec import CodecModel
from drivers.models.loops import StationLoop
from drivers.models.telephone import Telephone
from drivers.models.wm8731 import Wm8731Model
from drivers.models.wm8960 import Wm8960Model
from drivers.ports import Feed, PortEvent, Steps
from drivers.wm8731 import Wm8731
from drivers.wm8960 import Wm8960

SPEC_8960 = CodecSpec("wm8960", 1, 0x1A, 24_000_000)
SPEC_8731 = CodecSpec("wm8731", 1, 0x1A, 12_288_000)
SLIC = SlicSpec("101", 0, ring_mode=17, forward=12, hook=27, power_down=22)
LOUD: Samples = np.full(PERIOD, 10_000, np.int16)


def codec_pair(spec: CodecSpec = SPEC_8960) -> tuple[Codec, CodecModel]:
    """A driver and the model that it drives."""
    model: CodecModel
    if spec.chip == "wm8960":
        model = Wm8960Model("codec", spec.crystal_hz)
        return Wm8960(spec, model, "test", lambda: model.clockless_periods), model
    model = Wm8731Model("codec", spec.crystal_hz)
    return Wm8731(spec, model, "test", lambda: model.clockless_periods), model


def run_steps(steps: Steps, model: CodecModel) -> int:
    """Go through the steps, the model's periods passing; how many there were."""
    passed = 0
    for periods in steps:
        for _ in range(periods):
            model.step()
        passed += periods
    return passed


class Wire:
    """An output or input pin made of a function."""

    def __init__(
        self, put: Callable[[bool], None] = lambda _: None, get: Callable[[], bool] = lambda: True
    ) -> None:
        self._put, self._get = put, get

    def set(self, level: bool) -> None:
        self._put(level)

    def read(self) -> bool:
        return self._get()


class SlicBench:
    """The driver of an Ag1171, with codec and telephone."""

    def __init__(self, spec: SlicSpec = SLIC, codec: CodecSpec = SPEC_8960) -> None:
        self.loop = StationLoop()
        self.slic = Ag1171Model("101", self.loop, spec.power_down_level, spec.on_hook_audio)
        self.codec, self.chip = codec_pair(codec)
        self.telephone = Telephone("101", self.loop)
        self.beats = Beats()
        down = None if spec.power_down is None else Wire(self.slic.set_power_down)
        pins = SlicPins(
            Wire(self.slic.set_ring_mode),
            Wire(self.slic.set_forward),
            Wire(get=self.slic.read_hook),
            down,
        )
        self.port = Ag1171(spec, pins, self.codec, self.beats)
        self.heard: Samples | None = None
        """What the codec heard in the last period."""

    def beat(self, count: int = 1) -> list[PortEvent]:
        """So many periods; what the port reported."""
        events: list[PortEvent] = []
        for _ in range(count):
            self.telephone.move(self.beats.now * PERIOD)
            self.slic.step()
            self.chip.step()
            spoken = self.slic.to_codec(LOUD if self.telephone.off_hook else None)
            self.heard = self.chip.from_line(0, spoken)
            self.beats.now += 1
            events += self.port.look(False)
        return events

    def up(self) -> "SlicBench":
        """Set up, and a second on."""
        self.beat(200)
        assert self.port.eager and not self.port.starting
        return self

    def ring(self, periods: int) -> None:
        """A burst begins and goes on for so long."""
        self.port.feed(Feed.RINGING)
        assert self.beat(periods) == []

    def violations(self) -> list[str]:
        return [*self.slic.violation_log.texts, *self.chip.violation_log.texts]
