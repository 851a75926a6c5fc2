"""The clerk's jobs for what owners send by telephone: answers, and messages sent on.

What was said lies in a draft (drafts.py) until it is delivered. A message that is sent on without
an introduction stays as it is, as from the pages; with one, it is enclosed in a new message, and a
telephone plays the introduction first [RFC 3801 §5].
"""

import logging
from collections.abc import Iterator
from datetime import datetime, tzinfo

from app.clerk.composer import DOOR, new_token
from app.clerk.drafts import Drafts
from app.clerk.recordings import Inboxes
from app.inbox.aliases import Aliases
from app.inbox.delivery import Destination, Envelope
from app.inbox.entries import Entry, Facts, Kind
from app.inbox.errors import BadName, MailboxFull, MailLoop, NoSpace, NoSuchPerson
from app.inbox.greetings import GreetingKind, Greetings
from app.inbox.marks import set_marks
from app.inbox.people import Person
from app.inbox.sending import RECIPIENTS_MOST, Sending
from app.message.headers import fields, read_head, scan_head, shown
from app.message.voice import VoiceMessage, compose, composed_size
from app.store.database import Tx
from app.voicemail.jobs import Addressee, Letter, LetterResult

log = logging.getLogger(__name__)

_LETTERS = {
    letter: key
    for key, letters in zip(
        "23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True
    )
    for letter in letters
}
"""Where letters are on the keys of a telephone [ITU-T E.161]."""


def on_keys(text: str) -> str:
    """What is dialled to spell this; other signs are left out."""
    signs = (sign for sign in text.lower() if sign.isascii() and sign.isalnum())
    return "".join(_LETTERS.get(sign, sign) for sign in signs)


class LetterJobs:
    """Letters over one store."""

    def __init__(
        self,
        inboxes: Inboxes,
        aliases: Aliases,
        greetings: Greetings,
        drafts: Drafts,
        zone: tzinfo | None,
    ) -> None:
        self._store, self._people, self._db = inboxes.store, inboxes.people, inboxes.db
        self._delivery, self._aliases = inboxes.delivery, aliases
        self._greetings, self._drafts, self._zone = greetings, drafts, zone
        self._sending = Sending(inboxes.db, inboxes.store, inboxes.delivery)

    # ---- whom

    def addressee(self, digits: str) -> Addressee | None:
        """Whom a mailbox, a handset or an alias spelled on the keys means; None if nobody."""
        person = self._person(digits)
        if person is not None:
            return self._known(person)
        for alias in self._aliases.all():
            if digits and on_keys(alias.name) == digits:
                return Addressee(alias.name, alias.name)
        return None

    def caller_of(self, person: int, number: int) -> Addressee | None:
        """Who an answer to this message goes to: the caller's box, else the sender's address."""
        entry = self._mine(person, number)
        if entry is None:
            return None
        caller = self._person(entry.caller_number or "")
        if caller is not None:
            return self._known(caller)
        from email.utils import parseaddr

        head = read_head(self._store.contents.octets(entry.content))
        found = {field.name: shown(field.value) for field in fields(head)}
        name, address = parseaddr(found.get("reply-to") or found.get("from") or "")
        owner = self._people.by_id(person)
        ours = {self._delivery.voicemail_address, self._delivery.sender_of(owner) if owner else ""}
        if "@" not in address or address in ours:
            return None  # a caller from outside: the message was composed here
        return Addressee(address, name or address)

    def _person(self, number: str) -> Person | None:
        if not number:
            return None
        return self._people.by_mailbox(number) or self._people.by_handset(number)

    def _known(self, person: Person) -> Addressee:
        recorded = self._greetings.path(person.id, GreetingKind.NAME).is_file()
        return Addressee(person.login, person.name, person.id, recorded)

    def _mine(self, person: int, number: int) -> Entry | None:
        entry = self._store.entry(number)
        return entry if entry is not None and entry.person == person else None

    # ---- marks

    def set_marks(self, person: int, entry: int, urgent: bool, private: bool) -> bool:
        """Mark a message as urgent or not, private or not; whether that changed anything."""
        owner, found = self._people.by_id(person), self._mine(person, entry)
        if owner is None or found is None:
            return False
        log_ = self._store.audit_log
        return self._db.now(
            lambda tx: set_marks(tx, log_, entry, urgent, private, DOOR, owner.login)
        )

    # ---- sending

    def send(self, number: int, person: int, letter: Letter) -> LetterResult:
        """Deliver a letter, once; its draft is forgotten then. Raises JobFailed."""
        owner = self._people.by_id(person)
        sound = self._drafts.sound(letter.draft) if letter.draft else b""
        try:
            result = self._send(number, owner, letter, sound)
        except (MailboxFull, NoSpace) as problem:
            log.info("a letter of person %d: %s", person, problem)
            return LetterResult.FULL
        except (NoSuchPerson, BadName, MailLoop) as problem:
            log.info("a letter of person %d: %s", person, problem)
            return LetterResult.NOBODY
        if letter.draft and result in (LetterResult.SENT, LetterResult.EMPTY):
            self._drafts.drop(letter.draft)
        return result

    def _send(
        self, number: int, owner: Person | None, letter: Letter, sound: bytes
    ) -> LetterResult:
        entry = self._mine(owner.id, letter.enclosed) if owner and letter.enclosed else None
        if owner is None or not letter.to or (letter.enclosed and entry is None):
            return LetterResult.NOBODY
        if entry is not None and entry.private:
            return LetterResult.PRIVATE
        if entry is None and not sound:
            return LetterResult.EMPTY
        if len(letter.to) > RECIPIENTS_MOST or self._sending.too_many(owner.id):
            return LetterResult.TOO_MANY
        routes = tuple(map(self._sending.route, letter.to))
        if sound:
            self._deliver_new(number, owner, routes, letter, sound, entry)
        elif entry is not None:
            self._deliver_as_it_is(number, owner, routes, letter, entry)
        return LetterResult.SENT

    def _deliver_as_it_is(
        self,
        number: int,
        owner: Person,
        routes: tuple[Destination, ...],
        letter: Letter,
        entry: Entry,
    ) -> None:
        head = scan_head(read_head(self._store.contents.octets(entry.content)))
        facts = Facts(
            self._db.clock.now(),
            entry.sender,
            entry.subject,
            entry.caller_number,
            entry.caller_name,
            entry.duration_s,
            DOOR,
            owner.login,
            urgent=letter.urgent or entry.urgent,
            private=letter.private,
        )
        before = self._sending.resent(owner, routes, DOOR)
        sender = self._delivery.sender_of(owner)
        envelope = Envelope(sender, routes, entry.kind, facts, before, head)
        self._once(number, owner, envelope, entry.size, entry.content)

    def _deliver_new(
        self,
        number: int,
        owner: Person,
        routes: tuple[Destination, ...],
        letter: Letter,
        sound: bytes,
        entry: Entry | None,
    ) -> None:
        voice = self._voice(owner, routes, letter, len(sound) // 2, entry)
        facts = Facts(
            received_at=self._db.clock.now(),
            sender=voice.caller,
            subject=voice.subject,
            caller_number=owner.mailbox or None,
            caller_name=owner.name,
            duration_s=voice.whole_seconds,
            door=DOOR,
            by=owner.login,
            message_id=voice.message_id,
            urgent=letter.urgent,
            private=letter.private,
        )
        sender = self._delivery.sender_of(owner)
        envelope = Envelope(sender, routes, Kind.VOICEMAIL, facts)
        enclosed = None if entry is None else self._enclosed(entry)
        size = composed_size(voice) + (0 if entry is None else entry.size)
        self._once(number, owner, envelope, size, compose(voice, (sound,), enclosed))

    def _voice(
        self,
        owner: Person,
        routes: tuple[Destination, ...],
        letter: Letter,
        samples: int,
        entry: Entry | None,
    ) -> VoiceMessage:
        config = self._delivery.config
        addresses = [
            route.address if "@" in route.address else config.canonical(route.address)
            for route in routes
        ]
        first = routes[0].single
        return VoiceMessage(
            to_name=first.name if first is not None else "",
            to_address=addresses[0],
            mailbox=first.mailbox if first is not None else "",
            from_address=self._delivery.sender_of(owner),
            caller_number=owner.mailbox or None,
            caller_name=owner.name,
            ended_at=datetime.fromtimestamp(self._db.clock.now(), self._zone).astimezone(
                self._zone
            ),
            samples=samples,
            token=new_token(),
            also_to=tuple(addresses[1:]),
            urgent=letter.urgent,
            private=letter.private,
            enclosed_s=0 if entry is None else max(1, entry.duration_s or 0),
            language=owner.language if first is None else first.language,
        )

    def _enclosed(self, entry: Entry) -> Iterator[bytes]:
        return self._store.contents.octets(entry.content)

    def _once(
        self,
        number: int,
        owner: Person,
        envelope: Envelope,
        size: int,
        content: Iterator[bytes] | int,
    ) -> None:
        """Deliver, unless a clerk that died afterwards has done so already."""

        def work(tx: Tx) -> None:
            if self._store.recordings.once(tx, number):
                self._sending.deliver(tx, owner.id, envelope, content)

        self._sending.with_room(envelope, size, work)
