"""Delivery: the only way into an inbox, for SMTP and for recorded calls alike.

    route        an address → whose inbox keeps it, which addresses elsewhere get it
    check_room   before the octets come: is there room, in the mailbox and on the disk (room.py)
    deliver      when they are stored: entries and queue rows, in one transaction

Every local recipient gets an entry with their own header prefix; content is stored once. Outside
members of an alias get a queue row each, and somebody here answers for them (queue.py: purposes).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from app.core.sentences import N_, sentence
from app.inbox import probes
from app.inbox.addresses import (
    ABUSE,
    CATCH_ALL,
    FAX,
    POSTMASTER,
    RESERVED,
    VOICEMAIL,
    DeliveryConfig,
    is_at_literal,
    is_outside_address,
    untagged,
)
from app.inbox.aliases import Aliases
from app.inbox.delivery_plan import Destination, FaxTo, Plan, Share
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.errors import (
    BadName,
    MailboxFull,
    MailboxFullForGood,
    MailLoop,
    NoSuchPerson,
    NotOurs,
)
from app.inbox.expansion import Alias, Local, Outside, SentBy
from app.inbox.late_failures import bring_back
from app.inbox.limits import PersonLimits
from app.inbox.people import People, Person
from app.inbox.people_changes import Remembered
from app.inbox.queue import Purpose, Queue, QueueItem
from app.inbox.quota import InboxRoom, QuotaWarnings
from app.inbox.room import Room
from app.inbox.store import Store
from app.inbox.voicemail_reply import VoicemailReplies
from app.message.dsn import Asked
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
    "scan_head",
]

HOPS = 100
"""Received lines beyond which a message counts as looping [RFC 5321 §6.3]."""


REMEMBERED_MOST = 20
"""People and outside addresses of a route that is remembered; aliases may have thousands."""

_PUBLIC = N_("%(address)s is the public address of %(login)s")
_MAILBOX = N_("%(address)s is the mailbox of %(login)s")
_POSTMASTER = N_("%(address)s is the postmaster")
_COMPLAINTS = N_("%(address)s is for complaints, which the postmaster gets")
_CATCH_ALL = N_("%(address)s is nobody here: the catch-all alias * gets it")


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
    asked: Mapping[str, Asked] = field(default_factory=dict)
    """By recipient as the sender wrote it: of what they want to hear."""


@dataclass(frozen=True)
class Delivered:
    """What one delivery made."""

    entries: tuple[int, ...]
    """Entries in an inbox, then those that are leaving."""
    queued: tuple[int, ...]
    """Queue rows, one per outside recipient."""


class Delivery:
    """Routes, room and delivery over one store, for one process."""

    def __init__(
        self,
        store: Store,
        people: People,
        aliases: Aliases,
        queue: Queue,
        config: DeliveryConfig,
        room: Room,
    ) -> None:
        self.room = room
        self._store = store
        self._people = people
        self._aliases = aliases
        self._queue = queue
        self.config = config
        self._routes = Remembered[Destination](people.changes)
        self._senders = Remembered[Person | None](people.changes)
        self._publics = Remembered[str | None](people.changes)
        self.reports = queue.reports
        self._replies = VoicemailReplies(store, config)
        self.limits = PersonLimits(people.templates, config.limits)
        self.warnings = QuotaWarnings(store, self.limits, config)
        self.inboxes = InboxRoom(store, self.limits, config.callers_percent)

    # ---- where to

    def route(self, address: str, draft: Alias | None = None) -> Destination:
        """Follow a recipient address; `draft` is an alias as it would be if it were saved.

        Raises NoSuchPerson, or NotOurs for another domain's; NotOurs also for a name that nobody
        has here at a domain that a hosting service shares.
        """
        if draft is None:
            return self._routes.get(address, lambda: self._route(address, None), _is_short)
        return self._route(address, draft)

    def _route(self, address: str, draft: Alias | None) -> Destination:
        address = address.strip()
        for name, step in self._names(address):
            if name == VOICEMAIL:
                said = "replies to voicemails are answered in words and kept nowhere"
                return Destination(address, (), (), True, (step, said), answered=True)
            try:
                reached = self._aliases.expand(name, draft)
            except NoSuchPerson:
                continue
            trace = (step, *reached.trace)
            return Destination(address, reached.local, reached.outside, reached.group, trace)
        raise NoSuchPerson(
            sentence("%(address)s is neither a person nor an alias here", address=address)
        )

    def _names(self, address: str) -> Iterator[tuple[str, str]]:
        """The local names that an address may mean, best first, each with a line that says why."""
        person = self._people.by_address(address) or self._people.by_address(untagged(address))
        if person is not None:
            yield person.login, sentence(_PUBLIC, address=address, login=person.login)
        whole = self.config.whole_local_part(address)
        if whole is None:
            raise NotOurs(sentence("%(address)s is not at any of our domains", address=address))
        for name in dict.fromkeys((whole, untagged(whole))):
            if name == POSTMASTER:
                yield self._postmaster(), sentence(_POSTMASTER, address=address)
            person = self._people.by_mailbox(name)
            if person is not None:
                yield person.login, sentence(_MAILBOX, address=address, login=person.login)
            yield name, sentence("%(address)s is %(name)s here", address=address, name=name)
        if untagged(whole) == ABUSE:  # [RFC 2142 §4]
            yield self._postmaster(), sentence(_COMPLAINTS, address=address)
        if self.config.is_shared(address):
            raise NotOurs(
                sentence(
                    "%(address)s: nobody here has this name, the hosting service may know it",
                    address=address,
                )
            )
        if "@" in address:
            yield CATCH_ALL, sentence(_CATCH_ALL, address=address)

    def route_external(self, address: str) -> Destination:
        """The route of an address elsewhere, for mail that we have agreed to relay.

        The sender gets it back if it cannot go there. Raises BadName if it is no mail address.
        """
        if not (is_outside_address(address) or is_at_literal(address)):
            raise BadName(
                sentence(
                    "%(address)s is not an address that mail could be sent to",
                    address=repr(address),
                )
            )
        outside = (Outside(address, None, ""),)
        said = sentence("%(address)s is elsewhere: it is relayed", address=address)
        return Destination(address, (), outside, True, (said,))

    @property
    def voicemail_address(self) -> str:
        """Who voicemail is from when its owner has no public address."""
        return self.config.voicemail_address

    def sender_of(self, person: Person) -> str:
        """The envelope sender of what a person sends: the public address, else the one here."""
        return person.address or self.config.canonical(person.login)

    def local_name(self, address: str) -> str | None:
        """The login, alias or reserved name that an address at one of our domains means here.

        Public addresses are left out; None if the address means nobody here.
        """
        name = self.config.local_part(address)
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
        return self._publics.get(address, lambda: self._public_address(address))

    def _public_address(self, address: str) -> str | None:
        name = self.config.local_part(address)
        person = None if name is None else self._people.by_login(name)
        return None if person is None else person.address

    def _postmaster(self) -> str:
        person = self._aliases.postmaster()
        if person is None:
            raise NoSuchPerson(sentence("there is nobody here yet who could be postmaster"))
        return person.login

    # ---- is there room

    def check_room(self, route: Destination, size: int, kind: Kind = Kind.EMAIL) -> None:
        """Whether the disk has room for a message of `size` octets, and reserve it in the mailbox.

        Raises NoSpace or MailboxFull; see Room.check and `reserve`.
        """
        self.room.check(size, kind)
        self.reserve(route, size, kind)

    def reserve(self, route: Destination, size: int, kind: Kind = Kind.EMAIL) -> None:
        """Reserve room in the mailbox of one recipient for `size` octets (0: not announced).

        Raises MailboxFull, and then has reserved nothing. A mailbox with any room left takes a
        message whose size was not announced, and may be overdrawn by it. What is reserved counts
        until `release` is called with the same route and size, delivered or not.
        """
        person = route.single
        if person is not None and not self.inboxes.fits(person, size, kind):
            full = MailboxFullForGood if self.config.full_is_permanent else MailboxFull
            raise full(sentence("the mailbox of %(address)s is full", address=route.address))
        self._reserve(route, size)

    def release(self, route: Destination, size: int) -> None:
        """Give back the `size` octets that `reserve` has reserved."""
        self._reserve(route, -size)

    def _reserve(self, route: Destination, size: int) -> None:
        for local in route.local:
            self.inboxes.reserve(local.person, size)

    # ---- delivering

    def deliver(self, tx: Tx, envelope: Envelope, content: int) -> Delivered:
        """Make sealed content visible to all recipients and queue what goes elsewhere.

        One transaction: all of it or nothing. Raises MailLoop, NoSuchPerson (removed meanwhile) or
        ContentGone.
        """
        if self._is_probe(tx, envelope):
            self._store.contents.drop_unused(tx, [content])
            return Delivered((), ())
        if any(route.sent_on is not None for route in envelope.recipients):
            envelope = self._with_late_failures(tx, envelope, content)
        plan = self._plan(envelope)
        faxes = {route.fax.number: route.fax for route in envelope.recipients if route.fax}
        senders = {fax.person.id: fax.person for fax in faxes.values()}
        self._must_exist(tx, plan.people() | senders)
        entries: dict[int, int] = {}
        for local in plan.keepers.values():
            person = local.person
            prefix = self._prefix(envelope, person.login, local.sent_by)
            state = EntryState.NEW
            entries[person.id] = self._enter(tx, envelope, content, prefix, person, state)
        leaving: list[int] = []
        queued: list[int] = []
        for share in plan.sent.values():
            entry, rows = self._send(tx, envelope, content, share, entries)
            leaving += [] if entry is None else [entry]
            queued += rows
        leaving += [self._enter_fax(tx, envelope, content, fax) for fax in faxes.values()]
        if any(route.answered for route in envelope.recipients):
            self._answer(tx, envelope, content)
        for local in plan.keepers.values():
            self.warnings.look(tx, local.person, entries[local.person.id])
        return Delivered((*entries.values(), *leaving), tuple(queued))

    def _is_probe(self, tx: Tx, envelope: Envelope) -> bool:
        """Whether it is a mail of ours that tried a forward out and has come back."""
        to = ", ".join(route.address for route in envelope.recipients)
        return probes.came_back(tx, envelope.head.message_id, to, envelope.facts.received_at)

    def _with_late_failures(self, tx: Tx, envelope: Envelope, content: int) -> Envelope:
        """A report of a failure goes to the owner who gets the message back, not to its sender."""
        routes = []
        for route in envelope.recipients:
            owner = None
            if route.sent_on is not None:
                owner = bring_back(tx, self._store, self._people, route.sent_on, content)
            local = () if owner is None else (Local(owner),)
            routes.append(replace(route, local=local, outside=()) if local else route)
        return replace(envelope, recipients=tuple(routes))

    def _answer(self, tx: Tx, envelope: Envelope, content: int) -> None:
        """Answer a reply to a voicemail; the reply itself goes if it has no other recipient."""
        person = self.local_sender(envelope.sender)
        if person is not None:
            self._replies.answer(tx, person, envelope.head, envelope.facts.received_at)
        self._store.contents.drop_unused(tx, [content])

    def _plan(self, envelope: Envelope) -> Plan:
        plan, author = Plan(), self.local_sender(envelope.sender)
        for route in envelope.recipients:
            plan.add(route.without_author(envelope.sender, author))
        if envelope.head.hops > HOPS:
            raise MailLoop(
                sentence("more than %(hops)s hops: this message is going round", hops=HOPS)
            )
        self._break_loops(plan, envelope)
        return plan

    def _break_loops(self, plan: Plan, envelope: Envelope) -> None:
        """Refuse what has come back (loops.py); where others are served, keep it and send no more.

        A refusal speaks for all recipients, so a message that is new to some is not refused.
        """
        came_back = [route for route in envelope.recipients if self._came_back(route, envelope)]
        if not came_back:
            return
        if len(came_back) == len(envelope.recipients):
            again = ", ".join(route.address for route in came_back)
            raise MailLoop(
                sentence("this message has been delivered to %(again)s before", again=again)
            )
        plan.stop(name for route in came_back for name in route.senders_on)

    def _came_back(self, route: Destination, envelope: Envelope) -> bool:
        """Whether it was sent on from here before, or everybody here has it already."""
        if not envelope.head.marks:
            return False
        names = route.senders_on | route.keepers
        been = {name for name in names if self._store.loop_marks.of(name) in envelope.head.marks}
        return bool(been & route.senders_on) or bool(been and been >= route.keepers)

    def _send(
        self, tx: Tx, envelope: Envelope, content: int, share: Share, entries: dict[int, int]
    ) -> tuple[int | None, list[int]]:
        """Queue one share; a new entry that answers for it, if it needs one, and the queue rows.

        `entries` are those of who keeps the mail, by person.
        """
        owner, sent_by, via = share.owner, share.sent_by, share.outside[0].via
        sender, entry, leaving = self._sender(envelope, sent_by), None, None
        prefix = self.sent_on_by(share) + self._list_id(envelope, sent_by)
        prefix += envelope.received_header
        if owner is None:
            local = self.local_sender(envelope.sender)
            owner, purpose, prefix = local, Purpose.RELAY, envelope.received_header
        elif share.outside[0].is_list_mail:
            purpose = Purpose.LIST
        elif (entry := entries.get(owner.id)) is not None:
            purpose = Purpose.COPY
        else:
            purpose, state = Purpose.CUSTODY, EntryState.LEAVING
            kept = self._prefix(envelope, via, sent_by)
            entry = leaving = self._enter(tx, envelope, content, kept, owner, state)
        person = None if owner is None else owner.id
        asked = envelope.asked if purpose is Purpose.RELAY else {}
        item = QueueItem(purpose, content, prefix, sender, person, entry, asked)
        return leaving, self._queue.add(tx, item, [one.address for one in share.outside])

    def _enter_fax(self, tx: Tx, envelope: Envelope, content: int, fax: FaxTo) -> int:
        """The entry that is kept of a mail until it is faxed."""
        prefix = self._prefix(envelope, f"{FAX}{fax.number}", None)
        state = EntryState.LEAVING
        entry = self._enter(tx, envelope, content, prefix, fax.person, state)
        self._store.faxes.add(tx, entry, fax.number)
        return entry

    def _enter(
        self,
        tx: Tx,
        envelope: Envelope,
        content: int,
        prefix: bytes,
        person: Person,
        state: EntryState,
    ) -> int:
        """One person's entry."""
        kind, facts = envelope.kind, envelope.facts
        return self._store.add_entry(tx, person.id, content, prefix, kind, state, facts)

    def _prefix(self, envelope: Envelope, via: str, sent_by: SentBy | None) -> bytes:
        """The trace lines of an entry, newest first [RFC 5321 §4.4]."""
        return (
            b"Return-Path: <"
            + self._sender(envelope, sent_by).encode()
            + b">\r\n"
            + self._delivered_to(via)
            + self._list_id(envelope, sent_by)
            + envelope.received_header
        )

    def _sender(self, envelope: Envelope, sent_by: SentBy | None) -> str:
        """The envelope sender of a mail that a list sends on, or as it came.

        The null sender stays: what bounces must not bounce again [RFC 5321 §4.5.5].
        """
        if sent_by is None or not envelope.sender:
            return envelope.sender
        return self.sender_of(sent_by.owner)

    def _list_id(self, envelope: Envelope, sent_by: SentBy | None) -> bytes:
        """The field that programs know lists by [RFC 2919]; a mail has one at most."""
        if sent_by is None or "list-id" in envelope.head.fields:
            return b""
        return f"List-Id: <{self.config.canonical(sent_by.name).replace('@', '.')}>\r\n".encode()

    def sent_on_by(self, share: Share) -> bytes:
        """The fields on what is sent on: our mark of each alias, and to what it was delivered."""
        vias = dict.fromkeys(one.via for one in share.outside)
        marks = map(self._store.loop_marks.field, vias)
        return b"".join(marks) + self._delivered_to(next(iter(vias)))

    def _delivered_to(self, name: str) -> bytes:
        return f"Delivered-To: {self.config.canonical(name)}\r\n".encode()

    def local_sender(self, sender: str) -> Person | None:
        """The person here whom an envelope sender means, if any: reports go to their inbox."""
        if not sender:
            return None
        return self._senders.get(sender, lambda: self._local_sender(sender))

    def _local_sender(self, sender: str) -> Person | None:
        person = self._people.by_address(sender)
        if person is None:
            name = self.config.local_part(sender)
            person = None if name is None else self._people.by_login(name)
        return person

    def _must_exist(self, tx: Tx, people: dict[int, Person]) -> None:
        for id_, person in people.items():
            row = tx.execute("SELECT removed_at FROM person WHERE id = ?", (id_,)).fetchone()
            if row is None or row[0] is not None:
                raise NoSuchPerson(sentence("%(login)s is not here any more", login=person.login))


def _is_short(route: Destination) -> bool:
    return len(route.local) + len(route.outside) <= REMEMBERED_MOST
