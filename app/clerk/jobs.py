"""The clerk's desk: every job the phone side orders, done synchronously over the store.

A job is a method below or in taking_down.py, ordered by its name; arguments and results are JSON
values and octets. Each may be ordered twice (the clerk died before it answered) and must then do no
harm.
What a job changes is on the disk when handle() returns; only samples are on the disk after settle()
alone, so that those of all lines can share a commit.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.clerk.composer import DOOR, Composer
from app.clerk.config import ClerkConfig
from app.clerk.playback import NoAudio, Playback
from app.clerk.prompt_store import PromptStore, read_file
from app.clerk.recordings import RecordingJobs
from app.clerk.speech import Speaker
from app.core.clock import Clock, SystemClock
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Aliases
from app.inbox.claim import SERVICE_NUMBER, Claim
from app.inbox.delivery import Delivery
from app.inbox.entries import EntryState, Kind
from app.inbox.people import People
from app.inbox.queue import Queue
from app.inbox.store import Store
from app.phone.jobs import JobFailed
from app.store.database import Database

log = logging.getLogger(__name__)


class ClerkJobs:
    """Does the jobs. One object, one thread."""

    def __init__(
        self,
        config: ClerkConfig,
        db: Database,
        store: Store,
        people: People,
        aliases: Aliases,
        delivery: Delivery,
        clock: Clock,
    ) -> None:
        self._config, self._db, self._store = config, db, store
        self._people, self._clock = people, clock
        self._zone = ZoneInfo(config.zone) if config.zone else None
        self._claim = Claim(config.store_path)
        composer = Composer(config, db, store, people, aliases, delivery, clock, self._zone)
        self.takes = RecordingJobs(db, store, people, delivery, composer, clock)
        self._shelf = PromptStore(Path(config.packs), Speaker(Path(config.cache)))
        self._playback = Playback()
        self._version = -1
        self._change = -1
        self._jobs: dict[str, Callable[..., Any]] = {
            job.__name__: job
            for job in (
                *(self.directory, self.mailbox, self.check_pin, self.waiting, self.sound),
                self.claim_code,
                *(self.listing, self.look, self.mark, self.remove, self.restore),
                *(self.takes.begin_recording, self.takes.samples, self.takes.end_recording),
            )
        }

    def handle(self, job: str, arguments: dict[str, Any]) -> Any:
        """Do one job. Raises JobFailed, after logging why."""
        method = self._jobs.get(job)
        if method is None:
            raise JobFailed(f"there is no job {job}")
        try:
            return method(**arguments)
        except JobFailed:
            raise
        except Exception as problem:  # whatever it is, the call must go on
            log.exception("job %s failed", job)
            raise JobFailed(f"{job}: {problem}") from problem

    def settle(self) -> None:
        """Commit the samples taken; before this they must not be acknowledged. Raises JobFailed."""
        try:
            self.takes.settle()
        except Exception as problem:  # a full disk, mostly: the recording has a hole
            log.exception("samples could not be kept")
            raise JobFailed(f"samples: {problem}") from problem

    def close(self) -> None:
        """Commit what waits and close the store."""
        self._db.close()

    def news(self) -> dict[str, Any] | None:
        """What to push if the store has changed since the last time, else None."""
        version = self._store.data_version()
        if version == self._version:
            return None
        self._version = version
        change = self._store.last_change()
        if change == self._change:
            return None
        self._change = change
        return self.waiting()

    # ---- who is here

    def directory(self) -> dict[str, Any]:
        """Everybody's numbers, and who answers lines that are nobody's."""
        people = [
            {"person": p.id, "name": p.name, "mailbox": p.mailbox, "handset": p.handset}
            for p in self._people.all()
        ]
        first = self._people.answers_lines()
        return {
            "people": people,
            "default": self._config.default_mailbox or (first.mailbox if first else ""),
            "services": [SERVICE_NUMBER] if self._claim.code else [],
        }

    def claim_code(self) -> str | None:
        """The code that makes an administrator; None once there is one."""
        return self._claim.code

    def mailbox(self, mailbox: str) -> dict[str, Any] | None:
        """What a caller's script must know of a mailbox; None if there is none."""
        person = self._people.by_mailbox(mailbox)
        if person is None:
            return None
        folder = Path(self._config.greetings) / str(person.id)
        kinds = sorted(path.stem for path in folder.glob("*.wav"))
        return {
            "person": person.id,
            "name": person.name,
            "mailbox": person.mailbox,
            "greetings": kinds,
        }

    def check_pin(self, mailbox: str, pin: str) -> dict[str, Any]:
        """Judge a PIN: "ok", "wrong" or "locked", and whose it is."""
        person = self._people.by_mailbox(mailbox)
        if person is None:
            return {"result": "wrong", "person": None}
        result = self._people.check_pin(person.id, pin)
        return {"result": result.value, "person": person.id}

    def waiting(self) -> dict[str, Any]:
        """Unheard voicemails for every handset, and the change up to which that is true."""
        change = self._store.last_change()
        counts = {
            person.handset: self._store.unheard(person.id)[0]
            for person in self._people.all()
            if person.handset
        }
        return {"waiting": counts, "change": change}

    # ---- sound

    def sound(self, sound: dict[str, Any], start: int, count: int) -> bytes:
        """Samples of a prompt, a text, a greeting or a message; fewer than asked at the end."""
        if "entry" in sound:
            return self._message_sound(int(sound["entry"]), start, count)
        whole = self._whole_sound(sound)
        return whole[start * 2 : (start + count) * 2]

    def _whole_sound(self, sound: dict[str, Any]) -> bytes:
        language = sound.get("language") or self._config.language
        if "prompt" in sound:
            return self._shelf.prompt(sound["prompt"], language)
        if "text" in sound:
            return self._shelf.spoken(sound["text"], language)
        kind = Path(sound["kind"]).name
        path = Path(self._config.greetings) / str(int(sound["greeting"])) / f"{kind}.wav"
        found = read_file(path)
        if found is None:
            raise JobFailed(f"greeting {path} is not there")
        return found

    def _message_sound(self, number: int, start: int, count: int) -> bytes:
        entry = self._store.entry(number)
        if entry is None:
            raise JobFailed(f"there is no entry {number}")
        try:
            octets = self._store.octets(entry)
            return self._playback.samples(entry.content, octets, start, count)
        except NoAudio as problem:
            raise JobFailed(f"entry {number}: {problem}") from problem

    # ---- the owner's inbox

    def listing(self, person: int) -> dict[str, Any]:
        """Voicemails, new ones first, oldest first; and how many new e-mails."""
        found = self._store.entries(person, kinds=[Kind.VOICEMAIL])
        found.sort(key=lambda entry: (entry.state is not EntryState.NEW, entry.id))
        messages = [
            {
                "entry": entry.id,
                "new": entry.state is EntryState.NEW,
                "saved": entry.saved,
                "number": entry.caller_number,
                "name": entry.caller_name,
                "when": self._when(entry.received_at),
            }
            for entry in found
        ]
        return {"messages": messages, "e_mails": self._store.unheard(person)[1]}

    def look(self, person: int, entry: int) -> dict[str, bool]:
        """Whether a message is still in the inbox, and whether it can be played."""
        found = self._store.entry(entry)
        there = found is not None and found.person == person
        inside = there and found is not None and found.state in (EntryState.NEW, EntryState.HEARD)
        return {"there": inside, "playable": there and self._playable(entry)}

    def _playable(self, entry: int) -> bool:
        try:
            return bool(self._message_sound(entry, 0, 1))
        except JobFailed as problem:
            log.warning("%s", problem)
            return False

    def mark(self, person: int, entries: list[int], saved: bool | None = None) -> int:
        """Heard, and perhaps saved; how many messages that changed."""
        mine, by = self._mine(person, entries)
        return self._db.now(
            lambda tx: self._store.mark(tx, mine, EntryState.HEARD, saved, door=DOOR, by=by)
        )

    def remove(self, person: int, entries: list[int]) -> int:
        """Into the bin; how many messages were not there already."""
        mine, by = self._mine(person, entries)
        return self._db.now(lambda tx: self._store.remove(tx, mine, door=DOOR, by=by))

    def restore(self, person: int, entries: list[int]) -> int:
        """Out of the bin; how many messages came back."""
        mine, by = self._mine(person, entries)
        return self._db.now(lambda tx: self._store.restore(tx, mine, door=DOOR, by=by))

    def _mine(self, person: int, entries: list[int]) -> tuple[list[int], str]:
        found = [self._store.entry(number) for number in entries]
        mine = [entry.id for entry in found if entry is not None and entry.person == person]
        owner = self._people.by_id(person)
        return mine, owner.login if owner is not None else ""

    def _when(self, at: float) -> list[int]:
        moment = datetime.fromtimestamp(at, self._zone)
        today = datetime.fromtimestamp(self._clock.now(), self._zone)
        days_ago = (today.date() - moment.date()).days
        weekday = moment.isoweekday() % 7
        return [moment.month, moment.day, weekday, moment.hour, moment.minute, days_ago]


def open_desk(config: ClerkConfig, clock: Clock | None = None) -> ClerkJobs:
    """A desk over the store that the config names; the store is made if it is not there."""
    clock = clock if clock is not None else SystemClock()
    db = Database(Path(config.store), clock)
    return desk_over(config, db, clock)


def desk_over(config: ClerkConfig, db: Database, clock: Clock) -> ClerkJobs:
    """A desk over an open store."""
    delivery_config = DeliveryConfig(
        domains=config.domains,
        host_addresses=config.host_addresses,
        hostname=config.hostname,
        postmaster=config.postmaster,
        free_floor=config.free_floor,
        voice_reserve=config.voice_reserve,
    )
    store, people = Store(db, clock), People(db, clock)
    aliases = Aliases(db, people, delivery_config, clock)
    queue = Queue(db, store, people, delivery_config, clock)
    delivery = Delivery(store, people, aliases, queue, delivery_config)
    return ClerkJobs(config, db, store, people, aliases, delivery, clock)
