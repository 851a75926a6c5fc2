"""Mail to voicemail@ our domain, the sender of voicemails: answered in words, kept nowhere.

Only people here are answered, in their own inbox; never the null sender, a list or another program
[RFC 3834 §2], so no two programs can answer each other.
"""

import logging

from app.inbox.addresses import VOICEMAIL, DeliveryConfig
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.people import Person
from app.inbox.store import Store
from app.message.auto_reply import VoicemailReply, compose
from app.message.headers import HeaderFacts
from app.store.database import Tx

log = logging.getLogger(__name__)

LOOKED_AT = 100
"""The newest voicemails, the bin's too, among which the one that is answered is looked for."""


class VoicemailReplies:
    """Answers mail to the sender of voicemails."""

    def __init__(self, store: Store, config: DeliveryConfig) -> None:
        self._store = store
        self._config = config

    def answer(self, tx: Tx, person: Person, head: HeaderFacts, now: float) -> int | None:
        """Put the answer into the inbox of who wrote; its entry, or None if there must be none.

        `head` is the header of the mail that is answered, `now` seconds since 1970 UTC.
        """
        if head.is_automatic:
            log.info("mail to %s by a program of %s is not answered", VOICEMAIL, person.login)
            return None
        voicemail = self._answered(person, head.subject)
        to, sender = self._config.canonical(person.login), self._config.voicemail_address
        number = (voicemail and voicemail.caller_number) or ""
        caller = voicemail.sender if voicemail is not None else ""
        reply = VoicemailReply(
            to, sender, self._config.hostname, head.subject, head.message_id, caller, number, now
        )
        content = self._store.contents.write(tx, (compose(reply),))
        prefix = f"Return-Path: <>\r\nDelivered-To: {to}\r\n".encode()
        facts = Facts(now, sender, reply.subject, door="smtp", by="auto-reply")
        return self._store.add_entry(
            tx, person.id, content, prefix, Kind.EMAIL, EntryState.NEW, facts
        )

    def _answered(self, person: Person, subject: str) -> Entry | None:
        """The newest voicemail whose subject is in the reply's: "Re: Voicemail from ..."."""
        for entry in self._store.newest(person.id, LOOKED_AT, voicemail=True):
            if entry.subject and entry.subject in subject:
                return entry
        return None
