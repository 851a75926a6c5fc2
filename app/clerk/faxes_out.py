"""Faxes that people have mailed in: their pages, when they are called, and what the sender is told.

The phone asks for one when it has no call for another under way (app/voicemail/fax_sending.py).
The pages are made in a worker (fax_pages.py) and lie in a file that can be made anew at any time;
what counts is in the store (app/inbox/fax_queue.py). A call counts before it is made, and its end
is noted in the transaction that delivers the report: what was noted as sent is sent no more.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.clerk.config import ClerkConfig
from app.clerk.media import LONGEST, Conversion, Media, MediaFailed, Source, SourceFailed
from app.clerk.recordings import Inboxes
from app.core import files
from app.core.clock import Clock
from app.core.sentences import Sentence
from app.core.zones import zone_of
from app.inbox.delivery import Envelope
from app.inbox.entries import Entry, Facts, Kind
from app.inbox.fax_queue import TRIES, FaxJob
from app.inbox.people import Person
from app.message import fax_reasons
from app.message.fax_report import FaxReport, compose
from app.phone.fax.folder import BROKEN_OFF, FaxEnd
from app.store.database import Tx
from app.voicemail.fax_jobs import FaxCallOver, FaxOutcome, FaxToSend

log = logging.getLogger(__name__)

DOOR = "fax"
RENDERS_S = 60.0  # that the worker may take for a page, on a slow card
RETRY_S = {
    FaxOutcome.BUSY: 180.0,
    FaxOutcome.NO_ANSWER: 180.0,
    FaxOutcome.BROKEN_OFF: 60.0,
    FaxOutcome.NO_LINE: 20.0,
}
"""Box time before the next call; what is not here is not tried again."""


class FaxesOut:
    """The clerk's part of sending faxes. One object, one thread."""

    def __init__(self, config: ClerkConfig, clock: Clock, media: Media) -> None:
        self._config, self._clock, self._media = config, clock, media
        self._zone = zone_of(config.zone)
        self._folder = config.faxes_out
        self._made_for = 0
        self._making: Conversion | None = None

    def next_fax(self, inboxes: Inboxes) -> FaxToSend | None:
        """A fax that is to be sent now. Raises NotReady while its pages are made."""
        queue = inboxes.store.faxes
        broken_off = queue.interrupted()
        if broken_off is not None:
            self._over(inboxes, broken_off, FaxOutcome.BROKEN_OFF, BROKEN_OFF, "")
        job = queue.due()
        if job is None:
            return None
        entry = inboxes.store.need(job.entry)
        person = inboxes.people.by_id(entry.person)
        if person is None:
            inboxes.db.now(lambda tx: inboxes.store.remove(tx, [entry.id], DOOR, "", "nobody's"))
            return None
        try:
            file = self._pages(inboxes, entry)
        except SourceFailed as problem:
            log.error("the mail of fax %d cannot be read now: %s", entry.id, problem)
            inboxes.db.now(lambda tx: queue.later(tx, entry.id, 60.0))
            return None
        except MediaFailed as problem:
            log.info("fax %d: no pages: %s", entry.id, problem)
            self._give_up(inboxes, job, entry, fax_reasons.no_pages(str(problem)))
            return None
        attempt = inboxes.db.now(lambda tx: queue.begin(tx, entry.id))
        return FaxToSend(
            entry=entry.id,
            attempt=attempt,
            number=job.number,
            person=person.id,
            name=person.name,
            mailbox=person.mailbox,
            may_call=person.may_call,
            file=str(file),
        )

    def fax_over(self, inboxes: Inboxes, call: FaxCallOver) -> None:
        """See app.voicemail.jobs.VoicemailClerk; told twice it is done once."""
        job = inboxes.store.faxes.job(call.entry)
        if job is not None and job.calling and job.attempts == call.attempt:
            self._over(inboxes, job, call.outcome, call.end, call.line)

    def _over(
        self, inboxes: Inboxes, job: FaxJob, outcome: FaxOutcome, end: FaxEnd, line: str
    ) -> None:
        log.info("fax %d to %s, call %d: %s", job.entry, job.number, job.attempts, outcome)
        queue, entry = inboxes.store.faxes, inboxes.store.need(job.entry)
        again = RETRY_S.get(outcome)
        if outcome is FaxOutcome.SENT:
            self._sent(inboxes, job, entry, end, line)
        elif again is not None and (outcome is FaxOutcome.NO_LINE or job.attempts < TRIES):
            counts = outcome is not FaxOutcome.NO_LINE
            inboxes.db.now(lambda tx: queue.later(tx, job.entry, again, counts))
        else:
            self._give_up(inboxes, job, entry, _words(outcome, end), end)

    def _sent(self, inboxes: Inboxes, job: FaxJob, entry: Entry, end: FaxEnd, line: str) -> None:
        report = self._report(inboxes, job, entry, end, None)

        def note(tx: Tx) -> None:
            pages = f"{end.pages} page{'' if end.pages == 1 else 's'}"
            said = f"faxed to {job.number} on {line}: {pages} in {end.seconds} s"
            if inboxes.store.remove(tx, [entry.id], DOOR, line, said):
                self._tell(tx, inboxes, entry, report)

        inboxes.db.now(note)
        self._forget(entry.id)

    def _give_up(
        self, inboxes: Inboxes, job: FaxJob, entry: Entry, why: Sentence, end: FaxEnd = BROKEN_OFF
    ) -> None:
        report = self._report(inboxes, job, entry, end, why)

        def note(tx: Tx) -> None:
            said = f"not faxed to {job.number}: {why}"
            if inboxes.store.returned(tx, entry.id, said, DOOR):
                self._tell(tx, inboxes, entry, report)

        inboxes.db.now(note)
        self._forget(entry.id)

    def _report(
        self, inboxes: Inboxes, job: FaxJob, entry: Entry, end: FaxEnd, why: Sentence | None
    ) -> FaxReport:
        person = inboxes.people.by_id(entry.person)
        now = datetime.fromtimestamp(self._clock.now(), self._zone).astimezone(self._zone)
        config = inboxes.delivery.config
        return FaxReport(
            to=config.canonical("" if person is None else person.login),
            sender=config.canonical("mailer-daemon"),
            hostname=config.hostname,
            about=entry.subject,
            number=job.number,
            station=end.far_ident,
            count=end.pages,
            seconds=end.seconds,
            calls=job.attempts,
            why=why,
            at=now,
            language=self._config.language if person is None else person.language,
        )

    def _tell(self, tx: Tx, inboxes: Inboxes, entry: Entry, report: FaxReport) -> None:
        person: Person | None = inboxes.people.by_id(entry.person)
        if person is None:
            return
        content = inboxes.store.contents.write(tx, (compose(report),))
        facts = Facts(self._clock.now(), report.sender, report.subject, door=DOOR, by="report")
        route = inboxes.delivery.route(person.login)
        inboxes.delivery.deliver(tx, Envelope("", (route,), Kind.EMAIL, facts), content)

    # ---- pages

    def _path(self, entry: int) -> Path:
        return self._folder / f"{entry}.tif"

    def _pages(self, inboxes: Inboxes, entry: Entry) -> Path:
        """The file of its pages. Raises NotReady while they are made, and MediaFailed."""
        path = self._path(entry.id)
        if path.exists():
            return path
        if self._making is None or self._made_for != entry.id or self._making.dropped:
            octets = inboxes.store.octets(entry)
            self._making = self._media.convert(_pages_of, octets, RENDERS_S)
            self._made_for = entry.id
        made = self._making
        try:
            tiff = made.piece(0, LONGEST)
        except MediaFailed:
            self._making = None
            raise
        self._making = None
        self._folder.mkdir(parents=True, exist_ok=True)
        files.write(path, tiff)
        return path

    def _forget(self, entry: int) -> None:
        try:
            self._path(entry).unlink(missing_ok=True)
        except OSError as problem:
            log.error("the pages of fax %d stay on the disk: %s", entry, problem)


def _pages_of(source: Source) -> Iterator[bytes]:
    """See fax_pages(), which brings in what only a worker needs."""
    from app.clerk.fax_pages import fax_pages

    yield from fax_pages(source)


_GIVEN_UP = {
    FaxOutcome.BUSY: fax_reasons.BUSY,
    FaxOutcome.NO_NUMBER: fax_reasons.NO_NUMBER,
    FaxOutcome.NO_ANSWER: fax_reasons.NO_ANSWER,
    FaxOutcome.NOT_ALLOWED: fax_reasons.NOT_ALLOWED,
}


def _words(outcome: FaxOutcome, end: FaxEnd) -> Sentence:
    """Why a fax is given up, for its sender."""
    return _GIVEN_UP.get(outcome) or fax_reasons.broken_off(end.why)
