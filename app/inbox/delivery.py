"""Delivery: the only way into an inbox, for SMTP and for recorded calls alike.

    route        an address → whose inbox keeps it, which addresses elsewhere get it
    check_room   before the octets come: is there room for them, in the box and on the disk
    deliver      when they are stored: entries and queue rows, in one transaction

Every local recipient gets an entry with their own header prefix; content is stored once. Outside
members of an alias get a queue row each, and somebody here answers for them (queue.py: purposes).
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.inbox.addresses import (
    POSTMASTER,
    RESERVED,
    VOICEMAIL,
    DeliveryConfig,
    is_outside_address,
)
from app.inbox.aliases import Aliases, Expansion, Outside
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.errors import BadName, MailboxFull, MailLoop, NoSpace, NoSuchPerson, NotOurs
from app.inbox.people import People, Person
from app.inbox.queue import Purpose, Queue, QueueItem
from app.inbox.store import Store
from app.inbox.voicemail_reply import VoicemailReplies
from app.message.headers import HeaderFacts, scan_head
from app.store.database import Tx

__all__ = [
    "Delivered",
    "Delivery",
    "DeliveryConfig",
    "Destination",
    "Envelope",
    "HeaderFacts",
    "Local",
    "disk_free",
    "scan_head",
]

HOPS = 100
"""Received lines beyond which a message counts as looping [RFC 5321 §6.3]."""
VOICE_OVER_PERCENT = 10
"""Of the quota; by so much voicemail may go over it, so that a caller can leave a message."""


@dataclass(frozen=True)
class Local:
    """A person whose inbox keeps the message."""

    person: Person


@dataclass(frozen=True)
class Destination:
    """Where one recipient address leads, each person and outside address once."""

    address: str
    """As the sender wrote it."""
    local: tuple[Local, ...]
    outside: tuple[Outside, ...]
    group: bool
    """An alias for several: accepted even if some of them are full."""
    trace: tuple[str, ...]
    """Step by step, in words, for `alias trace`."""
    answered: bool = False
    """It is the sender of voicemails: nobody gets the message, and its sender is notified."""

    @property
    def senders_on(self) -> frozenset[str]:
        """Local names that send it elsewhere; what Delivered-To says on those copies."""
        return frozenset(one.via for one in self.outside if one.via)

    @property
    def keepers(self) -> frozenset[str]:
        """Logins that keep it."""
        return frozenset(local.person.login for local in self.local)

    @property
    def single(self) -> Person | None:
        """The one person meant, whose full inbox is a reason to refuse; None for groups."""
        if self.group or len(self.local) != 1:
            return None
        return self.local[0].person


@dataclass(frozen=True)
class Envelope:
    """A message's envelope and what is known about it, as `deliver` needs it."""

    sender: str
    """Envelope sender; "" is the null sender."""
    recipients: tuple[Destination, ...]
    kind: Kind
    facts: Facts
    received_header: bytes = b""
    """The Received field we add, whole lines; empty for voicemail."""
    head: HeaderFacts = field(default_factory=HeaderFacts)
    """Of the message as it came, for finding loops."""


@dataclass(frozen=True)
class Delivered:
    """What one delivery made."""

    entries: tuple[int, ...]
    """Entries in an inbox, then those that are leaving."""
    queued: tuple[int, ...]
    """Queue rows, one per outside recipient."""


def disk_free(directory: Path) -> int:
    """Octets that an ordinary user may still write on the disk of `directory`."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize


class Delivery:
    """Routes, room and delivery over one store, for one process."""

    def __init__(
        self,
        store: Store,
        people: People,
        aliases: Aliases,
        queue: Queue,
        config: DeliveryConfig,
        free: Callable[[], int] | None = None,
    ) -> None:
        """`free` returns the free octets of the store's disk; by default the disk is asked."""
        self._store = store
        self._people = people
        self._aliases = aliases
        self._queue = queue
        self._config = config
        self._free = free if free is not None else (lambda: disk_free(store.directory))
        self._replies = VoicemailReplies(store, config)
        self._reserved: dict[int, int] = {}

    # ---- where to

    def route(self, address: str) -> Destination:
        """Follow a recipient address; raises NoSuchPerson, or NotOurs for another domain's."""
        name, step = self._name(address.strip())
        if name == VOICEMAIL:
            trace = (step, "replies to voicemails are answered in words and kept nowhere")
            return Destination(address, (), (), True, trace, answered=True)
        reached = self._aliases.expand(name)
        return _route(address, reached, (step, *reached.trace))

    def route_external(self, address: str) -> Destination:
        """The route of an address elsewhere, for mail that we have agreed to relay.

        The sender gets it back if it cannot go there. Raises BadName if it is no mail address.
        """
        if not is_outside_address(address):
            raise BadName(f"{address!r} is not an address that mail could be sent to")
        outside = (Outside(address, None, ""),)
        return Destination(address, (), outside, True, (f"{address} is elsewhere: it is relayed",))

    @property
    def voicemail_address(self) -> str:
        """Who voicemail is from when its owner has no public address."""
        return self._config.voicemail_address

    def sender_of(self, person: Person) -> str:
        """The envelope sender of what a person sends: the public address, else the one here."""
        return person.address or self._config.canonical(person.login)

    def local_name(self, address: str) -> str | None:
        """The login, alias or reserved name that an address at one of our domains means here.

        Public addresses are left out; None if the address means nobody here.
        """
        name = self._config.local_part(address)
        if name is None:
            return None
        person = self._people.by_login(name) or self._people.by_mailbox(name)
        if person is not None:
            return person.login
        return name if name in RESERVED or self._aliases.get(name) is not None else None

    def public_address(self, address: str) -> str | None:
        """The public address of the person here that a local address means; None if there is none.

        What our people send leaves with it, so that an answer reaches them from anywhere.
        """
        name = self._config.local_part(address)
        person = None if name is None else self._people.by_login(name)
        return None if person is None else person.address

    def _name(self, address: str) -> tuple[str, str]:
        """The local name an address means, and a line that says why."""
        person = self._people.by_address(address)
        if person is not None:
            return person.login, f"{address} is the public address of {person.login}"
        name = self._config.local_part(address)
        if name is None:
            raise NotOurs(f"{address} is not at any of our domains")
        if name == POSTMASTER:
            return self._postmaster(), f"{address} is the postmaster"
        person = self._people.by_mailbox(name)
        if person is not None:
            return person.login, f"{address} is the mailbox of {person.login}"
        return name, f"{address} is {name} here"

    def _postmaster(self) -> str:
        person = self._aliases.postmaster()
        if person is None:
            raise NoSuchPerson("there is nobody here yet who could be postmaster")
        return person.login

    # ---- is there room

    def check_room(self, route: Destination, size: int, kind: Kind = Kind.EMAIL) -> None:
        """Reserve room for a message of `size` octets (0: not announced) at one recipient.

        Raises NoSpace or MailboxFull, and then has reserved nothing. A mailbox with any room left
        takes a message whose size was not announced, and may be overdrawn by it. What is reserved
        counts until `release` is called with the same route and size, delivered or not.
        """
        floor = self._config.free_floor
        floor -= self._config.voice_reserve if kind is Kind.VOICEMAIL else 0
        if self._free() - sum(self._reserved.values()) - size < floor:
            raise NoSpace("the disk is nearly full; try again later")
        person = route.single
        if person is not None and not self._fits(person, size, kind):
            raise MailboxFull(f"the mailbox of {route.address} is full")
        self._reserve(route, size)

    def release(self, route: Destination, size: int) -> None:
        """Give back the `size` octets that check_room has reserved."""
        self._reserve(route, -size)

    def _fits(self, person: Person, size: int, kind: Kind) -> bool:
        quota = person.quota
        if kind is Kind.VOICEMAIL:
            quota += quota * VOICE_OVER_PERCENT // 100
            size = 0  # a call is never cut short for its length; it may overdraw
        room = quota - self._store.used(person.id) - self._reserved.get(person.id, 0)
        return room > 0 and size <= room

    def _reserve(self, route: Destination, size: int) -> None:
        for local in route.local:
            left = self._reserved.get(local.person.id, 0) + size
            if left > 0:
                self._reserved[local.person.id] = left
            else:
                self._reserved.pop(local.person.id, None)

    # ---- delivering

    def deliver(self, tx: Tx, envelope: Envelope, content: int) -> Delivered:
        """Make sealed content visible to all recipients and queue what goes elsewhere.

        One transaction: all of it or nothing. Raises MailLoop, NoSuchPerson (removed meanwhile) or
        ContentGone.
        """
        plan = self._plan(envelope)
        entries: dict[int, int] = {}
        for person in plan.keepers.values():
            self._must_exist(tx, person)
            entries[person.id] = self._enter(
                tx, envelope, content, person.login, person, EntryState.NEW
            )
        queued: list[int] = []
        for owner, outside in plan.sent.values():
            queued += self._send(tx, envelope, content, owner, outside, entries)
        if any(route.answered for route in envelope.recipients):
            self._answer(tx, envelope, content)
        return Delivered(tuple(entries.values()), tuple(queued))

    def _answer(self, tx: Tx, envelope: Envelope, content: int) -> None:
        """Answer a reply to a voicemail; the reply itself goes if it has no other recipient."""
        person = self.local_sender(envelope.sender)
        if person is not None:
            self._replies.answer(tx, person, envelope.head, envelope.facts.received_at)
        self._store.contents.drop_unused(tx, [content])

    def _plan(self, envelope: Envelope) -> "_Plan":
        plan = _Plan()
        for route in envelope.recipients:
            plan.add(route)
        if envelope.head.hops > HOPS:
            raise MailLoop(f"more than {HOPS} hops: this message is going round")
        self._break_loops(plan, envelope)
        return plan

    def _break_loops(self, plan: "_Plan", envelope: Envelope) -> None:
        """Refuse what has come back [RFC 9228]; where others are served, keep it and send no more.

        A refusal speaks for all recipients, so a message that is new to some is not refused.
        """
        came_back = [route for route in envelope.recipients if self._came_back(route, envelope)]
        if not came_back:
            return
        if len(came_back) == len(envelope.recipients):
            again = ", ".join(route.address for route in came_back)
            raise MailLoop(f"this message has been delivered to {again} before")
        plan.stop(name for route in came_back for name in route.senders_on)

    def _came_back(self, route: Destination, envelope: Envelope) -> bool:
        """Whether it was sent on from here before, or everybody here has it already."""
        been = {
            name
            for name in route.senders_on | route.keepers
            if self._config.canonical(name).lower() in envelope.head.delivered_to
        }
        return bool(been & route.senders_on) or bool(been and been >= route.keepers)

    def _send(
        self,
        tx: Tx,
        envelope: Envelope,
        content: int,
        owner: Person | None,
        outside: list[Outside],
        entries: dict[int, int],
    ) -> list[int]:
        """Queue one owner's share, with the entry that answers for it."""
        via = outside[0].via
        if owner is None:
            sender = self.local_sender(envelope.sender)
            local = None if sender is None else sender.id
            item = QueueItem(
                Purpose.RELAY, content, envelope.received_header, envelope.sender, local
            )
        else:
            self._must_exist(tx, owner)
            purpose = Purpose.COPY
            if owner.id not in entries:
                purpose = Purpose.CUSTODY
                entries[owner.id] = self._enter(
                    tx, envelope, content, via, owner, EntryState.LEAVING
                )
            prefix = self._delivered_to(via) + envelope.received_header
            entry = entries[owner.id]
            item = QueueItem(purpose, content, prefix, envelope.sender, owner.id, entry)
        return self._queue.add(tx, item, [one.address for one in outside])

    def _enter(
        self, tx: Tx, envelope: Envelope, content: int, via: str, person: Person, state: EntryState
    ) -> int:
        """One person's entry. The trace lines come in the order of RFC 5321 §4.4: newest first."""
        prefix = b"Return-Path: <" + envelope.sender.encode() + b">\r\n" + self._delivered_to(via)
        return self._store.add_entry(
            tx,
            person.id,
            content,
            prefix + envelope.received_header,
            envelope.kind,
            state,
            envelope.facts,
        )

    def _delivered_to(self, name: str) -> bytes:
        return f"Delivered-To: {self._config.canonical(name)}\r\n".encode()

    def local_sender(self, sender: str) -> Person | None:
        """The person here whom an envelope sender means, if any: reports go to their inbox."""
        person = self._people.by_address(sender) if sender else None
        if person is None and sender:
            name = self._config.local_part(sender)
            person = None if name is None else self._people.by_login(name)
        return person

    def _must_exist(self, tx: Tx, person: Person) -> None:
        row = tx.execute(
            "SELECT 1 FROM person WHERE id = ? AND removed_at IS NULL", (person.id,)
        ).fetchone()
        if row is None:
            raise NoSuchPerson(f"{person.login} is not here any more")


def _route(address: str, reached: Expansion, trace: tuple[str, ...]) -> Destination:
    local = tuple(map(Local, reached.people))
    return Destination(address, local, reached.outside, reached.group, trace)


@dataclass
class _Plan:
    """All recipients of one message together: each person once, each outside address once."""

    keepers: dict[int, Person] = field(default_factory=dict)
    sent: dict[int | None, tuple[Person | None, list[Outside]]] = field(default_factory=dict)
    _addresses: set[str] = field(default_factory=set)

    def add(self, route: Destination) -> None:
        for local in route.local:
            self.keepers.setdefault(local.person.id, local.person)
        for outside in route.outside:
            if outside.address.lower() in self._addresses:
                continue
            self._addresses.add(outside.address.lower())
            owner = outside.owner
            key = None if owner is None else owner.id
            self.sent.setdefault(key, (owner, []))[1].append(outside)

    def stop(self, looping: Iterable[str]) -> None:
        """Send nothing more by way of these names; who owned it keeps it instead."""
        names = set(looping)
        for key, (owner, outside) in list(self.sent.items()):
            going = [one for one in outside if one.via not in names]
            if owner is not None and len(going) < len(outside):
                self.keepers.setdefault(owner.id, owner)
            if going:
                self.sent[key] = (owner, going)
            else:
                del self.sent[key]
