"""The clerk's jobs for what owners change about themselves by telephone, and their first use."""

import re
from contextlib import suppress
from pathlib import Path

from app.clerk.composer import DOOR
from app.clerk.config import ClerkConfig
from app.inbox.credentials import triviality
from app.inbox.errors import Invalid, TrivialPin
from app.inbox.first_use import FirstStep
from app.inbox.follow_me import AFTER_USUAL, wanted_follow_me
from app.inbox.once import done_once, is_done
from app.inbox.people import People, Person
from app.phone.jobs import JobFailed
from app.store.database import Database, Tx
from app.voicemail.menu import WITHOUT_PACK
from app.voicemail.owner_jobs import OwnSetting, PinChange
from drivers.countries import country

_TWO_LETTERS = re.compile(r"^([a-z]{2})(?:$|[_-])")


class OwnerJobs:
    """What owners do with their own boxes besides messages. It acts in their names."""

    def __init__(self, config: ClerkConfig, db: Database, people: People) -> None:
        self._packs, self._db, self._people = Path(config.packs), db, people
        self._emergency_for = country(config.country).numbering.emergency_for

    def first_use(self, person: int) -> tuple[str, ...]:
        """What somebody has still to do at the first visit, in order."""
        return tuple(step.value for step in self._people.first_use.left(person))

    def first_use_done(self, person: int, step: str) -> None:
        """Somebody has done or skipped this. Raises JobFailed if there is no such step."""
        try:
            done = FirstStep(step)
        except ValueError as problem:
            raise JobFailed(str(problem)) from problem
        self._db.now(lambda tx: self._people.first_use.done(tx, person, done))

    def set_pin(self, number: int, person: int, pin: str) -> PinChange:
        """Give somebody this PIN, once for each `number`; what is wrong with it if it is not done.

        Raises JobFailed if there is no such person.
        """
        owner = self._owner(person)

        def work(tx: Tx) -> PinChange:
            if is_done(tx, number):
                return PinChange.DONE
            if self._people.has_pin(person, pin):
                return PinChange.SAME
            try:
                self._people.set_pin(tx, person, pin, owner.login, DOOR)
            except TrivialPin:
                numbers = tuple(one for one in (owner.mailbox, owner.handset) if one)
                return PinChange(triviality(pin, numbers))
            done_once(tx, number)
            return PinChange.DONE

        return self._db.now(work)

    def languages(self) -> tuple[str, ...]:
        """The languages that prompts can be heard in, two letters each [ISO 639-1]."""
        names = [folder.name for folder in self._packs.iterdir()] if self._packs.is_dir() else []
        found = {match[1] for name in names if (match := _TWO_LETTERS.match(name))}
        return tuple(sorted(found | {WITHOUT_PACK}))

    def set_own(self, person: int, setting: OwnSetting, value: str) -> None:
        """Change a setting of somebody's own. Raises JobFailed if there is no such person."""
        owner = self._owner(person)
        wanted: str | bool = value
        if setting in (OwnSetting.MAIL_BY_PHONE, OwnSetting.OUTSIDE_LOGIN):
            wanted = value == "yes"
        if getattr(owner, setting.value) != wanted:
            fields = {setting.value: wanted}
            self._db.now(lambda tx: self._people.change(tx, person, owner.login, DOOR, **fields))

    def follow_me(self, person: int, line: str, wanted: str | None = None) -> str | None:
        """At which outside number somebody is called besides, "" for none; `wanted` sets it.

        None on any line but their own handset's: who knows a PIN can send nobody's calls elsewhere.
        It stays as it was if `wanted` cannot be called. Raises JobFailed if there is no person.
        """
        owner, follow_mes = self._owner(person), self._people.follow_mes
        if owner.handset != line:
            return None
        now = follow_mes.of(person)
        if wanted is not None:
            after_s = AFTER_USUAL if now is None else now.after_s
            with suppress(Invalid):  # whoever asked sees that it is as it was
                new = wanted_follow_me(wanted, after_s, self._emergency_for)
                self._db.now(lambda tx: follow_mes.set(tx, person, new, owner.login, DOOR))
                now = new
        return "" if now is None else now.number

    def _owner(self, person: int) -> Person:
        owner = self._people.by_id(person)
        if owner is None:
            raise JobFailed(f"there is no person {person}")
        return owner
