"""What one call script sees of a line: implements app.phone.calls.line.Line.

It ends with its call. A script that is still busy afterwards (its recording is being
composed) cannot disturb the line's next call: everything it asks of the line raises HungUp.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from app.core.timers import RunningTimer, TimerQueue, periods
from app.phone.calls.line import ANY, Caller, HungUp, Kind, Recorded, WhyVoicemail
from app.phone.calls.scripting import FaxTone, Wait
from app.phone.fax.link import FaxLink
from app.phone.jobs import JobFailed
from app.phone.sound.mixer import Channel
from app.phone.sound.player import Sounds
from app.phone.sound.recorder import Recorder
from app.phone.sound.sounds import Sound, Tone
from app.phone.sound.tones import ENDING
from app.phone.timers import CLERK_PATIENCE, FAX_LONGEST

T = TypeVar("T")

_AHEAD = 40
"""Digits kept when no script has asked for them yet; more are dropped."""


class CallLine:
    """See app.phone.calls.line.Line for what scripts may call; the rest is for the call."""

    def __init__(
        self,
        name: str,
        kind: Kind,
        caller: Caller,
        channel: Channel,
        queue: TimerQueue,
        sounds: Sounds,
        hung_up: Callable[[], None],
    ) -> None:
        self.name, self.kind, self.caller = name, kind, caller
        self.why = WhyVoicemail.NO_ANSWER
        """Set by the call before its script starts."""
        self.language: str | None = None
        """Set by who makes it."""
        self.onward = ""
        """Number of ours that the caller is connected with when the script has ended."""
        self.back = False
        """Whether that is the number of who called, which may be an outside one."""
        self.may_call_back: Callable[[str], bool] = lambda _: False
        """Set by who makes it: whether this line may call this number of a caller."""
        self.over = False
        self._channel, self._queue, self._sounds, self._hung_up = channel, queue, sounds, hung_up
        self._ahead: list[str] = []
        self._on_digit: Callable[[str], bool] | None = None
        self._wait: Wait[Any] | None = None
        self._patient = False
        self._fax_called = False

    @property
    def periods(self) -> int:
        """See Line."""
        return self._queue.now

    # What the call reports.

    def digit(self, digit: str) -> None:
        """The far end dialled."""
        if self._on_digit is not None and self._on_digit(digit):
            return
        if len(self._ahead) < _AHEAD:
            self._ahead.append(digit)

    def listen_for_fax(self) -> None:
        """The line takes faxes: a fax machine that calls ends whatever the script does."""
        self._channel.listen_for_fax(self._fax_calls)

    def begin_fax(self) -> None:
        """The script that was interrupted has ended; another one is about to use this line."""
        self._fax_called = False
        self._channel.stop()
        self._channel.tone(None)
        self._ahead.clear()

    def _fax_calls(self) -> None:
        if self.over or self._fax_called:
            return
        self._fax_called = True
        self._channel.listen_for_fax(None)
        if self._channel.recorder is not None:
            self._channel.recorder.end("fax")
        elif self._wait is not None:
            self._channel.stop()
            self._wait.failed(FaxTone())

    def end(self, failed: bool = False) -> None:
        """The far end is gone, or the line has failed.

        A recording ends; any other wait on the line raises HungUp.
        """
        if self.over:
            return
        self.over = True
        if self._channel.recorder is not None:
            self._channel.recorder.end("line failed" if failed else "hung up")
        elif self._wait is not None:
            self._wait.failed(HungUp())

    # What scripts call.

    async def play(self, *sounds: Sound, stop_on: str = "") -> str:
        """See Line."""
        self._check()
        if self._ahead and self._ahead[0] in stop_on:
            return self._ahead.pop(0)
        sources = [self._sounds.source(sound) for sound in sounds]
        wait: Wait[str] = Wait(cancelled=self._channel.stop)

        def on_digit(digit: str) -> bool:
            if digit not in stop_on:
                return False
            self._channel.stop()
            wait.happened(digit)
            return True

        def ended(failure: JobFailed | None) -> None:
            if failure is None:
                wait.happened("")
            else:
                wait.failed(failure)

        self._channel.play(sources, ended)
        return await self._for(wait, on_digit)

    async def digits(
        self, most: int, end: str = "#", first_s: float = 6, between_s: float = 4
    ) -> str:
        """See Line: `most` digits, unless the `end` digit or a pause in seconds comes first."""
        self._check()
        dialled = ""
        while len(dialled) < most:
            digit = await self._one_digit(between_s if dialled else first_s)
            if not digit or digit in end:
                break
            dialled += digit
        return dialled

    async def record(
        self,
        sink: Callable[[bytes], None],
        limit_s: float,
        silence_s: float,
        stop_on: str = ANY,
        ending_s: float = 0,
    ) -> Recorded:
        """See Line. What was dialled before is forgotten: it was not meant for this."""
        self._check()
        self._ahead.clear()
        wait: Wait[Recorded] = Wait(cancelled=lambda: self._channel.record(None))

        def ended(recorded: Recorded) -> None:
            self._channel.record(None)
            wait.happened(recorded)

        def on_digit(digit: str) -> bool:
            if digit not in stop_on:
                return False
            recorder.end("digit", digit)
            return True

        recorder = Recorder(sink, periods(limit_s * 1000), periods(silence_s * 1000), ended)
        self._channel.record(recorder)
        return await self._for(wait, on_digit, self._warning(limit_s - ending_s if ending_s else 0))

    def _warning(self, after_s: float) -> RunningTimer | None:
        """The tones that say that a recording will end, unless it has ended by then."""
        if after_s <= 0:
            return None
        sources = [self._sounds.source(ENDING)]
        play = lambda: self._channel.play(sources, lambda _: None)  # noqa: E731
        return self._queue.after(periods(after_s * 1000), play)

    async def exchange(self, link: FaxLink) -> None:
        """See Line; no call takes longer than FAX_LONGEST."""
        self._check()
        wait: Wait[None] = Wait()
        self._channel.exchange(link, lambda: wait.happened(None))
        due = self._queue.after(FAX_LONGEST.periods, lambda: wait.happened(None))
        try:
            await self._for(wait, lambda _: True, due)
        finally:
            self._channel.exchange(None)

    async def pause(self, seconds: float) -> None:
        """See Line."""
        self._check()
        wait: Wait[None] = Wait()
        due = self._queue.after(periods(seconds * 1000), lambda: wait.happened(None))
        await self._for(wait, None, due)

    async def answer_of(self, job: Wait[T]) -> T:
        """See Line."""
        if job.done:
            return job.result()
        due = self._queue.after(periods(CLERK_PATIENCE.ms), self._ask_for_patience)
        try:
            return await job
        finally:
            due.cancel()
            self._channel_is_free()

    def _ask_for_patience(self) -> None:
        if not self.over:
            self._patient = True
            self._channel.play(self._sounds.patience.sources(), lambda _: None)

    def _channel_is_free(self) -> None:
        if self._patient and not self.over:
            self._channel.stop()
        self._patient = False

    def tone(self, tone: Tone | None) -> None:
        """See Line."""
        self._check()
        self._channel.tone(tone)

    def go_on_to(self, number: str) -> None:
        """See Line."""
        self._check()
        self.onward = number

    def call_back(self, number: str) -> bool:
        """See Line."""
        self._check()
        if not self.may_call_back(number):
            return False
        self.onward, self.back = number, True
        return True

    async def hang_up(self) -> None:
        """See Line."""
        self._check()
        self.over = True
        self._channel.stop()
        self._hung_up()

    async def _one_digit(self, seconds: float) -> str:
        if self._ahead:
            return self._ahead.pop(0)
        wait: Wait[str] = Wait()

        def on_digit(digit: str) -> bool:
            wait.happened(digit)
            return True

        due = self._queue.after(periods(seconds * 1000), lambda: wait.happened(""))
        return await self._for(wait, on_digit, due)

    async def _for(
        self, wait: Wait[T], on_digit: Callable[[str], bool] | None, due: RunningTimer | None = None
    ) -> T:
        if self._wait is not None:
            raise RuntimeError(f"line {self.name}: a script waits for one thing at a time")
        self._wait, self._on_digit = wait, on_digit
        try:
            return await wait
        finally:
            self._wait = self._on_digit = None
            if due is not None:
                due.cancel()

    def _check(self) -> None:
        if self.over:
            raise HungUp
        if self._fax_called:
            raise FaxTone
