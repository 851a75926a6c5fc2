"""The sound of all lines: what each hears and says in one period.

A Channel is the sound of one line. The Mixer goes only through the channels that have something to
do; bridged lines are copied for all bridges at once.
"""

from collections.abc import Callable, Sequence

import numpy as np

from app.phone.jobs import JobFailed
from app.phone.sound import audio, dsp
from app.phone.sound.player import Player, Source, ToneSource
from app.phone.sound.recorder import Recorder
from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, Samples


class Channel:
    """The sound of one line, by its place in the PCM frame."""

    def __init__(self, mixer: "Mixer", slot: int) -> None:
        self._mixer = mixer
        self.slot = slot
        self.row: Samples = mixer.heard[slot]
        self._address = dsp.pointer(self.row)
        self._player: Player | None = None
        self._tone: Tone | None = None
        self._tone_source: ToneSource | None = None
        self._detector: dsp.DtmfDetector | None = None
        self._digit: Callable[[str], None] | None = None
        self._messages: Callable[[bytes], None] | None = None
        self._receiver: dsp.FskReceiver | None = None
        self.recorder: Recorder | None = None
        self.peer: Channel | None = None

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
        self._mixer.changed(self)

    def listen(self, digit: Callable[[str], None] | None, dial_tone: bool = False) -> None:
        """Tell of each DTMF digit, or of none. `dial_tone`: dial tone is being played."""
        self._digit = digit
        if digit is None:
            self._detector = None
        else:
            if self._detector is None:
                self._detector = dsp.DtmfDetector()
            self._detector.filter_dial_tone(dial_tone)
        self._mixer.changed(self)

    def receive(self, message: Callable[[bytes], None] | None) -> None:
        """Tell of each on-hook data message (caller ID), or of none; starts afresh."""
        self._messages = message
        self._receiver = dsp.FskReceiver() if message is not None else None
        self._mixer.changed(self)

    def quiet(self) -> None:
        """Nothing played, heard, recorded or bridged."""
        self.stop()
        self.tone(None)
        self.record(None)
        self.listen(None)
        self.receive(None)
        self._mixer.part(self)

    @property
    def listening(self) -> bool:
        """Whether somebody wants what this line says."""
        return self._detector is not None or self._receiver is not None

    @property
    def sounding(self) -> bool:
        """Whether something is played to this line (a bridge is not counted)."""
        return self._player is not None or self._tone_source is not None

    def hear(self) -> None:
        """Give the period in `row` to detector and receiver."""
        if self._detector is not None:
            for digit in self._detector.hear(self._address):
                if self._digit is not None:
                    self._digit(digit)
        if self._receiver is not None:
            for message in self._receiver.hear(self.row):
                if self._messages is not None:
                    self._messages(message)

    def fill(self, row: Samples) -> None:
        """Write the next period; a bridge has written its part before."""
        if self.peer is None and (self._player is None or self._tone_source is None):
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


class Mixer:
    """The sound of all lines of one board."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.heard: Samples = np.zeros((slots, PERIOD), np.int16)
        self._channels: list[Channel] = []
        self._listening: list[Channel] = []
        self._recording: list[Channel] = []
        self._sounding: list[Channel] = []
        self._to: list[int] = []
        self._from: list[int] = []

    def channel(self, slot: int) -> Channel:
        """The channel of one slot; asked for once per line. Raises ValueError out of range."""
        if not 0 <= slot < self.slots:
            raise ValueError(f"slot {slot}: the frame has {self.slots}")
        channel = Channel(self, slot)
        self._channels.append(channel)
        return channel

    def hear(self, heard: Samples) -> None:
        """One period from all lines: digits and data are reported, recordings go on."""
        np.copyto(self.heard, heard)
        for channel in self._listening:
            channel.hear()
        for channel in self._recording:
            if channel.recorder is not None:
                channel.recorder.hear(channel.row)

    def play(self) -> Samples:
        """One period to all lines."""
        played = np.zeros((self.slots, PERIOD), np.int16)
        if self._to:
            played[self._to] = self.heard[self._from]
        for channel in self._sounding:
            channel.fill(played[channel.slot])
        return played

    def bridge(self, one: Channel, other: Channel) -> None:
        """Let two lines hear each other; earlier bridges of both end."""
        self.part(one)
        self.part(other)
        one.peer, other.peer = other, one
        self._rewire()

    def part(self, channel: Channel) -> None:
        """End the bridge of this line, if there is one."""
        if channel.peer is not None:
            channel.peer.peer = None
            channel.peer = None
            self._rewire()

    def changed(self, channel: Channel) -> None:
        """A channel's work has changed. The lists are made anew: one may be under way."""
        self._listening = _with(self._listening, channel, channel.listening)
        self._recording = _with(self._recording, channel, channel.recorder is not None)
        self._sounding = _with(self._sounding, channel, channel.sounding)

    def _rewire(self) -> None:
        bridged = [c for c in self._channels if c.peer is not None]
        self._to = [c.slot for c in bridged]
        self._from = [c.peer.slot for c in bridged if c.peer is not None]


def _with(channels: list[Channel], channel: Channel, wanted: bool) -> list[Channel]:
    if (channel in channels) == wanted:
        return channels
    if wanted:
        return [*channels, channel]
    return [c for c in channels if c is not channel]
