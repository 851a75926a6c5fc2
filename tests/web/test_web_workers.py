"""Processes that read foreign octets for pages: whose turn it is."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import pytest

from app.web.mine.workers import AT_ONCE, EACH, Workers


class Process:
    """Runs until it is told to end; what it says is nothing."""

    running = 0

    def __init__(self, ended: asyncio.Event) -> None:
        Process.running += 1
        self.stdin, self.stdout, self.stderr = self, self, self
        self.returncode: int | None = None
        self._ended = ended

    async def read(self, _: int) -> bytes:
        await self._ended.wait()
        return b""

    async def wait(self) -> int:
        if self.returncode is None:
            Process.running -= 1
        self.returncode = 0
        return 0

    def close(self) -> None:
        """As a pipe."""


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def turns() -> None:
    room, ended = Workers(), asyncio.Event()

    async def made(program: str, *_: object, **__: object) -> Process:
        assert program == sys.executable
        return Process(ended)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("app.web.mine.workers.asyncio.create_subprocess_exec", made)

        def ask(person: int) -> "asyncio.Task[bytes]":
            return asyncio.ensure_future(room.whole(person, "x", source=nothing()))

        many = [ask(1) for _ in range(AT_ONCE + 2)]
        await settle()
        assert Process.running == EACH
        others = [ask(person) for person in (2, 3)]
        await settle()
        assert Process.running == EACH + 2, "others do not wait for them"
        others.append(ask(4))
        more = ask(5)
        await settle()
        assert Process.running == AT_ONCE and not more.done()
        ended.set()
        assert await asyncio.gather(*many, *others, more) == [b""] * (AT_ONCE + 6)
    assert Process.running == 0
    assert len(room._own) == 0, "nothing is kept of who asks no more"


def test_one_person_has_half_of_the_places_and_others_have_theirs() -> None:
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(turns())
