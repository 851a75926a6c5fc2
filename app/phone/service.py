"""The phone service at real pace: one thread, clocked by the PCM stream.

The loop waits for three things: a period heard (then one beat), an answer or a push of the clerk,
and questions at the control socket. Nothing here blocks.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from app.phone.config import PhoneConfig
from app.phone.control import Bench, Control, Player
from app.phone.jobs import Clerk
from app.phone.lines.kept_callers import CallerMemory
from app.phone.lines.line_test import Ended
from app.phone.pbx import CallScript, Pbx, PlayScript
from drivers.board import BoardSpec, Hardware, LineBoard
from drivers.buses import PERIODS_PER_SECOND, Samples
from drivers.countries import country
from drivers.findings import TestOrder

log = logging.getLogger(__name__)

CATCH_UP = 4
"""Most periods handled at once when we were late, before others get a turn."""
LOOK_PERIODS = 5
"""Periods between two looks at whom a change of the lines concerns."""
FINISH_S = 5
"""At the end: how long recordings may take to be finished, in line time."""


class ServiceClerk(Clerk, Protocol):
    """A clerk in a child process (app.clerk.client.ProcessClerk)."""

    def fileno(self) -> int:
        """Readable when dispatch() has something to do."""
        ...

    def dispatch(self) -> None:
        """Handle the answers and pushes that have come; never blocks."""
        ...

    def tick(self) -> None:
        """Called once a second."""
        ...

    def close(self) -> None:
        """End the child."""
        ...


class PhoneService:
    """The lines of one board, served until stop().

    `shows(change)` says whether lamps show the store as it was after that change (see Control);
    `ready` is called once, when the lines are up and calls are taken; `kept` has callers from
    before a restart. Raises what LineBoard and Pbx raise.
    """

    def __init__(
        self,
        spec: BoardSpec,
        hardware: Hardware,
        clerk: ServiceClerk,
        config: PhoneConfig,
        answer: CallScript,
        owner: CallScript,
        control: Path,
        shows: Callable[[int], bool],
        ready: Callable[[], None],
        date: Callable[[], str],
        kept: CallerMemory | None = None,
        play: PlayScript | None = None,
        attendant: CallScript | None = None,
    ) -> None:
        self._clerk = clerk
        board = self._board = LineBoard(spec, hardware, country(config.country))
        self._pcm = board.proved(hardware.pcm())
        self.pbx = Pbx(
            board,
            self._pcm.slots,
            clerk,
            config,
            answer,
            owner,
            date,
            kept,
            lambda: self._pcm.lost_periods,
            play,
            attendant,
        )
        self._control = Control(
            control,
            self.status,
            lambda: self.pbx.changes,
            shows,
            lambda: clerk.pending == 0,
            Player(self.pbx.calls.play, self.pbx.calls.press),
            Bench(self.pbx.readings.ask, self._test_line, self.pbx.calls.flash),
        )
        self._changes_seen = 0
        self._look_at = 0
        self._ready: Callable[[], None] | None = ready
        self._stopping = False
        self._left = 0
        self._waiting: Samples | None = None
        """A period that has been read and not been handled yet: we are late."""
        self._over: asyncio.Future[None] | None = None

    def _test_line(self, name: str, order: TestOrder, over: Ended) -> str:
        """See Pbx.test_line; nothing is begun that would hold up the end."""
        return (
            "the telephone service ends"
            if self._stopping
            else self.pbx.test_line(name, order, over)
        )

    def status(self) -> dict[str, Any]:
        """Pbx.status(), with what the PCM port went through and the clerk's jobs under way.

        Lost periods have 10 ms each; proofs are those of the slots.
        """
        return {
            **self.pbx.status(),
            "lost_periods": self._pcm.lost_periods,
            "xruns": self._pcm.xruns,
            "slot_proofs": self._pcm.proofs,
            "slot_failures": self._pcm.failures,
            "stream_restarts": self._pcm.starts,
            "clerk_pending": self._clerk.pending,
        }

    async def run(self) -> None:
        """Serve until stop(). Raises HardwareError when the board is gone."""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        try:
            await self._control.open()
        except OSError as problem:  # a disk that cannot be written keeps nobody from a call
            log.error("nobody can ask the phone service: %s", problem)
        self._pcm.start()
        self.pbx.power_up()
        loop.add_reader(self._pcm.fileno(), self._guarded, self._periods)
        loop.add_reader(self._clerk.fileno(), self._guarded, self._on_clerk)
        ticking = loop.create_task(self._tick())
        try:
            await self._over
        finally:
            ticking.cancel()
            loop.remove_reader(self._pcm.fileno())
            loop.remove_reader(self._clerk.fileno())
            await self._control.close()
            self._board.power_off()
            self._pcm.close()
            self._clerk.close()

    def stop(self) -> None:
        """End all calls, let recordings be finished, then let run() return."""
        if self._stopping:
            return
        self._stopping = True
        self._left = FINISH_S * PERIODS_PER_SECOND
        self.pbx.hang_up_all()
        if self._over is not None:  # also when no period comes any more
            self._over.get_loop().call_later(FINISH_S + 1, self._finish)

    def _finish(self) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A failure in a callback of the loop ends the service: its supervisor starts it anew."""
        if self._over is None or self._over.done():
            return
        try:
            work()
        except Exception as failure:
            self._over.set_exception(failure)

    def _periods(self) -> None:
        heard = self._pcm.read() if self._waiting is None else self._waiting
        for _ in range(CATCH_UP):
            if heard is None:
                break
            following = self._pcm.read()
            self._pcm.write(self.pbx.beat(heard, late=following is not None))
            heard = following
        self._waiting = heard
        if heard is not None:  # it was read, so the descriptor may not be readable for its sake
            asyncio.get_running_loop().call_soon(self._guarded, self._periods)
        if self.pbx.changes != self._changes_seen and self.pbx.periods >= self._look_at:
            self._changes_seen = self.pbx.changes
            self._look_at = self.pbx.periods + LOOK_PERIODS
            self._control.look()
        if self._ready is not None and self.pbx.ready:
            ready, self._ready = self._ready, None
            ready()
        if self._stopping:
            self._check_finished()

    def _check_finished(self) -> None:
        self._left -= 1
        done = not self.pbx.busy and not self._clerk.pending
        if not done and self._left == 0:
            log.warning("%d jobs are left unfinished", self._clerk.pending)
        if done or self._left <= 0:
            self._finish()

    def _on_clerk(self) -> None:
        self._clerk.dispatch()
        self._control.look()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._guarded(self._clerk.tick)
            self._control.look()
