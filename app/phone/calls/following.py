"""How one call follows whom it is for to an outside number: dialling, asking, joining after a 1.

The toll class of the person who is followed decides what may be called; nobody who calls from
outside can set the number. The line gives no sign of an answer, so the question is said again and
again until somebody accepts or the time is over.
"""

import logging

from app.phone.calls.aims import Step
from app.phone.calls.call_line import CallLine
from app.phone.calls.context import AnyLine, Context
from app.phone.calls.outgoing import Outgoing
from app.phone.calls.states import CallEvent
from app.phone.lines.trunk import TrunkLine

log = logging.getLogger(__name__)


class Following(Outgoing):
    """The part of a call that rings somebody at their follow-me number."""

    def __init__(self, context: Context, caller: AnyLine) -> None:
        super().__init__(context, caller)
        self._followed: TrunkLine | None = None
        """The line on which the person is called, until they have accepted."""
        self._question: CallLine | None = None

    def _follow(self, step: Step) -> bool:
        lines, owner = self._context.outside_lines, self._context.owner_of_mailbox(step.mailbox)
        if not lines.allows(owner, step.outside):
            log.warning("mailbox %s may not be followed to %s", step.mailbox, step.outside)
            return False
        line = lines.free((), (self.caller.name,))
        if line is None:
            log.info("mailbox %s is not followed: no line is free", step.mailbox)
            return False
        self._add_member(line)
        self._followed = line
        log.info("%s: mailbox %s is called on %s", self.caller.name, step.mailbox, line.name)
        line.call(step.outside, lines.by_pulses(line), lambda: self._ask(line, step.mailbox))
        return True

    @property
    def _nobody_rings(self) -> bool:
        return not (self.ringing or self.offered or self._followed)

    def _ask(self, line: TrunkLine, mailbox: str) -> None:
        """The number is dialled: say who is wanted until somebody accepts."""
        if line is not self._followed:
            return

        def over() -> None:
            self._question_over(question)

        question: CallLine = self._context.call_line(line, line.channel, over)
        self._question = question
        line.digits_wanted(True)
        self._context.run(self._context.follow, question, mailbox, over)

    def _question_over(self, question: CallLine) -> None:
        if question is not self._question or self._followed is None:
            return
        self._question = None
        question.end()
        if question.onward and self.machine.table.accepts(self.machine.state, CallEvent.ANSWERED):
            self.called, self._followed = self._followed, None
            self._ways.append("follow-me")
            self.machine.event(CallEvent.ANSWERED)
        else:
            self._unfollow()
            self._not_answered()

    def _not_answered(self) -> None:
        if self.machine.table.accepts(self.machine.state, CallEvent.NO_ANSWER):
            self.machine.event(CallEvent.NO_ANSWER)

    def _followed_left(self, line: AnyLine) -> bool:
        """The line on which somebody is followed has failed; False if it is another one."""
        if line is not self._followed:
            return False
        self._unfollow()
        self._not_answered()
        return True

    def _unfollow(self) -> None:
        """Stop calling there."""
        line, self._followed = self._followed, None
        question, self._question = self._question, None
        if question is not None:
            question.end()
        if line is not None:
            line.digits_wanted(False)
            self._remove_member(line)
            line.release()
