"""The box as the panel sees it: lines by the phone service, the store by its notices, files.

The store is read when a notice says that it has changed, at most so often that reading takes a
tenth of the time; else once a minute.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from app.config.paths import Paths
from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.core.notices import Listener
from app.operations import panel as operations
from app.operations.errors import OperationError
from app.operations.panel import PANEL, PanelBox, PlayerAction, StoreFacts
from app.panel.config import PanelConfig
from app.panel.gestures import Meaning, TurnPresence, Wanted
from app.panel.lights import Condition, PanelFacts, line_use
from app.panel.phone_link import PhoneLink

log = logging.getLogger(__name__)

READ_S = 0.05
"""Between two reads of the store at the least."""
BUSY_TIMES = 10
"""A read that takes so long is followed by ten times as long without one."""
ANYWAY_S = 60.0
"""Between two reads of a store that says nothing."""
REOPEN_S = 5.0
"""Until a store that could not be opened or read is tried again."""
FILES_S = 1.0
"""Between two looks at what only files and sockets tell."""
START_S = 90.0
"""After which a box whose lines are not up is no longer starting but fails."""

ENDING_S = 60.0
"""Within which a box that ends has ended; later it has not."""

PLAYER: dict[Wanted, PlayerAction] = {Meaning.NEXT: "next", Meaning.DELETE: "delete"}


class StoreWatch:
    """What the store holds, kept up to date; `open_box` opens it and raises SwitchhookError."""

    def __init__(self, open_box: Callable[[], PanelBox], clock: Clock, mailbox: str) -> None:
        self._open, self._clock, self._mailbox = open_box, clock, mailbox
        self.box: PanelBox | None = None
        """None while the store cannot be used."""
        self.facts = StoreFacts()
        self._listener: Listener | None = None
        self._dirty = True
        self._read_at = 0.0
        self._anyway_at = 0.0

    def fileno(self) -> int:
        """Readable when the store has changed; -1 while it is not open."""
        return -1 if self._listener is None else self._listener.fileno()

    def wait_s(self, now_s: float) -> float:
        """Seconds until it is read or opened."""
        due = self._read_at if self._dirty or self.box is None else self._anyway_at
        return max(0.0, due - now_s)

    def look(self, now_s: float) -> None:
        """Read what has changed, if it is time."""
        if self._listener is not None and self._listener.clear():
            self._dirty = True
        if now_s >= self._anyway_at:
            self._dirty = True
        if not self._dirty or now_s < self._read_at:
            return
        try:
            self._read(now_s)
        except SwitchhookError as problem:
            log.info("front panel: the store cannot be read: %s", problem)
            self.close()
            self._read_at = now_s + REOPEN_S

    def look_soon(self) -> None:
        """Something has changed of which no notice tells."""
        self._dirty = True

    def close(self) -> None:
        """Let the store go."""
        if self._listener is not None:
            self._listener.close()
        if self.box is not None:
            self.box.db.close()
        self.box = self._listener = None
        self.facts, self._dirty = StoreFacts(), True

    def _read(self, now_s: float) -> None:
        if self.box is not None and not self.box.db.in_place:
            self.close()  # the file has been changed over
        if self.box is None:
            self.box = self._open()
            self._listener = self.box.db.listener("panel")
        began = self._clock.monotonic()
        self._dirty = False
        self.facts = self.box.facts(self._mailbox)
        took = self._clock.monotonic() - began
        self._read_at = now_s + max(READ_S, BUSY_TIMES * took)
        self._anyway_at = now_s + ANYWAY_S


class LiveBox:
    """The running box."""

    def __init__(
        self, config: PanelConfig, paths: Paths, open_box: Callable[[], PanelBox], clock: Clock
    ) -> None:
        self._config, self._paths, self._clock = config, paths, clock
        self._store = StoreWatch(open_box, clock, config.mailbox)
        self._phone = PhoneLink(paths.phone_control)
        self._began = clock.monotonic()
        self._was_ready = False
        self._ending_until = 0.0
        self._files_at = 0.0
        self._files = PanelFacts()

    def filenos(self) -> list[int]:
        """What is readable when something has changed."""
        return [number for number in (self._store.fileno(), self._phone.fileno()) if number >= 0]

    def wait_s(self, now_s: float) -> float:
        """Seconds until something is due."""
        phone = self._phone.wait_s(now_s)
        due = [self._store.wait_s(now_s), max(0.0, self._files_at - now_s)]
        return min(due if phone is None else [*due, phone])

    def close(self) -> None:
        """Let store and phone service go."""
        self._store.close()
        self._phone.close()

    def facts(self, now_s: float) -> PanelFacts:
        """What is known now."""
        self._phone.look(now_s)
        self._store.look(now_s)
        if now_s >= self._files_at:
            self._files_at = now_s + FILES_S
            self._files = self._read_files()
        status = self._phone.status
        if status is not None and status["ready"]:
            self._was_ready = True
        lines = {} if status is None else status["lines"]
        down = (*self._files.down, *(("phone",) if self._phone.away(now_s) else ()))
        condition = self._condition(now_s)
        return replace(
            self._files,
            condition=condition,
            lines={name: line_use(line) for name, line in lines.items()} if self._was_ready else {},
            down=() if condition is Condition.STARTING else down,
            store=self._store.facts,
        )

    def do(self, wanted: Wanted, faults: frozenset[str]) -> None:
        """Carry out what somebody wants. Raises OperationError."""
        config = self._config
        if wanted is Meaning.PLAY:
            operations.play_messages(PANEL, self._paths, config.handset, config.mailbox)
        elif wanted in PLAYER:
            operations.press_for_player(PANEL, self._paths, config.handset, PLAYER[wanted])
        elif wanted is Meaning.NIGHT:
            operations.turn_night(self._opened(), PANEL)
            self._store.look_soon()
        elif isinstance(wanted, TurnPresence):
            operations.turn_presence(self._opened(), PANEL, wanted.line)
        elif wanted is Meaning.ACKNOWLEDGE:
            operations.acknowledge(self._opened(), PANEL, faults)
        elif wanted is Meaning.SHUT_DOWN:
            operations.shut_down(PANEL, self._paths)
            self._ending_until = self._clock.monotonic() + ENDING_S
        else:
            operations.erase(PANEL, self._paths)
            self._ending_until = self._clock.monotonic() + ENDING_S

    def _opened(self) -> PanelBox:
        if self._store.box is None:
            raise OperationError("", "the store of messages cannot be used now")
        return self._store.box

    def _condition(self, now_s: float) -> Condition:
        if now_s < self._ending_until:
            return Condition.ENDING
        if not self._was_ready and now_s - self._began < START_S:
            return Condition.STARTING
        return Condition.WORKING

    def _read_files(self) -> PanelFacts:
        return PanelFacts(
            down=() if operations.answers(self._paths.mail_control) else ("mail",),
            damage=operations.is_damaged(self._paths),
            on_trial=operations.is_on_trial(),
        )
