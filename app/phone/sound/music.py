"""What parties on hold listen to: the owner's music, or a soft tone, made while one listens."""

import logging

from app.core.timers import TimerQueue
from app.phone.jobs import HoldMusic, JobFailed
from app.phone.sound.mixer import Bus, Leg, Mixer
from app.phone.sound.player import Sounds
from app.phone.sound.tones import HOLD
from app.phone.timers import SHORTEST_MUSIC

log = logging.getLogger(__name__)


class MusicOnHold:
    """One bus for all who are on hold; `wanted` says whether the settings name music."""

    def __init__(self, mixer: Mixer, queue: TimerQueue, sounds: Sounds, wanted: bool) -> None:
        self.bus = mixer.bus(self._changed)
        self._sounds = sounds
        self._wanted = wanted
        self._channel = mixer.script_channel()
        self._sounding = False
        self._queue, self._begun = queue, 0
        Leg(self._channel).join(self.bus)

    def _changed(self, bus: Bus) -> None:
        listened = len(bus.legs) > 1
        if listened == self._sounding:
            return
        self._sounding = listened
        if not listened:
            self._channel.stop()
            self._channel.tone(None)
        elif self._wanted:
            self._begin()
        else:
            self._channel.tone(HOLD)

    def _begin(self) -> None:
        self._begun = self._queue.now
        self._channel.play([self._sounds.source(HoldMusic())], self._ended)

    def _ended(self, failure: JobFailed | None) -> None:
        """The music is over, and begins again."""
        if failure is None and self._queue.now - self._begun >= SHORTEST_MUSIC.periods:
            self._begin()
            return
        log.error("no music on hold but a tone: %s", failure or "the music is shorter than 1 s")
        self._wanted = False
        self._channel.tone(HOLD)
