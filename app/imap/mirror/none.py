"""In place of a MirrorService where the inbox lives in the box."""

import asyncio
from typing import Any

from app.inbox.mirror import Mirror
from app.store.database import Database


class NoMirror:
    """Notes no more what a server would be told, and else does nothing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def start(self) -> None:
        """Nothing is to be told any more, if it was."""
        mirror = Mirror(self._db)
        if mirror.is_on:
            await asyncio.wrap_future(self._db.submit(lambda tx: mirror.switch(tx, False)))

    async def stop(self) -> None:
        """Nothing goes on."""

    def changed(self) -> None:
        """Nobody is told."""

    def idle(self) -> bool:
        """Always."""
        return True

    def status(self) -> dict[str, Any]:
        """Nothing is connected, nor should be."""
        return {"connected": 0, "away": 0}
