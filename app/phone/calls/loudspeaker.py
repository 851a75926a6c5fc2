"""The loudspeaker as a party that only hears: what is played on it, and keys from elsewhere.

It has no line and never rings: a script that plays something on it begins at once. It costs nothing
while none runs.
"""

from collections.abc import Callable
from typing import Any, Protocol

from app.core.timers import TimerQueue
from app.phone.calls.call_line import CallLine
from app.phone.calls.context import CallScript, PlayScript
from app.phone.calls.line import Caller
from app.phone.sound.mixer import Channel, Mixer
from app.phone.sound.player import Sounds
from drivers.loudspeaker import Loudspeaker
from drivers.panel_spec import LOUDSPEAKER


class RunsScripts(Protocol):
    """What it needs of the calls of a board (app/phone/calls/calls.py)."""

    queue: TimerQueue
    mixer: Mixer
    sounds: Sounds

    def run(
        self, script: CallScript, line: CallLine, mailbox: str, over: Callable[[], None]
    ) -> None:
        """Start a script; `over` is called when it has ended."""
        ...


class LoudspeakerParty:
    """Plays on one loudspeaker what this script says, one mailbox at a time."""

    def __init__(self, calls: RunsScripts, speaker: Loudspeaker, script: PlayScript) -> None:
        self._calls, self._speaker, self._script = calls, speaker, script
        self._line: CallLine | None = None
        self._channel: Channel | None = None

    def play(self, mailbox: str, what: int | str = 0) -> str:
        """Play the messages of a mailbox, or that entry alone; "", or why that cannot be."""
        if isinstance(what, str):
            return "nothing can be recorded on the loudspeaker"
        if self._line is not None:
            return "the loudspeaker is in use"
        if not self._speaker.begin():
            return f"the loudspeaker cannot be used: {self._speaker.fault}"
        calls, script = self._calls, self._script
        self._close()
        self._channel = channel = calls.mixer.script_channel()

        def over() -> None:
            if self._line is line:
                self._line = None
                calls.queue.changes += 1

        self._line = line = CallLine(
            LOUDSPEAKER, "station", Caller(), channel, calls.queue, calls.sounds, over
        )
        calls.queue.changes += 1
        calls.run(lambda line, number: script(line, number, what), line, mailbox, over)
        return ""

    def press(self, key: str) -> str:
        """A key for what is played; "" if that is done, else why it cannot be."""
        if self._line is None:
            return "nothing is played on the loudspeaker"
        self._line.digit(key)
        return ""

    def stop(self) -> None:
        """End what is played."""
        line, self._line = self._line, None
        if line is not None:
            self._calls.queue.changes += 1
            line.end()
        self._close()

    def beat(self) -> None:
        """10 ms have passed, and what is played in the next ones has been made."""
        if self._channel is None:
            self._speaker.idle()
        elif not self._speaker.play(self._channel.says):
            self.stop()  # what nobody hears does not count as heard
        elif self._line is None:  # that was the end of the last sound
            self._close()

    def status(self) -> dict[str, Any]:
        """JSON values: whether it plays, what is wrong with it, and periods left out or added."""
        speaker = self._speaker
        return {
            "playing": self._line is not None,
            "fault": speaker.fault,
            "dropped_periods": speaker.dropped,
            "repeated_periods": speaker.repeated,
        }

    def _close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            self._calls.mixer.close(channel)
