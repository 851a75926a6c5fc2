"""Faxes that people have mailed in go out: one call at a time, on a line that is free.

The clerk says how many wait; while any does, it is asked now and then, by line time, for one whose
time has come. What a call costs is judged again here, with the number plan as it is now. A handset
that calls for help may take the line: the fax is then broken off, and tried again.
"""

import logging

from app.core.timers import TimerQueue
from app.phone.calls.calls import Calls
from app.phone.calls.context import CallScript
from app.phone.calls.dialplan import Subscriber
from app.phone.calls.line import Caller, Line
from app.phone.calls.scripting import Script, Wait
from app.phone.fax.config import FaxConfig
from app.phone.fax.folder import FaxEnd
from app.phone.fax.link import FaxLinks, FaxOrder
from app.phone.jobs import EndedCall, JobFailed, Outcome
from app.phone.lines.trunk import TrunkLine
from app.phone.timers import FAX_LOOK
from app.voicemail.fax_jobs import FaxCallOver, FaxOutcome, FaxToSend
from app.voicemail.jobs import VoicemailClerk

log = logging.getLogger(__name__)

_LISTED: dict[FaxOutcome, Outcome] = {
    FaxOutcome.SENT: "fax",
    FaxOutcome.BUSY: "busy",
    FaxOutcome.NO_ANSWER: "not answered",
    FaxOutcome.BROKEN_OFF: "fax",
}
"""What the list of calls says of it; what is not here was no call."""
NOT_CALLED = FaxEnd(False, "nobody was called")


class FaxSender:
    """Sends what waits. `links` begins a fax call on a line."""

    def __init__(
        self, clerk: VoicemailClerk, calls: Calls, links: FaxLinks, config: FaxConfig
    ) -> None:
        self._clerk, self._calls, self._links, self._config = clerk, calls, links, config
        self._queue: TimerQueue = calls.queue
        self._wait_for = 0
        self._script: Script | None = None

    def waiting(self, count: int) -> None:
        """So many faxes are to be sent, now or later."""
        self._wait_for = count
        if count and self._script is None:
            self._script = Script(self._work(), self._ended)
            self._script.start()

    def _ended(self, failure: BaseException | None) -> None:
        self._script = None
        if failure is not None:
            log.error("sending faxes died; it begins again with the next news", exc_info=failure)

    async def _work(self) -> None:
        while self._wait_for:
            look: Wait[None] = Wait()
            self._queue.after(FAX_LOOK.periods, lambda look=look: look.happened(None))  # type: ignore[misc]
            await look
            if self._free_line() is None:
                continue
            try:
                fax = await self._clerk.next_fax()
                if fax is not None:
                    await self._send(fax)
            except JobFailed as problem:
                log.error("no fax is sent now: %s", problem)

    async def _send(self, fax: FaxToSend) -> None:
        line = self._free_line()
        call = _FaxCall(self._links, self._order(fax))
        outcome = FaxOutcome.NO_LINE if line is None else FaxOutcome.NOT_ALLOWED
        if line is not None and self._may(fax):
            ended: Wait[None] = Wait()
            log.info("%s: fax %d to %s, call %d", line.name, fax.entry, fax.number, fax.attempt)
            called = self._calls.call_for_box(
                line, fax.number, call.script(), lambda: ended.happened(None)
            )
            outcome = FaxOutcome.NO_LINE
            if called:
                await ended
                outcome = call.outcome(line)
        name = "" if line is None else line.name
        if outcome in _LISTED:
            self._list(fax, name, _LISTED[outcome], call.end)
        over = FaxCallOver(fax.entry, fax.attempt, name, outcome, call.end)
        await self._clerk.fax_over(over)

    def _free_line(self) -> TrunkLine | None:
        lines = self._calls.outside_lines
        return lines.free(lines.dialled_on)

    def _may(self, fax: FaxToSend) -> bool:
        lines = self._calls.outside_lines
        sender = Subscriber(fax.person, fax.name, fax.mailbox, None, may_call=fax.may_call)
        emergency = lines.numbering.emergency_for(fax.number)
        return self._config.sending and not emergency and lines.allows(sender, fax.number)

    def _order(self, fax: FaxToSend) -> FaxOrder:
        # Who sends it must stand on each page [47 CFR 68.318(d)]; spandsp adds date and number.
        return FaxOrder(self._config.station, send=fax.file, header=fax.name)

    def _list(self, fax: FaxToSend, line: str, outcome: Outcome, end: FaxEnd) -> None:
        caller = Caller(fax.mailbox or None, fax.name)
        self._clerk.ended_call(
            EndedCall(line, caller, fax.number, outcome, 0, end.seconds, line, "fax")
        )


class _FaxCall:
    """One call: what its script does, and how it ended."""

    def __init__(self, links: FaxLinks, order: FaxOrder) -> None:
        self._links, self._order = links, order
        self.end = NOT_CALLED

    def script(self) -> CallScript:
        """What the call runs when the number is dialled."""
        return lambda line, _: self._exchange(line)

    async def _exchange(self, line: Line) -> None:
        try:
            link = self._links(self._order)
        except OSError as problem:
            log.error("%s: no fax can be sent: %s", line.name, problem)
            self.end = FaxEnd(False, str(problem))
            await line.hang_up()
            return
        try:
            await line.exchange(link)
        finally:
            link.close()
            self.end = link.end or FaxEnd(False, "the call was ended")
            log.info("%s: fax sent: %s", line.name, self.end)
        await line.hang_up()

    def outcome(self, line: TrunkLine) -> FaxOutcome:
        """How it ended, when it has."""
        if self.end.well:
            return FaxOutcome.SENT
        if self.end.pages or self.end.far_ident:
            return FaxOutcome.BROKEN_OFF
        if line.number_unknown:
            return FaxOutcome.NO_NUMBER
        if line.ended_by_tone:
            return FaxOutcome.BUSY
        return FaxOutcome.NO_ANSWER if self.end is not NOT_CALLED else FaxOutcome.BROKEN_OFF
