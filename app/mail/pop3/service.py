"""POP3 over the store [RFC 1939]: logins, snapshots, and the one removal of QUIT.

    config = Pop3Config("box.example", plain=("10.0.0.0/8",))
    service = Pop3Service(db, store, logins, Keeping(limits, people, clock), config, clock)
    server = Server(service, "127.0.0.1", [Endpoint(2110)], clock, limits, certificate)

Passwords are checked in a thread of their own (app/net/logins.py), and the snapshot is taken there
too; chunks are read on the loop, because a change of thread costs a third of the RETR rate;
removals go to the store's writer thread, and large ones in parts.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import NamedTuple

from app.core.clock import Clock
from app.inbox.contents import AHEAD
from app.inbox.errors import ContentGone
from app.inbox.people import Person
from app.inbox.removals import AT_ONCE, Removals, parts
from app.inbox.store import Kind, Store
from app.mail.pop3.capabilities import Offer
from app.mail.pop3.keeping import Keeping
from app.mail.pop3.locks import MaildropLocks
from app.mail.pop3.maildrop import Unreadable
from app.mail.pop3.session import Pop3Session
from app.mail.pop3.snapshot import Item, Snapshot
from app.mail.pop3.snapshots import Snapshots
from app.mail.pop3.states import Code, Commit, LoginWanted, Pop3Request, Pop3State, StartTls
from app.net.listener import Connection
from app.net.logins import Logins, Remembered, Verdict
from app.net.peers import Networks
from app.store.condition import Condition
from app.store.database import Database, StoreDamaged, StoreFailed, Tx

log = logging.getLogger(__name__)

DOOR = "pop3"

DAMAGED = "the store of messages is damaged; the box's administrator can repair it"
"""What a mail program is told of a damaged store; it shows it to its user."""

PLAIN = "with a password in plain text, which TLS would hide (STLS, or the port of POP3 by TLS)"
"""What the log says of whoever could do better."""


AHEAD_OCTETS = 65_536
"""Octets that are read ahead of a client at most."""


@dataclass(frozen=True)
class Pop3Config:
    """How POP3 is served.

    host           our name, for the greeting
    plain          networks that may log in without encryption
    login_delay_s  seconds between two logins of a person at least; 0: no rule
    """

    host: str
    plain: tuple[str, ...]
    login_delay_s: int = 0


class StoreMaildrop:
    """A person's messages at the moment of login. What another door removes stays readable.

    Whoever fetches one small message after the other has the next ones read with it, some at a
    time: up to AHEAD_OCTETS lie here then.
    """

    def __init__(self, store: Store, messages: Snapshot, damage: Callable[[], Condition]) -> None:
        self.messages = messages
        self._contents = store.contents
        self._damage = damage
        self._ahead: dict[int, tuple[bytes, bytes]] = {}  # by entry
        self._next = -1  # the index behind the last one that was asked for

    def opening(self, index: int) -> tuple[bytes, bytes]:
        """The prefix and content chunk 0 of the message with this index.

        Raises Unreadable when the bin has been emptied meanwhile, and when octets of the message
        cannot be read; of a message that is known to be so here, not in its midst.
        """
        in_turn, self._next = index == self._next, index + 1
        found = self._ahead.pop(self.messages.entry(index), None)
        if found is not None:
            return found
        item = self.messages[index]
        if in_turn and item.size <= AHEAD_OCTETS // AHEAD:
            self._ahead = self._contents.openings(self._run(index))
            return self._ahead.pop(item.entry, None) or self._opening(item)
        return self._opening(item)

    def _opening(self, item: Item) -> tuple[bytes, bytes]:
        if item.chunks > 1 and item.content in self._damage().unreadable:
            raise Unreadable  # whether one chunk can be read, its reading tells
        try:
            return self._contents.opening(item.entry, item.content)
        except (ContentGone, StoreFailed) as error:
            raise Unreadable from error

    def _run(self, index: int) -> list[int]:
        """The entries of this message and of the small ones right behind it."""
        behind = range(index, min(index + AHEAD, len(self.messages)))
        small = takewhile(lambda n: self.messages.size(n) <= AHEAD_OCTETS // AHEAD, behind)
        return [self.messages.entry(n) for n in small]

    def chunk(self, item: Item, seq: int) -> bytes:
        """Content octets number seq. Raises Unreadable."""
        try:
            return self._contents.chunk(item.content, seq)
        except (ContentGone, StoreFailed) as error:
            raise Unreadable from error


class _Login(NamedTuple):
    """Who is logged in, and the IP address they came from."""

    person: Person
    peer: str


class Pop3Service:
    """Answers the events of POP3 sessions; a `Service` for app.net.listener.Server."""

    label = "POP3"
    too_many = Code.SYS_TEMP.reply("too many connections; try again later")

    def __init__(
        self,
        db: Database,
        store: Store,
        logins: Logins[Person],
        keeping: Keeping,
        config: Pop3Config,
        clock: Clock,
    ) -> None:
        self._db = db
        self._store = store
        self._passwords = logins
        self._keeping = keeping
        self._config = config
        self._clock = clock
        self._plain = Networks(config.plain)
        self._last_logins: Remembered[float] = Remembered()  # by login, in monotonic seconds
        self._snapshots = Snapshots(db)
        self._removals = Removals(db, store)
        self._unfinished = False  # a removal has failed in its midst
        self._locks = MaildropLocks()
        self._logins: dict[Pop3Session, _Login] = {}

    # what connections call

    def open(self, connection: Connection[Pop3Session]) -> Pop3Session:
        """A session for a new connection."""
        return Pop3Session(
            self._config.host,
            plain_login=connection.peer in self._plain,
            offers_tls=connection.can_start_tls,
            offer=Offer(self._keeping.before_login, self._config.login_delay_s),
            now=self._clock.monotonic(),
        )

    def handle(
        self, session: Pop3Session, event: Pop3Request, connection: Connection[Pop3Session]
    ) -> None:
        """Do what the session asks for."""
        if isinstance(event, LoginWanted):
            connection.run(self._login(session, event, connection))
        elif isinstance(event, StartTls):
            connection.start_tls()
        else:
            connection.run(self._commit(session, event))

    def describe(self, session: Pop3Session) -> tuple[str, str]:
        """The session's state, and who is logged in."""
        login = self._logins.get(session)
        return session.state.value, "" if login is None else login.person.login

    def lost(self, session: Pop3Session) -> None:
        """Unlock the maildrop of a lost connection; if a commit is under way, after it."""
        if session.state is not Pop3State.CLOSED:
            session.stop()  # an answer that is still to come is ignored
        if session.state is Pop3State.CLOSED:
            self._leave(session)

    # logging in

    async def _login(
        self, session: Pop3Session, wanted: LoginWanted, connection: Connection[Pop3Session]
    ) -> None:
        peer = connection.peer
        try:
            verdict = await self._passwords.judge(
                wanted.user, wanted.password, peer, lambda: self._is_wanted(session, connection)
            )
            if verdict is None:
                return
            if verdict.person is None:
                self._refuse(session, verdict, peer)
            elif session.state is Pop3State.LOGIN:
                await self._enter(session, verdict.person, connection)
        except StoreDamaged as problem:
            log.error("POP3 login of %r from %s: %s", wanted.user, peer, problem)
            self._leave(session)
            session.refused(Code.SYS_TEMP, DAMAGED)
        except Exception:
            log.exception("POP3 login of %r from %s failed", wanted.user, peer)
            self._leave(session)
            session.refused(Code.SYS_TEMP, "logins do not work at present; try again later")

    def _is_wanted(self, session: Pop3Session, connection: Connection[Pop3Session]) -> bool:
        """Whether the client of a login still waits for its turn; one that has gone is let go."""
        if session.state is not Pop3State.LOGIN:
            return False
        if connection.will_send_no_more() and not session.unread:
            connection.abort()
            return False
        return True

    def _refuse(self, session: Pop3Session, verdict: Verdict[Person], peer: str) -> None:
        if verdict.wait_s is None:
            log.info("POP3 login from %s not looked at: too many wrong passwords", peer)
            session.refused(Code.SYS_TEMP, "too many wrong passwords from here; try again later")
            return
        log.info("POP3 login from %s refused; it waits %g s", peer, verdict.wait_s)
        until = self._clock.monotonic() + verdict.wait_s
        session.refused(Code.AUTH, "name or password wrong", until)

    async def _enter(
        self, session: Pop3Session, person: Person, connection: Connection[Pop3Session]
    ) -> None:
        if self._unfinished:
            connection.run(self.finish_removals())
        wait_s = self._wait_s(person)
        if wait_s > 0:
            text = f"one login in {self._config.login_delay_s} s; wait {wait_s:.0f} s"
            session.refused(Code.LOGIN_DELAY, text)
            return
        if not self._acquire(session, person, connection):
            await self._locks.wait(person.id)
            if not self._acquire(session, person, connection):
                text = "another POP3 session has this maildrop; try again later"
                session.refused(Code.IN_USE, text)
                return
        self._logins[session] = _Login(person, connection.peer)
        messages, kept = await self._passwords.in_thread(
            lambda: (self._snapshot(person), self._keeping.of(person))
        )
        maildrop = StoreMaildrop(self._store, messages, self._db.condition.damage)
        if not session.logged_in(maildrop, kept):
            self._leave(session)
            return
        self._last_logins.put(person.login, self._clock.monotonic())
        log.info(
            "POP3 login of %s from %s %s: %d messages",
            person.login,
            connection.peer,
            f"by {connection.tls}" if connection.tls else PLAIN,
            len(messages),
        )

    def _acquire(
        self, session: Pop3Session, person: Person, connection: Connection[Pop3Session]
    ) -> bool:
        return self._locks.acquire(person.id, session, connection, self._clock.monotonic())

    def _wait_s(self, person: Person) -> float:
        """Seconds until this person may log in [RFC 2449 §8.1.1]."""
        delay = self._config.login_delay_s
        last = self._last_logins.get(person.login, -math.inf)
        return last + delay - self._clock.monotonic() if delay else 0.0

    def _snapshot(self, person: Person) -> Snapshot:
        """What there is for them, without what is known to be unreadable.

        Some mail programs stop at a message that is refused, and would never get to those behind.
        """
        kinds = person.transfer.kinds
        messages = self._snapshots.of(person.id, kinds) if kinds else Snapshot()
        lost = self._db.condition.damage().unreadable
        return messages.without(lost) if lost else messages

    # logging out

    async def _commit(self, session: Pop3Session, wanted: Commit) -> None:
        person = self._logins[session].person
        try:
            removed = await self._quit(self._logins[session], wanted)
        except StoreDamaged as problem:
            log.error("POP3 commit for %s: %s", person.login, problem)
            session.failed(f"nothing was removed; {DAMAGED}")
        except Exception:
            log.exception("POP3 commit for %s failed: nothing was removed", person.login)
            session.failed()
        else:
            if removed:
                session.committed(len(wanted.removed))
            else:
                session.failed("not all is removed yet; the box goes on with it by itself")
        finally:
            self._leave(session)

    async def _quit(self, login: _Login, wanted: Commit) -> bool:
        """Mark what was fetched as read, and remove; False if the removal will end later.

        What is much is not done in one transaction, so that others write between (removals.py).
        """
        person, detail = login.person, f"from {login.peer}"
        kinds = tuple(Kind) if person.fetched_is_heard else (Kind.EMAIL,)

        def mark(tx: Tx, entries: Sequence[int]) -> int:
            by = person.login
            return self._store.mark(tx, entries, door=DOOR, by=by, detail=detail, kinds=kinds)

        def note(tx: Tx) -> list[int]:
            return self._removals.note(tx, wanted.removed, DOOR, person.login, detail)

        def work(tx: Tx) -> int:
            if wanted.retrieved:
                mark(tx, wanted.retrieved)
            return self._store.remove(tx, wanted.removed, DOOR, person.login, detail)

        if len(wanted.retrieved) + len(wanted.removed) <= AT_ONCE:
            if wanted.retrieved or wanted.removed:
                await asyncio.wrap_future(self._db.submit(work))
            return True
        for some in parts(wanted.retrieved):
            await asyncio.wrap_future(self._db.submit(partial(mark, entries=some)))
        return await self._do(await asyncio.wrap_future(self._db.submit(note)))

    async def finish_removals(self) -> None:
        """Do what is left of removals that were cut off, such as by a crash."""
        self._unfinished = False
        await self._do(await self._passwords.in_thread(self._removals.waiting))

    async def _do(self, noted: Sequence[int]) -> bool:
        """Do these parts of a removal; False if not all could be done, which will be later."""
        try:
            for part in noted:
                await asyncio.wrap_future(self._db.submit(partial(self._removals.do, part=part)))
        except Exception:
            log.exception("a removal is not finished; it goes on at the next login or start")
            self._unfinished = True
            return False
        return True

    def _leave(self, session: Pop3Session) -> None:
        login = self._logins.pop(session, None)
        if login is not None:
            self._locks.release(login.person.id, session)
            log.info(
                "POP3 session of %s from %s is over: %s",
                login.person.login,
                login.peer,
                session.counters(),
            )
