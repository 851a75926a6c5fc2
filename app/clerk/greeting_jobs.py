"""The clerk's jobs for greetings: which are played, and what their owners record by telephone.

Files beside the store (app/inbox/greetings.py), so they are played, recorded and removed also while
it cannot be used; then the history says nothing of it, and the log does.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from app.clerk.drafts import Drafts
from app.clerk.jobs import ClerkJobs
from app.core.clock import Clock, is_set
from app.inbox.greetings import GreetingKind, Greetings, Situation
from app.message.audio_formats import wave_head
from app.phone.calls.caller import WhyVoicemail
from app.phone.jobs import JobFailed
from app.voicemail.jobs import GreetingResult, MailboxInfo, OwnGreeting
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

Note = Callable[[Callable[[ClerkJobs], None]], None]
"""Does something with the store. Raises JobFailed while it is away."""


class GreetingJobs:
    """Greetings and drafts. `note` reaches the store's history; `zone` is whose days count."""

    def __init__(
        self, greetings: Greetings, drafts: Drafts, clock: Clock, zone: tzinfo | None, note: Note
    ) -> None:
        self.drafts = drafts
        self._greetings, self._clock, self._zone, self._note = greetings, clock, zone, note

    def with_greetings(self, box: MailboxInfo, why: WhyVoicemail) -> MailboxInfo:
        """The mailbox with its greetings for who is not answered for this reason."""
        now = Situation(why is WhyVoicemail.BUSY, box.presence, self._greetings.night)
        return replace(
            box,
            greetings=self._greetings.playable(box.person, now, self._today()),
            name_recorded=self._greetings.path(box.person, GreetingKind.NAME).is_file(),
        )

    def recorded(self, person: int) -> tuple[OwnGreeting, ...]:
        """Which greetings somebody has. Raises JobFailed."""
        head = len(wave_head(0))
        try:
            return tuple(
                OwnGreeting(
                    found.kind.value,
                    max(0, found.octets - head) / 2 / SAMPLE_RATE,
                    "" if found.until is None else found.until.isoformat(),
                )
                for found in self._greetings.described(person)
            )
        except OSError as problem:
            raise JobFailed(f"greetings of person {person}: {problem}") from problem

    def keep(
        self, number: int, person: int, kind: str, draft: int, until: str = ""
    ) -> GreetingResult:
        """Make a draft somebody's greeting. Raises JobFailed."""
        which, ends = _kind(kind), self._day(until)
        sound = self.drafts.sound(draft)
        if not sound:
            return GreetingResult.EMPTY
        try:
            self._greetings.write(person, which, wave_head(len(sound) // 2) + sound, ends)
        except OSError as problem:
            raise JobFailed(f"the greeting {kind} of person {person}: {problem}") from problem
        length = f"{kind}, {len(sound) / 2 / SAMPLE_RATE:.0f} s"
        self._history(number, person, "greeting set", f"{length}, until {ends}" if ends else length)
        return GreetingResult.KEPT

    def remove(self, number: int, person: int, kind: str) -> bool:
        """Remove a greeting; whether there was one. Raises JobFailed."""
        try:
            removed = self._greetings.remove(person, _kind(kind))
        except OSError as problem:
            raise JobFailed(f"the greeting {kind} of person {person}: {problem}") from problem
        if removed:
            self._history(number, person, "greeting removed", kind)
        return removed

    def _history(self, number: int, person: int, verb: str, detail: str) -> None:
        try:
            self._note(lambda jobs: jobs.note_own(number, person, verb, detail))
        except JobFailed as problem:
            log.error("%s (person %d, %s) is not in the history: %s", verb, person, detail, problem)

    def _day(self, text: str) -> date | None:
        """A day as 2026-12-24, or "+3": the last of three days from today on.

        None for "", and for "+3" while nobody knows which day it is today.
        """
        try:
            if text.startswith("+"):
                today, days = self._today(), max(0, int(text) - 1)
                return None if today is None else today + timedelta(days=days)
            return date.fromisoformat(text) if text else None
        except (ValueError, OverflowError) as problem:
            raise JobFailed(f"{text!r} is no day: {problem}") from problem

    def _today(self) -> date | None:
        now = self._clock.now()
        return datetime.fromtimestamp(now, self._zone).date() if is_set(now) else None


def _kind(name: str) -> GreetingKind:
    try:
        return GreetingKind(name)
    except ValueError as problem:
        raise JobFailed(str(problem)) from problem
