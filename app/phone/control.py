"""The control socket of the phone service: a Unix socket, one JSON line each way.

{"ask": "status"}               -> PhoneService.status()
{"ask": "changed", "since": N}  -> the status once its "changes" is not N, which the answer before
                                   said, or -1; one every 50 ms at most
{"ask": "shown", "change": N}   -> {"shown": N} once the phone has handled the store's change N:
                                   lamps and dial tones are as the store says
{"ask": "play", "handset": H, "mailbox": M}
                                -> {"done": true}: H rings; who lifts it hears the messages of M,
                                   or with "entry": N that one alone
{"ask": "record", "handset": H, "mailbox": M, "greeting": K}
                                -> {"done": true}: H rings; who lifts it records a greeting of the
                                   kind K for M, or with "company/" before K for the company
{"ask": "press", "handset": H, "key": K}
                                -> {"done": true}: K was pressed for what is played on H
{"ask": "flash", "line": J}     -> {"done": true}: J's exchange was asked for a service in the call
                                   that a handset has on it
                                   these four: {"error": text, "told": the fields of
                                   app.core.told.Told} if that cannot be done
{"ask": "quiet"}                -> {"quiet": true} once the clerk has no job left undone: what
                                   callers and owners did so far is in the store
{"ask": "lines"}                -> {"lines": {JACK: the fields of drivers.ports.LineReading, or
                                   {"problem": text}}}, read one line a beat
{"ask": "test", "line": J, "lift_s": S, "dials": true}
                                -> {"found": [the fields of drivers.findings.Finding], "why": ""}
                                   once the test of the line J is over; `why` it ended early
anything else                   -> {"error": text}
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.records import parse_json, to_json
from app.core.told import told as told_of
from app.phone.lines.line_test import Ended
from drivers.findings import TestOrder
from drivers.sampling import PERIODS_PER_SECOND

log = logging.getLogger(__name__)

LONGEST_QUESTION = 65536
LONGEST_LIFT_S = 120
"""How long a test may wait for a handset to be lifted."""
QUESTIONS = (
    *("status", "changed", "shown", "quiet", "play", "record", "press", "lines", "test", "flash"),
)


@dataclass(frozen=True)
class Player:
    """Playing messages on a handset; each gives "", or why it cannot be."""

    play: Callable[[str, str, int | str], str]
    """(handset, mailbox, number of the entry, 0 for all, or a greeting's kind to be recorded)"""
    press: Callable[[str, str], str]
    """(handset, key)"""


NO_PLAYER = Player(lambda *_: "nothing can be played here", lambda *_: "nothing is played here")


Told = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Bench:
    """Measuring lines, which begins, and tells its answer later; and a flash to an exchange."""

    lines: Callable[[Told], None]
    """What the chips of all lines measure, by jack."""
    test: Callable[[str, TestOrder, Ended], str]
    """Test the line of this jack; "" or why it cannot be."""
    flash: Callable[[str], str]
    """Flash on the outside line of this jack; "" or why it cannot be."""


NO_BENCH = Bench(
    lambda told: told({}),
    lambda *_: "no line can be tested here",
    lambda _: "there is no outside line here",
)


class Control:
    """Answers questions at `path`. Call look() whenever an answer may have changed.

    `changes()` counts changes of the status; `shows(change)` says whether lamps and dial tones show
    the store as it was after that change; `quiet()` whether the clerk has nothing left to do.
    """

    def __init__(
        self,
        path: Path,
        status: Callable[[], dict[str, Any]],
        changes: Callable[[], int],
        shows: Callable[[int], bool],
        quiet: Callable[[], bool],
        player: Player = NO_PLAYER,
        bench: Bench = NO_BENCH,
    ) -> None:
        self._player, self._bench = player, bench
        self._path, self._status, self._changes = path, status, changes
        self._shows, self._quiet = shows, quiet
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; asyncio replaces a socket left over by a dead service."""
        self._server = await asyncio.start_unix_server(
            self._serve, self._path, limit=LONGEST_QUESTION
        )

    async def close(self) -> None:
        """Stop listening; the connections of those who wait are closed."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        for _, future in self._waiting:
            future.cancel()

    def look(self) -> None:
        """Answer the questions whose condition has come true by now."""
        for happened, future in self._waiting:
            if not future.done() and happened():
                future.set_result(None)
        self._waiting = [(h, f) for h, f in self._waiting if not f.done()]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError) as problem:
            log.info("control connection ends: %r", problem)
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            question = parse_json(line)
            asked = question["ask"]
            if asked == "status":
                return self._status()
            if asked == "changed":
                since = int(question["since"])
                await self._when(lambda: self._changes() != since)
                return self._status()
            if asked == "play":
                handset, mailbox = str(question["handset"]), str(question["mailbox"])
                why = self._player.play(handset, mailbox, int(question.get("entry", 0)))
                return _outcome(why)
            if asked == "record":
                handset, mailbox = str(question["handset"]), str(question["mailbox"])
                why = self._player.play(handset, mailbox, str(question["greeting"]))
                return _outcome(why)
            if asked == "press":
                why = self._player.press(str(question["handset"]), str(question["key"]))
                return _outcome(why)
            if asked == "flash":
                why = self._bench.flash(str(question["line"]))
                return _outcome(why)
            if asked == "shown":
                change = int(question["change"])
                await self._when(lambda: self._shows(change))
                return {"shown": change}
            if asked == "lines":
                return {"lines": await self._told(self._bench.lines)}
            if asked == "test":
                return await self._test(str(question["line"]), order_of(question))
            if asked == "quiet":
                await self._when(self._quiet)
                return {"quiet": True}
        except (ValueError, KeyError, TypeError) as problem:
            return {"error": f"not understood: {problem!r}"}
        return {"error": f"no such question: {asked!r}; allowed are {', '.join(QUESTIONS)}"}

    async def _when(self, happened: Callable[[], bool]) -> None:
        if not happened():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append((happened, future))
            await future

    async def _told(self, begin: Callable[[Told], None]) -> dict[str, Any]:
        """What is told once that which begins now has come to its end."""
        answer: list[dict[str, Any]] = []
        begin(answer.append)
        await self._when(lambda: bool(answer))
        return answer[0]

    async def _test(self, line: str, order: TestOrder) -> dict[str, Any]:
        """What a test of this line has found once it is over, or why there is none."""

        def begin(told: Told) -> None:
            why = self._bench.test(
                line, order, lambda found, why: told({"found": to_json(found), "why": why})
            )
            if why:
                told(_outcome(why))

        return await self._told(begin)


def order_of(question: dict[str, Any]) -> TestOrder:
    """The order in a question. Raises ValueError for a time that is none or too long."""
    lift_s, dials = question.get("lift_s", 0), question.get("dials", True)
    if (
        not isinstance(lift_s, int)
        or not 0 <= lift_s <= LONGEST_LIFT_S
        or dials not in (True, False)
    ):
        raise ValueError(
            f"lift_s {lift_s!r}, dials {dials!r}; 0 to {LONGEST_LIFT_S}, true or false"
        )
    return TestOrder(lift_periods=lift_s * PERIODS_PER_SECOND, dials=bool(dials))


def _outcome(why: str) -> dict[str, Any]:
    """The answer to what was asked to be done: done, or why it cannot be."""
    return {"error": why, "told": to_json(told_of(why))} if why else {"done": True}
