"""The box as the web pages use it: opened when somebody opens a private page, without pydantic."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.config import plain
from app.config.paths import Paths
from app.core.apart import apart
from app.core.clock import Clock

if TYPE_CHECKING:
    from app.appliance import Inbox


class PagesBox:
    """For the one thread in which pages use the store."""

    def __init__(self, paths: Paths, clock: Clock) -> None:
        self._paths, self._clock = paths, clock
        self._box: Inbox | None = None
        self._stamp: object = None

    def box(self) -> Inbox:
        """The box, by the settings as they are in the file now.

        Raises StoreError or SettingsError.
        """
        stamp = [_stamp(path) for path in (*self._paths.beneath, self._paths.settings_file)]
        if self._box is None or stamp != self._stamp:
            self._box, self._stamp = self._opened(), stamp
        return self._box

    def apart(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """An operation in a process of its own, for those that need pydantic or much memory.

        `operation` is "module:function"; it is given the box, as all are. What it returns must be
        readable without them. Raises what it raises, and ApartFailed.
        """
        return apart(operate, self._paths, operation, args, kwargs)

    def close(self) -> None:
        """Close the store."""
        if self._box is not None:
            self._box.db.close()
            self._box = None

    def _opened(self) -> Inbox:
        from app.appliance import joined, open_existing

        settings = plain.from_text(apart(plain.text_of, self._paths))
        if self._box is not None:
            return joined(self._paths, settings, self._box.db, self._clock)
        return open_existing(self._paths, settings)


def operate(paths: Paths, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In the process of its own: open the box with all its settings, and do it."""
    from app.appliance import open_existing

    module, _, name = operation.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    box = open_existing(paths, paths.settings())
    try:
        return function(box, *args, **kwargs)
    finally:
        box.db.close()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size
