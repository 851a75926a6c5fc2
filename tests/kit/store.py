"""A store with three people in it, and the shortest ways to put mail there and to look at it."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.core.clock import ManualClock
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Aliases
from app.inbox.delivery import Delivered, Delivery, Destination, Envelope, scan_head
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.people import People, Person
from app.inbox.queue import Queue
from app.inbox.room import Room
from app.inbox.store import Store
from app.store.database import Database
from tests.kit.defaults import add_person, delivery_config

GIB = 1 << 30
CONFIG = delivery_config(
    domains=("example.org", "example.net"),
    host_addresses=("192.0.2.1", "2001:db8::1"),
    hostname="box.example.org",
    postmaster="anna",
)
LETTER = b"From: Carl <carl@elsewhere.example>\r\nSubject: Hello\r\n\r\nHow are you?\r\n"
RECEIVED = (
    b"Received: from elsewhere.example by box.example.org; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
)


@dataclass
class Disk:
    """A disk whose free space a test sets."""

    free: int = 100 * GIB

    def __call__(self, _wanted: int) -> int:
        return self.free


@dataclass
class StoreKit:
    """The parts of one store, joined as the appliance joins them."""

    path: Path
    config: DeliveryConfig = CONFIG
    clock: ManualClock = field(default_factory=ManualClock)
    disk: Disk = field(default_factory=Disk)

    def __post_init__(self) -> None:
        self.db = Database(self.path, self.clock)
        self.store = Store(self.db, self.clock)
        self.people = People(self.db, self.clock)
        self.aliases = Aliases(self.db, self.people, self.config, self.clock)
        self.queue = Queue(self.db, self.store, self.people, self.config, self.clock)
        room = Room(self.db, self.store, self.config, free=self.disk)
        self.delivery = Delivery(
            self.store, self.people, self.aliases, self.queue, self.config, room
        )

    def add_people(self) -> None:
        """Anna (admin, box 201 at jack 101), Bob (202 at 102), Cleo (203, no telephone)."""
        self.db.now(
            lambda tx: (
                add_person(self.people, tx, "anna", "Anna A.", "201", handset="101", admin=True),
                add_person(self.people, tx, "bob", "Bob B.", "202", handset="102"),
                add_person(self.people, tx, "cleo", "Cleo C.", "203", address="cleo@cleo.example"),
            )
        )

    def box_s(self) -> float:
        """The store's box time."""
        return self.db.box_time.now()

    def person(self, login: str) -> Person:
        """One of the people, who must exist."""
        person = self.people.by_login(login)
        assert person is not None
        return person

    def alias(
        self, name: str, *members: str, owner: str | None = None, is_list: bool = False
    ) -> None:
        """Save an alias."""
        self.db.now(lambda tx: self.aliases.set(tx, name, members, owner, is_list))

    def put(
        self,
        login: str,
        octets: bytes = LETTER,
        kind: Kind = Kind.EMAIL,
        sender: str = "carl",
        subject: str = "Hello",
        state: EntryState = EntryState.NEW,
    ) -> Entry:
        """A new entry in somebody's inbox, past all rules of delivery."""
        person, facts = self.person(login), Facts(self.clock.now(), sender, subject)

        def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
            content = self.store.contents.write(tx, (octets,))
            return self.store.add_entry(tx, person.id, content, b"", kind, state, facts)

        return self.store.need(self.db.now(work))

    def mail(
        self,
        *addresses: str,
        octets: bytes = LETTER,
        sender: str = "carl@elsewhere.example",
        relay: Iterable[str] = (),
        kind: Kind = Kind.EMAIL,
    ) -> Delivered:
        """A message through the whole road: routes, one transaction."""
        routes = [self.delivery.route(address) for address in addresses]
        routes += [self.delivery.route_external(address) for address in relay]
        return self.deliver(routes, octets, sender, kind)

    def deliver(
        self,
        routes: Iterable[Destination],
        octets: bytes = LETTER,
        sender: str = "carl@elsewhere.example",
        kind: Kind = Kind.EMAIL,
    ) -> Delivered:
        """A message to routes found before."""
        head = scan_head(octets)
        facts = Facts(self.clock.now(), head.sender, head.subject, by="198.51.100.7")
        envelope = Envelope(sender, tuple(routes), kind, facts, RECEIVED, head)
        return self.db.now(
            lambda tx: self.delivery.deliver(tx, envelope, self.store.contents.write(tx, (octets,)))
        )

    def inbox(self, login: str) -> list[Entry]:
        """What somebody sees in their inbox."""
        return self.store.entries(self.person(login).id)

    def leaving(self, login: str) -> list[Entry]:
        """What is on its way out for somebody."""
        return self.store.entries(self.person(login).id, states=(EntryState.LEAVING,))

    def text(self, entry: Entry) -> bytes:
        """The whole message."""
        return b"".join(self.store.octets(entry))

    def close(self) -> None:
        """Close the store's file."""
        self.db.close()


def open_store(directory: Path, config: DeliveryConfig = CONFIG) -> StoreKit:
    """A fresh store in `directory`, with people."""
    kit = StoreKit(directory / "inbox.db", config)
    kit.add_people()
    return kit


def store_octets(db: Database) -> bytes:
    """All that lies in a store's files.

    Read by another process: if this one closed the file, it would lose SQLite's locks on it
    [fcntl(2), POSIX locks].
    """
    names = [str(db.path), f"{db.path}-wal"]
    return subprocess.run(["cat", *names], stdout=subprocess.PIPE, check=False).stdout
