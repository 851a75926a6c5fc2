"""A handset's port: the ringing SLIC Ag1171 (or its clone KS0835F) on GPIO pins, behind a codec.

[Ag1171 DS 1.0, pages 6 and 8] RM is high only while it rings; F/R turns the line's polarity, and so
makes the ringing; SHK is high while the handset is lifted; PD switches the module off.

**Ringing is made here, by the beat, and always has 25 Hz**: two beats of 10 ms are half a wave,
exactly. 20 Hz would need 25 ms; halves of 20 and 30 ms in turn would put a direct voltage on the
bell. The module allows 20 to 25 Hz, and telephones ring from 15.3 to 68 Hz [47 CFR 68, ringer
type B]. No PWM is asked of the kernel, SHK is looked at between any two edges, and the polarity at
the end is known. A beat that is late moves one edge.

Not verified on a module: whether SHK is low in power-down, and quiet at the crests of the bell's
current; the sense of PD. These are values of the board file (codec_spec.py).
"""

import logging
from dataclasses import dataclass

from app.core.sentences import sentence
from drivers.buses import InputPin, OutputPin
from drivers.chip import Beats, ChipPort, Debounced
from drivers.codec import Codec
from drivers.codec_spec import SlicSpec
from drivers.errors import ChipFault, ChipMissing
from drivers.findings import Report, TestOrder
from drivers.line_levels import LEVELS, measure_levels
from drivers.line_sound import LineSound
from drivers.ports import Feed, HookChanged, LineReading, PortEvent, Steps
from drivers.sampling import PERIOD_MS

HALF_WAVE_PERIODS = 2
"""Between two edges of F/R: 25 Hz."""

END_PERIODS = 3
"""From the last edge of F/R to the fall of RM, which must be more than 10 ms [DS]: a beat may be
late and the next one in time, so two of them may be 10 ms apart."""

LIFT_PERIODS = 2
"""SHK bounces: a handset that has lain for a second is lifted after 20 ms without a break."""
PULSE_PERIODS = 1
"""In a call, and within a second of one, 10 ms must do, or dial pulses are lost."""
PULSES_WITHIN = 100
"""Periods on hook after which the next closing is a lift, no pulse's end."""

SETTLE_PERIODS = 5
"""After a burst or a reversal SHK is not believed [measured on no module: chosen]."""
START_PERIODS = 20
"""After power-down the converter starts; then SHK is believed [measured on no module: chosen]."""
DARK_PERIODS = 5
"""The feed is gone so long after power-down [measured on no module: chosen]."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SlicPins:
    """The pins of one module."""

    ring_mode: OutputPin
    forward: OutputPin
    hook: InputPin
    power_down: OutputPin | None


class Ag1171(ChipPort):
    """StationPort over one module and one channel of the codec.

    `feed` only says what is wanted: pins are moved at the next look, in the order that the module
    wants. OPEN needs the PD pin; NEON is ACTIVE, there is no voltage for a lamp.
    """

    def __init__(self, spec: SlicSpec, pins: SlicPins, codec: Codec, beats: Beats) -> None:
        super().__init__(spec, pins.hook, beats)
        self.off_hook = False
        self._spec, self._pins, self._codec = spec, pins, codec
        self._feed = Feed.ACTIVE
        self._ringing = False
        """RM is high."""
        self._forward = True
        self._powered: bool | None = None
        """None: not known yet."""
        self._edge_at = 0
        self._believed_at = 0
        """When SHK is believed again."""
        self._heard_at = 0
        """When the line is heard again after a burst."""
        self._opened_at = -PULSES_WITHIN
        self._hook = Debounced(False)
        self._trip = Debounced(False)

    def feed(self, feed: Feed) -> None:
        """Put this on the line; a burst of ringing ends with its wave, 30 to 50 ms later."""
        self._feed = feed

    def reading(self) -> LineReading:
        """What is known of the line: the module measures nothing but its loop."""
        doing = "ringing" if self._ringing else self._feed.value
        return LineReading("Ag1171", "?", doing, None, None, None, self.off_hook)

    def line_test(self, sound: LineSound, order: TestOrder, report: Report) -> Steps:
        """See StationPort: only levels of a lifted handset can be measured."""
        for _ in range(0 if self.off_hook else order.lift_periods):
            if self.off_hook:
                break
            yield 1
        if not self.off_hook:
            for quantity in LEVELS:
                report(quantity.missing("the handset lies on its hook", "lift it, with --lift"))
            return
        try:
            yield from measure_levels(sound, report)
        finally:
            sound.play(None)

    def power_up(self) -> Steps:
        """Module and codec from any state to ACTIVE, in about 0.7 s. Raises HardwareError."""
        while self._ringing:
            self._drive(Feed.ACTIVE)
            yield 1
        self._power(False)
        yield DARK_PERIODS
        if self._spec.test_hook and self._pins.power_down and self._pins.hook.read():
            raise ChipFault(
                sentence(
                    "%(place)s: SHK on pin %(pin)s says off hook while the "
                    "module is powered down; check its wire, and "
                    "power_down_level and test_hook in board.toml",
                    place=self.place,
                    pin=self._spec.hook,
                )
            )
        try:
            yield from self._codec.set_up()
        except (ChipFault, ChipMissing) as error:
            raise ChipMissing(
                sentence("%(place)s: %(what)s", place=self.place, what=error)
            ) from error
        self._power(True)
        yield START_PERIODS
        self._codec.hear(self.slot, True)
        if not self._spec.on_hook_audio:
            log.info("%s: no caller ID: no resistor between TIP and RING", self.place)

    def power_off(self) -> None:
        """The service ends: no ringing, no feed, codec off. Raises HardwareError."""
        self._pins.forward.set(True)
        self._pins.ring_mode.set(False)
        self._power(False)
        if self._codec.works:
            self._codec.power_off()

    def _again(self) -> Steps:
        return self.power_up()

    def _restore(self) -> None:
        """`_feed` is what is wanted, and the next look puts it on the line."""

    def _put_loop(self, on: bool) -> None:
        """A codec has no way to send back what is played [WM8960 register 9 joins the other ends],
        and left and right are told apart by the level of frame sync, not by counting."""

    def _debouncing(self) -> bool:
        """Nothing tells when SHK changes, so it is looked at in each beat."""
        return True

    def _look(self, asked: bool) -> list[PortEvent]:
        trouble = self._look_after_codec()
        self._drive(Feed.ACTIVE if trouble else self._feed)
        if trouble and not self._ringing:
            raise ChipMissing(sentence("%(place)s: %(what)s", place=self.place, what=trouble))
        return self._ring_trip() if self._ringing else self._hook_changed()

    def _look_after_codec(self) -> str:
        """What is wrong with the codec, if anything.

        While RM is high the bell's voltage is in VOUT, too loud for the codec, and no voice: it is
        not heard, nor just afterwards.
        """
        ringing = self._ringing or self._feed is Feed.RINGING
        try:
            self._codec.hear(self.slot, not ringing and self._beats.now >= self._heard_at)
            self._codec.check(self._beats.now)
        except (ChipFault, ChipMissing) as error:
            return str(error)
        return "" if self._codec.works else self._codec.trouble

    # Pins.

    def _drive(self, wanted: Feed) -> None:
        """Move the pins towards what is wanted: at most one edge of F/R in a beat."""
        if wanted is Feed.RINGING:
            self._ring()
        elif self._ringing:
            self._end_burst()
        if not self._ringing:
            self._turn(wanted not in (Feed.REVERSED, Feed.REVERSED_ON_HOOK_AUDIO))
            self._power(wanted is not Feed.OPEN)

    def _ring(self) -> None:
        if self._ringing:
            if self._beats.now - self._edge_at >= HALF_WAVE_PERIODS:
                self._turn(not self._forward)
            return
        self._power(True)
        self._turn(True)
        self._pins.ring_mode.set(True)
        self._ringing, self._edge_at = True, self._beats.now
        self._trip = Debounced(False)

    def _end_burst(self) -> None:
        if not self._forward:
            self._turn(True)
        elif self._beats.now - self._edge_at >= END_PERIODS:
            self._pins.ring_mode.set(False)
            self._ringing = False
            self._heard_at = self._beats.now + SETTLE_PERIODS
            self._believe_in(SETTLE_PERIODS)

    def _turn(self, forward: bool) -> None:
        if forward == self._forward:
            return
        self._pins.forward.set(forward)
        self._forward, self._edge_at = forward, self._beats.now
        if not self._ringing:
            self._believe_in(SETTLE_PERIODS)

    def _power(self, on: bool) -> None:
        if on == self._powered or self._pins.power_down is None:
            return
        self._pins.power_down.set(self._spec.power_down_level != on)
        self._powered = on
        self._believe_in(START_PERIODS)

    def _believe_in(self, periods: int) -> None:
        self._believed_at = max(self._believed_at, self._beats.now + periods)
        self._hook.forget()

    # Hook.

    def _ring_trip(self) -> list[PortEvent]:
        """Lifted while RM is high: the burst ends, and the line stays active."""
        lifted = self._pins.hook.read()
        changed = self._trip.see(lifted, self._beats.now, self._spec.ring_trip_ms // PERIOD_MS)
        if not changed or not lifted:
            return []
        self._feed = Feed.ACTIVE
        self._hook.value = True
        return self._changed()

    def _hook_changed(self) -> list[PortEvent]:
        """What SHK says, unless the module is off or something has just been switched."""
        now = self._beats.now
        if self._powered is False or now < self._believed_at:
            return []
        resting = not self.off_hook and now - self._opened_at > PULSES_WITHIN
        periods = LIFT_PERIODS if resting else PULSE_PERIODS
        return self._changed() if self._hook.see(self._pins.hook.read(), now, periods) else []

    def _changed(self) -> list[PortEvent]:
        if self._hook.value == self.off_hook:
            return []
        self.off_hook = self._hook.value
        if not self.off_hook:
            self._opened_at = self._beats.now
        return [HookChanged(self.off_hook)]
