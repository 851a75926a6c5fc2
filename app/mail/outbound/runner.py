"""The runner of the outgoing queue: what is due goes out, and every outcome is written down.

A row of the queue is one mail to one outside recipient (app/inbox/queue.py, which also knows what
an outcome means for whoever has custody). Rows of the same mail that share their next hop travel in
one transaction. The reply for each recipient decides:

    2xx  taken                5xx  refused for good        4xx, no connection, no DNS: try again

after 5, 10, 20 ... minutes up to a longest wait, until it is given up [RFC 5321 §4.5.4.1].

Outcomes are committed after the next hop has spoken. A crash between its 250 and our commit leaves
the row waiting, so the mail goes a second time; there is no order of the two that could avoid both
a second copy and a lost mail, and we choose the copy.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from app.core.clock import Clock
from app.inbox.addresses import DeliveryConfig
from app.inbox.people import People
from app.inbox.queue import Purpose, Queue, QueueRow
from app.inbox.store import Store
from app.mail.outbound.routing import NoHop, Route
from app.mail.outbound.smtp_client import Answer, OutgoingMail, Unreachable, send_mail
from app.mail.outbound.srs import Srs
from app.mail.smtp.grammar import GrammarError, parse_address
from app.mail.smtp.trace import with_public_senders
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

    def next_try(self, row: QueueRow, now: float) -> float | None:
        """The time of the next try after one that failed at `now`; None when it was the last.

        Both are seconds since 1970 UTC. Each wait is twice the one before, and the last try comes
        give_up_s after the row was queued.
        """
        end = row.created_at + self.give_up_s
        if now >= end:
            return None
        return min(now + min(self.first_s * 2.0 ** min(row.attempts, 30), self.longest_s), end)


@dataclass(frozen=True)
class OutboundConfig:
    """How mail leaves."""

    retry: RetrySchedule
    at_once: int = 4
    """Number of mails that are sent at a time; each holds one chunk in memory."""


Batch = tuple[QueueRow, ...]  # rows that go in one transaction


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
        if self._by_smarthost and row.owner is not None and row.purpose is not Purpose.RELAY:
            return self._of_person(row.owner) or row.sender
        local = self._config.local_part(row.sender)
        if local is not None:
            return self._of_login(local)
        if self._srs is None or row.purpose is Purpose.RELAY:
            return row.sender
        try:
            return str(self._srs.rewrite(parse_address(row.sender)))
        except GrammarError:
            return row.sender

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


class Outbound:
    """Sends what is due. Only `send_due` makes it look at the clock and the queue."""

    def __init__(
        self,
        db: Database,
        store: Store,
        queue: Queue,
        route: Route,
        senders: Senders,
        delivery: DeliveryConfig,
        config: OutboundConfig,
        clock: Clock,
    ) -> None:
        self._db = db
        self._store = store
        self._queue = queue
        self._route = route
        self._senders = senders
        self._delivery = delivery
        self._config = config
        self._clock = clock
        self._under_way: set[int] = set()  # ids of rows that are being sent
        self._tasks: set[asyncio.Task[None]] = set()
        self._checked = asyncio.Event()  # set, and replaced, by each send_due
        self._stopping = False

    @property
    def under_way(self) -> int:
        """Number of rows that are being sent, or whose outcome is being written."""
        return len(self._under_way)

    def idle(self) -> bool:
        """True when nothing is due and nothing is under way."""
        next_due = self._queue.next_due()
        return not self._under_way and (next_due is None or next_due > self._clock.now())

    def send_due(self) -> None:
        """Start as much of what is due as may run at once. Call it in the loop."""
        self._checked.set()  # outcomes that could not be written are tried again
        self._checked = asyncio.Event()
        if self._stopping or len(self._tasks) >= self._config.at_once:
            return
        due = self._queue.due(self._clock.now(), limit=self._config.at_once * 50)
        waiting = [row for row in due if row.id not in self._under_way]
        for batch in self._batches(waiting)[: self._config.at_once - len(self._tasks)]:
            self._start(batch)

    async def stop(self) -> None:
        """Start nothing more; what is under way is cut off, and its rows stay in the queue."""
        self._stopping = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _batches(self, rows: Iterable[QueueRow]) -> list[Batch]:
        batches: dict[tuple[object, ...], list[QueueRow]] = {}
        for row in rows:
            key = self._route.key(_domain(row.recipient))
            batches.setdefault((row.content, row.prefix, row.batch, key), []).append(row)
        return [tuple(batch) for batch in batches.values()]

    def _start(self, batch: Batch) -> None:
        ids = {row.id for row in batch}
        self._under_way |= ids
        task = asyncio.get_running_loop().create_task(self._process(batch))
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._under_way -= ids
            if not task.cancelled() and task.exception() is not None:
                log.error("sending ended by a fault", exc_info=task.exception())
            else:
                self.send_due()

        task.add_done_callback(ended)

    async def _process(self, batch: Batch) -> None:
        try:
            answers = await self._offer(batch)
        except Exception:
            log.exception("mail in rows %s could not be offered", [row.id for row in batch])
            trouble = Answer("451 4.3.0 It could not be read or sent; see the log of this box")
            answers = {row.recipient: trouble for row in batch}
        await self._write_outcomes([(row, answers[row.recipient]) for row in batch])

    async def _offer(self, batch: Batch) -> dict[str, Answer]:
        """Try the next hops one by one until one can be talked to [RFC 5321 §5.1]."""
        first = batch[0]
        recipients = tuple(dict.fromkeys(row.recipient for row in batch))
        mail = self._outgoing(first, recipients)
        answer = Answer("451 4.4.1 no server to try")
        try:
            for hop in await self._route.hops(_domain(first.recipient)):
                try:
                    return await send_mail(hop, mail, self._delivery.hostname)
                except Unreachable as problem:
                    answer = Answer(str(problem))
        except NoHop as problem:
            answer = Answer(problem.reply)
        return dict.fromkeys(recipients, answer)

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

    async def _write_outcomes(self, answered: list[tuple[QueueRow, Answer]]) -> None:
        """Commit the outcomes; while that fails the rows stay ours, so that none goes twice."""
        while True:
            try:
                await asyncio.wrap_future(self._db.submit(lambda tx: self._write(tx, answered)))
            except StoreFailed as problem:
                log.error("outcome of sending not written, will try again: %s", problem)
                await self._checked.wait()
            else:
                return

    def _write(self, tx: Tx, answered: list[tuple[QueueRow, Answer]]) -> None:
        now = self._clock.now()
        refused: list[tuple[QueueRow | int, str]] = []
        for row, answer in answered:
            log.info("queue row %d to %s: %s", row.id, row.recipient, answer.reply)
            next_try = self._config.retry.next_try(row, now)
            if answer.taken:
                self._queue.succeeded(tx, row, answer.reply)
            elif answer.final or next_try is None:
                refused.append((row, answer.reply))
            else:
                self._queue.deferred(tx, row, answer.reply, next_try)
        self._queue.all_failed(tx, refused)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
