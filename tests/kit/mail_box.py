"""A whole mail service over a real store, in a thread of its own, with a few people on it."""

import asyncio
import smtplib
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import dns.asyncresolver

from app.core.clock import Clock, ManualClock
from app.inbox.account_passwords import BOX, BoxAccount
from app.inbox.aliases import Aliases
from app.inbox.people import People
from app.inbox.queue import Queue, QueueRow
from app.inbox.store import Entry, EntryState, Kind, Store
from app.mail.service import MailService, Ports
from app.store.database import Database
from tests.kit.defaults import add_person, delivery_config, mail_config

CONFIG = mail_config(
    delivery=delivery_config(
        domains=("box.test",),
        host_addresses=("192.0.2.99",),
        hostname="box.test",
        postmaster="anna",
        free_floor=0,
        voice_reserve=0,
    )
)


def no_name_server() -> dns.asyncresolver.Resolver:
    """A resolver of a box whose name servers do not answer: nobody outside is asked anything.

    Those of the machine that runs the tests may answer that test domains do not exist, and mail to
    them would come back in the middle of a test.
    """
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = []
    return resolver


class MailBox:
    """`with MailBox(tmp_path) as box:` anna (admin), bob (public address) and carl have boxes."""

    def __init__(self, directory: Path, clock: Clock | None = None, **changes: Any) -> None:
        self.clock = clock if clock is not None else ManualClock()
        self.config = replace(CONFIG, **{"resolver": no_name_server(), **changes})
        self.db = Database(directory / "inbox.db", self.clock)
        self.store = Store(self.db, self.clock)
        self.people = People(self.db, self.clock)
        self.aliases = Aliases(self.db, self.people, self.config.delivery, self.clock)
        self.queue = Queue(self.db, self.store, self.people, self.config.delivery, self.clock)
        if not self.people.all():
            self._populate()
        ours = (
            self.config.delivery.host_addresses
        )  # but not loopback, where the world's servers are
        self.service = MailService(self.db, self.config, self.clock, is_own=ours.__contains__)
        self.ports: Ports
        self._loop = asyncio.new_event_loop()
        self._ahead_s = 0.0
        self._thread = threading.Thread(target=self._loop.run_forever)

    def _populate(self) -> None:
        add = partial(add_person, self.people)
        self.db.now(lambda tx: add(tx, "anna", "Anna", "201", admin=True))
        self.db.now(lambda tx: add(tx, "bob", "Bob", "202", address="bob@public.test"))
        self.db.now(lambda tx: add(tx, "carl", "Carl", "203", quota=5000))

    def __enter__(self) -> "MailBox":
        self._thread.start()
        self.ports = self.in_loop(self.service.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.in_loop(self.service.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.db.close()

    def in_loop(self, work: Any) -> Any:
        """Run a coroutine in the service's loop and give its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def tick(self) -> None:
        """Let the service see the clock."""

        async def tick() -> None:
            self.service.tick()

        self.in_loop(tick())

    def jump(self, seconds: float) -> None:
        """Set the clock of the service's loop on, by which it waits for servers."""
        self._ahead_s += seconds
        real, ahead_s = asyncio.BaseEventLoop.time, self._ahead_s
        self.in_loop(self._set_time(lambda: real(self._loop) + ahead_s))  # type: ignore[arg-type]

    async def _set_time(self, time: Callable[[], float]) -> None:
        self._loop.time = time  # type: ignore[method-assign]
        for _ in range(10):  # those whose patience has ended act on it
            await asyncio.sleep(0)

    def client(self, address: str = "127.0.0.1") -> smtplib.SMTP:
        """A client that is connected, from one of loopback's addresses."""
        return smtplib.SMTP(
            "127.0.0.1", self.ports.smtp, "client.test", timeout=30, source_address=(address, 0)
        )

    def send(self, octets: bytes, *recipients: str, sender: str = "x@y.test") -> None:
        """Send one mail; smtplib's errors if it is refused."""
        with self.client() as client:
            client.sendmail(sender, list(recipients), octets)

    def keep_password(self, account: BoxAccount, password: str) -> None:
        """Keep the password of an account of the box itself, as `settings set` does."""
        passwords = self.service.passwords
        self.db.now(lambda tx: passwords.set(tx, BOX, account.name, account.place, password))

    def inbox(self, login: str, state: EntryState | None = None) -> list[Entry]:
        """What a person has, or has in one state."""
        person = self.people.by_login(login)
        assert person is not None
        kinds = (Kind.EMAIL, Kind.VOICEMAIL)
        if state is not None:
            return self.store.entries(person.id, kinds, (state,))
        return self.store.entries(person.id, kinds)

    def octets(self, entry: Entry) -> bytes:
        """The whole message of an entry."""
        return b"".join(self.store.octets(entry))

    def alias(self, name: str, *members: str) -> None:
        """Set an alias."""
        self.db.now(lambda tx: self.aliases.set(tx, name, members))

    def rows(self) -> list[QueueRow]:
        """The outgoing queue."""
        return self.queue.page(limit=10_000)

    def settle(self) -> None:
        """Return when the service has seen the last change and nothing is due or under way."""
        done = threading.Event()

        def look() -> None:
            if self.service.is_idle(self.store.last_change()):
                done.set()
            else:
                self._loop.call_later(0.005, look)

        self._loop.call_soon_threadsafe(look)
        assert done.wait(30), "the mail service does not come to rest"
