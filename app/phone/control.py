"""The control socket of the phone service: a Unix socket, one JSON line each way.

{"ask": "status"}               -> PhoneService.status()
{"ask": "shown", "change": N}   -> {"shown": N} once the phone has handled the store's change N:
                                   lamps and dial tones are as the store says
{"ask": "quiet"}                -> {"quiet": true} once the clerk has no job left undone: what
                                   callers and owners did so far is in the store
anything else                   -> {"error": text}
"""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

LONGEST_QUESTION = 65536


class Control:
    """Answers questions at `path`. Call look() whenever an answer may have changed.

    `shows(change)` says whether lamps and dial tones show the store as it was after that change;
    `quiet()` whether the clerk has nothing left to do.
    """

    def __init__(
        self,
        path: Path,
        status: Callable[[], dict[str, Any]],
        shows: Callable[[int], bool],
        quiet: Callable[[], bool],
    ) -> None:
        self._path, self._status, self._shows, self._quiet = path, status, shows, quiet
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; a socket left over by a dead service is replaced."""
        self._path.unlink(missing_ok=True)
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
            question = json.loads(line)
            asked = question["ask"]
            if asked == "status":
                return self._status()
            if asked == "shown":
                change = int(question["change"])
                await self._when(lambda: self._shows(change))
                return {"shown": change}
            if asked == "quiet":
                await self._when(self._quiet)
                return {"quiet": True}
        except (ValueError, KeyError, TypeError) as problem:
            return {"error": f"not understood: {problem!r}"}
        return {"error": f"no such question: {asked!r}; allowed are status, shown, quiet"}

    async def _when(self, happened: Callable[[], bool]) -> None:
        if not happened():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append((happened, future))
            await future
