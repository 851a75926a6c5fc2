"""A POP3 server on loopback over a real store, with people and messages to order."""

import asyncio
import poplib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core.clock import ManualClock
from app.inbox.aliases import Aliases
from app.inbox.known_passwords import KnownPasswords
from app.inbox.limits import PersonLimits
from app.inbox.login_names import LoginNames
from app.inbox.people import People, Transfer
from app.inbox.store import Entry, EntryState, Facts, Kind, Store
from app.mail.pop3.keeping import Keeping
from app.mail.pop3.service import Pop3Config, Pop3Service
from app.mail.pop3.session import Pop3Session
from app.net.listener import Endpoint, Server
from app.net.logins import Logins
from app.store.database import Database
from tests.kit.box_keys import BoxKeys
from tests.kit.defaults import LAN, LIMITS, add_person, delivery_config

DELIVERY = delivery_config(
    hostname="box.test", domains=("box.test",), host_addresses=("192.0.2.1",)
)


class Pop3House:
    """Store and server; the server runs in a thread with a loop of its own.

    With `keys` it speaks TLS: by STLS on `port`, and from the first octet on `tls_port`.
    """

    def __init__(self, directory: Path, keys: BoxKeys | None = None, **config: Any) -> None:
        self.keys = keys
        self.clock = ManualClock()
        self.db = Database(directory / "inbox.db", self.clock)
        self.store = Store(self.db, self.clock)
        self.people = People(self.db, self.clock)
        self.aliases = Aliases(self.db, self.people, DELIVERY, self.clock)
        names = LoginNames(self.people, self.aliases, DELIVERY)
        self.known = KnownPasswords(self.people, self.clock)
        self.logins = Logins(self.known.check, names.login_of, self.clock)
        limits = PersonLimits(self.people.templates, DELIVERY.limits)
        self.keeping = Keeping(limits, self.people, self.clock)
        self.service = Pop3Service(
            self.db,
            self.store,
            self.logins,
            self.keeping,
            Pop3Config("box", **{"plain": LAN, **config}),
            self.clock,
        )
        self.limits = LIMITS
        self.port = self.tls_port = 0
        self._loop = asyncio.new_event_loop()
        self._server: Server[Pop3Session]
        self._thread = threading.Thread(target=self._loop.run_forever, name="pop3-server")

    # people and messages

    def add(self, login: str, mailbox: str, password: str = "a pass word", **fields: Any) -> int:
        """A person with a password; returns the id."""
        person = self.db.now(
            lambda tx: add_person(self.people, tx, login, login, mailbox, **fields)
        )
        self.db.now(lambda tx: self.people.set_password(tx, person, password))
        return person

    def change(self, person: int, **fields: Any) -> None:
        """Change a person's settings, such as transfer."""
        self.db.now(lambda tx: self.people.change(tx, person, **fields))

    def deliver(
        self,
        person: int,
        octets: bytes | Iterable[bytes],
        kind: Kind = Kind.EMAIL,
        prefix: bytes = b"",
        state: EntryState = EntryState.NEW,
    ) -> int:
        """Put a message into an inbox; returns the entry's id."""
        pieces = [octets] if isinstance(octets, bytes) else octets
        content = self.db.now(lambda tx: self.store.contents.write(tx, pieces))
        facts = Facts(received_at=self.clock.now())
        return self.db.now(
            lambda tx: self.store.add_entry(tx, person, content, prefix, kind, state, facts)
        )

    def inbox(self, person: int) -> list[Entry]:
        """What the person's inbox holds."""
        return self.store.entries(person)

    # the server

    def call(self, work: Any) -> Any:
        """Run a coroutine on the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def start(self) -> None:
        """Listen; `port` is then known."""
        self.keeping.refresh()
        self._thread.start()
        ports = self.call(self._start())
        self.port, self.tls_port = ports["plain"], ports["tls"]

    async def _start(self) -> dict[str, int]:
        endpoints = [Endpoint(0, name="plain"), Endpoint(0, tls=True, name="tls")]
        shown = None if self.keys is None else self.keys.server()
        self._server = Server(self.service, "127.0.0.1", endpoints, self.clock, self.limits, shown)
        return await self._server.start()

    def stop(self) -> None:
        """Stop the server and close the store."""
        self.call(self._server.stop(within_s=5.0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.logins.close()
        self.db.close()

    def tick(self, seconds: float = 0.0) -> None:
        """Turn the clock and let every session see it."""

        async def tick() -> None:
            self.clock.advance(seconds)
            self._server.tick()

        self.call(tick())

    def await_connections(self, count: int) -> None:
        """Wait until the server counts so many connections."""
        self._await(lambda: self._server.connections == count)

    def await_that(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true that the server's own work makes true."""
        self._await(condition)

    def await_refusal(self) -> None:
        """Wait until a session holds back a refused login."""
        self._await(lambda: any(session.refusal_is_held for session in self._server.sessions))

    def _await(self, condition: Callable[[], bool]) -> None:
        async def look() -> None:
            while not condition():
                await asyncio.sleep(0)  # lets the loop go once round

        self.call(look())

    def client(self) -> poplib.POP3:
        """A client that has read the greeting."""
        return poplib.POP3("127.0.0.1", self.port, timeout=20)

    def logged_in(self, login: str = "anna", password: str = "a pass word") -> poplib.POP3:
        """A client in the TRANSACTION state."""
        client = self.client()
        client.user(login)
        client.pass_(password)
        return client


@contextmanager
def pop3_house(directory: Path, keys: BoxKeys | None = None, **config: Any) -> Iterator[Pop3House]:
    """A running house; stopped at the end."""
    house = Pop3House(directory, keys, **config)
    house.start()
    try:
        yield house
    finally:
        house.stop()


__all__ = ["EntryState", "Kind", "Pop3House", "Transfer", "pop3_house"]
