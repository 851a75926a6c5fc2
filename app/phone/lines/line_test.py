"""A line under test: its sound belongs to the test, and the test goes on with each period of it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from app.core.fsm import Machine
from app.core.sentences import N_
from app.phone.fax.folder import FaxEnd
from drivers.buses import Samples
from drivers.errors import BusClosed, HardwareError
from drivers.findings import Finding, TestOrder
from drivers.line_sound import LineSound
from drivers.ports import Port

Ended = Callable[[list[Finding], str], None]
"""(what was found; "" or why the test did not come to its end)"""


class LineTest:
    """One run of a port's tests, in place of a fax call (app.phone.fax.link.FaxLink).

    `over` is called once, with what was found, however it ends.
    """

    end: FaxEnd | None = None

    def __init__(self, port: Port, order: TestOrder, over: Ended) -> None:
        self._sound = LineSound()
        self._found: list[Finding] = []
        self._steps = port.line_test(self._sound, order, self._found.append)
        self._over: Ended | None = over
        self._wait = 0

    def period(self, heard: Samples) -> Samples:
        """10 ms pass: what the line said, (80,); gives what is sent to it."""
        if self._wait:
            self._wait -= 1
        else:
            self._go_on()
        return self._sound.period(heard)

    def _go_on(self) -> None:
        try:
            periods = next(self._steps, None)
        except BusClosed:
            raise
        except HardwareError as problem:
            self._finish(str(problem))
            return
        if periods is None:
            self._finish("")
        else:
            self._wait = periods - 1

    def close(self) -> None:
        """See cut()."""
        self.cut(N_("the test was given up"))

    def cut(self, why: str) -> None:
        """End it before its end, the line as the test found it; harmless when it is over."""
        self._steps.close()
        self._finish(why)

    def _finish(self, why: str) -> None:
        over, self._over = self._over, None
        if over is not None:
            over(self._found, why)


class Tests:
    """The tests of one line, whose machine says when it may be tested and is told of the end."""

    def __init__(
        self, port: Port, machine: Machine[Any, Any, Any], begins: StrEnum, over: StrEnum
    ) -> None:
        """`begins` and `over` are events of the machine."""
        self._port, self._machine = port, machine
        self._begins, self._over = begins, over
        self.link: LineTest | None = None
        """The test under way."""

    def run(self, order: TestOrder, over: Ended) -> bool:
        """Let a test have the line until `over`; False if the line's state does not allow it."""
        if not self._machine.table.accepts(self._machine.state, self._begins):
            return False

        def ends(found: list[Finding], why: str) -> None:
            self.link = None
            if self._machine.table.accepts(self._machine.state, self._over):
                self._machine.event(self._over)
            over(found, why)

        self.link = LineTest(self._port, order, ends)
        return self._machine.event(self._begins)

    def end(self, why: str) -> None:
        """A test that is under way gives the line back at once."""
        if self.link is not None:
            self.link.cut(why)
