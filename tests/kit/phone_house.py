"""The phone service over a box in this process, with its control socket."""

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np

from app.phone.config import PhoneConfig
from app.phone.service import PhoneService
from drivers.board import virtual_board
from drivers.buses import PERIOD
from drivers.errors import BusClosed
from drivers.models.box import VirtualBox
from tests.kit.phone import StubClerk, directory, no_script


class DoorClerk(StubClerk):
    """A hand clerk with what a clerk in another process has more."""

    def __init__(self, **jobs: Any) -> None:
        super().__init__(**jobs)
        self.reader, self.writer = os.pipe()
        self.change = 0
        self.closed = False
        self.fails = False
        self.ticked = asyncio.Event()

    def fileno(self) -> int:
        return self.reader

    def dispatch(self) -> None:
        self.change = os.read(self.reader, 1)[0]
        if self.fails:
            raise BusClosed("the board is gone")

    def tick(self) -> None:
        self.ticked.set()

    def close(self) -> None:
        self.closed = True

    def push(self, change: int) -> None:
        """The store has changed: what a push of the clerk tells."""
        os.write(self.writer, bytes([change]))


class House:
    """A phone service over a box that takes a period for every period it gives."""

    def __init__(self, tmp_path: Path, **scripts: Any) -> None:
        spec = virtual_board()
        self.box = VirtualBox(spec)
        self.clerk = DoorClerk(directory=directory(default="201"))
        self.ready = asyncio.Event()
        self.path = tmp_path / "phone.sock"
        self.service = PhoneService(
            spec,
            self.box,
            self.clerk,
            PhoneConfig(ring_seconds=4),
            scripts.get("answer", no_script),
            no_script,
            self.path,
            lambda change: self.clerk.change >= change,
            self.ready.set,
            lambda: "11241530",
        )

    async def __aenter__(self) -> "House":
        with socket.socket(socket.AF_UNIX) as left_over:  # by a dead service
            left_over.bind(str(self.path))
        self.running = asyncio.create_task(self.service.run())
        await asyncio.sleep(0)
        self.box.pcm().write(np.zeros((self.box.spec.slots, PERIOD), np.int16))
        async with asyncio.timeout(20):
            await self.ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.service.stop()
        async with asyncio.timeout(20):
            await self.running

    async def ask(self, *questions: str) -> list[dict[str, Any]]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write("".join(question + "\n" for question in questions).encode())
        answers = [json.loads(await reader.readline()) for _ in questions]
        writer.close()
        return answers
