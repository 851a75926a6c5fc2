"""The clerk's jobs for e-mails that are read aloud: which there are, and what they say."""

import logging
from collections.abc import Callable
from pathlib import Path

from app.clerk.config import ClerkConfig
from app.clerk.mail_reading import MailReading, ReadMail, head_words, sender_words
from app.clerk.media import Media, MediaFailed
from app.clerk.speech import Speaker
from app.inbox.entries import INBOX, Entry, EntryState, Kind
from app.inbox.store import Store
from app.phone.jobs import JobFailed, MailText
from app.voicemail.jobs import LocalTime
from app.voicemail.owner_jobs import MAILS_MOST, ListedMail, MailListing, MailToRead

log = logging.getLogger(__name__)

PAGES_MOST = 20
"""Pages of MAILS_MOST entries that are read for a list of e-mails."""


class MailJobs:
    """Reads the e-mails of one store aloud; `local_time` says when something was, for a clock."""

    def __init__(
        self,
        config: ClerkConfig,
        store: Store,
        media: Media,
        local_time: Callable[[float], LocalTime | None],
    ) -> None:
        self._language, self._store, self._local_time = config.language, store, local_time
        self._reading = MailReading(media, Speaker(Path(config.cache)))

    def mails(self, person: int) -> MailListing:
        """Somebody's e-mails, unread ones first, the newest of each kind first."""
        found = [
            entry
            for state in (EntryState.NEW, EntryState.HEARD)
            for entry in self._newest(person, state)
        ]
        listed = tuple(
            ListedMail(
                entry.id,
                entry.state is EntryState.NEW,
                sender_words(entry.sender),
                head_words(entry.subject),
                self._local_time(entry.received_at),
            )
            for entry in found
        )
        return MailListing(listed, self._store.unheard(person)[1])

    def _newest(self, person: int, state: EntryState) -> list[Entry]:
        """The newest e-mails in this state; those behind PAGES_MOST pages of voicemail are not."""
        found: list[Entry] = []
        before = None
        for _ in range(PAGES_MOST):
            page = self._store.newest(person, MAILS_MOST, (state,), before)
            found += [entry for entry in page if entry.kind is Kind.EMAIL]
            if len(page) < MAILS_MOST or len(found) >= MAILS_MOST:
                break
            before = page[-1].id
        return found[:MAILS_MOST]

    def read_mail(self, person: int, number: int) -> MailToRead:
        """What there is to read aloud of a mail. Raises NotReady while it is looked at."""
        entry = self._store.entry(number)
        if entry is None or entry.person != person or entry.state not in INBOX:
            return MailToRead(there=False)
        try:
            mail = self._read(entry)
        except MediaFailed as problem:
            log.warning("entry %d cannot be read aloud: %s", number, problem)
            return MailToRead(there=True, readable=False)
        return MailToRead(True, len(mail.sections), mail.attachments, mail.cut)

    def sound(self, text: MailText, start: int, count: int) -> bytes:
        """`count` samples of a section of a mail from sample `start` on; fewer at its end.

        Raises NotReady while it is spoken, MediaFailed and JobFailed if it cannot be.
        """
        entry = self._store.entry(text.entry)
        if entry is None:
            raise JobFailed(f"there is no entry {text.entry}")
        language = text.language or self._language
        return self._reading.sound(
            entry.content, self._read(entry), text.section, language, start, count
        )

    def _read(self, entry: Entry) -> ReadMail:
        return self._reading.read(entry.content, self._store.octets(entry))
