"""What scripts ask of the clerk for owners' own settings, their first use, and e-mails read aloud.

A part of app/voicemail/jobs.py, where the others are; what its head says holds here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.phone.calls.scripting import Wait
from app.voicemail.local_time import LocalTime


class PinChange(StrEnum):
    """What came of a PIN that its owner has chosen."""

    DONE = ""
    SAME = "same"
    """It is the one that there was; the others would be guessed, and say by what."""
    SHORT = "short"
    """It has fewer digits than four, or more than sixteen."""
    REPEATS = "repeats"
    RUNS = "runs"
    OWN_NUMBER = "own number"


class OwnSetting(StrEnum):
    """A setting that owners change by telephone: a field of app.inbox.people.Person."""

    LANGUAGE = "language"
    KEY_MAP = "key_map"
    MAIL_BY_PHONE = "mail_by_phone"
    """ "yes" or "no", as the next one."""
    OUTSIDE_LOGIN = "outside_login"


@dataclass(frozen=True, slots=True)
class ListedMail:
    """One e-mail in somebody's inbox."""

    entry: int
    new: bool
    """Unread, at every door."""
    sender: str
    """Whom it is from, as it is spoken; "" if it does not say."""
    subject: str
    """As it is spoken; "" if there is none."""
    received: LocalTime | None
    """None, here and below: it is not known, for the clock was not set."""


CALLS_MOST = 5
"""Missed calls that are told of: the latest ones."""


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A call that left no message."""

    id: int
    """A later one has a higher number."""
    number: str | None
    """The caller's number, if it is known."""
    name: str | None
    """Who has that number here, else the caller's name as it came."""
    at: LocalTime | None


@dataclass(frozen=True, slots=True)
class MissedListing:
    """Somebody's missed calls."""

    calls: tuple[ListedCall, ...]
    """The latest ones, the latest first."""
    new: int
    """How many nobody has seen yet, listed or not."""


MAILS_MOST = 100
"""E-mails that a listing names of each kind; nobody has more read out in one call."""


@dataclass(frozen=True, slots=True)
class MailListing:
    """Somebody's e-mails, unread ones first, the newest of each kind first."""

    mails: tuple[ListedMail, ...]
    new: int
    """Unread e-mails, listed or not."""


@dataclass(frozen=True, slots=True)
class MailToRead:
    """What there is to read aloud of an e-mail."""

    there: bool
    """Whether it is still in the inbox."""
    sections: int = 0
    """Of its text, each a sound: app.phone.jobs.MailText."""
    attachments: int = 0
    cut: bool = False
    """Whether there is more text than these sections."""
    readable: bool = True
    """False: it cannot be read now."""


class OwnerClerk(Protocol):
    """The jobs of the clerk that owners' settings and e-mails need."""

    def first_use(self, person: int) -> Wait[tuple[str, ...]]:
        """What the person has still to do at the first visit, in order: pin, name, greeting."""
        ...

    def first_use_done(self, person: int, step: str) -> Wait[None]:
        """The person has done or skipped a step of the first use."""
        ...

    def set_pin(self, person: int, pin: str) -> Wait[PinChange]:
        """Give the person, who has logged in, this PIN, unless it is easily guessed."""
        ...

    def languages(self) -> Wait[tuple[str, ...]]:
        """The languages that prompts can be heard in, ISO 639 codes."""
        ...

    def set_own(self, person: int, setting: OwnSetting, value: str) -> Wait[None]:
        """Change a setting of the person's own."""
        ...

    def missed_calls(self, person: int, seen: int = 0) -> Wait[MissedListing]:
        """The person's missed calls.

        Those up to the number `seen` have been told of: from now on no lamp shows them.
        """
        ...

    def follow_me(self, person: int, line: str, wanted: str | None = None) -> Wait[str | None]:
        """At which outside number the person is called besides, "" for none; `wanted` sets it.

        It stays as it was if `wanted` is no number that can be called. None: this line is not their
        own handset's, and nothing is changed.
        """
        ...

    def mails(self, person: int) -> Wait[MailListing]:
        """The person's e-mails."""
        ...

    def read_mail(self, person: int, entry: int) -> Wait[MailToRead]:
        """What there is to read aloud of this person's e-mail."""
        ...
