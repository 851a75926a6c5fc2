"""The control socket of the mail service: a Unix socket, one JSON line each way.

{"ask": "status"}       -> MailService.status(): that the loop goes round, and how late it has been
{"ask": "connections"}  -> MailService.held(): who holds which connection
anything else           -> {"error": text}

The service's own loop answers, so no answer means that nobody else is served either. Who connects
to POP3 and SMTP cannot come between: it is another socket, in a folder of the box's own services,
and no limit of theirs counts here.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.core.records import BadRecord, parse_json

log = logging.getLogger(__name__)

LONGEST_QUESTION = 4_096
"""Octets of a question's line."""


class Control:
    """Answers questions at `path`, each by calling what `answers` has under its name."""

    def __init__(self, path: Path, answers: Mapping[str, Callable[[], dict[str, Any]]]) -> None:
        self._path, self._answers = path, answers
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; a socket left over by a dead service is replaced. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            self._serve, self._path, limit=LONGEST_QUESTION
        )

    def close(self) -> None:
        """Answer nothing any more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError) as problem:
            log.info("control connection ends: %r", problem)
        finally:
            writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            question = parse_json(line)
        except BadRecord as problem:
            return {"error": f"not understood: {problem}"}
        asked = question.get("ask") if isinstance(question, dict) else None
        answer = self._answers.get(asked) if isinstance(asked, str) else None
        if answer is None:
            return {"error": f"no such question: {asked!r}; known are {', '.join(self._answers)}"}
        return answer()


class Lateness:
    """How late a loop comes to what is due, in seconds: the worst of the last minute or two."""

    SPAN_S = 60.0
    """Seconds that one worst is kept for, and then as long again as the one before."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._now = self._before = 0.0

    def seen(self, now: float, late: float) -> None:
        """Something due came so late, at `now` (monotonic seconds)."""
        if self._since is None or now - self._since >= self.SPAN_S:
            self._since, self._before, self._now = now, self._now, 0.0
        self._now = max(self._now, late)

    @property
    def worst(self) -> float:
        """The worst of the last one or two spans."""
        return max(self._now, self._before)
