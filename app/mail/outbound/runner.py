"""The runner of the outgoing queue: what is due goes out, and every outcome is written down.

A row of the queue is one mail to one outside recipient (app/inbox/queue.py, which also knows what
an outcome means for whoever has custody). Rows of the same mail that share their next hop travel in
one transaction. The reply for each recipient decides:

    2xx  taken                5xx  refused for good        4xx, no connection, no DNS: try again

after 5, 10, 20 ... minutes up to a longest wait, until it is given up [RFC 5321 §4.5.4.1]. What
could not be reached at all is left alone as a whole for so long, however much waits for it
(app/inbox/destinations.py): one mail is tried then, and if that fails the others are not. A server
that answers 421 is shutting down [RFC 5321 §3.8] and counts as one that could not be reached.

Destinations take turns, a mail each. One may send TO_ONE mails at a time, and those that were down
half of all; the last LEFT_FREE places are for destinations that are sending nothing. A server may
take minutes for each answer [RFC 5321 §4.5.3.2]: what takes longer than LONG_S gives its place up.

Outcomes are committed after the next hop has spoken. A crash between its 250 and our commit leaves
the row waiting, so the mail goes a second time; there is no order of the two that could avoid both
a second copy and a lost mail, and we choose the copy.
"""

import asyncio
import logging
import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace

from app.inbox.addresses import DeliveryConfig
from app.inbox.destinations import WHOLE, Destination, person_of
from app.inbox.people import People
from app.inbox.queue import Purpose, Queue, QueueOutcome, QueueRow
from app.inbox.store import Store
from app.mail.outbound.client_session import Answer, Terms
from app.mail.outbound.next_hop import NextHops, Tried
from app.mail.outbound.routing import Route
from app.mail.outbound.smtp_client import OutgoingMail
from app.mail.outbound.srs import Srs
from app.mail.signing.signer import Signer
from app.mail.smtp.grammar import GrammarError, parse_address
from app.mail.smtp.trace import with_public_senders
from app.message.dsn import Asked
from app.message.headers import read_head, rewritten
from app.store.database import Database, Tx
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetrySchedule:
    """When to try again [RFC 5321 §4.5.4.1]."""

    first_s: float
    """Seconds from the first try to the second."""
    longest_s: float
    """Seconds between two tries at most."""
    give_up_s: float
    """Seconds from the first try to the last: at least 4 to 5 days."""
    warn_s: float | None = None
    """Seconds after which whoever must know is told that a mail still waits; None: never."""

    def wait_s(self, tries: int) -> float:
        """Seconds to wait after a try that failed, when there had been `tries` before it."""
        return min(self.first_s * 2.0 ** min(tries, 30), self.longest_s)

    def next_try(self, row: QueueRow, now: float) -> float | None:
        """The time of the next try after one that failed at `now`; None when it was the last.

        Both are box time. Each wait is twice the one before, and the last try comes give_up_s after
        the row was queued.
        """
        end = row.created_box_s + self.give_up_s
        return None if now >= end else min(now + self.wait_s(row.attempts), end)

    def next_visit(self, failures: int, oldest: float | None, now: float) -> float:
        """When to try a destination again that could not be reached at `now`.

        It had failed `failures` times before, and the first of what waits for it was queued at
        `oldest`; that one's last try comes in time, but VISITS_APART_S lie between two. Box time.
        """
        end = math.inf if oldest is None else oldest + self.give_up_s
        return min(now + self.wait_s(failures), max(end, now + VISITS_APART_S))


@dataclass(frozen=True)
class OutboundConfig:
    """How mail leaves."""

    retry: RetrySchedule
    at_once: int = 8
    """Number of places for mails that are sent at a time; each mail holds one chunk in memory."""


TO_ONE = 4
"""Number of mails that are sent to one destination at a time."""
LEFT_FREE = 2
"""Number of places that a destination which is sending already does not take."""
LONG_S = 10.0
"""Seconds after which a mail that is being sent gives its place to another and goes on."""
LONG_AT_ONCE = 24
"""Number of mails that go on so."""
VISITS_APART_S = 60.0
"""Seconds between two tries to reach a destination, at least."""

Batch = list[QueueRow]  # rows that go in one transaction


class Senders:
    """Which envelope sender a mail leaves with; the null sender always stays null.

    A smarthost takes mail from its account holders, so a forward leaves with the address of the
    person whose alias sends it on. Straight to the world it leaves with a rewritten sender, if
    there is a public domain to rewrite into. Our own people's senders become their public ones.
    """

    def __init__(
        self, people: People, config: DeliveryConfig, srs: Srs | None, by_smarthost: bool
    ) -> None:
        self._people = people
        self._config = config
        self._srs = srs
        self._by_smarthost = by_smarthost

    def sender(self, row: QueueRow) -> str:
        """The envelope sender for one row."""
        if not row.sender:
            return ""
        by_account = self._by_smarthost or person_of(row.destination) is not None
        if by_account and row.owner is not None and row.purpose is not Purpose.RELAY:
            return self._of_person(row.owner) or row.sender
        local = self._config.local_part(row.sender)
        if local is not None:
            return self._of_login(local)
        if self._srs is None or row.purpose is Purpose.RELAY:
            return row.sender
        try:
            return str(self._srs.rewrite(parse_address(row.sender), _given_up(row)))
        except GrammarError:
            return row.sender

    def preparation(self, row: QueueRow) -> Callable[[Tx], None] | None:
        """What must be committed before `sender` is asked for the row; None: nothing."""
        if self._srs is None or row.purpose is Purpose.RELAY or not row.sender:
            return None
        by_account = self._by_smarthost or person_of(row.destination) is not None
        if by_account or self._config.local_part(row.sender) is not None:
            return None
        try:
            return self._srs.preparation(parse_address(row.sender), _given_up(row))
        except GrammarError:
            return None

    def of_voicemail(self, row: QueueRow) -> Callable[[str], str | None] | None:
        """What is written for an address in From when a person's own mail is sent on.

        A voicemail is from a name that only we know where its owner has no public address; sent on,
        it is from its owner, whom an answer reaches. None: the header stays as it is.
        """
        owner = None if row.purpose is Purpose.RELAY or row.owner is None else row.owner
        address = None if owner is None else self._of_person(owner)
        if address is None:
            return None
        ours = self._config.voicemail_address
        return lambda found: address if found == ours else None

    def _of_person(self, person_id: int) -> str | None:
        person = self._people.by_id(person_id)
        if person is None:
            return None
        return person.address or self._config.canonical(person.login)

    def _of_login(self, login: str) -> str:
        person = self._people.by_login(login)
        return (person and person.address) or self._config.canonical(login)


def _given_up(row: QueueRow) -> int | None:
    """The entry that goes to the bin when the row is taken, if it does."""
    return row.entry if row.purpose is Purpose.CUSTODY else None


# Our own Received says so of who has logged in [RFC 3848, RFC 6531 §3.7.3].
_LOGGED_IN = re.compile(rb"^\tby [^\r\n]+ with (?:ESMTP|UTF8SMTP)S?A id ", re.MULTILINE)


def _written_here(row: QueueRow) -> bool:
    """Whether one of our people, or the box, has written the mail.

    What came in by SMTP bears our Received; whoever had logged in is one of ours, and so is who
    sends to elsewhere. What has the null sender then is a report about somebody else's mail.
    """
    came_in = row.prefix.startswith(b"Received:") or b"\nReceived:" in row.prefix
    if not came_in or _LOGGED_IN.search(row.prefix):
        return True
    return row.purpose is Purpose.RELAY and bool(row.sender)


class Outbound:
    """Sends what is due. Only `send_due` makes it look at the clock and the queue."""

    def __init__(
        self,
        db: Database,
        store: Store,
        queue: Queue,
        route: Route,
        terms: Callable[[str], Terms],
        senders: Senders,
        config: OutboundConfig,
        signer: Signer | None = None,
    ) -> None:
        """`terms` tells for a key of the route how its servers are spoken to."""
        self._db = db
        self._store = store
        self._queue = queue
        self._route = route
        self._next_hops = NextHops(route, terms)
        self._senders = senders
        self._config = config
        self._signer = signer
        self._under_way: set[int] = set()  # ids of rows that are being sent
        self._sending: Counter[str] = Counter()  # mails that are being sent, by route key
        self._retrying: set[str] = set()  # keys among those that could not be reached before
        self._tasks: set[asyncio.Task[None]] = set()
        self._long: set[asyncio.Task[None]] = set()  # those of them that have given their place up
        self._checked = asyncio.Event()  # set, and replaced, by each send_due
        self._begun = self._beginning = self._warning = False
        self._stopping = False

    @property
    def under_way(self) -> int:
        """Number of rows that are being sent, or whose outcome is being written."""
        return len(self._under_way)

    def idle(self) -> bool:
        """True when nothing is due and nothing is under way."""
        next_due = self._queue.next_due()
        busy = self._under_way or self._warning
        return not busy and (next_due is None or next_due > self._db.box_time.now())

    def begin(self) -> None:
        """Take the queue over from whoever ran it before; call it first.

        Nothing is sent before that has been done: where the store takes no writing now, `send_due`
        tries it again.
        """
        try:
            self._db.now(self._take_over)
        except StoreFailed as problem:
            log.error("the queue could not be taken over, will try again: %s", problem)
        else:
            self._begun = True

    def _begin_again(self) -> None:
        def ended(future: "Future[None]") -> None:
            self._begun, self._beginning = future.exception() is None, False

        if not self._beginning:
            self._beginning = True
            self._db.submit(self._take_over).add_done_callback(ended)

    def _take_over(self, tx: Tx) -> None:
        self._adopt(tx)
        self._queue.destinations.begin(tx, by_smarthost=self._route.key("any") == WHOLE)

    def send_due(self) -> None:
        """Start as much of what is due as may run at once. Call it in the loop."""
        self._checked.set()  # outcomes that could not be written are tried again
        self._checked = asyncio.Event()
        if not self._begun and not self._stopping:
            self._begin_again()
        if not self._begun or self._stopping:
            return
        self._warn()
        # those that are being sent to are among the due ones
        limit = 2 * self._config.at_once + len(self._sending)
        turns = deque(self._queue.destinations.due(limit))
        while turns and self._places:
            destination = turns.popleft()
            if self._start_one(destination):
                turns.append(destination)

    def _warn(self) -> None:
        """Tell of the mail that has waited too long, if there is one; the next call of the next."""
        warn_s, give_up_s = self._config.retry.warn_s, self._config.retry.give_up_s
        if warn_s is None or self._warning:
            return
        rows = self._queue.overdue(self._db.box_time.now() - warn_s)
        if not rows:
            return

        def ended(future: "Future[QueueOutcome]") -> None:
            self._warning = False  # what could not be written is tried again

        self._warning = True
        told = self._db.submit(lambda tx: self._queue.warn(tx, rows, give_up_s))
        told.add_done_callback(ended)

    @property
    def _places(self) -> int:
        return self._config.at_once - len(self._tasks) + min(len(self._long), LONG_AT_ONCE)

    def _start_one(self, destination: Destination) -> bool:
        """Start a mail to a destination, if it may have one more and one is due there."""
        key = self._route.key(destination.name)
        whole = self._queue.destinations.get(WHOLE) if key == WHOLE else None
        failures = whole.failures if whole is not None else destination.failures
        if not self._may_start(key, failures):
            return False
        batch = self._queue.due_mail(destination.name, self._under_way, together=key == WHOLE)
        if batch:
            self._start(batch, key, failures)
        elif not self._sending[key]:
            self._db.submit(lambda tx: self._put_right(tx, destination.name))
        return bool(batch)

    def _adopt(self, tx: Tx) -> None:
        retry = self._config.retry
        if adopted := self._queue.adopt(tx, retry.give_up_s / 2, retry.longest_s):
            log.info("%d queue rows of an older version are taken over", adopted)

    def _put_right(self, tx: Tx, destination: str) -> None:
        self._adopt(tx)
        self._queue.destinations.put_right(tx, destination)

    def _may_start(self, key: str, failures: int) -> bool:
        if failures:
            return not self._sending[key] and len(self._retrying) < self._config.at_once // 2
        return not self._sending[key] or (self._sending[key] < TO_ONE and self._places > LEFT_FREE)

    async def stop(self) -> None:
        """Start nothing more; what is under way is cut off, and its rows stay in the queue."""
        self._stopping = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._next_hops.stop()

    def _start(self, batch: Batch, key: str, failures: int) -> None:
        ids = {row.id for row in batch}
        self._under_way |= ids
        self._sending[key] += 1
        if failures:
            self._retrying.add(key)
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._process(batch, key, failures))
        self._tasks.add(task)
        timer = loop.call_later(LONG_S, self._takes_long, task, key)

        def ended(task: asyncio.Task[None]) -> None:
            timer.cancel()
            self._tasks.discard(task)
            self._long.discard(task)
            self._under_way -= ids
            self._sending[key] -= 1
            if not self._sending[key]:
                del self._sending[key]
                self._retrying.discard(key)
            if not task.cancelled() and task.exception() is not None:
                log.error("sending ended by a fault", exc_info=task.exception())
            else:
                self.send_due()
            # after those that start now, which take the kept connections of their servers
            loop.call_soon(self._next_hops.release_idle, self._sending)

        task.add_done_callback(ended)

    def _takes_long(self, task: asyncio.Task[None], key: str) -> None:
        """Let the next one begin in its place."""
        self._long.add(task)
        self._retrying.discard(key)
        self.send_due()

    async def _process(self, batch: Batch, key: str, failures: int) -> None:
        try:
            tried = await self._offer(batch)
        except Exception:
            log.exception("mail in rows %s could not be offered", [row.id for row in batch])
            trouble = Answer("451 4.3.0 It could not be read or sent; see the log of this box")
            tried = Tried({row.recipient: trouble for row in batch})
        await self._commit(lambda tx: self._write(tx, batch, tried, key, failures))
        if tried.unreached:
            await self._give_up(key, tried.unreached)

    async def _give_up(self, key: str, reply: str) -> None:
        """Give up what has waited too long for a destination that could not be reached just now."""
        before = self._db.box_time.now() - self._config.retry.give_up_s
        while rows := self._queue.old_mail(key, before, self._under_way):
            refused: list[tuple[QueueRow | int, str]] = [(row, reply) for row in rows]
            log.info("queue rows %s are given up: %s", [row.id for row in rows], reply)
            await self._commit(lambda tx, refused=refused: self._queue.all_failed(tx, refused))  # type: ignore[misc]

    async def _offer(self, batch: Batch) -> Tried:
        preparation = self._senders.preparation(batch[0])
        if preparation is not None:
            await self._commit(preparation)
        recipients = tuple(dict.fromkeys(row.recipient for row in batch))
        asked = {row.recipient: row.asked for row in batch if row.asked != Asked()}
        mail = replace(self._outgoing(batch[0], recipients), asked=asked)
        mail = await self._signed(mail, batch[0])
        return await self._next_hops.offer(mail, batch[0].destination)

    async def _signed(self, mail: OutgoingMail, row: QueueRow) -> OutgoingMail:
        """The mail with a signature, if it can have one; a fault in that keeps no mail here."""
        if self._signer is None:
            return mail
        try:
            return await self._signer.signed(mail, _written_here(row))
        except Exception:
            log.exception("the mail of row %d leaves without a signature", row.id)
            return mail

    def _outgoing(self, row: QueueRow, recipients: tuple[str, ...]) -> OutgoingMail:
        """The mail of a row, as it leaves."""

        def pieces() -> Iterator[bytes]:
            return self._store.contents.octets(row.content, row.prefix)

        sender = self._senders.sender(row)
        visible = self._senders.of_voicemail(row)
        if visible is None:
            return OutgoingMail(sender, recipients, row.size, pieces)

        def change(head: bytes) -> bytes:
            return with_public_senders(head, visible)

        head = read_head(pieces())
        changed = change(head)
        if changed == head:
            return OutgoingMail(sender, recipients, row.size, pieces)
        size = row.size + len(changed) - len(head)
        return OutgoingMail(sender, recipients, size, lambda: rewritten(pieces(), change))

    async def _commit(self, work: Callable[[Tx], object]) -> None:
        """Commit outcomes; while that fails the rows stay ours, so that none goes twice."""
        while True:
            try:
                await asyncio.wrap_future(self._db.submit(work))
            except StoreFailed as problem:
                log.error("outcome of sending not written, will try again: %s", problem)
                await self._checked.wait()
            else:
                return

    def _write(self, tx: Tx, batch: Batch, tried: Tried, key: str, failures: int) -> None:
        now, retry = self._db.box_time.now(), self._config.retry
        if tried.unreached:
            visit = retry.next_visit(failures, self._queue.oldest(key), now)
            self._queue.destinations.failed(tx, key, failures, tried.unreached, visit)
        else:
            self._queue.destinations.answered(tx, key)
        refused: list[tuple[QueueRow | int, str]] = []
        for row in batch:
            answer = tried.answers[row.recipient]
            log.info("queue row %d to %s: %s", row.id, row.recipient, answer.reply)
            next_try = retry.next_try(row, now)
            if answer.taken:
                self._queue.succeeded(tx, row, answer.reply, answer.passed_on)
            elif answer.final or next_try is None:
                refused.append((row, answer.reply))
            else:
                # what could not be reached is tried with another mail next time
                self._queue.deferred(tx, row, answer.reply, now if tried.unreached else next_try)
        self._queue.all_failed(tx, refused)
