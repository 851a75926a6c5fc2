"""One person's inbox, here and on the server: looks what has changed on either side, and tells.

    inbox = PersonInbox(parts, person, connection)
    await inbox.open()               # what has changed since we were connected last
    await inbox.tell()               # what the server is to be told
    await inbox.look()               # what has changed there since

What is decided is in plan.py. A connection may break off at any of these awaits: what was told is
noted after the server's answer, what was fetched together with how far the inbox has been looked
at, and before a copy is sent is noted by what it will be found. So the next `open` goes on there.
"""

import hashlib
import logging
from asyncio import wrap_future
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from app.imap.mirror import plan
from app.imap.mirror.config import Folders
from app.imap.mirror.messages import Keeping, digest_of, fetched, outgoing
from app.imap.mirror.plan import Step
from app.imap.net.api import (
    Connection,
    Facts,
    NotThere,
    OverQuota,
    Refused,
    Selected,
    SyncPoint,
    UidRange,
    Unavailable,
    Unsupported,
)
from app.imap.net.api import Flags as MailFlags
from app.inbox.entries import Entry
from app.inbox.errors import ContentGone
from app.inbox.mirror import Mirror, MirrorAccount, Mirrored, Place
from app.inbox.mirror_inward import Inward
from app.inbox.people import Person
from app.inbox.store import Store
from app.store.database import Database, Tx

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_ONCE = 20
"""Entries that are looked up or changed, or mails whose facts are fetched, in one go: whoever else
writes, such as a telephone at a key, waits for no more than that."""
STEPS = 6
"""Steps for one entry in a row at most; what then is not settled has changed again and waits."""


@dataclass(frozen=True)
class Parts:
    """What all people's inboxes have in common."""

    db: Database
    store: Store
    mirror: Mirror
    folders: Folders
    hostname: str

    async def commit(self, work: Callable[[Tx], T]) -> T:
        """Do one unit of work in the writer thread. Raises what it raises, and StoreFailed."""
        return await wrap_future(self.db.submit(work))


class PersonInbox:
    """Works on one connection, in which nobody else works meanwhile."""

    def __init__(self, parts: Parts, person: Person, connection: Connection) -> None:
        self._parts = parts
        self._person = person
        self._connection = connection
        self._mirror = parts.mirror
        self._inward = Inward(parts.store, parts.mirror, person.id, person.login)
        self._selected: Selected
        self._uidnext = 0  # what has lower UIDs has been looked at
        self._reopen = self.open
        self._sent: dict[int, bool] = {}  # UIDs not seen there yet, and whether looked for once

    # ---- inward

    async def open(self) -> None:
        """Select the inbox and bring in what has changed since it was last looked at."""
        account = self._mirror.account(self._person.id)
        known = None
        if account.uidvalidity and account.uidnext:
            uids = plan.ranges_of(self._mirror.uids(self._person.id))
            modseq = account.modseq or None
            known = SyncPoint(account.uidvalidity, account.uidnext, modseq, uids)
        self._selected = selected = await self._connection.select(self._parts.folders.inbox, known)
        self._uidnext = account.uidnext
        if selected.resumed:
            await self._vanish(selected.vanished)
            await self._flag(selected.changed)
            # a server that counts no changes has given all mails: old ones cannot be told by that
            counted = () if selected.highestmodseq is None else selected.changed
            await self._fetch_new(one.uid for one in counted)
        else:
            await self._begin_anew(account)
        await self._synced(selected.uidnext, selected.highestmodseq or 0)

    async def _begin_anew(self, account: MirrorAccount) -> None:
        """Look at the inbox as for the first time."""
        if account.uidvalidity == self._selected.uidvalidity:  # mails were only copied to it yet
            there = set(await self._connection.search("ALL"))
            gone = sorted(self._mirror.uids(self._person.id) - there)
            await self._vanish(plan.ranges_of(gone))
        else:
            if account.uidvalidity:
                log.info("the inbox of %s is numbered anew", self._person.login)
            await self._parts.commit(self._inward.lose_uids)
        self._uidnext = 0
        await self._fetch(await self._window(), are_news=False)
        await self._find_lost()

    async def look(self) -> None:
        """Bring in what the server has to tell since the last time."""
        changes = await self._connection.changes()
        if changes.unclear:
            await self.open()
            return
        await self._vanish(changes.vanished)
        await self._flag(changes.flags)
        if changes.exists is not None or any(one.uid >= self._uidnext for one in changes.flags):
            await self._fetch_new(one.uid for one in changes.flags)
        await self._look_for_sent()

    async def _look_for_sent(self) -> None:
        """Whether what was sent is there still. A mail that somebody removes before the server has
        told us of it is never told to be gone. Missing twice is gone: some servers show it late."""
        if not self._sent:
            return
        there = set(await self._connection.search(f"UID {min(self._sent)}:{max(self._sent)}"))
        missing = {uid: once for uid, once in self._sent.items() if uid not in there}
        self._sent = {uid: True for uid, once in missing.items() if not once}
        await self._vanish(plan.ranges_of(uid for uid, once in missing.items() if once))

    async def _window(self) -> list[int]:
        """The UIDs of what is kept of an inbox that is not known: the newest, and the unread."""
        exists = self._selected.exists
        if not exists:
            return []
        newest = await self._connection.search(f"{max(1, exists - plan.RECENT + 1)}:*")
        unseen = await self._connection.search("UNSEEN")
        return sorted({*newest, *unseen[-plan.UNSEEN :]})

    async def _fetch_new(self, changed: Iterable[int]) -> None:
        """Fetch what is above the UIDs that are known, and unread mail that was left before."""
        first = max(1, self._uidnext)
        new = await self._connection.search(f"UID {first}:*")
        new = [uid for uid in new if uid >= first]  # "*" alone is the last one in any case
        new = new[-plan.RECENT - plan.UNSEEN :]
        left = {uid for uid in changed if uid < first}
        older = self._mirror.unbound(self._person.id, left)
        await self._fetch([*sorted(older), *new], but_read={*older})
        if new:
            await self._synced(new[-1] + 1)

    async def _fetch(
        self, uids: list[int], but_read: Collection[int] = (), are_news: bool = True
    ) -> None:
        """Make entries of mails, those left out that are read and in `but_read`.

        Of what is no news nobody is notified.
        """
        for some in batches(uids):
            for facts in await self._connection.fetch_facts(some, plan.HEADERS):
                if facts.uid not in but_read or not plan.flags_of(facts.flags).seen:
                    await self._take(facts, are_news)

    async def _take(self, facts: Facts, is_news: bool) -> None:
        """Make an entry of a mail, unless it is one."""
        arrival = plan.arrival_of(facts)

        def known(tx: Tx) -> tuple[bool, bool]:
            recognized = self._inward.recognize(tx, arrival)
            return recognized, not recognized and self._inward.is_second(tx, arrival)

        recognized, is_second = await self._parts.commit(known)
        if recognized:
            return
        if is_second:
            log.info("a voicemail of %s had arrived twice: one is removed", self._person.login)
            await self._connection.expunge([facts.uid])
            return
        person = self._person
        pieces = self._connection.fetch_message(facts.uid)
        keeping = Keeping(self._parts.store.contents, self._parts.commit)
        kept = await fetched(pieces, facts, person.login, person.language, keeping)
        if kept is not None:
            await self._parts.commit(lambda tx: self._inward.arrived(tx, arrival, kept, is_news))

    async def _flag(self, changed: Iterable[MailFlags]) -> None:
        known = self._mirror.uids(self._person.id)
        ours = [one for one in changed if one.uid in known]

        def work(tx: Tx, some: list[MailFlags]) -> None:
            for one in some:
                self._inward.flagged(tx, one.uid, plan.flags_of(one.flags))

        for some in batches(ours):
            await self._parts.commit(lambda tx, some=some: work(tx, some))  # type: ignore[misc]

    async def _vanish(self, ranges: Iterable[UidRange]) -> None:
        gone = plan.within(self._mirror.uids(self._person.id), ranges)
        for some in batches(gone):
            await self._parts.commit(lambda tx, some=some: self._inward.vanished(tx, some))  # type: ignore[misc]

    async def _find_lost(self) -> None:
        """Find entries again that are known by a UID of before, and are none of the newest."""
        for row in self._mirror.in_place(self._person.id, Place.LOST):
            found = await self._search_for(row.message_id)
            for facts in await self._connection.fetch_facts(found, plan.HEADERS):
                arrival = plan.arrival_of(facts)
                if await self._parts.commit(lambda tx, a=arrival: self._inward.recognize(tx, a)):  # type: ignore[misc]
                    break
            else:
                await self._parts.commit(lambda tx, row=row: self._inward.not_found(tx, row))  # type: ignore[misc]

    async def _search_for(self, message_id: str, from_uid: int = 1) -> list[int]:
        """UIDs in the mailbox that have a Message-ID, those of other entries left out."""
        if not plan.has_message_id(message_id):
            return []
        what = f"UID {from_uid}:* HEADER Message-ID {plan.quoted(message_id)}"
        found = await self._connection.search(what)
        return self._mirror.unbound(self._person.id, [uid for uid in found if uid >= from_uid])

    async def _synced(self, uidnext: int, modseq: int | None = None) -> None:
        """Note how far the inbox has been looked at."""
        self._uidnext = max(self._uidnext, uidnext)
        known = self._mirror.account(self._person.id)
        counted = known.modseq if modseq is None else modseq
        validity, end = self._selected.uidvalidity, self._uidnext
        if (known.uidvalidity, known.uidnext, known.modseq) != (validity, end, counted):
            await self._parts.commit(
                lambda tx: self._mirror.synced(tx, self._person.id, validity, end, counted)
            )

    # ---- outward

    async def open_to_tell(self) -> None:
        """Select the inbox, and look at nothing in it: only what is here is to be told.

        Where it was numbered anew, what was told before is looked for again.
        """
        self._reopen = self.open_to_tell
        account = self._mirror.account(self._person.id)
        self._selected = selected = await self._connection.select(self._parts.folders.inbox)
        self._uidnext = selected.uidnext
        if account.uidvalidity != selected.uidvalidity:
            number, validity = self._person.id, selected.uidvalidity

            def begin(tx: Tx) -> None:
                self._mirror.look_again(tx, number)
                self._mirror.synced(tx, number, validity, 0, 0)

            await self._parts.commit(begin)

    async def tell(self) -> bool:
        """Tell the server what it does not have as it is here; whether there was anything."""
        told = False
        while rows := self._mirror.due(self._person.id, AT_ONCE):
            told = True
            for row in rows:
                await self.tell_of(row.entry)
        return told

    async def tell_of(self, entry: int) -> None:
        """Tell the server of one entry, if it does not have it as it is here."""
        for number in range(STEPS):
            row = self._mirror.find(entry)
            if row is None:
                return
            step = plan.next_step(row)
            if step is Step.NOTHING:
                if not number:  # it was due though nothing has changed in the end
                    await self._parts.commit(lambda tx: self._mirror.settle(tx, entry))
                return
            try:
                await _STEPS[step](self, row)
            except (Refused, OverQuota, NotThere, Unsupported, ContentGone) as problem:
                await self._put_off(entry, str(problem))
                return
            except Unavailable as problem:
                await self._put_off(entry, str(problem), plan.LONGEST_S)
                return
        await self._put_off(entry, "it changes all the time")

    async def _put_off(self, entry: int, why: str, wait_s: float = plan.REFUSED_S) -> None:
        log.warning("entry %d of %s waits: %s", entry, self._person.login, why)
        await self._parts.commit(lambda tx: self._mirror.put_off(tx, entry, wait_s, why))

    async def _append(self, row: Mirrored) -> None:
        """Send a copy, and note where it lies."""
        entry = self._parts.store.entry(row.entry)
        if entry is None:
            return
        copy = outgoing(self._parts.store, entry, self._parts.hostname)
        validity = self._selected.uidvalidity
        await self._parts.commit(
            lambda tx: self._mirror.begun(
                tx,
                row.entry,
                copy.message_id,
                self._uidnext,
                validity,
                copy.size,
                (row.heard, row.kept),
            )
        )
        flags, when = plan.first_flags(row, entry.urgent), _date(entry)
        inbox = self._parts.folders.inbox
        done = await self._connection.append(inbox, copy.stream(), copy.size, flags, when)
        if done is not None and done.uidvalidity == validity:
            self._sent[done.uid] = False
            await self._told(row.entry, Place.INBOX, done.uid, row.heard, row.kept)
            return
        found = await self._search_for(copy.message_id, max(1, self._uidnext))
        if not found:
            raise Refused("the server has taken a message that it does not have")
        await self._told(row.entry, Place.INBOX, found[0], row.heard, row.kept)

    async def _find_copy(self, row: Mirrored) -> None:
        """Whether a copy that was begun has arrived; if not, as if it had never been begun."""
        same = row.begun_validity == self._selected.uidvalidity
        first = (row.begun or 1) if same else 1
        found = await self._search_for(row.message_id, first)
        facts = await self._connection.fetch_facts(found[:1], plan.HEADERS)
        if facts:
            arrival = plan.arrival_of(facts[0])
            await self._parts.commit(lambda tx: self._inward.found(tx, row, arrival))
        else:
            await self._told(row.entry, Place.NOWHERE, None, False, False)

    async def _take_back(self, row: Mirrored) -> None:
        """Move what was removed out of the trash; if it is not there, a copy is sent."""
        if self._parts.folders.trash and plan.has_message_id(row.message_id):
            try:
                moved = await self._moved_back(row)
            finally:
                await self._reopen()  # nothing else is to be done while the trash is selected
            if moved:
                return
        if row.partial:
            raise Refused("only its header is here, and the server has it no more")
        await self._append(row)

    async def _moved_back(self, row: Mirrored) -> bool:
        """Move an entry from the trash to the inbox, where `open` recognizes it; False: it cannot.

        Leaves the trash selected.
        """
        try:
            await self._connection.select(self._parts.folders.trash)
        except (NotThere, Refused):  # Dovecot says NO without a reason that programs can read
            return False
        key = plan.quoted(row.message_id)
        found = await self._connection.search(f"HEADER Message-ID {key}")
        if not found:
            return False
        point = self._uidnext, self._selected.uidvalidity
        await self._parts.commit(
            lambda tx: self._mirror.begun(
                tx, row.entry, row.message_id, *point, row.octets, (row.seen, row.saved)
            )
        )
        await self._connection.move([found[-1]], self._parts.folders.inbox)
        return True

    async def _flags(self, row: Mirrored) -> None:
        """Set the flags as they are here."""
        assert row.uid is not None
        add, remove = plan.flag_changes(row)
        await self._connection.store([row.uid], add, remove)
        await self._told(row.entry, Place.INBOX, row.uid, row.heard, row.kept)

    async def _remove(self, row: Mirrored) -> None:
        """Move it to the trash, which is made if need be; without a trash, remove it for good."""
        assert row.uid is not None
        trash = self._parts.folders.trash
        if not trash:
            await self._connection.expunge([row.uid])
            await self._told(row.entry, Place.NOWHERE, None, False, False)
            return
        try:
            await self._connection.move([row.uid], trash)
        except NotThere:
            await self._connection.create(trash)
            await self._connection.move([row.uid], trash)
        await self._told(row.entry, Place.TRASH, None, False, False)

    async def _told(
        self, entry: int, place: Place, uid: int | None, seen: bool, saved: bool
    ) -> None:
        await self._parts.commit(lambda tx: self._mirror.told(tx, entry, place, uid, seen, saved))

    # ---- the cache

    async def trim(self) -> int:
        """Give up read mail that is none of the newest and that the server has; how many."""
        old = self._mirror.old_mail(self._person.id, plan.RECENT)
        gone = 0
        for entry in old:
            await self.compare(entry)
        for some in batches(old):
            gone += await self._parts.commit(lambda tx, some=some: self._inward.forget(tx, some))  # type: ignore[misc]
        return gone

    async def compare(self, entry: int) -> bool:
        """Whether the server has just the octets of an entry, which is then noted."""
        row, here = self._mirror.find(entry), self._parts.store.entry(entry)
        if row is None or here is None or row.uid is None or row.verified:
            return row is not None and row.verified
        theirs = hashlib.sha256()
        async for piece in self._connection.fetch_message(row.uid):
            theirs.update(piece)
        copy = outgoing(self._parts.store, here, self._parts.hostname)
        if digest_of(copy.pieces) == theirs.digest():
            await self._parts.commit(lambda tx: self._mirror.compared(tx, entry))
            return True
        return False

    async def has(self, uid: int) -> bool:
        """Whether the inbox on the server has a message of this UID."""
        return uid in await self._connection.search(f"UID {uid}")


def batches(several: Sequence[T]) -> Iterator[list[T]]:
    """AT_ONCE of them at a time."""
    for at in range(0, len(several), AT_ONCE):
        yield list(several[at : at + AT_ONCE])


def _date(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.received_at, UTC)


_STEPS = {
    Step.FIND_COPY: PersonInbox._find_copy,
    Step.TAKE_BACK: PersonInbox._take_back,
    Step.APPEND: PersonInbox._append,
    Step.FLAG: PersonInbox._flags,
    Step.REMOVE: PersonInbox._remove,
}
