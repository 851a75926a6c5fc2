"""The sound of all parties: what each hears and says in one period of 10 ms.

A Channel is the sound of one party: a line of the board, or a script that takes part in a
conference. A Leg puts a channel on a Bus, and on a bus everybody hears the sum of all others, but
never themselves ("n-1"). Whatever a call does with its parties is a move of legs:

    two talk          two legs on one bus
    three-way         a third leg joins
    hold              a leg leaves its bus; with music it joins the bus of the music, unheard
    transfer          a leg moves to another call's bus
    listening in      a leg joins that is not heard

A channel's own player, tone, recorder and digit detector go with it wherever its leg is: they
belong to the party, not to the bus. Sounds played to a line are added to what its bus sends it.

The Mixer goes only through what has something to do. A bus of two lines at 0 dB, which is nearly
every call, is copied for all such buses at once.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.phone.fax.link import FaxLink
from app.phone.jobs import JobFailed
from app.phone.sound import audio
from app.phone.sound.detectors import Detectors
from app.phone.sound.echo import EchoCanceller
from app.phone.sound.end_tones import EndTones
from app.phone.sound.player import Player, Source, ToneSource
from app.phone.sound.recorder import Recorder, Tape
from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, Samples
from drivers.countries.base import Modem

GAIN_LEAST_DB, GAIN_MOST_DB = -50.0, 20.0
"""Range of a leg's gain; more would only be noise or clipping."""


def _nothing() -> None:
    pass


class Channel:
    """The sound of one party.

    `slot` is a line's place in the PCM frame; None is a script, which has none. Two rows of 80
    samples are written in every period and keep their place: `row` is what the channel's recorder
    and detectors hear, `says` is what others on its bus hear of it. For a line both are what comes
    in from the line, without the echo of what is played to it. For a script `row` is what its bus
    sends it, and `says` what it plays.
    """

    def __init__(self, mixer: "Mixer", slot: int | None) -> None:
        self._mixer = mixer
        self.slot = slot
        self.place = mixer.detectors.script_place() if slot is None else slot
        """Where the detectors hear it."""
        self.row: Samples = np.zeros(PERIOD, np.int16) if slot is None else mixer.heard[slot]
        self.says: Samples = np.zeros(PERIOD, np.int16) if slot is None else self.row
        self._player: Player | None = None
        self._tone: Tone | None = None
        self._tone_source: ToneSource | None = None
        self._link: FaxLink | None = None
        self._link_over: Callable[[], None] = _nothing
        self._says_next: Samples = np.zeros(PERIOD, np.int16)
        self.recorder: Recorder | None = None
        self.leg: Leg | None = None
        """Its place on a bus, if it is on one."""

    def play(self, sources: Sequence[Source], ended: Callable[[JobFailed | None], None]) -> None:
        """Play instead of whatever played before; see Player for `ended`."""
        self.stop()
        self._player = Player(sources, ended)
        self._mixer.changed(self)

    def stop(self) -> None:
        """Stop playing; the background tone goes on."""
        if self._player is not None:
            self._player.close()
            self._player = None
            self._mixer.changed(self)

    def tone(self, tone: Tone | None) -> None:
        """Sound this behind everything; None is silence."""
        self._tone_source = ToneSource(tone) if tone is not None else None
        self._mixer.changed(self)

    def record(self, recorder: Recorder | None) -> None:
        """Let this recorder hear the line; None: nobody."""
        self.recorder = recorder
        self._mixer.tape.record(self.place, recorder)
        self._mixer.changed(self)

    def listen(self, digit: Callable[[str], None] | None, dial_tone: bool = False) -> None:
        """Report each DTMF digit to `digit`; None: report none. `dial_tone`: it is being played."""
        self._mixer.detectors.listen(self.place, digit, dial_tone)
        self._mixer.changed(self)

    def receive(
        self, message: Callable[[bytes], None] | None, modem: Modem = Modem.BELL_202
    ) -> None:
        """Report each on-hook data message (caller ID) to `message`, from now on; None: none.

        Only a line can be listened to.
        """
        if self.slot is not None:
            self._mixer.detectors.receive(self.slot, message, modem)

    def watch(self, tones: EndTones | None, gone: Callable[[], None] | None = None) -> None:
        """Call `gone` when the office has sounded these tones for long enough; None: no more.

        Only a line can be watched.
        """
        if self.slot is not None:
            self._mixer.detectors.watch_end(self.slot, tones, gone)

    def listen_for_fax(self, calls: Callable[[], None] | None) -> None:
        """Call `calls` when a fax machine calls on this line; None: no more.

        Only a line can be listened to.
        """
        if self.slot is not None:
            self._mixer.detectors.listen_for_fax(self.slot, calls)

    def listen_for_information(self, no_number: Callable[[], None] | None) -> None:
        """Call `no_number` when the office says that a number does not exist; None: no more.

        Only a line can be listened to.
        """
        if self.slot is not None:
            self._mixer.detectors.listen_for_information(self.slot, no_number)
            self._mixer.changed(self)

    def exchange(self, link: "FaxLink | None", over: Callable[[], None] = _nothing) -> None:
        """Let a fax call have the line's sound, in and out; `over` is called when it has ended."""
        self.stop()
        self._link, self._link_over = link, over
        self._mixer.changed(self)

    def watch_dial_tone(
        self,
        hertz: tuple[float, ...] | None,
        periods: int = 1,
        heard: Callable[[], None] | None = None,
    ) -> None:
        """Call `heard` once the office has sounded this tone for so long; None: no more.

        `periods` are of 10 ms. Only a line can be watched.
        """
        if self.slot is not None:
            self._mixer.detectors.watch_dial_tone(self.slot, hertz, periods, heard)

    @property
    def dial_tone_periods(self) -> int:
        """For how many periods (10 ms) dial tone has been heard in a row, while it is watched."""
        if self.slot is None:
            return 0
        return self._mixer.detectors.dial_tone_periods(self.slot)

    def quiet(self) -> None:
        """Stop all: nothing is played, heard or recorded, and the leg leaves its bus."""
        self.stop()
        self.tone(None)
        self.record(None)
        self.listen(None)
        self.receive(None)
        self.watch(None)
        self.listen_for_fax(None)
        self.listen_for_information(None)
        self.exchange(None)
        self.watch_dial_tone(None)
        if self.leg is not None:
            self.leg.leave()
        self._mixer.ended(self)

    def moved(self) -> None:
        """Account for a leg that has come or gone."""
        self._mixer.changed(self)

    @property
    def heard(self) -> bool:
        """Whether somebody hears what this party says, and may be disturbed by an echo.

        In a fax call that is who waits for the office's busy tone, between our own calling tones;
        the fax machine itself gets what comes in as it is, and learns the line by itself.
        """
        detectors = self._mixer.detectors
        if self.listening or detectors.waits_for_information(self.place):
            return True
        return self.recorder is not None or self.leg is not None or self._link is not None

    @property
    def listening(self) -> bool:
        """Whether digits of this party are reported."""
        return self._mixer.detectors.listening(self.place)

    @property
    def faxing(self) -> bool:
        """Whether a fax call has this party's sound."""
        return self._link is not None

    @property
    def sounding(self) -> bool:
        """Whether something is played to this party (what its bus sends is not counted)."""
        sources = (self._player, self._tone_source, self._link)
        return any(one is not None for one in sources)

    def hear(self) -> None:
        """Give the fax call the period as it came in."""
        link = self._link
        if link is not None:
            # a test may take itself off the line in it
            self._says_next = link.period(self._mixer.incoming[self.place])
            if link.end is not None:
                self._link_over()

    def fill(self, row: Samples) -> None:
        """Write the next period; the party's bus has written its part before."""
        if self._link is not None:
            row[:] = self._says_next
            return
        if self.leg is None and (self._player is None or self._tone_source is None):
            self._fill_one(row)
            return
        below = row.copy()
        row[:] = 0
        self._fill_one(row)
        if self._player is not None and self._tone_source is not None:
            tone = np.zeros(PERIOD, np.int16)
            self._fill_tone(tone)
            below = audio.mixed(below, tone)
        row[:] = audio.mixed(row, below)

    def _fill_one(self, row: Samples) -> None:
        player = self._player
        if player is None:
            self._fill_tone(row)
        elif not player.fill(row) and self._player is player:
            self._player = None
            self._mixer.changed(self)

    def _fill_tone(self, row: Samples) -> None:
        if self._tone_source is not None and self._tone_source.fill(row, 0) < PERIOD:
            self._tone_source = None
            self._mixer.changed(self)


class Leg:
    """One party's place in conferences: on one bus at a time, or on none.

    `gain_db` (-50 to 20) is how much louder the others hear this party; `heard` False is a party
    that only listens. Raises ValueError for a gain out of range.
    """

    def __init__(self, channel: Channel, gain_db: float = 0.0, heard: bool = True) -> None:
        if not GAIN_LEAST_DB <= gain_db <= GAIN_MOST_DB:
            raise ValueError(
                f"a gain of {gain_db} dB is not within {GAIN_LEAST_DB} to {GAIN_MOST_DB}"
            )
        self.channel = channel
        self.gain_db = gain_db
        self.heard = heard
        self.bus: Bus | None = None

    @property
    def factor(self) -> float:
        """What the party's samples are multiplied by: 20 dB are 10."""
        return float(10.0 ** (self.gain_db / 20.0)) if self.heard else 0.0

    @property
    def plain(self) -> bool:
        """Whether it is a line whose samples may be copied as they are."""
        return self.channel.slot is not None and self.heard and self.gain_db == 0.0

    def join(self, bus: "Bus") -> None:
        """Move to this bus. Raises ValueError if the channel is on a bus by another leg."""
        if self.channel.leg not in (None, self):
            raise ValueError("a party can be on one bus at a time")
        self.leave()
        self.bus, self.channel.leg = bus, self
        bus.legs = (*bus.legs, self)
        bus.changed()
        self.channel.moved()

    def leave(self) -> None:
        """Leave the bus, if it is on one: it hears nothing of it and is not heard."""
        bus, self.bus = self.bus, None
        if self.channel.leg is self:
            self.channel.leg = None
        if bus is not None:
            bus.legs = tuple(leg for leg in bus.legs if leg is not self)
            bus.changed()
            if self.channel.slot is None:
                self.channel.row[:] = 0
            self.channel.moved()


class Bus:
    """A conference: each leg hears the sum of all others that are heard, saturated at 16 bits.

    Legs come and go by Leg.join and Leg.leave; get one from Mixer.bus().
    """

    def __init__(self, changed: Callable[["Bus"], None]) -> None:
        self.legs: tuple[Leg, ...] = ()
        self._changed = changed
        self._factors: NDArray[np.float32] = np.zeros((0, 1), np.float32)

    @property
    def plain_pair(self) -> bool:
        """Whether it is no more than two lines that hear each other as they are."""
        return len(self.legs) == 2 and all(leg.plain for leg in self.legs)

    def changed(self) -> None:
        """Account for legs that came or went."""
        self._factors = np.array([[leg.factor] for leg in self.legs], np.float32).reshape(-1, 1)
        for leg in self.legs:
            if len(self.legs) == 1 and leg.channel.slot is None:
                leg.channel.row[:] = 0  # alone: nobody writes it any more
        self._changed(self)

    def mix(self, played: Samples) -> None:
        """Write what each leg hears: a line into its slot's row of `played`, a script into its row.

        played: (slots, 80).
        """
        says = np.stack([leg.channel.says for leg in self.legs]) * self._factors
        for leg, own in zip(self.legs, says.sum(axis=0) - says, strict=True):
            slot = leg.channel.slot
            target = leg.channel.row if slot is None else played[slot]
            target[:] = audio.saturated(np.rint(own))


class Mixer:
    """The sound of all lines of one board, in `slots` time slots, and of scripts in conferences."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.heard: Samples = np.zeros((slots, PERIOD), np.int16)
        self._attending: list[Channel] = []
        """Scripts whose rows somebody listens to or records."""
        self._talking: list[Channel] = []
        """Scripts that were heard in the latest period."""
        self._faxing: list[Channel] = []
        self._sounding: list[Channel] = []
        self.detectors = Detectors(slots)
        self.tape = Tape(slots, self.detectors.quiet)
        self._pairs: list[Bus] = []
        self._conferences: list[Bus] = []
        self._to = self._from = np.zeros(0, np.intp)
        self.incoming: Samples = self.heard
        """The latest period as it came in, with its echo; (slots, 80)."""
        self._echo = EchoCanceller(slots)

    def channel(self, slot: int) -> Channel:
        """The channel of one line; asked for once per line. Raises ValueError out of range."""
        if not 0 <= slot < self.slots:
            raise ValueError(f"slot {slot}: the frame has {self.slots}")
        return Channel(self, slot)

    def script_channel(self) -> Channel:
        """A channel for a script that takes part in a conference; give it back with close()."""
        return Channel(self, None)

    def close(self, channel: Channel) -> None:
        """End a script's channel."""
        channel.quiet()
        self.detectors.leave(channel.place)

    def bus(self, changed: Callable[[Bus], None] | None = None) -> Bus:
        """A bus without legs; it costs nothing until two have joined it.

        `changed` is called when a leg has come or gone.
        """
        if changed is None:
            return Bus(self._rewire)

        def rewire(bus: Bus) -> None:
            self._rewire(bus)
            changed(bus)

        return Bus(rewire)

    def hear(self, heard: Samples) -> None:
        """Take one period from all lines, (slots, 80): echo is taken out, digits and data are
        reported, recordings go on, and far ends that have gone are noticed."""
        np.copyto(self.heard, heard)
        self.incoming = heard
        self._echo.cancel(self.heard)
        scripts = [(script.place, script.row) for script in self._attending]
        self.detectors.hear(self.heard, scripts)
        for channel in self._faxing:
            channel.hear()
        self.tape.hear(self.heard, scripts)
        self.detectors.watch()

    def play(self) -> Samples:
        """One period to all lines, (slots, 80)."""
        played = np.zeros((self.slots, PERIOD), np.int16)
        for script in self._talking:
            script.says[:] = 0
        self._talking = [channel for channel in self._sounding if channel.slot is None]
        for script in self._talking:
            script.fill(script.says)
        if len(self._to):
            played[self._to] = self.heard[self._from]
        for bus in self._conferences:
            bus.mix(played)
        for channel in self._sounding:
            if channel.slot is not None:
                channel.fill(played[channel.slot])
        sounding = len(self._to) or self._conferences or self._sounding
        self._echo.sent(played if sounding else None)
        return played

    def changed(self, channel: Channel) -> None:
        """A channel's work has changed. The lists are made anew: one may be under way."""
        self._faxing = _with(self._faxing, channel, channel.faxing)
        self._sounding = _with(self._sounding, channel, channel.sounding)
        if channel.slot is None:
            attends = channel.listening or channel.recorder is not None
            self._attending = _with(self._attending, channel, attends)
        else:
            self._echo.want(channel.slot, channel.heard)

    def ended(self, channel: Channel) -> None:
        """A call of this channel has ended; the next one may go elsewhere."""
        if channel.slot is not None:
            self._echo.new_call(channel.slot)

    def _rewire(self, bus: Bus) -> None:
        pair = bus.plain_pair
        self._pairs = _with(self._pairs, bus, pair)
        self._conferences = _with(self._conferences, bus, len(bus.legs) > 1 and not pair)
        slots = [[leg.channel.slot or 0 for leg in bus.legs] for bus in self._pairs]
        self._to = np.array([slot for pair in slots for slot in pair], np.intp)
        self._from = np.array([slot for pair in slots for slot in reversed(pair)], np.intp)


T = TypeVar("T")


def _with(some: list[T], one: T, wanted: bool) -> list[T]:
    """The list with or without this one; a new list if that changes it."""
    if (one in some) == wanted:
        return some
    return [*some, one] if wanted else [other for other in some if other is not one]
