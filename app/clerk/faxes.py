"""The clerk's jobs for faxes: where one comes in, and the message that is made of it.

Pages lie in a folder (app/phone/fax/folder.py) from the moment the sender is told that they have
arrived, so a page is never lost: what a call, or the power, has broken off is delivered as a part
of a fax. The message is delivered and the number of the call noted in one transaction, then the
folder goes; a folder whose number is noted only goes.
"""

import logging
from collections.abc import Callable, Generator
from datetime import datetime

from app.clerk.composer import DOOR, new_token
from app.clerk.config import ClerkConfig
from app.clerk.known import Known
from app.clerk.recordings import Inboxes, refusal
from app.clerk.writing import Writing
from app.core.clock import Clock
from app.core.zones import zone_of
from app.inbox.contents import rechunk
from app.inbox.delivery import Envelope
from app.inbox.entries import Facts, Kind
from app.inbox.people import Person
from app.message.fax import FaxMessage, compose
from app.message.voice import clean_name, clean_number
from app.phone.calls.caller import Caller
from app.phone.fax.folder import KeptFax, kept_faxes
from app.store.database import Tx
from app.store.errors import TROUBLE
from app.voicemail.jobs import FaxStart

log = logging.getLogger(__name__)

LOOK_S = 0.5  # between looks, while the process that has received a fax puts its end to it
LOOKS = 20
RETRY_S = 10.0  # after a fax that could not be delivered

Steps = Generator[None, None, None]


class PageUnreadable(Exception):
    """A page of a fax cannot be read; that says nothing about the store."""


def _look_through(fax: KeptFax) -> None:
    """Raise PageUnreadable if a page of it cannot be read, before anything is written of it."""
    try:
        for index in range(len(fax.pages)):
            fax.page(index)
    except OSError as problem:
        raise PageUnreadable(str(problem)) from problem


class FaxJobs:
    """Faxes that have come in and are not delivered yet.

    `inboxes` gives the store, or None while it cannot be used; `trouble` is told of every error
    that the store has raised.
    """

    def __init__(
        self,
        inboxes: Callable[[], Inboxes | None],
        trouble: Callable[[Exception], None],
        known: Known,
        config: ClerkConfig,
        clock: Clock,
    ) -> None:
        self._inboxes, self._trouble, self._known = inboxes, trouble, known
        self._config, self._clock = config, clock
        self._root = config.faxes
        self._zone = zone_of(config.zone)
        self._steps: Steps | None = None
        self._at = ""  # the folder that is being worked on
        self._put_off: set[str] = set()  # folders that could not be delivered; others may be
        self._looks, self._look_at = 1, float("-inf")

    def begin_fax(self, number: int, mailbox: str, line: str, caller: Caller) -> FaxStart:
        """See app.voicemail.jobs.VoicemailClerk; `number` is that of the call."""
        start = FaxStart(str(self._root / str(number)), self._clock.now())
        inboxes = self._inboxes()
        if inboxes is None:
            there = self._known.mailbox(mailbox) is not None
            return start if there else FaxStart(refused="nobody")
        person = inboxes.people.by_mailbox(mailbox)
        refused = "nobody" if person is None else refusal(inboxes, person)
        if refused is None:
            return start
        why = {"full": "the mailbox is full", "no space": "the disk is full"}.get(refused, refused)
        inboxes.composer.note_missed(number, person, line, caller, f"a fax was refused: {why}")
        return FaxStart(refused=refused)

    def end_fax(self) -> None:
        """See app.voicemail.jobs.VoicemailClerk."""
        self._looks, self._look_at = LOOKS, float("-inf")

    def work(self) -> bool:
        """Do the next step of making a message of a fax; False if there is nothing to do."""
        if self._steps is None and not self._begin():
            return False
        assert self._steps is not None
        try:
            next(self._steps)
        except StopIteration:
            self._steps = None
            self._put_off.clear()
        except TROUBLE as problem:
            self._trouble(problem)
            self._try_later()
        except Exception:  # it stays where it is and is tried again
            log.exception("the fax in %s could not be made a message", self._root / self._at)
            self._steps = None
            self._put_off.add(self._at)
        return True

    def _begin(self) -> bool:
        if not self._looks or self._clock.monotonic() < self._look_at:
            return False
        self._looks, self._look_at = self._looks - 1, self._clock.monotonic() + LOOK_S
        try:
            kept = {fax.path.name: fax for fax in kept_faxes(self._root)}
        except OSError as problem:
            log.error("faxes that came in cannot be read: %s", problem)
            self._try_later()
            return False
        fax = next((kept[name] for name in kept if name not in self._put_off), None)
        if fax is None:
            if kept:
                self._try_later()
            return False
        inboxes = self._inboxes()
        if inboxes is None:
            self._try_later()
            return False
        self._looks, self._look_at = max(self._looks, 1), float("-inf")  # there may be another
        self._at, self._steps = fax.path.name, self._deliver(inboxes, fax)
        return True

    def _try_later(self) -> None:
        self._steps = None
        self._put_off.clear()
        self._looks, self._look_at = max(self._looks, 1), self._clock.monotonic() + RETRY_S

    def _deliver(self, inboxes: Inboxes, fax: KeptFax) -> Steps:
        owner = inboxes.people.by_mailbox(fax.facts.mailbox) or inboxes.people.answers_lines()
        if owner is None or not fax.pages:
            caller = Caller(fax.facts.number, fax.facts.name)
            why = f"no page of a fax came: {fax.end.why}"
            inboxes.composer.note_missed(fax.number, owner, fax.facts.line, caller, why)
            if not fax.pages:
                fax.remove()
            return
        _look_through(fax)
        message, writing = self._message(inboxes, fax, owner), Writing(inboxes.store)
        pages = (fax.page(index) for index in range(len(fax.pages)))
        chunks = rechunk(compose(message, pages))
        chunk = next(chunks)
        for following in chunks:
            inboxes.db.now(lambda tx, octets=chunk: writing.add(tx, octets))  # type: ignore[misc]
            yield
            chunk = following

        def last(tx: Tx) -> None:
            if inboxes.store.recordings.once(tx, fax.number):
                writing.add(tx, chunk)
                self._enter(tx, inboxes, fax, owner, message, writing.seal(tx))

        inboxes.db.now(last)
        fax.remove()
        ended = "" if fax.end.well else f", then {fax.end.why}"
        log.info("fax on %s for %s: %d pages%s", fax.facts.line, owner.login, len(fax.pages), ended)

    def _message(self, inboxes: Inboxes, fax: KeptFax, owner: Person) -> FaxMessage:
        ended_at = datetime.fromtimestamp(fax.facts.started_at + fax.end.seconds, self._zone)
        return FaxMessage(
            to_name=owner.name,
            to_address=owner.address or f"{owner.login}@{self._config.domains[0]}",
            mailbox=owner.mailbox,
            from_address=owner.address or inboxes.delivery.voicemail_address,
            caller_number=fax.facts.number,
            caller_name=fax.facts.name,
            station=fax.end.far_ident,
            line=fax.facts.line,
            ended_at=ended_at.astimezone(self._zone),
            seconds=fax.end.seconds,
            pages=len(fax.pages),
            well=fax.end.well,
            why=fax.end.why,
            token=new_token(),
            language=owner.language,
        )

    def _enter(
        self,
        tx: Tx,
        inboxes: Inboxes,
        fax: KeptFax,
        owner: Person,
        message: FaxMessage,
        content: int,
    ) -> None:
        facts = Facts(
            received_at=fax.facts.started_at,
            sender=message.sender,
            subject=message.subject,
            caller_number=clean_number(fax.facts.number),
            caller_name=clean_name(fax.facts.name),
            door=DOOR,
            by=fax.facts.line,
            message_id=message.message_id,
        )
        route = inboxes.delivery.route(owner.login)
        sender = inboxes.delivery.sender_of(owner)
        inboxes.delivery.deliver(tx, Envelope(sender, (route,), Kind.EMAIL, facts), content)
