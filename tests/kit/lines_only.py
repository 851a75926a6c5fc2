"""The phone side and its clerk at free pace, over whatever store there is; or none.

Unlike tests/kit/world.py nothing here needs the store: it may be missing, damaged or read-only when
`power` comes on, or go away later.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.appliance import make_pbx, open_inbox, phone_plan
from app.clerk.client import InProcessClerk
from app.clerk.desk import Desk, desk_over
from app.clerk.media import InlineMedia
from app.config.paths import Paths
from app.core.clock import ManualClock
from app.inbox.entries import Entry, Kind
from app.phone.pace import FreePace
from app.store.connection import WriteConnection
from app.voicemail.message_waiting import MessageWaitingLamps
from drivers.models.box import VirtualBox
from drivers.models.operator import Operator
from tests.kit.defaults import add_person
from tests.kit.hearing import Hearing
from tests.kit.operating import carry_out
from tests.kit.world import DATE, PEOPLE, PINS, SETTINGS, TimedBox

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class LinesOnly:
    """Anna at 101 and Ben at 102, as in tests/kit/world.py, without mail."""

    def __init__(self, directory: Path) -> None:
        self.paths = Paths(directory / "var")
        self.paths.make()
        self.paths.settings_file.write_text(
            SETTINGS.format(smarthost="", country="us", floor=(2, 1))
        )
        self.clock = ManualClock()
        with self.inbox() as inbox:
            for login, name, mailbox, handset, admin in PEOPLE:
                person = inbox.db.now(
                    lambda tx, p=(login, name, mailbox, handset, admin): add_person(
                        inbox.people, tx, p[0], p[1], p[2], handset=p[3], admin=p[4]
                    )
                )
                inbox.db.now(
                    lambda tx, p=person, n=login: inbox.people.set_pin(tx, p, PINS[n], by=n)
                )
        self.desk: Desk | None = None

    @contextmanager
    def inbox(self):  # type: ignore[no-untyped-def]  # an Inbox
        """The store, opened beside the clerk."""
        inbox = open_inbox(self.paths, self.paths.settings(), self.clock)
        try:
            yield inbox
        finally:
            inbox.db.close()

    def voicemails(self, login: str) -> list[tuple[Entry, bytes]]:
        """Somebody's voicemails with their octets."""
        with self.inbox() as inbox:
            person = inbox.people.by_login(login)
            return [
                (entry, b"".join(inbox.store.octets(entry)))
                for entry in inbox.store.entries(person.id, [Kind.VOICEMAIL])
            ]

    def power(self) -> None:
        """The phone service and its clerk start, or start again."""
        self.off()
        plan = phone_plan(self.paths, self.paths.settings())
        self.box = VirtualBox(plan.board, plan.board.country)
        self.desk = desk_over(plan.clerk, self.clock, InlineMedia())
        self.desk.recover(set())
        self.lamps = MessageWaitingLamps(lambda name, on: pbx.message_waiting(name, on))
        self.clerk = InProcessClerk(self.desk, self.lamps.update)
        self.box.pcm().start()
        pbx = self.pbx = make_pbx(plan, self.box, self.clerk, lambda: DATE)
        timed, slots = TimedBox(self.box, self.clock), self.box.spec.slots
        self.pace = FreePace(timed, pbx, slots, self.clerk.dispatch)
        self._operator = Operator(self.box, lambda: True)
        self.pace.power_up()

    def off(self) -> None:
        """The clerk ends."""
        if self.desk is not None:
            self.desk.close()

    def board(self, *lines: str) -> list[str]:
        """Carry out an operator's command lines; what each answered."""
        return [carry_out(self._operator, line, self.pace.period) for line in lines]

    def listen(self, party: str) -> Hearing:
        """What this party hears from now on."""
        found = self.box.party(party)
        assert found is not None
        return Hearing(found, self.pace.period)

    def later(self, seconds: float) -> None:
        """Turn the clock, and let the clerk do what is due."""
        self.clock.advance(seconds)
        self.clerk.dispatch()


@contextmanager
def read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """Nothing below this folder can be written, as on a disk that the kernel has given up."""
    opened, mkdir, begin = os.open, os.mkdir, WriteConnection._begin

    def refusing(path, flags, *args, **kwargs):  # type: ignore[no-untyped-def]  # as os.open
        if flags & WRITING and Path(os.fsdecode(path)).is_relative_to(folder):
            raise OSError(30, "Read-only file system", str(path))
        return opened(path, flags, *args, **kwargs)

    def refusing_folder(path, *args, **kwargs):  # type: ignore[no-untyped-def]  # as os.mkdir
        if Path(os.fsdecode(path)).is_relative_to(folder):
            raise OSError(30, "Read-only file system", str(path))
        mkdir(path, *args, **kwargs)

    def refusing_write(connection: WriteConnection) -> object:
        if connection._path.is_relative_to(folder):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return begin(connection)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        patch.setattr(os, "mkdir", refusing_folder)
        patch.setattr(WriteConnection, "_begin", refusing_write)
        yield
