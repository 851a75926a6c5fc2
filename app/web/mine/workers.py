"""Processes with limits that read what anybody may have sent; the loop only moves octets."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from weakref import WeakValueDictionary

from app.core.errors import SwitchhookError

AT_ONCE = 6
"""Processes at one time; further requests wait."""
EACH = 3
"""Of those, one person's: a mail that takes long makes others wait for nothing."""
SILENT_S = 20.0
"""Seconds without a sign of life after which one is ended."""
PIECE = 65_536


class WorkerFailed(SwitchhookError):
    """A process gave up; the text says why, `code` how (negative: a signal)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Workers:
    """Runs them."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        self._own: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    async def whole(
        self, person: int, module: str, *arguments: str, source: AsyncIterator[bytes]
    ) -> bytes:
        """All that a process says. Raises WorkerFailed."""
        pieces = self.pieces(person, module, *arguments, source=source)
        return b"".join([piece async for piece in pieces])

    async def pieces(
        self, person: int, module: str, *arguments: str, source: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """What `python -m module arguments` makes of octets, as it comes. Raises WorkerFailed.

        `person` is the id of who asks. Whoever listens no more ends the process.
        """
        own = self._own.setdefault(person, asyncio.Semaphore(EACH))
        async with own, self._room:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert process.stdin and process.stdout and process.stderr
            feeding = asyncio.create_task(_feed(process.stdin, source))
            try:
                while piece := await asyncio.wait_for(process.stdout.read(PIECE), SILENT_S):
                    yield piece
                said = await asyncio.wait_for(process.stderr.read(PIECE), SILENT_S)
                code = await asyncio.wait_for(process.wait(), SILENT_S)
            except TimeoutError as problem:
                raise WorkerFailed(-9, f"nothing came for {SILENT_S:g} s") from problem
            finally:
                feeding.cancel()
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if code != 0:
                raise WorkerFailed(code, said.decode("utf-8", "replace").strip())


async def _feed(stdin: asyncio.StreamWriter, source: AsyncIterator[bytes]) -> None:
    """Give a process its octets; it may have enough before their end."""
    with suppress(ConnectionError):
        async for piece in source:
            stdin.write(piece)
            await stdin.drain()
    stdin.close()
