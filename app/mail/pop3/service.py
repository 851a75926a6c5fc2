"""POP3 over the store [RFC 1939]: logins, snapshots, and the one transaction of QUIT.

    service = Pop3Service(db, store, people, Pop3Config("box.example", lan=("10.0.0.0/8",)), clock)
    server = Server(service, "127.0.0.1", 2110, clock, limits)

Passwords are checked in one thread, one at a time (each check takes up to 19 MiB), and the snapshot
is taken there too; chunks are read on the loop, because a change of thread costs a third of the
RETR rate; removals go to the store's writer thread.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from app.core.clock import Clock
from app.inbox.errors import ContentGone
from app.inbox.people import People, Person, Transfer
from app.inbox.store import EntryState, Kind, Store
from app.mail.net.listener import Connection
from app.mail.pop3.login import LoginThrottle, MaildropLocks, Networks
from app.mail.pop3.maildrop import Item, Unreadable
from app.mail.pop3.session import Pop3Session
from app.mail.pop3.states import Code, Commit, LoginWanted, Pop3Request, Pop3State
from app.store.database import Database, Tx

log = logging.getLogger(__name__)

DOOR = "pop3"

KINDS: dict[Transfer, tuple[Kind, ...]] = {
    Transfer.ALL: (Kind.EMAIL, Kind.VOICEMAIL),
    Transfer.EMAIL: (Kind.EMAIL,),
    Transfer.NONE: (),
}
"""What each transfer setting lets out by POP3; the rest stays in the inbox, for the other doors."""


@dataclass(frozen=True)
class Pop3Config:
    """How POP3 is served.

    host    our name, for the greeting
    lan     networks that may log in without encryption
    expire  what EXPIRE announces, in days or "NEVER", if we keep that promise [RFC 2449 §6.7]
    """

    host: str
    lan: tuple[str, ...]
    expire: str | None = None


class StoreMaildrop:
    """A person's messages at the moment of login. What another door removes stays readable."""

    def __init__(self, store: Store, items: Sequence[Item]) -> None:
        self.items = items
        self._chunk = store.contents.chunk

    def chunk(self, item: Item, seq: int) -> bytes:
        """Content octets number seq. Raises Unreadable when the bin has been emptied meanwhile."""
        try:
            return self._chunk(item.content, seq)
        except ContentGone as error:
            raise Unreadable from error


class _Login(NamedTuple):
    """Who is logged in, and the IP address they came from."""

    person: Person
    peer: str


class Pop3Service:
    """Answers the events of POP3 sessions; a `Service` for app.mail.net.listener.Server."""

    label = "POP3"
    too_many = Code.SYS_TEMP.reply("too many connections; try again later")

    def __init__(
        self, db: Database, store: Store, people: People, config: Pop3Config, clock: Clock
    ) -> None:
        self._db = db
        self._store = store
        self._people = people
        self._config = config
        self._clock = clock
        self._lan = Networks(config.lan)
        self._throttle = LoginThrottle()
        self._locks = MaildropLocks()
        self._logins: dict[Pop3Session, _Login] = {}
        self._checker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pop3-login")

    def close(self) -> None:
        """End the login thread, after the server has stopped."""
        self._checker.shutdown(wait=True)

    # what connections call

    def open(self, connection: Connection[Pop3Session]) -> Pop3Session:
        """A session for a new connection."""
        return Pop3Session(
            self._config.host,
            plain_login=connection.peer in self._lan,
            expire=self._config.expire,
        )

    def handle(
        self, session: Pop3Session, event: Pop3Request, connection: Connection[Pop3Session]
    ) -> None:
        """Do what the session asks for."""
        if isinstance(event, LoginWanted):
            connection.run(self._login(session, event, connection))
        else:
            connection.run(self._commit(session, event))

    def lost(self, session: Pop3Session) -> None:
        """Unlock the maildrop of a lost connection; if a commit is under way, after it."""
        session.stop()  # an answer that is still to come is ignored
        if session.state is Pop3State.CLOSED:
            self._leave(session)

    # logging in

    async def _login(
        self, session: Pop3Session, wanted: LoginWanted, connection: Connection[Pop3Session]
    ) -> None:
        try:
            person = await self._checked(wanted)
            if person is None:
                self._refuse(session, connection.peer)
            elif session.state is Pop3State.LOGIN:
                self._throttle.succeeded(connection.peer)
                await self._enter(session, person, connection)
        except Exception:
            log.exception("POP3 login of %r from %s failed", wanted.user, connection.peer)
            self._leave(session)
            session.refused(Code.SYS_TEMP, "logins do not work at present; try again later")

    async def _checked(self, wanted: LoginWanted) -> Person | None:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._checker, self._people.check_password, wanted.user, wanted.password
        )

    def _refuse(self, session: Pop3Session, peer: str) -> None:
        wait = self._throttle.failed(peer)
        log.info("POP3 login from %s refused; it waits %g s", peer, wait)
        session.refused(Code.AUTH, "name or password wrong", self._clock.monotonic() + wait)

    async def _enter(
        self, session: Pop3Session, person: Person, connection: Connection[Pop3Session]
    ) -> None:
        if not self._locks.acquire(person.id, session, connection.wake, self._clock.monotonic()):
            session.refused(Code.IN_USE, "another POP3 session has this maildrop; try again later")
            return
        self._logins[session] = _Login(person, connection.peer)
        loop = asyncio.get_running_loop()
        items = await loop.run_in_executor(self._checker, self._snapshot, person)
        if session.logged_in(StoreMaildrop(self._store, items)):
            log.info(
                "POP3 login of %s from %s: %d messages", person.login, connection.peer, len(items)
            )
        else:
            self._leave(session)

    def _snapshot(self, person: Person) -> list[Item]:
        kinds = KINDS[person.transfer]
        entries = self._store.entries(person.id, kinds) if kinds else []
        return [
            Item(e.id, e.content, e.uidl.encode(), e.size, e.chunks, e.dotted, e.prefix)
            for e in entries
        ]

    # logging out

    async def _commit(self, session: Pop3Session, wanted: Commit) -> None:
        person, peer = self._logins[session]
        heard = wanted.retrieved if person.fetched_is_heard else ()
        detail = f"from {peer}"

        def work(tx: Tx) -> int:
            if heard:
                self._store.mark(
                    tx, heard, EntryState.HEARD, door=DOOR, by=person.login, detail=detail
                )
            return self._store.remove(tx, wanted.removed, DOOR, person.login, detail)

        try:
            if wanted.removed or heard:
                await asyncio.wrap_future(self._db.submit(work))
        except Exception:
            log.exception("POP3 commit for %s failed: nothing was removed", person.login)
            session.failed()
        else:
            session.committed(len(wanted.removed))
        finally:
            self._leave(session)

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
