"""A model of the ringing SLIC Ag1171 from its data sheet [Ag1171 DS 1.0, pages 6 and 8].

Wire: `set_pin` for RM, F/R and PD, `hook_pin` for SHK. Bench: `loop`, `hook_stuck`, `bounces`,
`violation_log`. The module has no registers and no clock. Its own hybrid is not modelled.
"""

from collections import deque

import numpy as np

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.models.loops import StationLoop
from drivers.models.violations import ViolationLog

FEED_VOLTS = 48.0
"""72 V while RM is high."""
LOOP_MA = 30.0
"""The current is kept at this [29 mA measured into 220 to 330 ohm]."""
RING_VRMS = 60.0
RING_HZ = (15.0, 68.0)
"""Two waves of such a frequency are ringing."""
EDGES_LEAST = 4
"""Two waves have four edges."""
GUARD_SAMPLES = SAMPLE_RATE // 100
"""RM must not fall within 10 ms of the last edge of F/R."""
BELL_IN_VOUT = 8000
"""The bell's voltage couples into VOUT while RM is high, in sample units [reported of modules]."""


class Ag1171Model:
    """One module with its line.

    `down_level` is the level of PD at which it is off; `resistor`: 20 kilohm between TIP and RING
    let sound pass while the handset is on its hook.
    """

    def __init__(
        self, name: str, loop: StationLoop, down_level: bool = True, resistor: bool = False
    ) -> None:
        self.name, self.loop = name, loop
        self.violation_log = ViolationLog()
        self.resistor = resistor
        self.hook_stuck: bool | None = None
        """The level at which SHK hangs, whatever the loop does."""
        self.bounces: deque[bool] = deque()
        """Levels that SHK shows at its next readings, before the true one."""
        self._down_level = down_level
        self._ring_mode, self._forward, self._power_down = False, True, False
        self._now = 0
        self._edges: deque[int] = deque(maxlen=EDGES_LEAST + 1)
        """Samples at which F/R last moved while RM was high."""
        self._crest = 1

    # ------------------------------------------------------------------ wire

    def set_ring_mode(self, level: bool) -> None:
        """RM; it may fall only with F/R high, and 10 ms after its last edge."""
        if self._ring_mode and not level:
            self._judge_end()
        if level != self._ring_mode:
            self._edges.clear()
        self._ring_mode = level
        self._feed()

    def _judge_end(self) -> None:
        if not self._forward:
            self.violation_log.note(f"{self.name}: RM fell with F/R low")
        elif self._edges and self._now - self._edges[-1] <= GUARD_SAMPLES:
            late = (self._now - self._edges[-1]) * 1000 // SAMPLE_RATE
            self.violation_log.note(f"{self.name}: RM fell {late} ms after an edge of F/R")

    def set_forward(self, level: bool) -> None:
        """F/R: high is forward, with RING below TIP."""
        if level != self._forward and self._ring_mode:
            self._edges.append(self._now)
        self._forward = level
        self._feed()

    def set_power_down(self, level: bool) -> None:
        """PD."""
        self._power_down = level == self._down_level
        self._feed()

    def read_hook(self) -> bool:
        """SHK: high while current flows in the loop."""
        if self.hook_stuck is not None:
            return self.hook_stuck
        if self.bounces:
            return self.bounces.popleft()
        return self.off_hook

    # ------------------------------------------------------------------ bench

    @property
    def off_hook(self) -> bool:
        """Current flows, from whatever voltage."""
        return self.loop.ohms is not None and not self._power_down

    @property
    def ring_hz(self) -> float:
        """Frequency of F/R over the last two waves while RM is high; 0 if it stands."""
        edges = self._edges
        if len(edges) < EDGES_LEAST:
            return 0.0
        half = (edges[-1] - edges[0]) / (len(edges) - 1)
        if not half or self._now - edges[-1] > 3 * half:
            return 0.0
        return SAMPLE_RATE / half / 2

    @property
    def ring_mode(self) -> bool:
        """RM is high."""
        return self._ring_mode

    @property
    def audio(self) -> bool:
        """Whether sound passes."""
        return not self._power_down and not self._ring_mode and (self.off_hook or self.resistor)

    # ------------------------------------------------------------------ time and sound

    def step(self) -> None:
        """A period passes."""
        self._now += PERIOD
        self._feed()

    def to_codec(self, spoken: Samples | None) -> Samples | None:
        """VOUT: the handset, and while RM is high the bell; None is silence."""
        if self._ring_mode and not self._power_down:
            self._crest = -self._crest
            return np.full(PERIOD, self._crest * BELL_IN_VOUT, np.int16)
        return spoken if self.audio else None

    def to_handset(self, played: Samples | None) -> Samples | None:
        """From VIN to the handset, 0 dB; None is silence."""
        return played if self.audio else None

    def _feed(self) -> None:
        """Voltage, current and ringing on the loop."""
        loop, sign = self.loop, 1 if self._forward else -1
        loop.ring_vrms, loop.hertz = 0.0, 0.0
        if self._power_down:
            loop.volts = loop.ma = 0.0
            return
        hertz = self.ring_hz
        low, high = RING_HZ
        if self._ring_mode and low <= hertz <= high and loop.ohms is None:
            loop.ring_vrms, loop.hertz = RING_VRMS, hertz
        loop.ma = 0.0 if loop.ohms is None else LOOP_MA
        open_volts = 72.0 if self._ring_mode else FEED_VOLTS
        loop.volts = sign * (open_volts if loop.ohms is None else loop.ohms * LOOP_MA / 1000)
